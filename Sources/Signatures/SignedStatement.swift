public import CanonicalJSON
import Diagnostics
import Digests
import FileAccess

/// What a signer says: these files have these digests, and, in a member of our own, which model they
/// are.
///
/// Corresponds to an in-toto statement v1 whose predicate is of the OpenSSF's model signing
/// specification v1.0, and to schemas/v1/signature.schema.json.
public struct SignedStatement: Sendable, Equatable {
  /// What was signed, as the signer calls it; proves nothing.
  public var subject: String
  /// The files, in the order in which they were signed.
  public var files: [SignedFile]
  /// Names below the folder that do not count.
  public var ignored: [String]
  /// What the signer says of the content; `nil` in signatures of other tools.
  public var claims: SignedClaims?

  /// What Git keeps in a folder is not part of a model.
  public static let ignoredByHabit = [".git", ".gitattributes", ".github", ".gitignore"]

  static let type = "https://in-toto.io/Statement/v1"
  static let predicateType = "https://model_signing/signature/v1.0"
  static let claimsMember = "qkzoo"

  /// Bundles what is signed.
  public init(
    subject: String, files: [SignedFile], ignored: [String] = Self.ignoredByHabit,
    claims: SignedClaims? = nil
  ) {
    self.subject = subject
    self.files = files
    self.ignored = ignored
    self.claims = claims
  }

  /// The statement as JSON.
  public var json: JSON {
    var predicate: [String: JSON] = [
      "serialization": [
        "method": "files", "hash_type": "sha256", "allow_symlinks": false,
        "ignore_paths": .array(ignored.map { .string($0) }),
      ],
      "resources": .array(
        files.map { file in
          [
            "name": .string(file.name), "algorithm": "sha256", "digest": .string(file.digest.hex),
          ]
        }),
    ]
    predicate[Self.claimsMember] = claims?.json
    return [
      "_type": .string(Self.type),
      "subject": [
        [
          "name": .string(subject),
          "digest": ["sha256": .string(SignedFile.root(of: files).hex)],
        ]
      ],
      "predicateType": .string(Self.predicateType), "predicate": .object(predicate),
    ]
  }
}

extension SignedStatement {
  /// Reads a statement from its text.
  ///
  /// - Throws: `SignatureFailure`, `JSONFailure`.
  init(payload: [UInt8], at place: String) throws {
    let json = try JSON(parsing: payload, at: "\(place) statement")
    func failure(_ expected: String, _ found: JSON?) -> SignatureFailure {
      SignatureFailure(
        .statement, at: "\(place) statement", expected: expected,
        found: found.map { PlainText.excerpt($0.canonicalText) } ?? "none")
    }
    guard json.members == ["_type", "subject", "predicateType", "predicate"],
      json["_type"]?.string == Self.type, json["predicateType"]?.string == Self.predicateType
    else { throw failure("a statement \(Self.type) of \(Self.predicateType)", json) }
    guard let subjects = json["subject"]?.array, subjects.count == 1,
      subjects[0].members == ["name", "digest"], let subject = subjects[0]["name"]?.string,
      subjects[0]["digest"]?.members == ["sha256"],
      let root = subjects[0]["digest"]?["sha256"].flatMap(Self.digest)
    else { throw failure("one subject with a name and a SHA-256", json["subject"]) }
    guard let predicate = json["predicate"], let resources = predicate["resources"]?.array,
      let serialization = predicate["serialization"]
    else { throw failure("a predicate with serialization and resources", json["predicate"]) }
    let files = try resources.map { try Self.file($0, at: place) }
    guard !files.isEmpty, Set(files.map(\.nameBytes)).count == files.count else {
      throw failure("each file once, at least one", predicate["resources"])
    }
    self.init(
      subject: subject, files: files,
      ignored: try Self.ignoredPaths(serialization, at: place),
      claims: try predicate[Self.claimsMember].map { try SignedClaims(json: $0, at: place) })
    guard SignedFile.root(of: files) == root else {
      throw SignatureFailure(
        .root, at: "\(place) statement", expected: "the digest of the files' digests",
        found: root.hex)
    }
  }

  private static func digest(_ json: JSON) -> Digest? {
    json.string.flatMap(Digest.init(hex:)).flatMap { $0.bytes.count == 32 ? $0 : nil }
  }

  /// A member that says how the files were digested: only one way is known.
  private static func ignoredPaths(_ json: JSON, at place: String) throws -> [String] {
    guard json["method"]?.string == "files", json["hash_type"]?.string == "sha256",
      json["allow_symlinks"]?.bool == false,
      json.members?.isSubset(of: ["method", "hash_type", "allow_symlinks", "ignore_paths"]) == true
    else {
      throw SignatureFailure(
        .method, at: "\(place) statement",
        expected: "method `files`, hash type `sha256`, no symbolic links",
        found: PlainText.excerpt(json.canonicalText))
    }
    guard let paths = json["ignore_paths"] else { return ignoredByHabit }
    let names = paths.array?.compactMap(\.string) ?? []
    guard names.count == paths.array?.count else {
      throw SignatureFailure(
        .statement, at: "\(place) statement ignore_paths", expected: "texts",
        found: PlainText.excerpt(paths.canonicalText))
    }
    return names
  }

  private static func file(_ json: JSON, at place: String) throws -> SignedFile {
    guard json.members?.isSuperset(of: ["name", "algorithm", "digest"]) == true,
      let name = json["name"]?.string, let algorithm = json["algorithm"]?.string
    else {
      throw SignatureFailure(
        .statement, at: "\(place) statement resources", expected: "name, algorithm and digest",
        found: PlainText.excerpt(json.canonicalText))
    }
    guard algorithm == "sha256" else {
      throw SignatureFailure(
        .method, at: "\(place) statement \(name)", expected: "algorithm sha256", found: algorithm)
    }
    guard let digest = json["digest"].flatMap(digest),
      name == SignedFile.itself || Files.isBelow(name, isStrict: true)
    else {
      throw SignatureFailure(
        .statement, at: "\(place) statement \(name)",
        expected: "a path below the folder, and a SHA-256",
        found: PlainText.excerpt(json.canonicalText))
    }
    return SignedFile(name: name, digest: digest)
  }
}

extension JSON {
  /// The names of an object's members; `nil` if it is none.
  var members: Set<String>? { object.map { Set($0.keys) } }
}
