import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// A zoo as docs/own-zoo.md makes one.
@Suite struct OwnZooTests {
  private static let digits = TestFiles.package + "/zoo/entries/qkformer-digits"
  private static let name = "qkformer-4-64-t4-r8.digits-ours"

  private func run(_ arguments: String...) throws -> Program.Result { try Program.run(arguments) }

  /// The folder with its files, but for the entry.
  private func makeFolder(_ zoo: String) throws -> String {
    let entry = zoo + "/entries/ours"
    for folder in [entry, zoo + "/labels"] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let labels = TestFiles.package + "/zoo/labels/digits.json"
    try TestFiles.write(TestFiles.bytes(labels), to: zoo + "/labels/digits.json")
    for (from, to) in [
      ("qkformer-digits.qkz.h5", "ours.qkz.h5"),
      ("digits-test.safetensors", "digits-test.safetensors"),
    ] { try TestFiles.write(TestFiles.bytes("\(Self.digits)/\(from)"), to: "\(entry)/\(to)") }
    return entry
  }

  @Test func `an entry is begun, completed, checked, verified and passed on`() throws {
    let folder = try ScratchFolder()
    let (zoo, tree) = (folder.file("myzoo"), folder.file("tree"))
    let entry = try makeFolder(zoo)
    let description = entry + "/entry.json"
    let new = try run(
      "entry", "new", "--index", zoo, "--model", entry + "/ours.qkz.h5", "--test-data",
      entry + "/digits-test.safetensors", "--dataset", "digits", "--suffix", "ours", "-o",
      description
    )
    #expect(new.status == 0 && new.output.contains(Self.name), "\(new.errors)")
    let check = try run("entry", "check", "--index", zoo, description)
    #expect(check.status == 1 && check.output.contains("sources: zoo-entry: expected where it can"))
    #expect(check.output.hasSuffix("1 entry, 1 finding\n"), "\(check.output)")

    var members = try JSON(parsing: TestFiles.bytes(description), at: "entry").object ?? [:]
    members["sources"] = [
      ["kind": "mail", "address": "on request", "state": "not checked", "as_of": "2026-11-26"]
    ]
    try TestFiles.write(JSON.object(members).canonicalBytes, to: description)
    #expect(try run("entry", "check", "--index", zoo, description).status == 0)
    let listed = try run("list", "--index", zoo)
    #expect(listed.output.contains("unchecked, here"), "\(listed.output)")
    let verified = try run("verify", Self.name, "--index", zoo, "--level", "dataset")
    #expect(verified.status == 0, "\(verified.errors)")
    #expect(verified.output.contains("356 of 360 right, the same answer to 360 of 360"))
    #expect(verified.output.contains("identity    ok  the zoo's \(Self.name)"))
    #expect(try run("mirror", "--index", zoo, "-o", tree).status == 0)
    let pulled = try run("pull", Self.name, "--index", tree)
    #expect(pulled.status == 0 && pulled.output.contains("fetched from "), "\(pulled.errors)")
  }

  @Test func `a list of class names that is missing is said when the entry is begun`() throws {
    let folder = try ScratchFolder()
    let zoo = folder.file("myzoo")
    let entry = try makeFolder(zoo)
    try FileManager.default.removeItem(atPath: zoo + "/labels/digits.json")
    let new = try run(
      "entry", "new", "--index", zoo, "--model", entry + "/ours.qkz.h5", "--dataset", "digits",
      "-o", entry + "/entry.json")
    #expect(new.status == 0)
    #expect(new.errors.contains("this zoo has none in labels/NAME.json, found digits\n"))
    let named = try run(
      "entry", "new", "--preset", "HST-10-384", "--dataset", "unheard", "-o", entry + "/e.json")
    #expect(named.errors.contains("--labels: expected one of cifar10, "), "\(named.errors)")
  }
}
