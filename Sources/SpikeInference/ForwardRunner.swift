import Concurrency
import SpikingModels

/// What one unit of a run gave.
public struct UnitResult<Observer: Sendable>: Sendable {
  /// The samples of the unit.
  public let samples: Range<Int>
  /// `[B][classes]`.
  public let logits: [[Float]]
  /// What watched it.
  public let observer: Observer
}

extension ForwardPass {
  /// Runs samples in the units that the configured scope asks for, units in parallel.
  ///
  /// With scope `sample` a unit is as many samples as the engine likes: no result depends on the
  /// others. With scope `batch` it is `batchSize` samples (all, if `nil`), the last one what is left.
  ///
  /// - Throws: `InferenceFailure`, and what the observers throw.
  public func run<Observer: ForwardObserver & Sendable>(
    _ input: InputBatch, batchSize: Int? = nil,
    observer: @escaping @Sendable (Range<Int>) -> Observer,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws -> [UnitResult<Observer>] {
    let isBatch = graph.scope == .batch
    let step = isBatch ? batchSize ?? input.batch : unitSize(input)
    let units = stride(from: 0, to: input.batch, by: step).map { start in
      start..<min(start + step, input.batch)
    }
    let run: @Sendable (Range<Int>) throws -> UnitResult<Observer> = { samples in
      var watching = observer(samples)
      let logits = try logits(of: input.samples(samples), observer: &watching)
      progress(samples.count)
      return UnitResult(samples: samples, logits: logits, observer: watching)
    }
    return try runsUnitsInParallel ? units.concurrentMap(run) : units.map(run)
  }

  /// Samples of a unit of scope `sample`: such that all units are equal if that costs little,
  /// because an engine keeps its memory from one unit to the next of the same size.
  private func unitSize(_ input: InputBatch) -> Int {
    let most = max(1, samplesTogether(input.size))
    return (most / 2 + 1...most).reversed().first { input.batch.isMultiple(of: $0) } ?? most
  }
}
