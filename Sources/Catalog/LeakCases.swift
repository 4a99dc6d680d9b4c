import ModelZoo
import SpikingModels

/// Figures of one entry by one source, measured as released and without the leak.
struct LeakCase {
  let entry: ZooEntry
  /// Measured in batches as the released code does.
  let released: Figure
  /// Every figure of the source, in its order.
  let figures: [Figure]

  /// Points above the figure that was measured as released.
  func difference(_ figure: Figure) -> Double { figure.value - released.value }

  /// The cases of a zoo: a source that states both.
  static func all(_ entries: [ZooEntry]) -> [LeakCase] {
    entries.filter(\.leaks).flatMap { entry in
      sources(entry.figures.filter { $0.metric == .top1 && $0.part == nil }).compactMap {
        figures in
        guard let released = figures.first(where: \.isBatched),
          figures.contains(where: \.isPerSample)
        else { return nil }
        return LeakCase(entry: entry, released: released, figures: figures)
      }
    }
  }

  /// Figures by who says so and where.
  private static func sources(_ figures: [Figure]) -> [[Figure]] {
    figures.reduce(into: []) { groups, figure in
      let same = groups.firstIndex { $0[0].by == figure.by && $0[0].source == figure.source }
      if let same { groups[same].append(figure) } else { groups.append([figure]) }
    }
  }
}

extension Figure {
  /// Whether state could run from sample to sample.
  var isBatched: Bool { setting?.scope == .batch && (setting?.batchSize ?? 1) > 1 }

  /// Whether no sample could see another.
  var isPerSample: Bool { setting?.scope == .sample || setting?.batchSize == 1 }
}
