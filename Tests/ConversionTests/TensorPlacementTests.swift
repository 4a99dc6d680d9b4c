import CheckpointFormat
import Conversion
import FileAccess
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Tensors under other names than the released code's.
@Suite struct TensorPlacementTests {
  private typealias Named = [(name: String, tensor: Tensor)]

  /// A bare state dict in a file, in the order given.
  private func write(_ tensors: Named, to path: String) throws {
    let entries = tensors.flatMap { name, tensor -> [UInt8] in
      let storage = tensor.elementType == .i64 ? "LongStorage" : "FloatStorage"
      let count = Opcodes.ascii("J") + StoredZip.little(tensor.count, 4)
      let shape = tensor.shape.flatMap { Opcodes.ascii("J") + StoredZip.little($0, 4) }
      let strides = tensor.shape.indices.flatMap { axis in
        Opcodes.ascii("J") + StoredZip.little(tensor.shape[(axis + 1)...].reduce(1, *), 4)
      }
      return Opcodes.text(name) + Opcodes.ascii("ctorch._utils\n_rebuild_tensor_v2\n((")
        + Opcodes.text("storage") + Opcodes.ascii("ctorch\n\(storage)\n") + Opcodes.text(name)
        + Opcodes.text("cpu") + count + Opcodes.ascii("tQK\u{0}(") + shape + Opcodes.ascii("t(")
        + strides + Opcodes.ascii("t") + [0x89] + Opcodes.ascii("NtR")
    }
    let pickle = Opcodes.pickle(Opcodes.ascii("}("), entries, Opcodes.ascii("u"))
    let storages = tensors.map { (key: $0.name, bytes: $0.tensor.bytes.copy()) }
    try TestFiles.write(StoredZip.checkpoint(pickle, storages: storages), to: path)
  }

  /// The model's tensors in the order of upstream's modules, under names by some rule.
  private func registered(
    _ checkpoint: Checkpoint, _ rename: (ParameterSpecification) -> String = \.upstreamName
  ) throws -> Named {
    try checkpoint.plan.registeredParameters.map {
      (rename($0), try #require(checkpoint.parameters[$0.path]))
    }
  }

  /// A name that nobody knows: modules numbered, kinds kept.
  private func numbered(_ specifications: [ParameterSpecification]) -> [String: String] {
    var modules: [Substring: Int] = [:]
    return Dictionary(
      uniqueKeysWithValues: specifications.map { specification in
        let name = specification.upstreamName
        let dot = name.lastIndex(of: ".") ?? name.startIndex
        let number = modules[name[..<dot]] ?? modules.count
        modules[name[..<dot]] = number
        return (name, "net.\(number)\(name[dot...])")
      })
  }

  private func assembly(_ tensors: Named, _ matching: TensorMatching) throws -> ModelAssembly {
    let folder = try ScratchFolder()
    try write(tensors, to: folder.file("x.pth"))
    return try ModelAssembly(path: folder.file("x.pth"), matching: matching)
  }

  // MARK: By order

  @Test func `so many wrappers as nobody uses are part of the name`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("wrapped.pth")
    for (count, left) in [(8, 0), (10, 2)] {
      let prefix = String(repeating: "module.", count: count)
      try write([(prefix + "head.bias", Tensor([1], [Float(0)]))], to: path)
      let names = try ImportedFile.open(path).tensors(of: nil).keys
      #expect(Array(names) == [String(repeating: "module.", count: left) + "head.bias"])
    }
  }

