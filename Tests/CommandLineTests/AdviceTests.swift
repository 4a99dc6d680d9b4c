import CanonicalJSON
import Glibc
import TestSupport
import Testing

/// What a user is told who did something slightly else than what was meant.
@Suite struct AdviceTests {
  private static let entries = TestFiles.package + "/zoo/entries"
  private static let digits = entries + "/qkformer-digits"
  private static let model = digits + "/qkformer-digits.qkz.h5"

  private func run(_ arguments: String...) throws -> Program.Result { try Program.run(arguments) }

  @Test func `what is no file is not replaced`() throws {
    let folder = try ScratchFolder()
    let (pipe, link) = (folder.file("pipe"), folder.file("link"))
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(symlink("/proc/self/fd/1", link) == 0)
    for (path, found) in [
      (pipe, "a pipe"), (link, "a link to an open file"), (folder.path, "a folder"),
      ("/dev/null", "a device"),
    ] {
      let result = try run("stats", Self.model, "--records", path, "--force")
      #expect(result.status == 74, "\(path)")
      #expect(result.errors.contains("cannot-write: expected the name of a file"), "\(path)")
      #expect(result.errors.hasSuffix("found \(found)\n"), "\(result.errors)")
    }
    var status = stat()
    #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test func `no command replaces what it reads`() throws {
    let folder = try ScratchFolder()
    func copy(_ source: String, _ name: String) throws -> String {
      let path = folder.file(name)
      try TestFiles.write(try TestFiles.bytes(source), to: path)
      return path
    }
    let pth = try copy(Self.digits + "/checkpoint.pth", "m.pth")
    let tensors = try copy(Self.digits + "/reference.safetensors", "x.safetensors")
    let records = try copy(Self.digits + "/records-pytorch.json", "r.json")
    let (onnx, nir) = (try copy(pth, "m.onnx"), try copy(pth, "m.nir"))
    let (npz, checkpoint) = (folder.file("x.npz"), try copy(Self.model, "m.qkz.h5"))
    try TestFiles.write([0], to: npz)
    let link = folder.file("link.pth")
    #expect(symlink(pth, link) == 0)
    for arguments in [
      ["convert", pth, "-o", link],
      ["convert", pth, "--reference", checkpoint, "-o", checkpoint],
      ["run", Self.model, "--input", "\(tensors):input", "-o", tensors],
      ["run", Self.model, "--input", tensors, "--record-spikes", tensors],
      ["stats", Self.model, "--data", tensors, "--records", tensors],
      ["stats", pth, "--records", pth],
      ["trace", Self.model, "--input", "\(npz):input", "-o", npz],
      ["export", onnx, "--to", "onnx", "-o", onnx],
      ["export", nir, "--to", "nir", "--part", "stage1/block0/mlp", "-o", nir],
    ] {
      let files = [pth, tensors, records, onnx, nir, npz, checkpoint]
      let before = try files.map(TestFiles.bytes)
      let result = try Program.run(arguments)
      #expect(result.status == 64 && result.output.isEmpty, "\(arguments)")
      #expect(result.errors.contains(" would replace "), "\(result.errors)")
      #expect(try before == files.map(TestFiles.bytes), "\(arguments)")
    }
    let result = try run("convert", pth, "-o", link)
    #expect(result.errors.contains("-o \(link) would replace \(pth), which this command reads"))
  }

