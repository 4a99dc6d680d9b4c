public import CanonicalJSON
public import CheckpointFormat
public import Digests
public import SpikingModels

/// One model of the zoo: what is known about it, and by whom.
///
/// Corresponds to `zoo/entries/*/entry.json` and `schemas/v1/entry.schema.json`.
public struct ZooEntry: Sendable {
  /// A file of the entry, by its content.
  public struct File: Sendable, Equatable {
    /// What a file is to the entry.
    public enum Role: String, Sendable, CaseIterable {
      /// The model as a checkpoint of this project.
      case checkpoint
      /// The weights as their authors released them.
      case upstream
      /// Labelled samples that the records were measured on.
      case testData = "test-data"
    }

    /// What it is.
    public let role: Role
    /// Its name; may contain folders.
    public let name: String
    /// Its size in bytes, if known.
    public let size: Int?
    /// Its SHA-256, if known.
    public let sha256: Digest?
    /// Its MD5 sum, if known.
    public let md5: Digest?

    /// A file by what is known of its content.
    public init(role: Role, name: String, size: Int?, sha256: Digest?, md5: Digest?) {
      self.role = role
      self.name = name
      self.size = size
      self.sha256 = sha256
      self.md5 = md5
    }

    /// The best digest that is known, with its name.
    public var digestText: String? {
      sha256.map { "SHA-256 \($0)" } ?? md5.map { "MD5 \($0)" }
    }

    /// Whether any digest says what the file must be.
    public var isKnown: Bool { sha256 != nil || md5 != nil }
  }

  /// Where a file can or could be had.
  public struct Source: Sendable, Equatable {
    /// What is known of an address.
    public enum State: String, Sendable, CaseIterable {
      /// It answered on that day.
      case live
      /// It has been dead since that day.
      case dead
      /// Nothing was ever put there, as of that day.
      case neverReleased = "never released"
      /// It was listed on that day; nobody has tried it.
      case notChecked = "not checked"
    }

    /// As in `embedded`, `github-release`, `huggingface`, `google-drive`, `baidu`.
    public let kind: String
    /// The address.
    public let address: String
    /// The name of the file that is there, if it is one of the entry's.
    public let file: String?
    /// The last known state.
    public let state: State
    /// The day of that state, as in `2025-12-19`.
    public let asOf: String
    /// What a reader must know with it.
    public let remark: String?

    /// The state and its day, with the remark, as in `dead since 2025-12-19`.
    public var stateText: String {
      (state == .dead ? "dead since \(asOf)" : "\(state.rawValue), \(asOf)")
        + (remark.map { " (\($0))" } ?? "")
    }

    /// Whether a program can fetch the address.
    public var isFetchable: Bool {
      file != nil && LocalZoo.isAddress(address)
    }
  }

  /// How a checkpoint can be had, best first.
  public enum Availability: String, Sendable, CaseIterable, Comparable {
    /// It is part of this software.
    case embedded
    /// An address answered when it was last tried.
    case live
    /// There is an address that nobody has tried.
    case unchecked
    /// No address is left: whoever has a copy must bring it.
    case bring
    /// It was never released.
    case unreleased

    /// Better comes first.
    public static func < (a: Self, b: Self) -> Bool {
      a != b && allCases.first { $0 == a || $0 == b } == a
    }
  }

  /// The name by the zoo's rule.
  public let name: String
  /// Other names.
  public let aliases: [String]
  /// One line.
  public let title: String
  /// What the model is.
  public let configuration: ModelConfiguration
  /// The number of trained parameters.
  public let parameterCount: Int
  /// Multiply-accumulates of one time step at the nominal input size.
  public let accumulatesPerStep: Int
  /// What the figures were measured on, as names of entries have it.
  public let dataset: String
  /// The dataset as evaluations name it: `imagenet-1k` of `in1k`.
  public var datasetName: String {
    ["in1k": "imagenet-1k", "cifar10dvs": "cifar10-dvs", "dvs128": "dvs128-gesture"][dataset]
      ?? dataset
  }
  /// The name of the list of class names, below `zoo/labels`.
  public let labels: String
  /// What is done to a sample before the network sees it.
  public let preprocessing: Preprocessing
  /// Licences of code, weights and data; may say `none stated`.
  public let licences: [String: String]
  /// The same as JSON, as a provenance has them.
  public var licencesJSON: JSON { .object(licences.mapValues { .string($0) }) }
  /// The files.
  public let files: [File]
  /// Where they can be had.
  public let sources: [Source]
  /// Recognises the weights.
  public let weightsID: Digest?
  /// The model.
  public let modelID: Digest?
  /// Accuracy and firing records: exact counts.
  public let records: Records
  /// What is stated of the model, and by whom.
  public let figures: [Figure]
  /// The run that made the weights, as far as its log tells.
  public let training: TrainingRun?
  /// Remarks a user should see.
  public let notes: [String]
  /// What was found when its checkpoint was verified.
  public let evidence: [Evidence]
  /// What evaluating in batches changes, if it was measured.
  public let batchEffect: RecordedBatchEffect?
  /// The description as it was read.
  public let json: JSON
  /// Members that this version does not know, by place.
  public let unknownMembers: [String]

  /// How its checkpoint can be had, as far as is known.
  public var availability: Availability {
    if sources.contains(where: { $0.kind == Self.embeddedKind }) { return .embedded }
    let states = sources.map(\.state)
    if states.contains(.live) { return .live }
    if states.contains(.notChecked) { return .unchecked }
    return states.contains(.neverReleased) ? .unreleased : .bring
  }

  /// The first file of a role.
  public func file(_ role: File.Role) -> File? { files.first { $0.role == role } }

  /// Whether a name means this entry; letter case does not matter.
  public func isNamed(_ text: String) -> Bool {
    ([name] + aliases).contains { $0.lowercased() == text.lowercased() }
  }

  /// The kind of source whose files are part of this software.
  public static let embeddedKind = "embedded"
}
