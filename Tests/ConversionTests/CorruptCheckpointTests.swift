import Conversion
import FileAccess
import Foundation
import TestSupport
import Testing

/// Checkpoints that could do harm, or cannot be what they say.
@Suite struct CorruptCheckpointTests {
  static let files = CorruptFile.all("pickle")

  @Test(arguments: files)
  func `a corrupt checkpoint is refused with the error that its name says`(
    _ file: CorruptFile
  ) throws {
    let refusal = try Refusal.of {
      _ = try ImportedFile.open(file.path).tensors(of: nil)
    }
    #expect(refusal == file.expected)
  }

  @Test func `the folder is there and nothing in it ran`() throws {
    #expect(Self.files.count > 200)
    for file in Self.files { _ = try? ImportedFile.open(file.path).tensors(of: nil) }
    let folders = [
      FileManager.default.currentDirectoryPath, TestFiles.package, TestFiles.path("Corrupt/pickle"),
    ]
    for folder in folders {
      #expect(!Files.exists(folder + "/qkzoo-payload-ran"), "a payload ran in \(folder)")
    }
  }
}

/// Pickles that ask for much more than they hold, too large to keep as files.
@Suite struct PickleBombTests {
  typealias Op = Opcodes

  /// How a checkpoint of one pickle is refused.
  private func refusal(_ pickle: [UInt8]) throws -> Refusal? {
    let folder = try ScratchFolder()
    try TestFiles.write(StoredZip.checkpoint(pickle), to: folder.file("bomb.pth"))
    return try Refusal.of { _ = try ImportedFile.open(folder.file("bomb.pth")) }
  }

  private static let budget = Refusal(name: "pickle-budget", exitCode: 77)

  @Test func `more than a million opcodes are more than a checkpoint may have`() throws {
    let pickle = Op.pickle(Op.times(500_000, Op.ascii("N0")), Op.ascii("N"))
    #expect(try refusal(pickle) == Self.budget)
  }

  @Test func `a pickle of more than 64 MiB is not read`() throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 65 << 20)
    let pickle = Op.pickle(Op.ascii("X"), StoredZip.little(text.count, 4), text)
    #expect(try refusal(pickle) == Self.budget)
  }

  /// A state dict of many names for one tensor.
  private func names(_ count: Int) -> [UInt8] {
    let name = { (index: Int) in Op.text("w\(index)") + Op.ascii("h\u{0}") }
    return StoredZip.checkpoint(
      Op.pickle(
        Op.tensor, Op.ascii("q\u{0}0}("), (0..<count).flatMap(name), Op.ascii("u")),
      storages: [("0", [0, 0, 128, 63])])
  }

  @Test func `a state dict has at most 100,000 tensors`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("names.pth")
    try TestFiles.write(names(100_000), to: path)
    #expect(try ImportedFile.open(path).tensors(of: nil).count == 100_000)
    try TestFiles.write(names(100_001), to: path)
    let refusal = try Refusal.of { _ = try ImportedFile.open(path).tensors(of: nil) }
    #expect(refusal == Refusal(name: "too-many-tensors", exitCode: 65))
  }

  @Test func `a list of pairs cannot become a dictionary again and again`() throws {
    let pair = Op.ascii("K\u{1}K\u{1}") + [0x86]
    let pickle = Op.pickle(
      Op.ascii("]("), Op.times(2_000, pair), Op.ascii("e"), [0x85], Op.ascii("q\u{0}"),
      Op.ascii("ccollections\nOrderedDict\nq\u{1}"), Op.times(100_000, Op.ascii("h\u{1}h\u{0}R")))
    #expect(try refusal(pickle) == Self.budget)
  }

  @Test func `a dictionary cannot be copied and changed again and again`() throws {
    let pickle = Op.pickle(
      Op.ascii("}("), Op.times(2_000, Op.ascii("K\u{1}K\u{1}")), Op.ascii("u"), [0x85],
      Op.ascii("q\u{0}ccollections\nOrderedDict\nq\u{1}"),
      Op.times(100_000, Op.ascii("h\u{1}h\u{0}RK\u{1}K\u{1}s")))
    #expect(try refusal(pickle) == Self.budget)
  }

  @Test func `attributes cannot be set from one dictionary again and again`() throws {
    let pickle = Op.pickle(
      Op.ascii("}("), Op.times(2_000, Op.ascii("K\u{1}K\u{1}")), Op.ascii("uq\u{0}0"),
      Op.ascii("cargparse\nNamespace\n)"), [0x81], Op.times(100_000, Op.ascii("h\u{0}b")))
    #expect(try refusal(pickle) == Self.budget)
  }

  @Test func `text cannot be encoded again and again`() throws {
    let text = Op.text(String(repeating: "a", count: 20_000))
    let pickle = Op.pickle(
      text, Op.text("latin1"), [0x86], Op.ascii("q\u{0}c_codecs\nencode\nq\u{1}"),
      Op.times(100_000, Op.ascii("h\u{1}h\u{0}R")))
    #expect(try refusal(pickle) == Self.budget)
  }

  @Test func `a size of many numbers cannot be used again and again`() throws {
    let size = Op.ascii("(") + Op.times(2_000, Op.ascii("K\u{1}")) + Op.ascii("tq\u{0}0")
    let storage =
      Op.ascii("(") + Op.text("storage") + Op.ascii("ctorch\nFloatStorage\n") + Op.text("0")
      + Op.text("cpu") + Op.ascii("K\u{1}tQ")
    let callable = Op.ascii("ctorch._utils\n_rebuild_tensor_v2\nq\u{1}0")
    let arguments = Op.ascii("(") + storage + Op.ascii("K\u{0}h\u{0}h\u{0}NNtq\u{2}0")
    let pickle = Op.pickle(
      size, callable, arguments, Op.times(100_000, Op.ascii("h\u{1}h\u{2}R")))
    #expect(try refusal(pickle) == Self.budget)
  }

  @Test(arguments: [".", "\u{7f}"])
  func `a chain of lists of any depth is released`(_ end: String) throws {
    // Each list holds the one before; the stream ends with values left over, or badly.
    let pickle = Op.pickle(
      Op.ascii("]q\u{0}"), Op.times(100_000, Op.ascii("]h\u{0}aq\u{0}")), Op.ascii(end))
    let name = end == "." ? "pickle-operand" : "pickle-opcode-not-allowed"
    #expect(try refusal(pickle) == Refusal(name: name, exitCode: 77))
  }

  @Test func `a chain of lists of any depth can be an argument`() throws {
    let pickle = Op.pickle(
      Op.ascii("}]q\u{0}0"), Op.times(100_000, Op.ascii("]h\u{0}aq\u{0}0")),
      Op.text("args"), Op.ascii("h\u{0}s"))
    #expect(try refusal(pickle) == Refusal(name: "state-dict", exitCode: 78))
  }
}
