import ArgumentParser
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import Signatures

/// By which signature a file or folder is judged.
struct SignatureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Check the signature of this public key first; what it does not cover is not opened.",
      valueName: "file"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Where the signature is (default: MODEL.sig, or model.sig in a folder).", valueName: "file"))
  var signature: String?

  @Flag(help: "In a folder, pass over files that were not signed.")
  var ignoreUnsigned = false

  func validate() throws {
    guard key != nil || signature == nil && !ignoreUnsigned else {
      throw ValidationError("--signature and --ignore-unsigned need --key")
    }
  }

  /// What came of it; nothing if no key was named.
  func verdict(on path: String, isEntry: Bool) throws -> SignatureVerdict? {
    guard let key else { return nil }
    guard signature != nil || !isEntry else {
      throw ValidationError("the signature of an entry that is named needs --signature FILE")
    }
    let verifying = try VerifyingKey(file: key)
    let signature = signature ?? SignatureBundle.path(for: path)
    let bundle = try SignatureBundle(file: signature)
    do {
      let statement = try bundle.statement(signedBy: verifying)
      let findings = try statement.findings(
        at: path, signature: signature, ignoresUnlisted: ignoreUnsigned)
      return SignatureVerdict(key: verifying, statement: statement, findings: findings)
    } catch let failure as SignatureFailure where failure.kind == .wrong {
      return SignatureVerdict(key: verifying, statement: nil, findings: [failure])
    }
  }
}

/// Whether a signature holds.
struct SignatureVerdict {
  let key: VerifyingKey
  /// What the signer says, if the signature is the key's.
  let statement: SignedStatement?
  let findings: [SignatureFailure]

  /// In words, as in `key 1a2b3c4d5e6f, 1 file`.
  var detail: String {
    let count = statement?.files.count ?? 0
    let files = statement == nil ? "" : ", \(count.of("file"))"
    let claim = statement?.claims?.modelID == nil ? "" : ", says model-id"
    return "key \(key.fingerprint.short)\(files)\(claim)"
  }

  /// Whether the model is the one that the signer says; `nil` if the signer does not say.
  func identityFindings(_ identity: ModelIdentity, at path: String) -> [SignatureFailure]? {
    guard let claims = statement?.claims, claims.modelID != nil || claims.weightsID != nil else {
      return nil
    }
    return [
      ("model-id", claims.modelID, identity.modelID),
      ("weights-id", claims.weightsID, identity.weightsID),
    ].compactMap { name, signed, found in
      guard let signed, signed != found else { return nil }
      return SignatureFailure(
        .modelID, at: path, expected: "\(name) \(signed), as signed", found: "\(found)")
    }
  }
}
