import CanonicalJSON
import Conversion
import SpikeTensors
import SpikingModels
import TensorFiles
import TestSupport
import Testing

/// Who decides what a file's tensors are.
@Suite struct ConfigurationChoiceTests {
  private func choice(_ source: String, steps: Int) -> ConfigurationChoice {
    var configuration = TinyModel.configuration()
    configuration.timeSteps = steps
    return ConfigurationChoice(configuration: configuration, source: source)
  }

  private func accepted(_ name: String) throws -> ModelAssembly {
    try ModelAssembly(path: TestFiles.path("Accepted/pickle/\(name)"))
  }

  /// A safetensors file of tensors under upstream names.
  private func assembly(
    _ tensors: [String: Tensor], _ folder: ScratchFolder
  ) throws -> ModelAssembly {
    let path = folder.file("model.safetensors")
    try SafetensorsWriter.write(tensors, metadata: [:], to: path)
    return try ModelAssembly(path: path)
  }

  /// Tensors of zeros that a configuration needs.
  private func zeros(_ configuration: ModelConfiguration) -> [String: Tensor] {
    Dictionary(
      uniqueKeysWithValues: NetworkPlan(configuration).parameters.map {
        let isCounter = $0.role == .batchCount
        return (
          $0.upstreamName,
          isCounter
            ? TinyModel.counter(0) : Tensor($0.shape, [Float](repeating: 0, count: $0.count))
        )
      })
  }

  @Test func `what was asked for comes before entries and what the file says`() throws {
    let chosen = try accepted("imagenet.pth").choose(
      explicit: choice("explicit", steps: 9), entries: [choice("entry", steps: 8)])
    #expect(chosen.source == "explicit")
    #expect(chosen.configuration.timeSteps == 9)
  }

  @Test func `an entry that knows the file comes before what the file says`() throws {
    let chosen = try accepted("imagenet.pth").choose(
      explicit: nil, entries: [choice("entry", steps: 8)])
    #expect(chosen.source == "entry")
    #expect(chosen.configuration.timeSteps == 8)
  }

  @Test func `training arguments name the model, its time steps and its input`() throws {
    let chosen = try accepted("imagenet.pth").choose(explicit: nil, entries: [])
    #expect(chosen.source == "stated by the file (model QKFormer_10_384, T=6)")
    let preset = try ConfigurationChoice.preset("HST-10-384").configuration
    #expect(chosen.configuration.qkformer.stages == preset.qkformer.stages)
    #expect(chosen.configuration.timeSteps == 6)
    #expect(chosen.configuration.input.height == 288)
    #expect(chosen.configuration.input.width == 288)
  }

  @Test func `two entries that know the file decide nothing`() throws {
    let entries = [choice("one", steps: 8), choice("other", steps: 7)]
    let refusal = try Refusal.of {
      _ = try accepted("imagenet.pth").choose(explicit: nil, entries: entries)
    }
    #expect(refusal == Refusal(name: "configuration-undecided", exitCode: 78))
  }

