import CanonicalJSON
import Diagnostics
public import Digests

/// What a signer says of the content, beside its files.
///
/// Corresponds to member `qkzoo` of the predicate, schemas/v1/signature.schema.json.
public struct SignedClaims: Sendable, Equatable {
  /// The `format_version` of a checkpoint.
  public var formatVersion: String?
  /// The model-id of a checkpoint.
  public var modelID: Digest?
  /// The weights-id of a checkpoint.
  public var weightsID: Digest?
  /// The schema of a zoo's index.
  public var index: String?

  /// The value of `schema`.
  public static let schema = "qkzoo.signature/1"

  /// Bundles claims.
  public init(
    formatVersion: String? = nil, modelID: Digest? = nil, weightsID: Digest? = nil,
    index: String? = nil
  ) {
    self.formatVersion = formatVersion
    self.modelID = modelID
    self.weightsID = weightsID
    self.index = index
  }

  var json: JSON {
    var members: [String: JSON] = ["schema": .string(Self.schema)]
    members["format_version"] = formatVersion.map { .string($0) }
    members["model_id"] = modelID.map { .string($0.hex) }
    members["weights_id"] = weightsID.map { .string($0.hex) }
    members["index"] = index.map { .string($0) }
    return .object(members)
  }

  init(json: JSON, at place: String) throws {
    let known: Set<String> = ["schema", "format_version", "model_id", "weights_id", "index"]
    let digests = ["model_id", "weights_id"].map { json[$0]?.string.flatMap(Digest.init(hex:)) }
    self.init(
      formatVersion: json["format_version"]?.string, modelID: digests[0], weightsID: digests[1],
      index: json["index"]?.string)
    // What was read must be all that is there.
    guard json["schema"]?.string == Self.schema, json.members?.isSubset(of: known) == true,
      self.json == json, digests.allSatisfy({ $0?.bytes.count ?? 32 == 32 })
    else {
      throw SignatureFailure(
        .statement, at: "\(place) statement qkzoo", expected: "the members of \(Self.schema)",
        found: PlainText.excerpt(json.canonicalText))
    }
  }
}
