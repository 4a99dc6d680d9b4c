import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// The built binary, run as a user would.
@Suite struct CommandLineTests {
  private static let entry = TestFiles.package + "/zoo/entries/qkformer-digits"
  private static let model = entry + "/qkformer-digits.qkz.h5"

  private func run(_ arguments: String...) throws -> Program.Result { try Program.run(arguments) }

  private func run(_ arguments: [String]) throws -> Program.Result { try Program.run(arguments) }

  @Test func `the version is one line`() throws {
    #expect(try run("--version").output == "qkzoo 0.1.0\n")
  }

  @Test func `help lists every command`() throws {
    let help = try run("--help")
    #expect(help.status == 0)
    for command in [
      "list", "show", "presets", "pull", "mirror", "catalog", "entry", "identify", "convert",
      "export",
      "repack", "diff", "sign", "verify", "run", "trace", "stats", "eval", "report",
      "classify", "cache",
    ] {
      #expect(help.output.contains("\n  \(command) "), "\(command)")
    }
    for command in [
      ["list"], ["show"], ["presets"], ["pull"], ["mirror"], ["catalog"], ["entry", "new"],
      ["entry", "check"],
      ["identify"], ["convert"], ["export"], ["repack"], ["diff"], ["sign"], ["verify"], ["run"],
      ["trace"],
      ["stats"], ["report"],
      ["eval", "run"], ["eval", "status"], ["eval", "merge"], ["eval", "audit"],
      ["cache", "ls"], ["cache", "verify"], ["cache", "prune"],
    ] {
      let own = try run(command + ["--help"])
      #expect(own.status == 0 && own.output.contains("EXAMPLES"), "\(command)")
    }
  }

  @Test func `a script is a text, or a member of an object`() throws {
    let command = [
      "eval", "run", Self.model, "--protocol", "released", "--out", "r", "--emit", "slurm",
    ]
    let plain = try run(command + ["--shards", "2"])
    #expect(plain.status == 0 && plain.output.hasPrefix("#!/usr/bin/env bash\n"))
    let result = try run(command + ["--shards", "2", "--json"])
    let json = try JSON(parsing: Array(result.output.utf8), at: "script")
    #expect(json["schema"] == "qkzoo.eval-run/1" && json["shards"]?.int == 2)
    #expect(json["script"]?.string == plain.output)
    #expect(try run(command + ["--shards", "1"]).status == 64)
  }

