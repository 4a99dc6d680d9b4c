import BlobCache
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import Signatures
import Transfer

/// A place that a user named for its index: a folder with a zoo, a mirror's folder or its address.
struct IndexPlace {
  let place: String
  /// The public key that must have signed it; else this project's is what a signature is judged by.
  let key: String?
  let transfer: TransferFlags

  /// The index, and where a mirror's files are.
  ///
  /// What is not signed is said on standard error; what is badly signed is refused.
  func open() throws -> (index: ZooIndex, mirror: String?) {
    let isAddress = LocalZoo.isAddress(place)
    let isMirror = isAddress || Files.exists(Files.join(place, Mirror.indexName))
    let (source, bundle) = try isAddress ? fetched() : read()
    try judge(source, bundle, isMirror: isMirror)
    return (try source.index(), isMirror ? place : nil)
  }

  private func judge(_ source: ZooSource, _ bundle: SignatureBundle?, isMirror: Bool) throws {
    let verifying = try key.map { try VerifyingKey(file: $0) } ?? ZooIndex.publicKey()
    switch try signature(source, bundle, verifying) {
    case .holds: return
    case .none:
      guard key == nil else {
        throw ZooFailure(
          .unsigned, at: place, expected: "an index signed by key \(verifying.fingerprint)",
          found: "no signature")
      }
      StandardError.print("qkzoo: \(place): the index is not signed")
    case .stale(let findings):
      // In a folder of sources somebody edits entries; whoever asks for a key wants to know.
      guard key == nil, !isMirror else { throw findings[0] }
      let more = findings.count > 1 ? " and \(findings.count - 1) more" : ""
      StandardError.print(
        "qkzoo: \(place): the index has changed since it was signed: \(findings[0].place)\(more)")
    }
  }

  /// The signature's state; who meets another's key for the first time is told how to name it.
  private func signature(
    _ source: ZooSource, _ bundle: SignatureBundle?, _ verifying: VerifyingKey
  ) throws -> IndexSignature {
    do {
      return try source.signature(bundle, of: verifying)
    } catch let failure as SignatureFailure where failure.code == .key && key == nil {
      throw SignatureFailure(
        .key, at: failure.place, expected: failure.expected,
        found: failure.found + "; with the signer's public key: --index-key FILE")
    }
  }

  private func read() throws -> (ZooSource, SignatureBundle?) {
    let signature = ZooIndex.signaturePath(in: place)
    return (
      try ZooIndex.source(in: place),
      Files.exists(signature) ? try SignatureBundle(file: signature) : nil
    )
  }

  private func fetched() throws -> (ZooSource, SignatureBundle?) {
    let name = Mirror.indexName
    let signature = name + SignatureBundle.suffix
    let bundle = try isThere(signature) ? fetch(signature, SignatureBundle.sizeLimit) : nil
    return (
      ZooSource(index: try fetch(name, Mirror.indexLimit), at: Files.join(place, name)),
      try bundle.map { try SignatureBundle(bytes: $0, at: Files.join(place, signature)) }
    )
  }

  /// Whether a mirror has a file. Every answer but that it has none counts as yes.
  private func isThere(_ name: String) throws -> Bool {
    let answer = try AddressProbe.ask(
      TransferSource(try Address(Files.join(place, name))), options: transfer.options(limit: 0))
    return answer != .refused(status: 404) && answer != .refused(status: 410)
  }

  private func fetch(_ name: String, _ limit: Int) throws -> [UInt8] {
    let download = Download(
      WantedFile(name: name), from: [TransferSource(try Address(Files.join(place, name)))],
      in: Files.join(try Cache.ofUser().root, "incoming"), options: transfer.options(limit: limit))
    let fetched = try Cancellation.bySignals { try download.run(cancellation: $0) }
    defer { fetched.discard() }
    return try Files.read(fetched.path, limit: limit)
  }
}
