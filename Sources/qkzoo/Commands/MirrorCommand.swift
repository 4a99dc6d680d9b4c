import ArgumentParser
import CanonicalJSON
import Diagnostics
import Digests
import FileAccess
import ModelZoo
import Transfer

/// A zoo to serve or to carry.
struct MirrorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror",
    abstract: "Write what is on this machine as a static tree that any web server can serve.",
    discussion: """
      --index reads such a tree, from a folder or an address. With --key the index is signed, and who \
      reads it with --index-key PUBLIC sees that it is yours. The index lists every entry named, the \
      tree holds the files that are here. The folder must be new or without index.json and entries, or \
      hold an earlier mirror, other than the one of --index: its index.json, the signature of that and \
      files of blobs that are not what their name says are replaced. Whether you may pass weights on is between you and their \
      licence, which is printed.

      EXAMPLES
        qkzoo mirror -o /srv/www/zoo
        qkzoo mirror -o /srv/www/zoo --key my.pem
        qkzoo list --index https://example.org/zoo
      """)

  @Argument(help: "Entries (default: all).")
  var entries: [String] = []

  @Option(name: [.short, .long], help: "The folder of the tree.")
  var output: String

  @Option(help: ArgumentHelp("Sign the index with this private key.", valueName: "file"))
  var key: String?

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, files: [])
  }

  func run() throws {
    let key = try key.map { try SigningKey(file: $0) }
    try requireAnotherPlace()
    let zoo = try self.zoo.local()
    let content = try Mirror.write(chosen(zoo.index), of: zoo, to: output, signedBy: key)
    if content.hasLostSignature {
      StandardError.print(
        "qkzoo: \(output): the index was signed and is not any more; --key signs the new one")
    }
    format.print(report(content))
  }

  /// The entries that were named, each once under however many names.
  private func chosen(_ index: ZooIndex) throws -> [ZooEntry] {
    guard !entries.isEmpty else { return index.entries }
    var names: Set<String> = []
    return try entries.map { try index.requiredEntry($0) }.filter { names.insert($0.name).inserted }
  }

  /// Requires the tree not to be what the index is read from: a mirror of some entries of it would be
  /// all that is left.
  private func requireAnotherPlace() throws {
    guard let address = try zoo.index.map(LocalZoo.address), address.scheme == .file,
      Files.areSame(address.text, output)
    else { return }
    throw FileFailure(
      .exists, at: output, expected: "another folder than that of the index", found: "the same")
  }

  private func report(_ content: Mirror.Content) -> Report {
    var table = TextTable()
    for entry in content.entries where entry.files > 0 {
      table.add(
        entry.name, entry.files.of("file"),
        "licence of the weights: \(entry.licence)")
    }
    let absent = content.entries.count { $0.files == 0 }
    return Report(
      "mirror",
      [
        "output": .string(output), "bytes": .integer(content.bytes),
        "entries": .array(
          content.entries.map { entry in
            [
              "entry": .string(entry.name), "files": .integer(entry.files),
              "licence": .string(entry.licence),
            ]
          }),
      ],
      text: table.text
        + "\n"
        + (absent > 0 ? "\(absent.grouped) more without files; " : "")
        + "\(content.bytes.of("byte")) in \(output)")
  }
}
