import Concurrency
public import Diagnostics
public import SpikeTensors

/// Reads samples of a dataset as inputs of a network, batch by batch.
///
/// The samples of a batch are decoded on all cores, and the next batch while the current one is in
/// use, so memory holds two batches at any size of the dataset.
public struct SampleLoader: Sendable {
  /// A sample that was left out, and why.
  public struct Exclusion: Sendable {
    /// The index in the dataset.
    public let index: Int
    /// The sample's name.
    public let name: String
    /// Why it cannot be read.
    public let failure: any Diagnosable
  }

  /// Samples that are run together.
  public struct Batch: Sendable {
    /// The indices in the dataset, in order.
    public let indices: [Int]
    /// `[B, ...]`, f32.
    public let input: Tensor
    /// `[B]`.
    public let labels: [Int]
    /// Samples of the batch that cannot be read; they are not in the input.
    public let excluded: [Exclusion]
    /// How many samples of the input are event frames without any event.
    public let withoutEvents: Int
  }

  /// The samples.
  public let dataset: LabelledDataset
  /// What pictures go through; `nil` if samples are no pictures.
  public let preprocessing: PicturePreprocessing?
  /// Whether a sample that cannot be read is left out and listed, instead of ending the reading.
  public let skipsBadSamples: Bool
  private var requirement: Requirement?

  /// What a sample's shape and values must be; throws a `Diagnosable` that names the sample.
  public typealias Requirement =
    @Sendable (_ name: String, _ shape: [Int], _ values: [Float]) throws -> Void

  /// A loader.
  public init(
    _ dataset: LabelledDataset, _ preprocessing: PicturePreprocessing?,
    skipsBadSamples: Bool = false
  ) {
    self.dataset = dataset
    self.preprocessing = preprocessing
    self.skipsBadSamples = skipsBadSamples
  }

  /// The loader that takes a sample of numbers for one that cannot be read if a requirement throws.
  public func requiring(_ requirement: @escaping Requirement) -> SampleLoader {
    var loader = self
    loader.requirement = requirement
    return loader
  }

  /// One sample as the network takes it, `[C, H, W]` or `[T, C, H, W]`.
  ///
  /// - Throws: `DatasetFailure` if the sample is of another kind; what reading it throws, and what
  ///   is required of it.
  public func input(_ index: Int) throws -> (shape: [Int], values: [Float]) {
    let name = dataset.samples[index].name
    switch (try dataset.content(of: index), preprocessing) {
    case (.picture(let picture), let preprocessing?):
      return (preprocessing.shape, try preprocessing.values(of: picture, name: name))
    case (.tensor(let tensor), nil):
      let values = try tensor.floats(name: name)
      try requirement?(name, tensor.shape, values)
      return (tensor.shape, values)
    case (.picture, nil):
      throw DatasetFailure(.sample, at: name, expected: "numbers", found: "a picture")
    case (.tensor, .some):
      throw DatasetFailure(.sample, at: name, expected: "a picture", found: "numbers")
    }
  }

  /// Reads some samples, on all cores.
  ///
  /// - Throws: what reading a sample throws, unless bad samples are skipped; `DatasetFailure` if
  ///   shapes differ.
  public func batch(_ indices: [Int]) throws -> Batch {
    let results = try indices.concurrentMap { index in
      do {
        return Result<_, Excluded>.success(try input(index))
      } catch let failure as any Diagnosable where skipsBadSamples {
        return .failure(
          Excluded(
            exclusion: Exclusion(
              index: index, name: dataset.samples[index].name, failure: failure)))
      }
    }
    var (shape, values, kept, excluded) = ([Int](), [Float](), [Int](), [Exclusion]())
    var withoutEvents = 0
    for (index, result) in zip(indices, results) {
      switch result {
      case .success(let input):
        if kept.isEmpty { shape = input.shape }
        try check(shape, input.shape, index)
        values += input.values
        withoutEvents += Self.hasNoEvents(input.shape, input.values) ? 1 : 0
        kept.append(index)
      case .failure(let failure): excluded.append(failure.exclusion)
      }
    }
    return Batch(
      indices: kept, input: Tensor([kept.count] + shape, values),
      labels: kept.map { dataset.samples[$0].label }, excluded: excluded,
      withoutEvents: withoutEvents)
  }

  /// Whether a sample is event frames, `[T, 2, H, W]`, of zeros.
  private static func hasNoEvents(_ shape: [Int], _ values: [Float]) -> Bool {
    shape.count == 4 && values.allSatisfy { $0 == 0 }
  }

  private struct Excluded: Error {
    let exclusion: Exclusion
  }

  private func check(_ first: [Int], _ shape: [Int], _ index: Int) throws {
    guard first == shape else {
      throw DatasetFailure(
        .sample, at: dataset.samples[index].name, expected: "\(first), as the sample before it",
        found: "\(shape)")
    }
  }

  /// Lends batch after batch, reading the next one meanwhile; batches without a sample left are
  /// passed over unless empty ones are wanted too.
  ///
  /// - Returns: every sample that was left out.
  /// - Throws: what reading throws, and what `body` throws.
  @discardableResult
  public func forEachBatch(
    _ batches: [[Int]], includingEmpty: Bool = false, _ body: (Batch) throws -> Void
  ) throws -> [Exclusion] {
    var excluded: [Exclusion] = []
    var next = batches.first.map(reading)
    for following in batches.dropFirst().map(Optional.some) + [nil] {
      guard let batch = try next?.value() else { break }
      next = following.map(reading)
      excluded += batch.excluded
      if includingEmpty || !batch.indices.isEmpty { try body(batch) }
    }
    return excluded
  }

  private func reading(_ indices: [Int]) -> Background<Batch> {
    Background { try batch(indices) }
  }
}
