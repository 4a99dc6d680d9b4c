public import CanonicalJSON
import Diagnostics
public import Digests
import SpikingModels

/// A copy of an entry's weights that was accepted on this machine, by all its names.
///
/// It lets later copies in any container be recognised, where the entry lists one digest only. Its
/// JSON is what a maintainer needs to complete the entry.
public struct Witness: Sendable, Equatable {
  /// Why a copy was accepted.
  public enum Grounds: String, Sendable, CaseIterable {
    /// The entry, or an earlier witness, lists its SHA-256.
    case sha256 = "SHA-256"
    /// The entry lists its MD5 sum.
    case md5 = "MD5"
    /// The entry, or an earlier witness, lists its weights-id.
    case weightsID = "weights-id"
    /// Nothing is known of the weights: the first copy was trusted, as the user asked.
    case firstUse = "first use"
  }

  /// The value of `schema`.
  public static let schema = "qkzoo.witness/1"

  /// The entry's name.
  public let entry: String
  /// SHA-256 of the configuration that the entry had, as canonical JSON.
  public let configuration: Digest
  /// The file, with every digest.
  public let file: ZooEntry.File
  /// Why it was accepted.
  public let grounds: Grounds
  /// Recognises the weights.
  public let weightsID: Digest
  /// The model, under the entry's configuration.
  public let modelID: Digest
  /// The SHA-256 of the checkpoint that was made of it; `nil` before one is.
  public private(set) var checkpoint: Digest?

  /// Names a witness.
  public init(
    of entry: ZooEntry, file: ZooEntry.File, grounds: Grounds, weightsID: Digest, modelID: Digest,
    checkpoint: Digest?
  ) {
    self.entry = entry.name
    configuration = entry.configurationDigest
    self.file = file
    self.grounds = grounds
    self.weightsID = weightsID
    self.modelID = modelID
    self.checkpoint = checkpoint
  }

  /// The witness as it is kept and printed.
  public var json: JSON {
    var members: [String: JSON] = [
      "schema": .string(Self.schema), "entry": .string(entry),
      "configuration": .string(configuration.hex), "file": file.json,
      "accepted_by": .string(grounds.rawValue), "weights_id": .string(weightsID.hex),
      "model_id": .string(modelID.hex),
    ]
    members["checkpoint"] = checkpoint.map { .string($0.hex) }
    return .object(members)
  }

  /// Reads a witness; `place` names it in errors.
  ///
  /// - Throws: `ZooFailure`.
  public init(json: JSON, at place: String) throws {
    var unknown: [String] = []
    let members = try ZooMembers(
      json, at: place,
      required: [
        "schema", "entry", "configuration", "file", "accepted_by", "weights_id", "model_id",
      ], optional: ["checkpoint"], unknown: &unknown)
    _ = try members.value("schema", Self.schema) { $0.string == Self.schema ? true : nil }
    entry = try members.string("entry")
    configuration = try members.sha256("configuration")
    file = try ZooEntry.File(
      json: members.value("file"), at: members.place(of: "file"), unknown: &unknown)
    grounds = try members.choice("accepted_by")
    weightsID = try members.sha256("weights_id")
    modelID = try members.sha256("model_id")
    checkpoint = try members.optional("checkpoint", "a SHA-256", \.sha256)
  }
}

extension Witness {
  /// The same copy, of which a checkpoint was made anew.
  public func with(checkpoint: Digest) -> Witness {
    var witness = self
    witness.checkpoint = checkpoint
    return witness
  }

  /// Whether an entry would accept the copy now: another index may have another entry of the name,
  /// or the entry may have become another.
  func holds(for entry: ZooEntry) -> Bool {
    guard entry.name == self.entry, entry.configurationDigest == configuration,
      entry.modelID ?? modelID == modelID, entry.weightsID ?? weightsID == weightsID
    else { return false }
    return switch grounds {
    case .sha256: entry.files.contains { $0.sha256 == file.sha256 }
    case .md5: entry.files.contains { $0.sha256 == nil && $0.md5 != nil && $0.md5 == file.md5 }
    case .weightsID: entry.weightsID != nil
    case .firstUse: !entry.isRecognisable
    }
  }
}

extension ZooEntry {
  /// SHA-256 of the configuration as canonical JSON.
  var configurationDigest: Digest { SHA256.digest(of: configuration.json.canonicalBytes) }

  /// Whether the entry lists anything that a copy could match.
  public var isRecognisable: Bool { weightsID != nil || files.contains(where: \.isKnown) }
}
