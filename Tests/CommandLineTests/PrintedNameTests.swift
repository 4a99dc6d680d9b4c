import Diagnostics
import TestSupport
import Testing

/// Whatever a file is called, its name acts on no terminal.
@Suite struct PrintedNameTests {
  /// The commands that print names, for a model, a data file, an evaluation, and a new name.
  private static func commands(
    model: String, data: String, evaluation: String, new: String
  ) -> [[String]] {
    [
      ["verify", model], ["verify", model, "--level", "dataset", "--data", data],
      ["show", model], ["identify", model], ["diff", model, model],
      ["convert", model, "-o", new + ".safetensors"], ["repack", model, "-o", new + ".qkz.h5"],
      ["export", model, "--to", "onnx", "-o", new + ".onnx"],
      ["export", model, "--to", "layers", "-o", new + ".layers"],
      ["run", model, "--input", data + ":input", "-o", new + ".logits.safetensors"],
      ["stats", model, "--dataset", "samples", "--data", data],
      [
        "eval", "run", model, "--dataset", "samples", "--data", data, "--protocol", "per-image",
        "--limit", "2", "--out", new + ".evaluation",
      ],
      ["eval", "status", evaluation], ["report", evaluation, "--format", "md"],
      ["report", evaluation, "-o", new + ".html"],
      ["entry", "new", model, "--dataset", new, "-o", new + ".json"], ["entry", "check", new],
      ["catalog", "--index", new, "-o", new + ".site"], ["mirror", new, "-o", new + ".mirror"],
      ["pull", new, "--from", model], ["pull", "qkformer-digits", "--from", model],
      ["list", "--where", new], ["presets", "--show", new], ["classify", model, new],
      ["sign", model, "--key", new, "-o", new + ".sig"], ["cache", "prune", new],
      [new], ["verify", "--" + new], ["verify", model, "--level=" + new],
      [
        "eval", "run", model, "--dataset", "samples", "--data", data, "--protocol", "per-image",
        "--out", new + ".shards", "--emit", "slurm", "--shards", "2",
      ],
    ]
  }

  private static let entry = TestFiles.package + "/zoo/entries/qkformer-digits"

  @Test(arguments: 0..<UInt64(PropertyRounds.count(usual: 2)))
  func `no command prints a control of a name`(_ seed: UInt64) throws {
    var random = RepeatableRandom(seed: seed)
    let folder = try ScratchFolder()
    let (model, data, new) = (
      folder.file(HostileName.random(&random) + ".qkz.h5"),
      folder.file(HostileName.random(&random) + ".safetensors"),
      folder.file(HostileName.random(&random))
    )
    try TestFiles.write(
      try TestFiles.bytes("\(Self.entry)/qkformer-digits.qkz.h5"), to: model)
    try TestFiles.write(
      try TestFiles.bytes("\(Self.entry)/digits-test.safetensors"), to: data)
    let evaluation = folder.file(HostileName.random(&random))
    let evaluated = try Program.run([
      "eval", "run", model, "--dataset", "samples", "--data", data, "--protocol", "per-image",
      "--limit", "2", "--out", evaluation,
    ])
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    for command in Self.commands(model: model, data: data, evaluation: evaluation, new: new) {
      let plain = try Program.run(command)
      let isHarmless = HostileName.isHarmless(plain.output) && HostileName.isHarmless(plain.errors)
      #expect(
        isHarmless,
        "seed \(seed) \(command[0]): \(plain.output.debugDescription) \(plain.errors.debugDescription)"
      )
      guard command.count > 1 else { continue }
      let json = try Program.run(command + ["--json"])
      #expect(HostileName.isHarmless(json.output + json.errors), "seed \(seed) \(command[0])")
    }
  }

  /// A shell gives the name back.
  @Test(arguments: 0..<UInt64(PropertyRounds.count(usual: 20)))
  func `a word that a shell is told is the name`(_ seed: UInt64) throws {
    var random = RepeatableRandom(seed: seed)
    let name = HostileName.random(&random)
    let word = ShellWord.path(name)
    #expect(HostileName.isHarmless(word) && !word.contains("\n"), "\(word)")
    let result = try Program.run(["-c", "printf %s \(word)"], binary: "/bin/bash")
    #expect(result.output == name, "\(word)")
  }

  /// Names that are no text reach the program as text of other names; nothing of them is printed raw.
  @Test func `bytes that are no UTF-8 are not printed`() throws {
    let folder = try ScratchFolder()
    let result = try Program.run(
      [
        "-c", #""$0" verify "$(printf 'a\377\033[8m\302\233b.qkz.h5')" 2>&1; exit 0"#,
        Program.path(of: "qkzoo"),
      ],
      binary: "/bin/sh", environment: ["HOME": folder.path])
    #expect(HostileName.isHarmless(result.output), "\(result.output.debugDescription)")
    #expect(result.output.contains("\\u{1B}[8m\\u{9B}b.qkz.h5"), "\(result.output)")
  }
}
