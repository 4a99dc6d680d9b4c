public import CanonicalJSON
import Diagnostics
public import Digests
import FileAccess

/// A signature beside what it signs: the statement's bytes, who signed them, and how.
///
/// Reading one checks its form; nothing in it may be believed before `statement(signedBy:)`.
///
/// Corresponds to a Sigstore bundle v0.3 with a public key, around a DSSE envelope v1.
public struct SignatureBundle: Sendable {
  /// The suffix of a signature's file.
  public static let suffix = ".sig"
  /// The name of the signature of a folder, inside it.
  public static let nameInFolder = "model.sig"
  /// The most bytes of a signature that are written and read.
  public static let sizeLimit = 8 << 20

  static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
  static let payloadType = "application/vnd.in-toto+json"

  /// The fingerprint of the key; empty if the signer did not say.
  public let hint: String
  private let payload: [UInt8]
  private let signature: [UInt8]
  /// Where it was read from, for errors.
  private let place: String

  /// Signs a statement. Two signatures of one statement differ.
  ///
  /// - Throws: `SignatureFailure` if the statement breaks its rules, `FileFailure` if the signature would
  ///   be larger than one that is read.
  public init(signing statement: SignedStatement, with key: SigningKey) throws {
    hint = key.verifyingKey.fingerprint.hex
    payload = statement.json.canonicalBytes
    signature = key.sign(Self.signedBytes(payload))
    place = statement.subject
    _ = try self.statement(signedBy: key.verifyingKey)
    let size = json.canonicalBytes.count
    guard size <= Self.sizeLimit else {
      throw FileFailure(
        .tooLarge, at: place, expected: "a signature of at most \(Self.sizeLimit) bytes",
        found: "\(size), for \(statement.files.count) files")
    }
  }

  /// Where the signature of a file or folder is if nobody says otherwise.
  public static func path(for path: String) -> String {
    Files.isDirectory(path) ? Files.join(path, nameInFolder) : path + suffix
  }

  /// What is signed of a payload: DSSE's pre-authentication encoding.
  static func signedBytes(_ payload: [UInt8]) -> [UInt8] {
    let head = "DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) "
    return Array(head.utf8) + payload
  }

  /// The statement, if its signature is the key's.
  ///
  /// - Throws: `SignatureFailure`, `JSONFailure`.
  public func statement(signedBy key: VerifyingKey) throws -> SignedStatement {
    let fingerprint = key.fingerprint.hex
    guard hint.isEmpty || hint == fingerprint else {
      throw SignatureFailure(
        .key, at: place, expected: "a signature of key \(fingerprint)", found: "one of \(hint)")
    }
    guard key.accepts(signature, over: Self.signedBytes(payload)) else {
      throw SignatureFailure(
        .invalid, at: place, expected: "a signature of key \(fingerprint) over the statement",
        found: "another")
    }
    return try SignedStatement(payload: payload, at: place)
  }
}

extension SignatureBundle {
  /// The bundle as JSON.
  public var json: JSON {
    [
      "mediaType": .string(Self.mediaType),
      "verificationMaterial": ["publicKey": ["hint": .string(hint)], "tlogEntries": []],
      "dsseEnvelope": [
        "payload": .string(Base64.text(payload)), "payloadType": .string(Self.payloadType),
        "signatures": [["sig": .string(Base64.text(signature)), "keyid": ""]],
      ],
    ]
  }

  /// Reads a bundle's file.
  ///
  /// - Throws: `SignatureFailure`, `KeyFailure`, `JSONFailure`, `FileFailure`.
  public init(file path: String) throws {
    try self.init(bytes: try Files.read(path, limit: Self.sizeLimit), at: path)
  }

  /// Reads a bundle from its text; `place` names it in errors.
  ///
  /// - Throws: `SignatureFailure`, `KeyFailure`, `JSONFailure`.
  public init(bytes: [UInt8], at place: String) throws {
    let json = try JSON(parsing: bytes, at: place)
    guard let mediaType = json["mediaType"]?.string else {
      throw Self.failure(at: place, "a bundle with a mediaType", json)
    }
    guard mediaType == Self.mediaType else {
      throw SignatureFailure(
        .mediaType, at: place, expected: Self.mediaType, found: PlainText.excerpt(mediaType))
    }
    guard json.members == ["mediaType", "verificationMaterial", "dsseEnvelope"],
      let material = json["verificationMaterial"], let envelope = json["dsseEnvelope"]
    else {
      throw Self.failure(at: place, "mediaType, verificationMaterial and dsseEnvelope", json)
    }
    hint = try Self.hint(material, at: place)
    (payload, signature) = try Self.signed(envelope, at: place)
    self.place = place
  }

  /// Certificates, timestamps and entries of transparency logs are for other ways of signing.
  private static func hint(_ material: JSON, at place: String) throws -> String {
    guard material.members?.isSubset(of: ["publicKey", "tlogEntries"]) == true,
      [nil, []].contains(material["tlogEntries"]), let key = material["publicKey"]
    else {
      throw failure(at: place, "verificationMaterial with a publicKey only", material)
    }
    if key.members == ["hint"], let hint = key["hint"]?.string,
      hint.isEmpty || Digest(hex: hint)?.bytes.count == 32
    {
      return hint
    }
    guard key.members?.isSubset(of: ["rawBytes", "keyDetails"]) == true,
      key["keyDetails"].map({ $0.string != nil }) ?? true,
      let bytes = key["rawBytes"]?.string.flatMap(Base64.bytes)
    else {
      throw failure(at: place, "a publicKey with a hint, or with rawBytes", key)
    }
    return try fingerprint(ofKey: bytes, at: place)
  }

  /// Signers before 1.1 of the reference implementation put the key into the bundle, as PEM text. It
  /// only names the key: what it is compared with comes from the user.
  private static func fingerprint(ofKey bytes: [UInt8], at place: String) throws -> String {
    let place = "\(place) rawBytes"
    let isText = bytes.starts(with: "-----BEGIN ".utf8)
    let key = try isText ? VerifyingKey(pem: bytes, at: place) : VerifyingKey(der: bytes, at: place)
    return key.fingerprint.hex
  }

  private static func signed(
    _ envelope: JSON, at place: String
  ) throws -> (payload: [UInt8], signature: [UInt8]) {
    guard envelope.members == ["payload", "payloadType", "signatures"],
      let type = envelope["payloadType"]?.string,
      let payload = envelope["payload"]?.string.flatMap(Base64.bytes),
      let signatures = envelope["signatures"]?.array, signatures.count == 1,
      signatures[0].members?.isSubset(of: ["sig", "keyid"]) == true,
      [nil, .null, ""].contains(signatures[0]["keyid"]),
      let signature = signatures[0]["sig"]?.string.flatMap(Base64.bytes)
    else {
      throw failure(at: place, "dsseEnvelope with payload, payloadType and one signature", envelope)
    }
    guard type == payloadType else {
      throw SignatureFailure(
        .payloadType, at: place, expected: payloadType, found: PlainText.excerpt(type))
    }
    return (payload, signature)
  }

  private static func failure(at place: String, _ expected: String, _ found: JSON)
    -> SignatureFailure
  {
    SignatureFailure(
      .bundle, at: place, expected: expected, found: PlainText.excerpt(found.canonicalText))
  }
}
