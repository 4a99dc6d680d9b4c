import CanonicalJSON
import Diagnostics
import Digests

/// A line of `batches.jsonl` ends with a seal, member `sha256`: SHA-256 of the evaluation's digest
/// in hexadecimal digits, a line feed, and the canonical text of the line without the seal.
///
/// The line holds the digest of its samples' lines, and the evaluation's digest is of `run.json`. So
/// no bit of what counts can change, and no line go, come or move to another evaluation, unseen.
extension EvaluatedBatch {
  private static let sealName = "sha256"

  /// The sealed line, with its line feed.
  func line(of evaluation: Digest) -> [UInt8] {
    var members = json.object ?? [:]
    members[Self.sealName] = .string(Self.seal(members, of: evaluation).hex)
    return JSON.object(members).canonicalBytes + [0x0A]
  }

  /// Reads a sealed line; `place` names it in errors.
  ///
  /// - Throws: `EvaluationFailure`.
  init(line: [UInt8], of evaluation: Digest, at place: String) throws {
    var members = (try? JSON(parsingCanonical: line, at: place))?.object ?? [:]
    let stated = members.removeValue(forKey: Self.sealName)
    guard stated?.string == Self.seal(members, of: evaluation).hex else {
      throw EvaluationFailure(
        .record, at: place,
        expected: "a line as it was written; without this line and those below, the same command "
          + "runs their batches again", found: "one that its sha256 is not of")
    }
    try self.init(json: .object(members), at: place)
  }

  private static func seal(_ members: [String: JSON], of evaluation: Digest) -> Digest {
    SHA256.digest(of: Array("\(evaluation)\n".utf8) + JSON.object(members).canonicalBytes)
  }
}

extension EvaluationHeader {
  /// SHA-256 of the canonical text of `run.json` without the members `shard` and `shards`: every
  /// shard of an evaluation has the same one.
  var digest: Digest {
    var members = json.object ?? [:]
    var part = members["part"]?.object ?? [:]
    for name in ["shard", "shards"] { part[name] = nil }
    members["part"] = .object(part)
    return SHA256.digest(of: JSON.object(members).canonicalBytes)
  }
}
