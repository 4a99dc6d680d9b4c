import CheckpointFormat
public import Diagnostics
import Digests
import FileAccess
public import SpikingModels

/// What is wrong with an entry beyond what a reader refuses.
public struct EntryCheck {
  /// The findings, in the order of the entry's members; empty if nothing is wrong.
  public private(set) var findings: [ZooFailure] = []
  private let entry: ZooEntry
  private let place: String

  /// Checks an entry.
  ///
  /// - Parameters:
  ///   - entry: the entry.
  ///   - index: the zoo whose labels it names.
  ///   - folder: where its files are, if they are here.
  ///   - place: names the entry in findings.
  /// - Throws: `FileFailure` if a file cannot be read.
  public init(_ entry: ZooEntry, in index: ZooIndex, folder: String?, place: String) throws {
    self.entry = entry
    self.place = place
    for member in entry.unknownMembers { find(member, "a member of \(ZooEntry.schema)", "another") }
    checkName()
    checkLabels(index)
    findings += entry.records.findings(NetworkPlan(entry.configuration), place: place).map {
      ZooFailure(.entry, at: $0.place, expected: $0.expected, found: $0.found)
    }
    checkFigures()
    checkSources()
    try checkFiles(folder)
  }

  private mutating func find(_ what: String, _ expected: String, _ found: String) {
    let place = what.hasPrefix(self.place) ? what : "\(self.place) \(what)"
    findings.append(ZooFailure(.entry, at: place, expected: expected, found: found))
  }

  private mutating func checkName() {
    let rule = entry.configuration.entryName(dataset: entry.dataset)
    if entry.name != rule && !entry.name.hasPrefix(rule + "-") {
      find("name", "\(rule), or with a suffix -...", entry.name)
    }
    if let preset = Preset.named(entry.name), preset.configuration != entry.configuration {
      find("configuration", "that of preset \(preset.name)", "another")
    }
  }

  private mutating func checkLabels(_ index: ZooIndex) {
    let classes = entry.configuration.classes
    guard let labels = index.labels[entry.labels] else {
      return find("labels", index.labelsText, entry.labels)
    }
    if labels.count != classes { find("labels", "\(classes) classes", "\(labels.count)") }
  }

  private mutating func checkFigures() {
    for (number, figure) in entry.figures.enumerated() {
      let what = "figures[\(number)]"
      let isShare = figure.metric == .top1 || figure.metric == .top5
      if !figure.value.isFinite || figure.value < 0 || isShare && figure.value > 100 {
        find(what, "a \(figure.metric.rawValue) that can be", figure.text)
      }
      if figure.metric == .energy && figure.convention == nil {
        find(what, "the convention of an energy", "none")
      }
      if figure.source.isEmpty { find(what, "a source", "none") }
    }
  }

  private mutating func checkSources() {
    for (number, source) in entry.sources.enumerated() {
      let what = "sources[\(number)]"
      if !Self.isDay(source.asOf) { find(what, "a day, as in 2025-12-19", source.asOf) }
      if let file = source.file, !entry.files.contains(where: { $0.name == file }) {
        find(what, "the name of one of the files", file)
      }
    }
    if entry.sources.isEmpty {
      find("sources", "where it can or could be had (docs/own-zoo.md shows one)", "nothing")
    }
  }

  private static func isDay(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    return parts.map(\.count) == [4, 2, 2] && numbers.count == 3
      && (1...12).contains(numbers[1]) && (1...31).contains(numbers[2])
  }

  private mutating func checkFiles(_ folder: String?) throws {
    for file in entry.files {
      guard let folder else { continue }
      let path = Files.join(folder, file.name)
      guard Files.exists(path) else { continue }
      let found = try FileDigests(ofFile: path)
      for (what, expected, found) in [
        ("size", file.size.map(String.init), "\(found.size)"),
        ("SHA-256", file.sha256?.hex, found.sha256.hex), ("MD5", file.md5?.hex, found.md5?.hex),
      ] {
        if let expected, expected != found {
          find("files \(file.name)", "\(what) \(expected)", found ?? "none")
        }
      }
    }
  }
}

extension ModelConfiguration {
  /// The name of an entry by the zoo's rule: `[ms-]qkformer-DEPTH-WIDTH-tT-rSIZE.DATASET`.
  public func entryName(dataset: String) -> String {
    "\(design.zooName)-\(design.depth)-\(design.width)-t\(timeSteps)-r\(input.height).\(dataset)"
  }
}
