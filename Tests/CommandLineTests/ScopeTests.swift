import CanonicalJSON
import TestSupport
import Testing

/// One meaning of scope in every command that runs a model.
@Suite struct ScopeTests {
  private static let vectors = "Tests/Vectors/cifar-tiny"
  private static let input = vectors + "/io.safetensors:input"
  private static let neurons = "stage3/block1/attention/projection/lif"
  private static let entries = TestFiles.package + "/zoo/entries"

  private func json(_ arguments: String...) throws -> JSON {
    let result = try Program.run(arguments + ["--json"])
    #expect(result.status == 0, "\(arguments): \(result.errors)")
    return try JSON(parsing: Array(result.output.utf8), at: "output")
  }

  /// A model of scope `batch`.
  private func model(in folder: ScratchFolder) throws -> String {
    let model = folder.file("tiny.qkz.h5")
    _ = try json(
      "convert", Self.vectors + "/checkpoint.pth", "--config", Self.vectors + "/configuration.json",
      "-o", model)
    return model
  }

  private func row(_ folder: String) throws -> [String: String] {
    let lines = String(decoding: try TestFiles.bytes("\(folder)/layers.csv"), as: UTF8.self)
      .split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
    let row = try #require(lines.first { $0[0] == Self.neurons })
    return Dictionary(uniqueKeysWithValues: zip(lines[0], row))
  }

  /// The projection's rate, by the model's own scope and by the other one, as PyTorch has it.
  @Test func `a firing rate stands beside the scope that it was measured under`() throws {
    let folder = try ScratchFolder()
    let model = try model(in: folder)
    for (scope, options, rate) in [
      ("batch", [], 0.0989), ("batch", ["--scope", "batch"], 0.0989),
      ("sample", ["--scope", "sample"], 0.0892), ("batch", ["--batch", "1"], 0.0892),
    ] {
      let layers = folder.file("layers\(options.joined())")
      let exported = try Program.run(
        ["export", model, "--to", "layers", "--input", Self.input, "-o", layers, "--json"] + options
      )
      #expect(exported.status == 0, "\(exported.errors)")
      let row = try row(layers)
      let measured = try #require(row["firing_rate"].flatMap(Double.init))
      #expect(row["scope"] == scope && (measured - rate).magnitude < 5e-5, "\(options) \(measured)")
      let configuration = try JSON(
        parsing: TestFiles.bytes("\(layers)/configuration.json"), at: "configuration")
      #expect(configuration["ssa_projection_scope"]?.string == scope)
      let readme = String(decoding: try TestFiles.bytes("\(layers)/README.md"), as: UTF8.self)
      #expect(readme.contains("| scope | \(scope)"))
      #expect(readme.contains("the model of this model-id has batch") == (scope == "sample"))

      let stats = try Program.run(["stats", model, "--input", Self.input, "--json"] + options)
      let json = try JSON(parsing: Array(stats.output.utf8), at: "stats")
      let group = json["neurons"]?.array?.first { $0["path"]?.string == Self.neurons }
      #expect(json["scope"]?.string == scope && group?["firing_rate"]?.double == measured)
      #expect(json["batch_size"]?.int == (options.contains("--batch") ? 1 : nil))
    }
  }

