public import Diagnostics
import Digests
import FileAccess

extension SignedStatement {
  /// Where a file or folder differs from what was signed; empty if nowhere.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - signature: where the signature is; it does not count if it is in the folder.
  ///   - ignoresUnlisted: whether files that were not signed are no finding.
  /// - Throws: `SignatureFailure` for a symbolic link, `FileFailure`.
  public func findings(
    at path: String, signature: String, ignoresUnlisted: Bool = false
  ) throws -> [SignatureFailure] {
    findings(try there(path, signature, ignoresUnlisted), at: path)
  }

  /// Where some files differ from what was signed; `place` names their folder.
  public func findings(_ there: [SignedFile], at place: String) -> [SignatureFailure] {
    let found = Dictionary(uniqueKeysWithValues: there.map { ($0.nameBytes, $0.digest) })
    let signed = Set(files.map(\.nameBytes))
    let wrong = files.compactMap { file -> SignatureFailure? in
      guard let digest = found[file.nameBytes] else {
        return Self.failure(.missing, place, file.name, "a file that was signed", "none")
      }
      guard digest != file.digest else { return nil }
      return Self.failure(
        .changed, place, file.name, "SHA-256 \(file.digest), as signed", digest.hex)
    }
    let unlisted = there.filter { !signed.contains($0.nameBytes) }.map {
      Self.failure(.unlisted, place, $0.name, "files that were signed", "another")
    }
    return wrong + unlisted
  }

  private func there(
    _ path: String, _ signature: String, _ ignoresUnlisted: Bool
  ) throws -> [SignedFile] {
    guard Files.isDirectory(path) else {
      // The specification calls a single file by its name, the reference implementation `.`.
      let name = Files.name(of: path)
      let isNamed = files.map(\.nameBytes) == [Array(name.utf8)]
      return [
        SignedFile(
          name: isNamed ? name : SignedFile.itself, digest: try SHA256.digest(ofFile: path))
      ]
    }
    guard !ignoresUnlisted else {
      let names = files.map(\.name).filter { $0 != SignedFile.itself }
      for name in names { try SignedFile.requireNoLink(to: name, below: path) }
      return try SignedFile.named(
        names.filter { Files.exists(Files.join(path, $0)) }, below: path)
    }
    let own = Files.name(of: signature, below: path).map { [$0] } ?? []
    return try SignedFile.all(at: path, ignoring: Set(ignored + own))
  }

  private static func failure(
    _ code: SignatureFailureCode, _ place: String, _ name: String, _ expected: String,
    _ found: String
  ) -> SignatureFailure {
    SignatureFailure(
      code, at: name == SignedFile.itself ? place : Files.join(place, name), expected: expected,
      found: found)
  }
}
