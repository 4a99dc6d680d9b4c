public import Digests
import FileAccess
import Signatures

extension ZooIndex {
  /// The public key of this project's zoo, which is part of this software.
  ///
  /// - Throws: `KeyFailure` if it was replaced by something that is none.
  public static func publicKey() throws -> VerifyingKey {
    try VerifyingKey(pem: CompiledZoo.publicKey, at: "compiled-in key")
  }

  /// The name of the signature of a folder with entries.
  public static let signatureName = "index" + SignatureBundle.suffix

  /// Where the signature of a zoo's folder is: beside the index of a mirror, else in the folder.
  public static func signaturePath(in folder: String) -> String {
    let index = Files.join(folder, Mirror.indexName)
    return Files.exists(index)
      ? index + SignatureBundle.suffix : Files.join(folder, signatureName)
  }

  /// The bytes of a zoo's folder: the index if it is a mirror's, else entries and labels.
  ///
  /// - Throws: `FileFailure`, `SignatureFailure` for a name that is not UTF-8.
  public static func source(in folder: String) throws -> ZooSource {
    let index = Files.join(folder, Mirror.indexName)
    guard Files.exists(index) else { return try ZooSource(folder: folder) }
    return ZooSource(index: try Files.read(index, limit: Mirror.indexLimit), at: index)
  }
}