  @Test func `run, trace, stats and exports say their scope first`() throws {
    let folder = try ScratchFolder()
    let model = try model(in: folder)
    let alone = "scope sample, each sample alone; the model's own scope is batch"
    for command in [
      ["run", model, "--input", Self.input], ["stats", model, "--input", Self.input],
      [
        "trace", model, "--input", Self.input, "--layers", Self.neurons, "-o", folder.file("t.npz"),
        "--force",
      ],
    ] {
      for (options, words) in [
        ([], "scope batch, all samples as one batch"),
        (["--batch", "2"], "scope batch, batches of 2"), (["--scope", "sample"], alone),
      ] {
        let output = try Program.run(command + options).output
        #expect(output.hasPrefix(words + "\n"), "\(command) \(output.prefix(100))")
      }
    }
    let onnx = try Program.run(["export", model, "--to", "onnx", "-o", folder.file("m.onnx")])
    #expect(onnx.status == 0 && onnx.errors.contains(alone) && onnx.output.contains(alone))
    let diff = try Program.run(["diff", model, model, "--behaviour", "--input", Self.input])
    #expect(diff.status == 0 && diff.output.contains("scope batch, all samples as one batch"))
    #expect(
      try json("diff", model, model, "--behaviour", "--input", Self.input, "--scope", "sample")[
        "behaviour"]?["scopes"] == ["sample", "sample"])
  }

  @Test func `a batch where none has a meaning is refused`() throws {
    let digits = Self.entries + "/qkformer-digits/qkformer-digits.qkz.h5"
    let probe = Self.entries + "/qkformer-digits/reference.safetensors:input"
    let folder = try ScratchFolder()
    for command in [
      ["run", digits, "--input", probe, "--batch", "2"],
      ["stats", digits, "--input", probe, "--batch", "2"],
      ["run", digits, "--input", probe, "--scope", "sample", "--batch", "2"],
      ["export", digits, "--to", "layers", "--batch", "2", "-o", folder.file("l")],
      ["export", digits, "--to", "layers", "--batch", "dynamic", "--input", probe, "-o", "l"],
      ["export", digits, "--to", "onnx", "--scope", "batch", "-o", folder.file("m.onnx")],
      ["diff", digits, digits, "--scope", "batch"],
    ] {
      #expect(try Program.run(command).status == 64, "\(command)")
    }
    #expect(try folder.names().isEmpty)
  }

  @Test func `labelled samples of a model of scope batch run in the released code's batches`()
    throws
  {
    let model = Self.entries + "/qkformer-digits-batch/qkformer-digits-batch.qkz.h5"
    let data = Self.entries + "/qkformer-digits/digits-test.safetensors"
    let own = try json("stats", model, "--data", data)
    #expect(own["scope"]?.string == "batch" && own["batch_size"]?.int == 32)
    #expect(own["accuracy"]?["evaluation"]?.string == "batch 32, file order")
    let alone = try json("stats", model, "--data", data, "--scope", "sample")
    #expect(alone["scope"]?.string == "sample" && alone["batch_size"] == .null)
    #expect(alone["accuracy"]?["evaluation"]?.string == "per-image")
    #expect(own["energy"] != alone["energy"])
  }

  @Test
  func `verify measures a split of which nothing is recorded, and requires a record if asked`()
    throws
  {
    let folder = try ScratchFolder()
    let copy = folder.file("copy.safetensors")
    let entry = Self.entries + "/qkformer-digits"
    let empty = folder.file("zoo")
    try TestFiles.makeFolder(empty + "/entries")
    _ = try json("convert", entry + "/qkformer-digits.qkz.h5", "-o", copy)
    let command = [
      "verify", copy, "--index", empty, "--level", "dataset", "--data",
      entry + "/digits-test.safetensors",
    ]
    let measured = try Program.run(command)
    #expect(measured.status == 0, "\(measured.errors)")
    #expect(
      measured.output.contains("to compare with; measured 356 of 360 right, 98.89 %"),
      "\(measured.output)")
    #expect(measured.output.contains("scope sample, each sample alone"))
    let required = try Program.run(command + ["--require", "dataset=recorded"])
    #expect(required.status == 1 && required.errors.contains("a record of these samples"))
    let recorded = try Program.run([
      "verify", entry + "/qkformer-digits.qkz.h5", "--level", "dataset", "--data",
      entry + "/digits-test.safetensors", "--require", "dataset=recorded",
    ])
    #expect(recorded.status == 0)
    #expect(
      try Program.run(["verify", copy, "--index", empty, "--require", "dataset=recorded"]).status
        == 64)
  }
}