  @Test func `names that nobody knows are matched by order`() throws {
    let checkpoint = TinyModel.checkpoint(TinyModel.membrane())
    let names = numbered(checkpoint.plan.registeredParameters)
    let tensors = try registered(checkpoint) { names[$0.upstreamName] ?? "" }
    let choice = ConfigurationChoice(configuration: checkpoint.configuration, source: "test")
    #expect(throws: TensorsDoNotFit.self) { try assembly(tensors, .name).checkpoint(choice) }
    let ordered = try assembly(tensors, .order)
    let placement = ordered.placement(checkpoint.configuration)
    #expect(placement.naming == nil && placement.findings.isEmpty)
    #expect(placement.pairs.map(\.found) == tensors.map(\.name))
    let found = try ordered.checkpoint(choice)
    #expect(
      AcceptedFile.json(found.parameters) == AcceptedFile.json(checkpoint.parameters))
    #expect(try found.provenance["tensors_matched_by"] == "order")
    let weights = try ModelIdentity(
      configuration: checkpoint.configuration, tensors: checkpoint.parameters,
      digests: checkpoint.parameters.digests()
    ).weightsID
    #expect(try ordered.tensors.weightsID() == weights)
  }

  @Test func `where the order fits and the names do not, the command that takes it is told`() throws
  {
    let checkpoint = TinyModel.checkpoint(TinyModel.membrane())
    let names = numbered(checkpoint.plan.registeredParameters)
    let folder = try ScratchFolder()
    let path = folder.file("my $(touch PWNED) it's.pth")
    try write(try registered(checkpoint) { names[$0.upstreamName] ?? "" }, to: path)
    let quoted = #"'\#(folder.path)/my $(touch PWNED) it'\''s.pth'"#
    let ofOwnZoo = try ModelAssembly(path: path, zoo: ["--index", "my zoo"])
    let entry = ConfigurationChoice(configuration: checkpoint.configuration, source: "an entry")
    let unfit = try #require(throws: TensorsDoNotFit.self) { try ofOwnZoo.checkpoint(entry) }
    #expect(
      unfit.description.hasSuffix(
        "\n  qkzoo convert \(quoted) --index 'my zoo' --match order -o OUT.qkz.h5"))
    let assembly = try ModelAssembly(path: path)
    let choice = ConfigurationChoice(
      configuration: checkpoint.configuration, source: "--config my model.json",
      options: ["--config", "my model.json"])
    let misfit = try #require(throws: TensorsDoNotFit.self) { try assembly.checkpoint(choice) }
    #expect(
      misfit.description.hasSuffix(
        "\n  qkzoo convert \(quoted) --config 'my model.json' --match order -o OUT.qkz.h5"))
    let undecided = try #require(throws: UndecidedConfiguration.self) {
      try assembly.choose(
        explicit: nil, entries: [], named: ["mine": checkpoint.configuration])
    }
    #expect(
      undecided.description.hasSuffix(
        "\n  qkzoo convert \(quoted) --preset mine --match order -o OUT.qkz.h5"))
  }

  @Test(arguments: Golden.allNames)
  func `the released code registers its modules in the order of the inventory`(
    _ name: String
  ) throws {
    let path = "\(Golden.folder(name))/checkpoint.pth"
    let golden = try Golden(name).checkpoint
    let placement = try ModelAssembly(path: path, matching: .order)
      .placement(golden.configuration)
    #expect(placement.findings.isEmpty, "\(placement.findings.first?.description ?? "")")
    #expect(placement.pairs.allSatisfy { $0.found == $0.specification.upstreamName })
    #expect(AcceptedFile.json(placement.tensors) == AcceptedFile.json(golden.parameters))
  }

  @Test func `whatever differs at a position is refused`() throws {
    let checkpoint = TinyModel.checkpoint(TinyModel.membrane())
    let good = try registered(checkpoint)
    func findings(_ edit: (inout Named) -> Void) throws -> [String] {
      var tensors = good
      edit(&tensors)
      return try assembly(tensors, .order).placement(checkpoint.configuration).findings
        .map(\.description)
    }
    #expect(try findings { _ in }.isEmpty)
    // Count.
    #expect(try findings { $0.removeLast() }.count == 1)
    // Type: a counter of floats. Kind: bias and weight of one shape. Shape: transposed.
    let counter = try #require(good.firstIndex { $0.name.hasSuffix("num_batches_tracked") })
    #expect(try findings { $0[counter].tensor = Tensor([], [Float(7)]) }.count == 1)
    let bias = try #require(good.firstIndex { $0.name.hasSuffix("bn.bias") })
    #expect(try findings { $0.swapAt(bias, bias - 1) }.count == 2)
    let head = try #require(good.firstIndex { $0.name == "head.weight" })
    let shape = Array(good[head].tensor.shape.reversed())
    let transposed = try Tensor(.f32, shape, good[head].tensor.bytes, name: "head")
    #expect(try findings { $0[head].tensor = transposed }.count == 1)
    // Module boundaries: one that is missing, and one too many.
    #expect(try findings { $0[0].name = "patch_embed1.proj_bn.weight_" }.count > 0)
    #expect(try findings { $0[bias].name = "elsewhere.bias" }.count == 2)
  }

  @Test func `safetensors have no order to match by`() throws {
    let folder = try ScratchFolder()
    try SafetensorsExport.write(TinyModel.checkpoint(), to: folder.file("x.safetensors"))
    let refusal = try Refusal.of {
      _ = try ModelAssembly(path: folder.file("x.safetensors"), matching: .order)
    }
    #expect(refusal == Refusal(name: "state-dict", exitCode: 78))
  }

  // MARK: STEP

  private func step(_ checkpoint: Checkpoint) throws -> Named {
    let plan = try #require(NetworkPlan(checkpoint.configuration, naming: .step))
    let weights: Named = try plan.registeredParameters.map {
      ($0.upstreamName, try #require(checkpoint.parameters[$0.path]))
    }
    let thresholds: Named = plan.storedThresholds.map { ($0.key, Tensor([], [$0.value])) }
    return weights + thresholds
  }

  @Test(arguments: [QKFormer.Family.cifar, .imagenet])
  func `STEP's names are known, and its thresholds are compared`(
    _ family: QKFormer.Family
  ) throws {
    let checkpoint = TinyModel.checkpoint(TinyModel.configuration(family))
    let tensors = try step(checkpoint)
    let names = Set(tensors.map(\.name))
    #expect(names.contains("stage1.0.mlp.fc_conv1.weight"))
    #expect(names.contains("stage1.0.mlp.fc_bn2.running_var"))
    #expect(names.contains("stage2.0.ssa.v_conv.weight"))
    #expect(names.contains("stage2.0.mlp.fc_lif2.threshold"))
    let choice = ConfigurationChoice(configuration: checkpoint.configuration, source: "test")
    for tensors in [tensors, tensors.filter { !$0.name.hasSuffix(".threshold") }] {
      let assembly = try assembly(tensors, .name)
      let found = try assembly.checkpoint(choice)
      #expect(
        AcceptedFile.json(found.parameters) == AcceptedFile.json(checkpoint.parameters))
      #expect(try found.provenance["tensors_matched_by"] == "names of step")
      #expect(try checkpoint.identity().weightsID == assembly.tensors.weightsID())
    }
  }

  @Test func `a stored threshold that is not the configuration's is refused by name`() throws {
    let checkpoint = TinyModel.checkpoint()
    var tensors = try step(checkpoint)
    let index = try #require(
      tensors.firstIndex { $0.name == "stage1.0.tssa.q_lif.threshold" })
    tensors[index].tensor = Tensor([], [Float(0.5)])
    let placement = try assembly(tensors, .name).placement(checkpoint.configuration)
    #expect(placement.findings.count == 1)
    #expect(placement.findings.first?.place.hasSuffix("stage1.0.tssa.q_lif.threshold") == true)
    #expect(placement.findings.first?.found == "f32 [], 0.5")
  }
}
