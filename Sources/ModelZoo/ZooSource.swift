import CanonicalJSON
public import Diagnostics
public import Digests
import FileAccess
public import Signatures

/// The bytes that a zoo is read from: a folder like this project's `zoo`, or the index of a mirror.
///
/// They are read once. A signature is judged by these bytes, before they are parsed.
public struct ZooSource: Sendable {
  private enum Form {
    /// One text with everything.
    case index
    /// Descriptions and labels in files of their own; the folder.
    case folder(String)
  }

  private let form: Form
  /// Names the source in errors.
  private let place: String
  /// The bytes of every file, by the name that a signature gives it.
  private let contents: [(name: String, bytes: [UInt8])]

  /// The index of a mirror, from its text; `place` names it in errors.
  public init(index text: [UInt8], at place: String) {
    form = .index
    self.place = place
    contents = [(SignedFile.itself, text)]
  }

  /// A folder with entries and labels.
  ///
  /// - Throws: `FileFailure`, `SignatureFailure` for a name that is not UTF-8.
  public init(folder: String) throws {
    form = .folder(folder)
    place = folder
    let entries = Files.join(folder, "entries")
    let labels = Files.join(folder, "labels")
    let names =
      try Self.names(in: entries).filter { Files.isDirectory(Files.join(entries, $0)) }
      .map { "entries/\($0)/entry.json" }
      + (Files.isDirectory(labels) ? Self.names(in: labels) : [])
      .filter { $0.hasSuffix(".json") }.map { "labels/\($0)" }
    contents = try names.map { name in
      (name, try Files.read(Files.join(folder, name), limit: ZooEntry.sizeLimit))
    }
  }

  private static func names(in folder: String) throws -> [String] {
    let names = try Files.repairedNames(in: folder)
    for name in names { try SignedFile.requireUTF8(Files.join(folder, name)) }
    return names
  }

  /// The files and their digests, as a signature covers them.
  public var files: [SignedFile] {
    contents.map { SignedFile(name: $0.name, digest: SHA256.digest(of: $0.bytes)) }
  }

  /// Parses the index.
  ///
  /// - Throws: `ZooFailure`, `ConfigurationFailure`, `CheckpointFailure`, `JSONFailure`.
  public func index() throws -> ZooIndex {
    guard case .folder(let folder) = form else {
      return try ZooIndex(json: JSON(parsing: contents[0].bytes, at: place), at: place)
    }
    var entries: [(entry: ZooEntry, folder: String)] = []
    var labels: [String: [String]] = [:]
    for (name, bytes) in contents {
      let path = Files.join(folder, name)
      let json = try JSON(parsing: bytes, at: path)
      if name.hasPrefix("entries/") {
        entries.append((try ZooEntry(json: json, at: path), Files.directory(of: path)))
      } else {
        let list = Files.name(of: name).dropLast(".json".count)
        labels[String(list)] = json.array?.compactMap(\.string) ?? []
      }
    }
    return try ZooIndex(
      entries: entries.map(\.entry), labels: labels,
      folders: Dictionary(entries.map { ($0.entry.name, $0.folder) }, uniquingKeysWith: { $1 }))
  }
}

/// How far an index is signed.
public enum IndexSignature: Sendable, Equatable {
  /// There is no signature beside it.
  case none
  /// It is as the key's owner signed it.
  case holds
  /// The key's owner signed it, and then it was changed.
  case stale([SignatureFailure])
}

extension ZooSource {
  /// What its owner signs: every file. Files of entries are covered by the digests in them.
  ///
  /// - Throws: `ZooFailure` and others for a zoo that cannot be read, or that has no entry.
  public func statement() throws -> SignedStatement {
    guard try !index().entries.isEmpty else {
      throw ZooFailure(.entry, at: place, expected: "entries", found: "none")
    }
    return SignedStatement(
      subject: Files.name(of: place), files: files,
      claims: SignedClaims(index: ZooIndex.schema))
  }

  /// How far the source is signed; nothing of it is parsed for that.
  ///
  /// - Throws: `SignatureFailure` for a bundle that is not the key's over an index.
  public func signature(
    _ bundle: SignatureBundle?, of key: VerifyingKey
  ) throws -> IndexSignature {
    guard let bundle else { return .none }
    let statement = try bundle.statement(signedBy: key)
    guard statement.claims?.index == ZooIndex.schema else {
      throw SignatureFailure(
        .statement, at: place, expected: "the signature of an index, \(ZooIndex.schema)",
        found: "one of something else")
    }
    let findings = statement.findings(files, at: place)
    return findings.isEmpty ? .holds : .stale(findings)
  }
}