  @Test func `the program of the Swift page does what the page prints`() throws {
    let page = String(
      decoding: try TestFiles.bytes(TestFiles.package + "/docs/swift.md"), as: UTF8.self)
    let program = try TestFiles.bytes(TestFiles.package + "/Tests/LibraryExample/main.swift")
    #expect(page.contains("```swift\n\(String(decoding: program, as: UTF8.self))```"))
    let folder = try ScratchFolder()
    let output = folder.file("digits.pth")
    let result = try Program.run([Self.model, output], binary: "library-example")
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    let printed = result.output.replacing(output, with: "digits.pth")
    #expect(page.contains("```text\n\(printed)```"), "\(printed)")
    let again = try run("show", output)
    let model = try run("show", Self.model)
    let identity = try #require(
      model.output.split(separator: "\n").first { $0.contains("model-id") })
    #expect(again.output.contains(identity), "\(again.output)")
  }

  @Test func `an unknown option is a usage error`() throws {
    let result = try run("list", "--nonsense")
    #expect(result.status == 64 && result.output.isEmpty)
    #expect(result.errors.hasPrefix("Error: Unknown option '--nonsense'"))
  }

  @Test func `a name that means nothing is no input`() throws {
    let result = try run("verify", "no-such-model")
    #expect(result.status == 66)
    #expect(
      result.errors
        == "qkzoo: no-such-model: no-such-entry: expected a file, an entry's name or a model-id, "
        + "found nothing of that name; `qkzoo list --all` shows the entries\n")
  }

  @Test func `an entry that must be brought is unavailable`() throws {
    let result = try run("verify", "HST-10-384")
    #expect(result.status == 69 && result.errors.contains("--from FILE"))
  }

  @Test func `an embedded entry's name works without any file of the zoo`() throws {
    let result = try run("verify", "qkformer-digits-batch", "--level", "behaviour")
    #expect(result.status == 0 && result.output.contains("confirmed by PyTorch"))
  }

  @Test func `a query that cannot be read is a usage error that lists the fields`() throws {
    let result = try run("list", "--where", "top1>75")
    #expect(result.status == 64 && result.errors.contains("reported.top1, log.top1"))
  }

  @Test(arguments: [
    ("qkformer-digits", "356 of 360 right, the same answer to 360 of 360"),
    ("qkformer-mnist5k", " of 1000 right, the same answer to 1000 of 1000"),
    ("qkformer-digits-dvs", " of 360 right, the same answer to 360 of 360"),
  ])
  func `an entry's name works where its files are`(_ entry: String, _ accuracy: String) throws {
    let result = try run("verify", entry, "--index", "zoo", "--level", "dataset")
    // Who edits an entry is told that its signature is stale, and no more.
    let others = result.errors.split(separator: "\n").filter {
      !$0.hasPrefix("qkzoo: zoo: the index has changed since it was signed: ")
    }
    #expect(result.status == 0 && others.isEmpty, "\(result.errors)")
    #expect(result.output.contains("confirmed by PyTorch 2.13.0, SpikingJelly 0.0.0.0.14"))
    #expect(result.output.contains(accuracy))
  }

  @Test func `an archived file is confirmed by who computed its reference`() throws {
    for name in ["tiny-mapped", "tiny-compact"] {
      let result = try run("verify", "Tests/Archives/v1/\(name).qkz.h5")
      #expect(result.status == 0 && result.output.contains("confirmed by PyTorch"), "\(name)")
    }
  }

  @Test func `what is signed is verified by the public key, and by no other`() throws {
    let folder = try ScratchFolder()
    let (key, signature) = (folder.file("key.pem"), folder.file("model.sig"))
    let signed = try run("sign", Self.model, "--new-key", key, "-o", signature)
    #expect(signed.status == 0 && signed.errors.isEmpty, "\(signed.errors)")
    let verify = ["verify", Self.model, "--level", "structure", "--signature", signature, "--key"]
    let good = try run(verify + [folder.file("key.pub.pem")])
    #expect(good.status == 0 && good.errors.isEmpty && good.output.contains("signature   ok  key "))
    #expect(good.output.contains("the identities as signed"))
    #expect(try run("sign", "--new-key", key).status == 77, "a key is never replaced")
    #expect(try run("sign", "--new-key", key, "--force").status == 77)
    #expect(try run("sign", "--new-key", folder.file("other.pem")).status == 0)
    let bad = try run(verify + [folder.file("other.pub.pem")])
    #expect(bad.status == 1 && bad.errors.contains(": signature-key: expected a signature of key "))
    #expect(bad.output.contains("signature  WRONG") && !bad.output.contains("weights-id"))
    for arguments in [
      ["sign"], ["sign", Self.model], ["sign", "--new-key", "key.txt"],
      ["sign", Self.model, "--key", key, "--new-key", key],
      ["verify", Self.model, "--signature", key],
      ["verify", Self.model, "--level", "signature"], ["list", "--index-key", key],
    ] { #expect(try run(arguments).status == 64, "\(arguments)") }
  }

  @Test func `an index that nobody signed is said, and refused where a key is named`() throws {
    let folder = try ScratchFolder()
    let (key, tree) = (folder.file("key.pem"), folder.file("mirror"))
    let publicKey = folder.file("key.pub.pem")
    #expect(try run("sign", "--new-key", key).status == 0)
    #expect(try run("mirror", "qkformer-digits", "-o", tree).status == 0)
    let unsigned = try run("list", "--index", tree)
    #expect(unsigned.status == 0)
    #expect(unsigned.errors == "qkzoo: \(tree): the index is not signed\n")
    let wanted = try run("list", "--index", tree, "--index-key", publicKey)
    #expect(wanted.status == 77 && wanted.errors.contains("index-not-signed"))
    #expect(try run("mirror", "qkformer-digits", "-o", tree, "--key", key).status == 0)
    let signed = try run("list", "--index", tree, "--index-key", publicKey)
    #expect(signed.status == 0 && signed.errors.isEmpty, "\(signed.errors)")
    // Signed by a key that the program does not know.
    let unknown = try run("list", "--index", tree)
    #expect(unknown.status == 1 && unknown.errors.contains("signature-key"))
    #expect(unknown.errors.hasSuffix("; with the signer's public key: --index-key FILE\n"))
    let index = tree + "/index.json"
    var text = try TestFiles.bytes(index)
    text.insert(0x20, at: 1)
    try TestFiles.write(text, to: index)
    let changed = try run("pull", "qkformer-digits", "--index", tree, "--index-key", publicKey)
    #expect(changed.status == 1 && changed.errors.contains("signed-file-changed"))
    #expect(try run("sign", tree, "--as-index", "--key", key).status == 77)
    #expect(try run("sign", tree, "--as-index", "--key", key, "--force").status == 0)
    #expect(try run("list", "--index", tree, "--index-key", publicKey).status == 0)
  }

  @Test func `an evaluation becomes a page, a row and a listing`() throws {
    let folder = try ScratchFolder()
    let (results, page) = (folder.file("results"), folder.file("report.html"))
    let evaluated = try run(
      "eval", "run", Self.model, "--data", Self.entry + "/digits-test.safetensors", "--protocol",
      "per-image", "--out", results)
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let made = try run("report", results, "-o", page)
    #expect(made.status == 0 && made.errors.isEmpty, "\(made.errors)")
    #expect(made.output == "html of qkformer-4-64-t4-r8.digits: \(page)\n")
    let text = String(decoding: try TestFiles.bytes(page), as: UTF8.self)
    #expect(text.hasPrefix("<!DOCTYPE html>") && text.contains("98.89 % ± 0.55"))
    let listing = try run("report", results, "--format", "timm-csv")
    #expect(listing.output.contains("\nqkformer-4-64-t4-r8.digits,8,98.889,1.111,"))
    let json = try run("report", results, "--json")
    #expect(
      try JSON(parsing: Array(json.output.utf8.dropLast()), at: "report")["top1"]?["correct"]?.int
        == 356)
    #expect(try run("report", results, "--format", "hf-eval").status == 64)
    #expect(try run("report", folder.file("nothing")).status == 66)
  }

  @Test func `every command prints one JSON object of its schema`() throws {
    let folder = try ScratchFolder()
    let data = Self.entry + "/digits-test.safetensors"
    let probe = Self.entry + "/reference.safetensors:input"
    let commands: [[String]] = [
      ["list", "--all"], ["show", Self.model, "--tensors"], ["show", "qkformer-digits"],
      ["presets"], ["identify", Self.entry + "/checkpoint.pth"],
      ["convert", Self.model, "-o", folder.file("x.safetensors")], ["verify", Self.model],
      ["repack", Self.model, "--layout", "compact", "-o", folder.file("c.qkz.h5")],
      ["diff", Self.model, Self.model, "--behaviour", "--on", data],
      ["export", Self.model, "--to", "onnx", "-o", folder.file("x.onnx")],
      ["export", Self.model, "--to", "layers", "-o", folder.file("layers")],
      ["trace", Self.model, "--input", probe, "-o", folder.file("x.npz")],
      ["export", Self.model, "--to", "nir", "--list-parts"],
      ["export", Self.model, "--to", "nir", "--part", "head", "-o", folder.file("x.nir")],
      ["run", Self.model, "--input", probe], ["stats", Self.model, "--data", data],
      ["catalog", "-o", folder.file("site")],
      ["classify", Self.model, "Tests/Accepted/pictures/grey.png"],
      ["sign", "--new-key", folder.file("key.pem")],
    ]
    for command in commands {
      let process = try run(command + ["--json"])
      #expect(process.status == 0, "\(command) \(process.errors)")
      let said = [
        "convert": "references and records are left out; only .qkz.h5 can hold them\n",
        "classify": Self.defaultPreprocessing,
      ][command[0]]
      #expect(said.map(process.errors.hasSuffix) ?? process.errors.isEmpty, "\(process.errors)")
      let json = try JSON(parsing: Array(process.output.utf8.dropLast()), at: command[0])
      #expect(json["schema"] == .string("qkzoo.\(command[0])/1"))
    }
  }

  @Test func `a whole model is refused for NIR by its first obstacle`() throws {
    let folder = try ScratchFolder()
    let result = try run("export", Self.model, "--to", "nir", "-o", folder.file("x.nir"))
    #expect(result.status == 65 && result.output.isEmpty)
    #expect(result.errors.contains("attention: not-expressible: expected what NIR can express"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("x.nir")))
    let unknown = try run(
      "export", Self.model, "--to", "nir", "--part", "x", "-o", folder.file("x.nir"))
    #expect(unknown.status == 64 && unknown.errors.contains("--list-parts"))
  }

  @Test func `damage is named, exits 1, and nothing is written in place of the input`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("damaged.qkz.h5")
    var bytes = try TestFiles.bytes(Self.model)
    bytes[700_000] ^= 8
    try TestFiles.write(bytes, to: path)
    let result = try run("verify", path)
    #expect(result.status == 1)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].contains("conv/weight: chunk-checksum: expected Fletcher-32 "))
    #expect(lines[1].contains("conv/weight: digest: expected SHA-256 "))
    #expect(result.output.contains("bytes      WRONG"))
    #expect(result.output.contains("not run: wrong below"))
    #expect(try TestFiles.bytes(path) == bytes && folder.names() == ["damaged.qkz.h5"])
    // Other commands refuse it too.
    #expect(try run("run", path, "--input", Self.entry + "/reference.safetensors").status == 1)
    #expect(try run("convert", path, "-o", folder.file("x.safetensors")).status == 1)
    #expect(try folder.names() == ["damaged.qkz.h5"])
  }

  @Test func `a renamed tensor is wrong at the level of bytes, and what was compared is counted`()
    throws
  {
    let folder = try ScratchFolder()
    let path = folder.file("renamed.qkz.h5")
    let sealed = SealedFile(try TestFiles.bytes(Self.model))
    let byte = try #require(sealed.places(ofName: "bias").first)
    try TestFiles.write(sealed.changing(byte: byte + 3, to: UInt8(ascii: "z")), to: path)
    let result = try run("verify", "--level", "bytes", path)
    #expect(result.status == 1 && result.output.contains("bytes      WRONG  199 tensors, "))
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].contains("/bias: digest: expected SHA-256 "))
    #expect(lines[0].hasSuffix(", found no such dataset"))
    #expect(lines[1].contains("/biaz: digest: expected a dataset that the manifest lists"))
    let whole = try run("verify", "--level", "bytes", Self.model)
    #expect(whole.status == 0 && whole.output.contains("ok  200 tensors, "))
  }

  @Test func `truncated and foreign files are bad data`() throws {
    let folder = try ScratchFolder()
    let truncated = folder.file("truncated.qkz.h5")
    try TestFiles.write(Array(try TestFiles.bytes(Self.model).prefix(50_000)), to: truncated)
    #expect(try run("verify", truncated).status == 65)
    let foreign = folder.file("foreign.qkz.h5")
    try TestFiles.write(Array("nothing of the kind".utf8), to: foreign)
    #expect(try run("verify", foreign).status == 65)
    #expect(try run("convert", foreign, "-o", folder.file("x.safetensors")).status == 65)
    #expect(try folder.names() == ["foreign.qkz.h5", "truncated.qkz.h5"])
  }

  @Test func `a file that nobody knows ends with commands to paste`() throws {
    let folder = try ScratchFolder()
    let result = try run(
      "convert", "Tests/Vectors/cifar-tiny/checkpoint.pth", "-o", folder.file("x.qkz.h5"))
    #expect(result.status == 78)
    #expect(result.errors.contains("configuration-undecided"))
    #expect(result.errors.contains("family cifar, 3 input channels, stage 1: 1 blocks of 16"))
    let wrong = try run(
      "convert", "Tests/Vectors/cifar-tiny/checkpoint.pth", "--preset", "HST-10-384", "-o",
      folder.file("x.qkz.h5"))
    #expect(wrong.status == 78 && wrong.errors.contains("tensors-do-not-fit"))
    #expect(try folder.names().isEmpty)
  }

  @Test func `an entry's file that is not the listed one is refused before it is parsed`() throws {
    let folder = try ScratchFolder()
    let copy = folder.file("zoo")
    try FileManager.default.createDirectory(
      atPath: copy + "/entries", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Self.entry, toPath: copy + "/entries/qkformer-digits")
    let model = copy + "/entries/qkformer-digits/qkformer-digits.qkz.h5"
    let arguments = ["verify", "qkformer-digits", "--index", copy, "--level", "dataset"]
    #expect(try run(arguments).status == 0)
    // Test data first: they are listed with their digest too.
    let data = copy + "/entries/qkformer-digits/digits-test.safetensors"
    let samples = try TestFiles.bytes(data)
    try TestFiles.write(samples.dropLast() + [7], to: data)
    let wrongData = try run(arguments)
    #expect(wrongData.status == 1 && wrongData.errors.contains("digits-test.safetensors: digest"))
    try TestFiles.write(samples, to: data)
    // Not even HDF5, but what is said is that it is not the listed file.
    let size = try TestFiles.bytes(model).count
    for (content, what) in [([UInt8](repeating: 7, count: size), "SHA-256"), ([7], "size")] {
      try TestFiles.write(content, to: model)
      let wrongModel = try run(arguments)
      #expect(
        wrongModel.status == 1 && wrongModel.errors.contains("qkz.h5: digest: expected \(what)"))
    }
    #expect(try run("run", "qkformer-digits", "--index", copy, "--input", data).status == 1)
  }

  @Test func `a pipe is refused without waiting for it`() throws {
    let folder = try ScratchFolder()
    let pipe = folder.file("pipe.pth")
    #expect(mkfifo(pipe, 0o600) == 0)
    for command in ["verify", "identify"] {
      let result = try run(command, pipe)
      #expect(result.status == 66 && result.errors.contains("not-a-regular-file"), "\(result)")
    }
  }

  @Test func `options that cannot be followed are usage errors`() throws {
    let unknown = "Tests/Archives/v1/tiny-mapped.qkz.h5"
    #expect(try run("verify", unknown, "--level", "dataset").status == 64)
    #expect(try run("show", Self.model, "--preset", "HST-10-384").status == 64)
    #expect(try run("eval", "audit", Self.model, "--data", "x", "--batch", "0").status == 64)
  }

  @Test func `bytes are not taken for preprocessed pixels`() throws {
    let data = Self.entry + "/digits-test.safetensors:images"
    let result = try run("run", Self.model, "--input", data)
    #expect(
      result.status == 65
        && result.errors.contains("expected preprocessed pixels as f32, f16 or bf16, found u8"))
  }

  @Test func `options that a file has no use for are usage errors`() throws {
    let folder = try ScratchFolder()
    let (model, output) = (Self.model, folder.file("m.safetensors"))
    #expect(try run("identify", model, "--weights", "model").status == 64)
    #expect(try run("convert", model, "--layout", "compact", "-o", output).status == 64)
  }

  @Test func `an index that is not there is missed, whatever the configuration`() throws {
    let pth = Self.entry + "/checkpoint.pth"
    for options in [[], ["--preset", "HST-10-384"]] {
      let result = try run(["verify", pth, "--index", "/no/such/zoo"] + options)
      #expect(result.status == 66 && result.errors.contains("/no/such/zoo"))
    }
  }

  @Test func `repacked in place, the sizes are those before and after`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("m.qkz.h5")
    let before = try TestFiles.bytes(Self.model)
    try TestFiles.write(before, to: path)
    let result = try run("repack", path, "--layout", "compact", "-o", path, "--json")
    let json = try JSON(parsing: Array(result.output.utf8), at: "repack")
    #expect(json["input_bytes"]?.int == before.count)
    #expect(json["bytes"]?.int == (try TestFiles.bytes(path).count))
  }

  @Test func `samples of another model are not evaluated`() throws {
    let samples = Self.entry + "/../qkformer-mnist5k/mnist5k-test.safetensors"
    for arguments in [["stats"], ["eval", "audit"]] {
      let result = try run(arguments + [Self.model, "--data", samples])
      #expect(result.status == 65 && result.errors.contains("input-shape: expected samples of 8x8"))
    }
  }

  @Test func `data that are not there are said to be missing`() throws {
    let result = try run("stats", Self.model, "--data", "no-such-samples")
    #expect(result.status == 66 && result.errors.contains("no-such-samples: no-such-file"))
  }

  @Test func `an entry's name is a preset, and nothing is dropped from a checkpoint`() throws {
    let folder = try ScratchFolder()
    let pth = Self.entry + "/checkpoint.pth"
    let (model, safetensors) = (folder.file("m.qkz.h5"), folder.file("m.safetensors"))
    let first = try run("convert", pth, "--preset", "qkformer-digits", "-o", model)
    #expect(first.status == 0 && first.output.contains("dropped "))
    let second = try run("convert", model, "-o", safetensors)
    #expect(second.status == 0 && !second.output.contains("dropped "))
  }

  @Test func `an output that cannot be written is an input/output error`() throws {
    let result = try run("convert", Self.model, "-o", "/no/such/folder/x.qkz.h5")
    #expect(result.status == 74 && result.errors.contains("x.qkz.h5: cannot-write"))
  }

  @Test func `a pattern of layers that matches nothing is told what is near`() throws {
    let folder = try ScratchFolder()
    let result = try run(
      "trace", Self.model, "--input", Self.entry + "/reference.safetensors", "--layers",
      "stage1/blok0/mlp", "-o", folder.file("x.npz"))
    #expect(result.status == 66 && result.output.isEmpty)
    #expect(
      result.errors.hasPrefix(
        "qkzoo: --layers: no-such-layer: expected a pattern of layers, as near ones are "
          + "stage1/block0/mlp, "))
    #expect(try folder.names().isEmpty)
  }

  @Test func `a folder that exists is not replaced, and options of another target are refused`()
    throws
  {
    let folder = try ScratchFolder()
    try TestFiles.write([], to: folder.file("mine"))
    let result = try run("export", Self.model, "--to", "layers", "-o", folder.path)
    #expect(result.status == 77 && result.errors.contains(": already-exists: "))
    let mixed = try run(
      "export", Self.model, "--to", "layers", "--with-spikes", "-o", folder.file("x"))
    #expect(mixed.status == 64)
    #expect(try folder.names() == ["mine"])
  }

  @Test func `run gives the recorded logits and spikes`() throws {
    let folder = try ScratchFolder()
    let result = try run(
      "run", Self.model, "--input", Self.entry + "/reference.safetensors:input", "-o",
      folder.file("logits.safetensors"))
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("scope sample, each sample alone\n"))
    #expect(result.output.contains("groups, model 6b8d6d72e0d5"))
    #expect(try folder.names() == ["logits.safetensors"])
  }

  /// What is said of pictures for a model whose entry states no preprocessing.
  private static let defaultPreprocessing =
    "qkzoo: no entry states the preprocessing; taken is the default of family cifar: grey, bicubic "
    + "shorter side to 8, x / 255\n"

  @Test func `classify names the classes of pictures, and says what it leaves out`() throws {
    let folder = "Tests/Accepted/pictures"
    let one = try run("classify", Self.model, folder + "/grey.png", "--top", "2")
    #expect(one.status == 0 && one.errors == Self.defaultPreprocessing, "\(one.errors)")
    #expect(one.output.hasPrefix("PICTURE"))
    #expect(one.output.split(separator: "\n").count == 4)
    #expect(one.output.contains("grey, bicubic shorter side to 8, x / 255; each picture alone"))
    let broken = "Tests/Corrupt/pictures/picture-truncated.cut.png"
    let refused = try run("classify", Self.model, folder, broken)
    #expect(refused.status == 65 && refused.output.isEmpty)
    #expect(
      refused.errors.hasPrefix(
        Self.defaultPreprocessing + "qkzoo: \(broken): picture-truncated: "))
    let skipping = try run("classify", Self.model, folder, broken, "--skip-bad")
    #expect(skipping.status == 0)
    #expect(
      skipping.errors.hasPrefix(
        Self.defaultPreprocessing + "qkzoo: skipped: \(broken): picture-truncated: "))
    let batch = "zoo/entries/qkformer-digits-batch/qkformer-digits-batch.qkz.h5"
    let note = try run("classify", batch, folder + "/grey.png")
    #expect(note.status == 0 && note.errors.contains("published figure was measured in batches"))
    #expect(try run("classify", Self.model, "Tests/Vectors").status == 66)
    #expect(try run("classify", Self.model, "no-such.jpg").status == 66)
    #expect(try run("classify", Self.model, "--top", "0", broken).status == 64)
  }

  @Test func `a conversion there and back keeps both identities`() throws {
    let folder = try ScratchFolder()
    let there = folder.file("x.safetensors")
    let back = folder.file("x.qkz.h5")
    #expect(try run("convert", Self.entry + "/checkpoint.pth", "-o", there).status == 0)
    #expect(try run("convert", there, "-o", back).status == 0)
    let ids = try [Self.model, back].map { path in
      try run("verify", path, "--level", "structure").output.split(separator: "\n").suffix(2)
    }
    #expect(ids[0] == ids[1])
  }
}