  @Test func `records that no model could give are refused where they are`() throws {
    let folder = try ScratchFolder()
    let (records, output) = (folder.file("r.json"), folder.file("o.qkz.h5"))
    let text = String(
      decoding: try TestFiles.bytes(Self.digits + "/records-pytorch.json"), as: UTF8.self)
    var json = try #require(try JSON(parsing: Array(text.utf8), at: "records").object)
    var (counts, answers) = (
      try #require(json["spike_counts"]?.object), try #require(json["answers"]?.array)
    )
    answers[3] = .integer(999_999)
    json["answers"] = .array(answers)
    try TestFiles.write(JSON.object(json).canonicalBytes, to: records)
    let foreign = try run("convert", Self.model, "--records", records, "-o", output)
    #expect(foreign.status == 65)
    #expect(foreign.errors.contains("r.json accuracy on digits-test: reference-"))
    #expect(foreign.errors.hasSuffix("expected answers from 0 to 9, found 999999\n"))
    let name = try #require(counts.keys.sorted().first)
    counts[name] = .array([-1, 0, 0, 0].map { .integer($0) })
    json["spike_counts"] = .object(counts)
    try TestFiles.write(JSON.object(json).canonicalBytes, to: records)
    let negative = try run("convert", Self.model, "--records", records, "-o", output)
    #expect(negative.status == 65)
    #expect(
      negative.errors.hasSuffix(
        " \(name): reference-tensor: expected 4 spike counts of 0 or more, found [-1,0,0,0]\n"),
      "\(negative.errors)")
  }

  @Test func `a checkpoint may be converted in place, for nothing of it is lost`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("m.qkz.h5")
    try TestFiles.write(try TestFiles.bytes(Self.model), to: path)
    #expect(try run("convert", path, "-o", path, "--layout", "compact").status == 0)
    #expect(try run("convert", path, "-o", path).status == 0)
    #expect(try run("verify", path).status == 0)
    #expect(try TestFiles.bytes(path) == TestFiles.bytes(Self.model))
  }

  @Test func `an entry that is named twice is mirrored once`() throws {
    let folder = try ScratchFolder()
    let tree = folder.file("mirror")
    let names = ["qkformer-digits", "qkformer-4-64-t4-r8.digits", "QKFORMER-DIGITS"]
    #expect(try Program.run(["mirror", "-o", tree] + names).status == 0)
    let listed = try run("list", "--index", tree, "--json")
    #expect(listed.status == 0)
    let json = try JSON(parsing: Array(listed.output.utf8), at: "list")
    #expect(json["entries"]?.array?.count == 1)
  }

  @Test func `the configuration of an entry is shown as that of a preset is`() throws {
    let shown = try run("presets", "--show", "qkformer-digits")
    let entry = try JSON(
      parsing: TestFiles.bytes(Self.digits + "/entry.json"), at: "entry")["configuration"]
    #expect(shown.output == (entry?.canonicalText ?? "") + "\n")
    let result = try run("presets", "--show", "qkformer-digits", "--tensors", "--json")
    let json = try JSON(parsing: Array(result.output.utf8), at: "presets")
    let tensors = json["presets"]?.array?.first?["tensors"]?.array ?? []
    #expect(tensors.contains { $0["upstream_name"]?.string == "head.bias" })
    let unknown = try run("presets", "--show", "nothing")
    #expect(unknown.status == 78 && unknown.errors.hasPrefix("qkzoo: --show: "))
  }

  @Test func `a copy that the zoo knows is judged by what the zoo knows of it`() throws {
    let copy = Self.digits + "/checkpoint.pth"
    let result = try run("verify", copy, "--level", "dataset")
    #expect(result.status == 0, "\(result.errors)")
    for line in [
      "behaviour   ok  confirmed by PyTorch 2.13.0, SpikingJelly 0.0.0.0.14: every spike equal",
      "dataset     ok  356 of 360 right, the same answer to 360 of 360",
      "identity    ok  the zoo's qkformer-4-64-t4-r8.digits by SHA-256 of checkpoint.pth",
    ] { #expect(result.output.contains("\n" + line), "\(result.output)") }
  }

  @Test func `the weights of an entry in another configuration are not called wrong`() throws {
    let folder = try ScratchFolder()
    let config = folder.file("t2.json")
    let entry = try JSON(parsing: TestFiles.bytes(Self.digits + "/entry.json"), at: "entry")
    var members = entry["configuration"]?.object ?? [:]
    members["time_steps"] = .integer(2)
    try TestFiles.write(JSON.object(members).canonicalBytes, to: config)
    let result = try run("verify", Self.digits + "/checkpoint.pth", "--config", config)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output.contains(
        "\nidentity    -   the weights of the zoo's qkformer-4-64-t4-r8.digits"))
    #expect(result.output.contains(", in another configuration\n"), "\(result.output)")
    #expect(result.output.contains("\nbehaviour   -   nothing recorded\n"))
  }

  @Test func `the data of an entry are found by the model-id of a file`() throws {
    let folder = try ScratchFolder()
    let copy = folder.file("mine.qkz.h5")
    #expect(try run("convert", Self.digits + "/checkpoint.pth", "-o", copy).status == 0)
    let stats = try run("stats", copy)
    #expect(stats.status == 0 && stats.output.contains("356 of 360 right"), "\(stats.errors)")
  }

  @Test func `what a reference of another scope confirms is another model`() throws {
    let folder = try ScratchFolder()
    let (config, copy) = (folder.file("batch.json"), folder.file("batch.qkz.h5"))
    let entry = try JSON(parsing: TestFiles.bytes(Self.digits + "/entry.json"), at: "entry")
    var members = entry["configuration"]?.object ?? [:]
    members["ssa_projection_scope"] = "batch"
    try TestFiles.write(JSON.object(members).canonicalBytes, to: config)
    let convert = try run(
      "convert", Self.digits + "/checkpoint.pth", "--config", config, "--reference",
      Self.digits + "/reference.safetensors", "-o", copy)
    #expect(convert.status == 0, "\(convert.errors)")
    let line = "8 samples; under scope sample, not the model's own\n"
    let plain = try run("verify", copy)
    #expect(plain.status == 0 && plain.output.contains(line), "\(plain.output)")
    let required = try run("verify", copy, "--require", "behaviour=independent", "--json")
    #expect(required.status == 1)
    let json = try JSON(parsing: Array(required.output.utf8), at: "verify")
    let rung = json["rungs"]?.array?.first { $0["rung"]?.string == "behaviour" }
    #expect(rung?["scope"]?.string == "sample" && rung?["independent"]?.bool == false)
  }

  @Test func `an option that would have no effect is refused`() throws {
    for arguments in [
      ["verify", Self.model, "--data", "nothing"],
      ["verify", Self.model, "--labels", "nothing", "--level", "bytes"],
      ["verify", Self.model, "--reference", "nothing", "--level", "structure"],
      ["verify", Self.model, "--both-engines", "--level", "bytes"],
      ["stats", Self.model, "--input", "x.npy", "--labels", "nothing"],
      ["stats", Self.model, "--labels", "nothing"],
    ] {
      let result = try Program.run(arguments)
      #expect(result.status == 64 && result.output.isEmpty, "\(arguments)")
      #expect(result.errors.contains("\nUsage: qkzoo \(arguments[0]) ["), "\(result.errors)")
    }
  }

  @Test func `what is wrong after parsing is told with the usage of the command`() throws {
    let result = try run("list", "--index-key", "key.pem")
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix("Error: --index-key needs --index\nUsage: qkzoo list ["))
    #expect(result.errors.hasSuffix("\n  See 'qkzoo list --help' for more information.\n"))
  }

  @Test func `a slip of an entry's name is noticed`() throws {
    for (slip, name) in [("qkformer-digit", "qkformer-digits"), ("hst10-384", "HST-10-384")] {
      let result = try run("show", slip)
      #expect(result.status == 66 && result.errors.contains("did you mean `\(name)`?"))
    }
  }

  @Test func `a value that no entry can have is refused with those that one can have`() throws {
    for (condition, choices) in [
      ("availability=chek", "embedded, live, unchecked, bring, unreleased"),
      ("family=foo", "imagenet, cifar, dvs"), ("scope=all", "sample, batch"),
      ("residual=membrane", "spike_addition, membrane_shortcut"),
    ] {
      let result = try run("list", "--where", condition)
      #expect(result.status == 64 && result.errors.contains("expected one of \(choices) for"))
    }
    let dataset = try run("list", "--dataset", "nothing")
    #expect(dataset.status == 64 && dataset.errors.contains("must be one of cifar10, "))
    let (zoos, runs) = (
      try run("list", "--all", "--dataset", "in1k"),
      try run("list", "--all", "--dataset", "imagenet-1k")
    )
    #expect(zoos.status == 0 && zoos.output == runs.output)
  }
}
