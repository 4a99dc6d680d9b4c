public import CheckpointFormat
import SpikingModels

/// The entry whose model a file is most like, where it is no entry's: circumstantial.
public struct NearestEntry: Sendable {
  /// Some of all.
  public struct Share: Sendable, Equatable {
    /// How many agree.
    public let equal: Int
    /// How many there are, in the file and in the entry's model together; pairs count once.
    public let all: Int

    /// Some of all.
    public init(equal: Int, all: Int) {
      self.equal = equal
      self.all = all
    }
  }

  /// The entry.
  public let entry: ZooEntry
  /// Tensors of the same shape.
  public let shapes: Share
  /// Tensors of the same elements; `nil` if the entry's model is not on this machine.
  public let tensors: Share?

  /// Names of the file that the entry's tensors have in the released code.
  private let names: Int

  /// One line.
  public var text: String {
    let shapes = "\(shapes.equal) of \(shapes.all) shapes"
    let equal = tensors.map { "\($0.equal) of \($0.all) tensors equal" }
    return "\(entry.name): \(shapes), \(equal ?? "its weights are not here to compare")"
  }

  fileprivate init(_ entry: ZooEntry, shapes: Share, tensors: Share?, names: Int) {
    self.entry = entry
    self.shapes = shapes
    self.tensors = tensors
    self.names = names
  }

  /// Equal tensors count before equal shapes, and those before names.
  fileprivate var rank: (Double, Double, Int) {
    func share(_ share: Share) -> Double { Double(share.equal) / Double(max(share.all, 1)) }
    return (tensors.map(share) ?? 0, share(shapes), names)
  }
}

extension LocalZoo {
  /// The entry that a model of some tensors and names is most like; `nil` if it shares no shape with
  /// any.
  ///
  /// Weights are compared with those entries whose checkpoint is on this machine and has at least
  /// half of the shapes.
  public func nearest(to prints: [TensorPrint], named names: Set<String>) -> NearestEntry? {
    let (shapes, ours) = (Self.counts(prints.map(\.shape)), Self.counts(prints))
    let candidates = index.entries.map { entry -> NearestEntry in
      let wanted = NetworkPlan(entry.configuration).parameters.filter(\.role.isIdentifying)
      let alike = Self.share(shapes, Self.counts(wanted.map(\.shape)))
      let tensors = 2 * alike.equal >= alike.all ? checkpointPrints(of: entry) : nil
      return NearestEntry(
        entry, shapes: alike, tensors: tensors.map { Self.share(ours, Self.counts($0)) },
        names: wanted.count { names.contains($0.upstreamName) })
    }
    // The first of equals.
    let best = candidates.reduce(candidates.first) { best, next in
      best.map { $0.rank < next.rank ? next : $0 }
    }
    return best.flatMap { $0.shapes.equal > 0 ? $0 : nil }
  }

  /// As recorded: this is no proof of anything.
  private func checkpointPrints(of entry: ZooEntry) -> [TensorPrint]? {
    guard let path = try? checkpoint(of: entry), let file = try? CheckpointFile.open(path),
      let checkpoint = try? file.checkpoint()
    else { return nil }
    return checkpoint.prints(file.recordedDigests)
  }

  /// How often each item occurs.
  private static func counts<Item: Hashable>(_ items: [Item]) -> [Item: Int] {
    Dictionary(items.map { ($0, 1) }, uniquingKeysWith: +)
  }

  /// How many of two lists can be paired.
  private static func share<Item: Hashable>(
    _ first: [Item: Int], _ second: [Item: Int]
  ) -> NearestEntry.Share {
    let equal = first.reduce(0) { $0 + min($1.value, second[$1.key] ?? 0) }
    let all = first.values.reduce(0, +) + second.values.reduce(0, +) - equal
    return NearestEntry.Share(equal: equal, all: all)
  }
}
