import Diagnostics
import FileAccess

extension LabelledDataset {
  /// DVS128 Gesture's test split from its event files (AEDAT 3.1).
  ///
  /// A class's index is the place of its folder's name in the order of names: 0, 1, 10, 2, ... So
  /// index 2 is the eleventh gesture. Samples have the names of `gestureFrames`, and the same
  /// content.
  ///
  /// - Parameters:
  ///   - path: the folder with `trials_to_test.txt`, or one above it.
  ///   - frames: time steps T.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func gesture(_ path: String, frames: Int) throws -> LabelledDataset {
    let trials = try GestureTrials(path)
    return LabelledDataset(
      name: "dvs128-gesture", split: GestureTrials.split, classNames: GestureTrials.classNames,
      samples: trials.clips.map(\.sample)
    ) { index in
      let clip = trials.clips[index]
      let events = clip.recording.events(from: clip.start, to: clip.end)
      return .tensor(
        try EventFrames.byNumber(events, frames: frames, at: "\(clip.place) \(clip.sample.name)"))
    }
  }

  /// Whether `gesture` finds its list of trials at a path, or in one of the folders below.
  public static func holdsGestureTrials(_ path: String) -> Bool {
    GestureTrials.folder(path) != nil
  }
}

/// The recordings of DVS128 Gesture, cut into clips of one gesture.
///
/// Corresponds to SpikingJelly's `DVS128Gesture.split_aedat_files_to_np`.
struct GestureTrials {
  /// One gesture of one recording.
  struct Clip: Sendable {
    let sample: LabelledDataset.Sample
    let recording: AEDAT3
    let start: UInt64
    let end: UInt64
    /// The recording's path.
    let place: String
  }

  static let classCount = 11
  static let split = "test"
  private static let list = "trials_to_test.txt"

  /// Folder names in order; `10` comes before `2`.
  static let classNames = (0..<classCount).map(String.init).sorted()

  /// By class, then by name.
  let clips: [Clip]

  /// The folder with the list of trials: a path, or where SpikingJelly unpacks it below.
  static func folder(_ path: String) -> String? {
    let below = ["DvsGesture", "extract/DvsGesture"].map { Files.join(path, $0) }
    return ([path] + below).first { Files.exists(Files.join($0, list)) }
  }

  init(_ path: String) throws {
    guard let folder = Self.folder(path) else {
      throw DatasetFailure(
        .layout, at: path, expected: "\(Self.list), or a folder DvsGesture with it",
        found: "neither")
    }
    let text = try Files.read(Files.join(folder, Self.list), limit: 1 << 20)
    let trials = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
    clips = try trials.flatMap { try Self.clips(of: $0, in: folder) }.sorted { left, right in
      left.sample.label == right.sample.label
        ? ClassFolders.precedes(left.sample.name, right.sample.name)
        : left.sample.label < right.sample.label
    }
    let present = Set(clips.map(\.sample.label))
    for (label, name) in Self.classNames.enumerated() where !present.contains(label) {
      throw DatasetFailure(
        .classes, at: folder, expected: "a clip of gesture \(name), counted from 0", found: "none")
    }
  }

  private static func clips(of trial: String, in folder: String) throws -> [Clip] {
    let path = Files.join(folder, trial)
    let recording = try AEDAT3(ByteRegion(try MappedFile(path: path)), at: path)
    let stem = trial.hasSuffix(".aedat") ? String(trial.dropLast(".aedat".count)) : trial
    let table = Files.join(folder, stem + "_labels.csv")
    var seen = [Int](repeating: 0, count: classCount)
    return try rows(table).map { gesture, start, end in
      defer { seen[gesture] += 1 }
      let name = "\(gesture)/\(stem)_\(seen[gesture]).npz"
      guard let label = classNames.firstIndex(of: "\(gesture)") else {
        preconditionFailure("a class of the list")
      }
      return Clip(
        sample: .init(name: name, label: label), recording: recording, start: start, end: end,
        place: path)
    }
  }

  /// Gesture from 0, start and end of each line but the first.
  private static func rows(_ table: String) throws -> [(gesture: Int, UInt64, UInt64)] {
    let text = String(decoding: try Files.read(table, limit: 1 << 20), as: UTF8.self)
    return try text.split(whereSeparator: \.isNewline).dropFirst().map { line in
      let fields = line.split(separator: ",").map { UInt64($0.filter { !$0.isWhitespace }) }
      guard fields.count == 3, let gesture = fields[0], let start = fields[1],
        let end = fields[2], (1...UInt64(classCount)).contains(gesture)
      else {
        throw DatasetFailure(
          .file, at: table, expected: "a gesture from 1 to \(classCount), start and end",
          found: PlainText.excerpt(line))
      }
      return (Int(gesture) - 1, start, end)
    }
  }
}
