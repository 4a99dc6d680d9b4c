import Foundation
import TestSupport
import Testing

/// docs/outputs.md: what is there already stays, unless `--force` says otherwise.
@Suite struct OutputRuleTests {
  private static let entry = TestFiles.package + "/zoo/entries/qkformer-digits"
  private static let model = "\(entry)/qkformer-digits.qkz.h5"
  private static let probe = "\(entry)/reference.safetensors"
  private static let data = "\(entry)/digits-test.safetensors"

  /// Commands without their output, the option that names it, and the suffix that it has.
  static let writers: [(command: [String], option: String, suffix: String)] = [
    (["convert", model], "-o", ".qkz.h5"),
    (["convert", model], "-o", ".safetensors"),
    (["convert", model], "-o", ".pth"),
    (["repack", model, "--layout", "compact"], "-o", ".qkz.h5"),
    (["export", model, "--to", "onnx"], "-o", ".onnx"),
    (["export", model, "--to", "nir", "--part", "stage1/block0/mlp"], "-o", ".nir"),
    (["run", model, "--input", probe], "-o", ".safetensors"),
    (["run", model, "--input", probe], "--record-spikes", ".json"),
    (["trace", model, "--input", probe, "--layers", "stage1/block0/attention/lif"], "-o", ".npz"),
    (["stats", model, "--dataset", "samples", "--data", data], "--records", ".json"),
    (["entry", "new", "--model", model, "--dataset", "digits"], "-o", ".json"),
    (["report", "EVALUATION"], "-o", ".html"),
    (["export", model, "--to", "layers"], "-o", ".layers"),
  ]

  private static func run(
    _ writer: (command: [String], option: String, suffix: String), to output: String,
    _ more: [String] = [], evaluation: String = ""
  ) throws -> Program.Result {
    let command = writer.command.map { $0 == "EVALUATION" ? evaluation : $0 }
    return try Program.run(command + [writer.option, output] + more)
  }

  private func evaluate(into folder: String) throws {
    let result = try Program.run([
      "eval", "run", Self.model, "--dataset", "samples", "--data", Self.data, "--protocol",
      "per-image", "--limit", "2", "--out", folder,
    ])
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test(arguments: writers.indices)
  func `a file that is there stays, and --force replaces it`(_ index: Int) throws {
    let writer = Self.writers[index]
    let folder = try ScratchFolder()
    let output = folder.file("old" + writer.suffix)
    try TestFiles.write(Array("mine".utf8), to: output)
    let evaluation = folder.file("evaluation")
    if writer.command.contains("EVALUATION") { try evaluate(into: evaluation) }
    let refused = try Self.run(writer, to: output, evaluation: evaluation)
    #expect(refused.status == 77, "\(writer) \(refused.errors)")
    #expect(
      refused.errors.contains(
        "already-exists: expected a name that nothing has; --force replaces what is there, "
          + "found a file of 4 bytes"), "\(refused.errors)")
    #expect(try TestFiles.bytes(output) == Array("mine".utf8))
    let forced = try Self.run(writer, to: output, ["--force"], evaluation: evaluation)
    if writer.suffix == ".layers" {
      // A file is no folder of layers.
      #expect(forced.status == 77)
      #expect(try TestFiles.bytes(output) == Array("mine".utf8))
    } else {
      #expect(forced.status == 0, "\(writer) \(forced.errors)")
      #expect(try TestFiles.bytes(output) != Array("mine".utf8))
    }
  }

  @Test(arguments: writers.indices)
  func `a folder that is there stays, --force or not`(_ index: Int) throws {
    let writer = Self.writers[index]
    let folder = try ScratchFolder()
    let output = folder.file("old" + writer.suffix)
    try TestFiles.makeFolder(output)
    try TestFiles.write([1], to: output + "/mine")
    let evaluation = folder.file("evaluation")
    if writer.command.contains("EVALUATION") { try evaluate(into: evaluation) }
    #expect(try Self.run(writer, to: output, evaluation: evaluation).status == 77)
    let forced = try Self.run(writer, to: output, ["--force"], evaluation: evaluation)
    #expect([74, 77].contains(forced.status), "\(writer) \(forced.errors)")
    #expect(try TestFiles.bytes(output + "/mine") == [1])
  }

