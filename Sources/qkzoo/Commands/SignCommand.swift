import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import Signatures

/// Says with a key what a file, a folder or a zoo's index is.
struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a model, a folder or a zoo's index with a key of your own.",
    discussion: """
      The signature is a bundle as of the OpenSSF's model signing, beside what it signs: MODEL.sig, or \
      model.sig in a folder. `model_signing verify key` accepts it. It covers the bytes of every file; \
      of a checkpoint, which is verified first, also its model-id. Keys are of the curve P-256, as PEM \
      text, not encrypted. Two signatures of one file differ, and both are good.

      EXAMPLES
        qkzoo sign --new-key my.pem
        qkzoo sign model.qkz.h5 --key my.pem
        qkzoo verify model.qkz.h5 --key my.pub.pem
        qkzoo sign /srv/www/zoo --as-index --key my.pem
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out my.pem
        openssl pkey -in my.pem -pubout -out my.pub.pem
      """)

  @Argument(help: "A file, a folder, or an entry's name.")
  var model: String?

  @Option(help: ArgumentHelp("The private key.", valueName: "file"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Make a private key, and its public key beside it, as NAME.pem and NAME.pub.pem.",
      valueName: "file"))
  var newKey: String?

  @Option(name: [.short, .long], help: "Where to write the signature.")
  var output: String?

  @Flag(help: "MODEL is a folder with a zoo: sign what its index consists of.")
  var asIndex = false

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, files: [])
    guard (key == nil) != (newKey == nil) else {
      throw ValidationError("name a private key with --key, or make one with --new-key")
    }
    guard model != nil || newKey != nil else { throw ValidationError("name what to sign") }
    guard model != nil || output == nil && !asIndex else {
      throw ValidationError("-o and --as-index are for signing; name what to sign")
    }
    if let newKey, !newKey.hasSuffix(".pem") || newKey.hasSuffix(".pub.pem") {
      throw ValidationError("--new-key must end in .pem, and not in .pub.pem")
    }
  }

  /// What was signed, and where the signature is.
  private struct Signed {
    let path: String
    let output: String
    let statement: SignedStatement
  }

  func run() throws {
    let made = try newKey.map(Self.makeKey)
    let key = try self.key.map { try SigningKey(file: $0) } ?? made?.key
    guard let key else { return }
    let signed = try model.map { try sign($0, key) }
    format.print(report(key, publicKey: made?.publicPath, signed))
  }

  // MARK: - Keys

  private static func makeKey(_ path: String) throws -> (key: SigningKey, publicPath: String) {
    let key = SigningKey.random()
    let publicPath = String(path.dropLast(".pem".count)) + ".pub.pem"
    for path in [path, publicPath] where Files.exists(path) || Files.isLink(path) {
      throw FileFailure(
        .exists, at: path, expected: "a name that nothing has: no key is ever replaced",
        found: "a file of that name")
    }
    try Files.createPrivate(path, with: Array(key.pem.utf8))
    do {
      try AtomicFile.replace(publicPath, with: Array(key.verifyingKey.pem.utf8))
    } catch {
      Files.remove(path)
      throw error
    }
    return (key, publicPath)
  }

  // MARK: - Signing

  private func sign(_ model: String, _ key: SigningKey) throws -> Signed {
    let (path, output) = try places(model)
    try Self.requireSignature(output, signing: path)
    try rule.admit(output)
    let statement =
      try asIndex ? ZooIndex.source(in: path).statement() : statement(of: path, output)
    let bundle = try SignatureBundle(signing: statement, with: key)
    try AtomicFile.replace(output, with: bundle.json.canonicalBytes)
    return Signed(path: path, output: output, statement: statement)
  }

  /// Requires an output that is there to be a signature, `--force` or not: it may be the model, the key,
  /// or a file of the folder.
  private static func requireSignature(_ output: String, signing path: String) throws {
    let isSignature = (try? SignatureBundle(file: output)) != nil
    guard Files.exists(output), !isSignature || Files.areSame(path, output) else { return }
    throw FileFailure(
      .exists, at: output, expected: "a name that nothing has, or a signature's",
      found: "something else there")
  }

  /// What to sign, and where the signature goes: beside it, unless it is in the cache.
  private func places(_ model: String) throws -> (path: String, output: String) {
    let (path, entry) = try zoo.locate(model)
    if let output { return (path, output) }
    guard entry == nil else { throw ValidationError("to sign an entry by its name, use -o") }
    return (path, asIndex ? ZooIndex.signaturePath(in: path) : SignatureBundle.path(for: path))
  }

  private func statement(of path: String, _ output: String) throws -> SignedStatement {
    let name = Files.name(of: path.hasSuffix("/") ? String(path.dropLast()) : path)
    guard !Files.isDirectory(path) else {
      let own = Files.name(of: output, below: path).map { [$0] } ?? []
      let ignored = own + SignedStatement.ignoredByHabit
      let files = try SignedFile.all(at: path, ignoring: Set(ignored))
      guard !files.isEmpty else {
        throw FileFailure(.notFound, at: path, expected: "a file in the folder", found: "none")
      }
      return SignedStatement(
        subject: name, files: files, ignored: ignored,
        claims: SignedClaims())
    }
    let claims = try ModelFile.isCheckpoint(path) ? claims(of: path) : SignedClaims()
    return SignedStatement(subject: name, files: try SignedFile.all(at: path), claims: claims)
  }

  /// Who signs a checkpoint says which model it is, so it must hold what it says of itself.
  private func claims(of path: String) throws -> SignedClaims {
    let identity = try CheckpointFile.openVerified(path).checkpoint().identity()
    return SignedClaims(
      formatVersion: FormatVersion.current, modelID: identity.modelID,
      weightsID: identity.weightsID)
  }

  // MARK: - Report

  private func report(_ key: SigningKey, publicKey: String?, _ signed: Signed?) -> Report {
    var table = TextTable()
    if let newKey, let publicKey {
      table.add("private key", newKey)
      table.add("public key", publicKey)
    }
    table.add("key", key.verifyingKey.fingerprint.hex)
    if let signed {
      let count = signed.statement.files.count
      table.add("signed", "\(signed.path), \(count.of("file"))")
      table.add("signature", signed.output)
    }
    let modelID = signed?.statement.claims?.modelID
    if let modelID { table.add("model-id", modelID.hex) }
    return Report(
      "sign",
      [
        "private_key": .optional(self.key ?? newKey),
        "public_key": .optional(publicKey),
        "key": .string(key.verifyingKey.fingerprint.hex), "signed": .optional(signed?.path),
        "signature": .optional(signed?.output), "model_id": .optional(modelID?.hex),
        "files": .array(
          (signed?.statement.files ?? []).map {
            ["name": .string($0.name), "sha256": .string($0.digest.hex)]
          }),
      ], text: table.text)
  }
}