  @Test(arguments: Golden.names)
  func `a file that names no model is undecided, and the message says what it has`(
    _ name: String
  ) throws {
    let assembly = try ModelAssembly(path: "\(Golden.folder(name))/checkpoint.pth")
    let failure = try #require(throws: UndecidedConfiguration.self) {
      try assembly.choose(explicit: nil, entries: [])
    }
    #expect(failure.candidates.isEmpty)
    let family = try #require(name.split(separator: "-").first)
    #expect(failure.evidence.hasPrefix("family \(family), \(name == "dvs-tiny" ? 2 : 3) input"))
    #expect(failure.evidence.contains("(ssa)"))
    #expect(failure.evidence.hasSuffix("\(name == "dvs-tiny" ? 11 : 10) classes"))
    #expect(
      failure.description.contains(
        "\nno preset and no entry has these shapes; write a configuration"))
  }

  @Test func `presets whose shapes fit are listed, each with a command`() throws {
    let preset = try ConfigurationChoice.preset("HST-2-256-CIFAR10-DVS").configuration
    let assembly = try assembly(zeros(preset), try ScratchFolder())
    let failure = try #require(throws: UndecidedConfiguration.self) {
      try assembly.choose(explicit: nil, entries: [])
    }
    let names = ["", "-qkca-ssa"].map { "qkformer-2-256-t16-r128.cifar10dvs" + $0 }
    #expect(failure.candidates == names)
    let commands = failure.description.split(separator: "\n").filter { $0.hasPrefix("  qkzoo ") }
    #expect(commands.count == 2)
    #expect(zip(commands, names).allSatisfy { $0.contains(" --preset \($1) ") })
  }

  @Test func `an entry whose shapes fit is listed beside the presets`() throws {
    let configuration = TinyModel.configuration()
    let assembly = try assembly(zeros(configuration), try ScratchFolder())
    let preset = try ConfigurationChoice.preset("HST-10-384").configuration
    let failure = try #require(throws: UndecidedConfiguration.self) {
      try assembly.choose(
        explicit: nil, entries: [], named: ["mine": configuration, "other": preset])
    }
    #expect(failure.candidates == ["mine"])
  }

  @Test func `of very many differences the first are listed`() throws {
    let preset = try ConfigurationChoice.preset("HST-10-384")
    let assembly = try assembly(zeros(TinyModel.configuration()), try ScratchFolder())
    let failure = try #require(throws: TensorsDoNotFit.self) { try assembly.checkpoint(preset) }
    let lines = failure.description.split(separator: "\n")
    #expect(lines.count == 22 && failure.findings.count > 100)
    #expect(lines.last == "  and \(failure.findings.count - 20) more")
  }

  @Test func `every missing, unexpected and wrong tensor is listed`() throws {
    let configuration = TinyModel.configuration()
    var tensors = zeros(configuration)
    let folder = try ScratchFolder()
    let choice = ConfigurationChoice(configuration: configuration, source: "a test")
    #expect(try assembly(tensors, folder).checkpoint(choice).parameters.count == tensors.count)
    tensors["head.bias"] = nil
    tensors["patch_embed2.proj3_conv.weight"] = nil
    tensors["head.weight"] = Tensor([4, 32], [Float](repeating: 0, count: 128))
    tensors["patch_embed1.proj_bn.weight"] = Tensor([16, 1], [Float](repeating: 0, count: 16))
    tensors["patch_embed1.proj_bn.num_batches_tracked"] = Tensor([], [Float(0)])
    tensors["pos_embed"] = Tensor([1], [Float(0)])
    tensors["ema.head.bias"] = Tensor([1], [Float(0)])
    let assembly = try assembly(tensors, folder)
    let failure = try #require(throws: TensorsDoNotFit.self) { try assembly.checkpoint(choice) }
    let found = failure.findings.map { finding in
      let name = finding.place.split(separator: " ").last ?? ""
      return "\(name): \(finding.found)"
    }
    #expect(
      found.sorted() == [
        "ema.head.bias: an unexpected tensor",
        "head.bias: no such tensor",
        "head.weight: f32 [4, 32]",
        "patch_embed1.proj_bn.num_batches_tracked: f32 []",
        "patch_embed1.proj_bn.weight: f32 [16, 1]",
        "patch_embed2.proj3_conv.weight: no such tensor",
        "pos_embed: an unexpected tensor",
      ])
    #expect(failure.exitCode == 78)
    let lines = failure.description.split(separator: "\n")
    #expect(lines[0] == "tensors-do-not-fit: 7 differences to the configuration of a test")
    #expect(lines.count == 8)
    let missing = "head.bias: expected f32 or f16 or bf16 or f64 [5], found no such tensor"
    #expect(lines.contains { $0.hasSuffix(missing) })
  }

  @Test func `counters are not made up, and how to get them is said`() throws {
    let configuration = TinyModel.configuration()
    let choice = ConfigurationChoice(configuration: configuration, source: "a test")
    var tensors = zeros(configuration)
    for name in tensors.keys where name.hasSuffix("num_batches_tracked") {
      tensors[name] = name.hasPrefix("stage") ? nil : Tensor([], [UInt8(7)])
    }
    let assembly = try assembly(tensors, try ScratchFolder())
    let failure = try #require(throws: TensorsDoNotFit.self) { try assembly.checkpoint(choice) }
    #expect(failure.description.hasSuffix("which makes these counters, and save its state dict"))
  }

  @Test func `of a head of another size it is said how to write a configuration`() throws {
    let choice = try ConfigurationChoice.preset("HST-4-384-CIFAR10")
    var tensors = zeros(choice.configuration)
    tensors["head.weight"] = Tensor([7, 384], [Float](repeating: 0, count: 7 * 384))
    tensors["head.bias"] = Tensor([7], [Float](repeating: 0, count: 7))
    let assembly = try assembly(tensors, try ScratchFolder())
    let failure = try #require(throws: TensorsDoNotFit.self) { try assembly.checkpoint(choice) }
    #expect(
      failure.description.hasSuffix(
        "\n  qkzoo presets --show \(choice.name ?? "") > model.json, then --config model.json"))
  }

  @Test func `a preset that is not listed is refused`() throws {
    let refusal = try Refusal.of { _ = try ConfigurationChoice.preset("HST-11-384") }
    #expect(refusal == Refusal(name: "configuration-value", exitCode: 78))
  }
}
