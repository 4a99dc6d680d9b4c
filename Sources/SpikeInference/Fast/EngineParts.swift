import Concurrency
import CSpikeKernels

/// What every step of the fast forward pass works with.
struct EngineParts {
  let kernels: SpikeKernels
  let pool: WorkerPool
  let workspace: Workspace

  var arena: Arena { workspace.arena }
  var scratch: [Workspace.Scratch] { workspace.scratch }

  /// Cuts positions into a few ranges for each thread.
  func overPositions(_ count: Int, _ body: (Range<Int>) -> Void) {
    let pieces = min(count, pool.threads == 1 ? 1 : pool.threads * 4)
    pool.perform(pieces) { piece, _ in
      body(count * piece / pieces..<count * (piece + 1) / pieces)
    }
  }

  /// Adds spikes to a stream, exactly.
  func add(_ spikes: PlaneMap, to stream: PlaneMap) {
    overPositions(stream.positions) { positions in
      let start = positions.lowerBound * stream.stride
      unsafe kernels.table.add(
        stream.words + start, stream.planeCount, stream.planes, spikes.words + start,
        positions.count * stream.stride)
    }
  }
}