  @Test func `a file that is replaced gives nobody new rights`() throws {
    let folder = try ScratchFolder()
    let output = folder.file("x.safetensors")
    for (mode, kept) in [(0o600, 0o600), (0o640, 0o640), (0o400, 0o600)] {
      try TestFiles.write([1], to: output)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: output)
      #expect(try Program.run(["convert", Self.model, "-o", output, "--force"]).status == 0)
      let found = try FileManager.default.attributesOfItem(atPath: output)[.posixPermissions]
      #expect(found as? Int == kept)
      try FileManager.default.removeItem(atPath: output)
    }
  }

  @Test func `a folder of layers is replaced whole`() throws {
    let folder = try ScratchFolder()
    let output = folder.file("layers")
    let export = ["export", Self.model, "--to", "layers", "-o", output]
    #expect(try Program.run(export).status == 0)
    try TestFiles.write([1], to: output + "/mine")
    #expect(try Program.run(export).status == 77)
    #expect(try TestFiles.bytes(output + "/mine") == [1])
    #expect(try Program.run(export + ["--force"]).status == 0)
    #expect(throws: (any Error).self) { try TestFiles.bytes(output + "/mine") }
    #expect(try folder.names() == ["layers"])
  }

  /// Nothing is read before: the model need not even be there.
  @Test func `an output is refused before anything is read`() throws {
    let folder = try ScratchFolder()
    let output = folder.file("x.qkz.h5")
    try TestFiles.write([], to: output)
    let result = try Program.run(["convert", folder.file("none.pth"), "-o", output])
    #expect(result.status == 77 && result.errors.contains("already-exists"), "\(result.errors)")
  }

  @Test func `no folder but a mirror's is a mirror's`() throws {
    let folder = try ScratchFolder()
    let mirror = folder.file("mirror")
    try TestFiles.makeFolder(mirror)
    let command = ["mirror", "qkformer-digits", "-o", mirror]
    #expect(try Program.run(command).status == 0, "an empty folder is nothing")
    #expect(try Program.run(command).status == 0, "its own mirror")
    let foreign = folder.file("foreign")
    try TestFiles.makeFolder(foreign)
    try TestFiles.write([1], to: foreign + "/notes.txt")
    let refused = try Program.run(["mirror", "qkformer-digits", "-o", foreign])
    #expect(refused.status == 77 && refused.errors.contains("found notes.txt"), "\(refused.errors)")
    #expect(try Program.run(["catalog", "-o", foreign]).status == 77)
    let evaluated = try Program.run([
      "eval", "run", Self.model, "--dataset", "samples", "--data", Self.data, "--protocol",
      "per-image", "--limit", "2", "--out", foreign,
    ])
    #expect(evaluated.status == 77, "\(evaluated.errors)")
  }

  @Test(arguments: writers.indices)
  func `a hyphen names no file`(_ index: Int) throws {
    let writer = Self.writers[index]
    guard !writer.command.contains("EVALUATION") else { return }
    let result = try Self.run(writer, to: "-")
    #expect(result.status == 64, "\(writer) \(result.errors)")
  }

  @Test func `a report goes to standard output by a hyphen`() throws {
    let folder = try ScratchFolder()
    let evaluation = folder.file("evaluation")
    try evaluate(into: evaluation)
    let report = try Program.run(["report", evaluation, "-o", "-"])
    #expect(report.status == 0 && report.output.hasPrefix("<!DOCTYPE html>"))
    #expect(try Program.run(["report", evaluation]).output == report.output)
  }
}
