import CanonicalJSON
import Conversion
import Digests
import SpikingModels
import TestSupport
import Testing

/// The checkpoints that the released training code saved.
@Suite struct GoldenImportTests {
  /// What Python's own unpickler finds in a golden.
  struct Content: Sendable {
    let name: String
    let stateDict: String
    let tensors: Int
    let dropped: Int
    let droppedBytes: Int
    let facts: [String: JSON]
    let timeSteps: Int?
  }

  private static let scaler: JSON = [
    "scale": .number(65536), "growth_factor": .number(2), "backoff_factor": .number(0.5),
    "growth_interval": .number(2000), "_growth_tracker": .number(137),
  ]

  private static func cifar(_ name: String) -> Content {
    Content(
      name: name, stateDict: "state_dict", tensors: 200, dropped: 321, droppedBytes: 1_528_380,
      facts: [
        "epoch": .number(395), "arch": "QKFormer", "version": .number(2), "amp_scaler": scaler,
        "metric": .number(96.21),
      ], timeSteps: 4)
  }

  static let contents = [
    Content(
      name: "imagenet-tiny", stateDict: "model", tensors: 434, dropped: 699,
      droppedBytes: 2_086_372, facts: ["epoch": .number(199), "scaler": scaler], timeSteps: 4),
    cifar("cifar-tiny"), cifar("cifar-tiny-borderline"),
    Content(
      name: "dvs-tiny", stateDict: "model", tensors: 122, dropped: 195, droppedBytes: 1_021_532,
      facts: [
        "epoch": .number(95), "max_test_acc1": .number(84.1),
        "test_acc5_at_max_test_acc1": .number(97.7),
        "lr_scheduler": [
          "base_values": [.number(0.005)], "metric": .null, "noise_range_t": .null,
        ],
      ], timeSteps: 16),
    membrane("ms-imagenet-tiny", tensors: 434), membrane("ms-cifar-tiny", tensors: 200),
    membrane("ms-dvs-tiny", tensors: 122),
  ]

  private static func membrane(_ name: String, tensors: Int) -> Content {
    Content(
      name: name, stateDict: "state_dict", tensors: tensors, dropped: 0, droppedBytes: 0,
      facts: [
        "epoch": .number(7), "arch": "ms_qkformer", "version": .number(2),
        "metric": .number(76.48),
      ], timeSteps: nil)
  }

  @Test(arguments: contents)
  func `a released checkpoint has its tensors and nothing of its training state`(
    _ content: Content
  ) throws {
    let file = try ImportedFile.open("\(Golden.folder(content.name))/checkpoint.pth")
    #expect(file.stateDictNames == [content.stateDict])
    #expect(try file.tensors(of: nil).count == content.tensors)
    #expect(try file.stateDict().dropped == (content.dropped, content.droppedBytes))
    #expect(file.facts == content.facts)
    #expect(file.arguments?["T"]?.int == content.timeSteps)
  }

  @Test func `the format before PyTorch 1.6 gives the same tensors`() throws {
    let folder = Golden.folder("cifar-tiny")
    let old = try ImportedFile.open("\(folder)/state_dict-legacy.pth")
    let new = try ImportedFile.open("\(folder)/checkpoint.pth")
    #expect(try old.stateDictNames.isEmpty && old.stateDict().dropped.tensors == 0)
    #expect(
      AcceptedFile.json(try old.tensors(of: nil)) == AcceptedFile.json(try new.tensors(of: nil)))
  }

  @Test(arguments: Golden.allNames)
  func `a released checkpoint has exactly the tensors of its configuration`(
    _ name: String
  ) throws {
    let golden = try Golden(name)
    let expected = Dictionary(
      uniqueKeysWithValues: golden.checkpoint.plan.parameters.map { ($0.path, $0.shape) })
    #expect(golden.checkpoint.parameters.mapValues(\.shape) == expected)
    let source = try golden.checkpoint.provenance["source"]
    #expect(source?["name"]?.string == "checkpoint.pth")
    #expect(source?["container"]?.string == "torch")
  }

  @Test func `the provenance has the digests of the file, and MD5 where it was asked for`() throws {
    let golden = try Golden("cifar-tiny")
    let path = "\(Golden.folder("cifar-tiny"))/checkpoint.pth"
    let digests = try FileDigests(ofFile: path)
    let choice = ConfigurationChoice(
      configuration: golden.checkpoint.configuration, source: "a test")
    for withMD5 in [true, false] {
      let assembly = try ModelAssembly(path: path, withMD5: withMD5)
      let source = try assembly.checkpoint(choice).provenance["source"]
      #expect(source?["sha256"]?.string == digests.sha256.hex)
      #expect(source?["size"]?.int == digests.size)
      #expect(source?["md5"]?.string == (withMD5 ? digests.md5?.hex : nil))
    }
  }

  @Test(arguments: Golden.allNames)
  func `exported as safetensors and imported again it is the same model`(_ name: String) throws {
    let golden = try Golden(name)
    let folder = try ScratchFolder()
    try SafetensorsExport.write(golden.checkpoint, to: folder.file("model.safetensors"))
    let again = try ModelAssembly(path: folder.file("model.safetensors"))
    let choice = try again.choose(explicit: nil, entries: [])
    #expect(choice.source == "stated by the file (qkzoo_configuration)")
    #expect(choice.configuration == golden.checkpoint.configuration)
    let checkpoint = try again.checkpoint(choice)
    #expect(
      AcceptedFile.json(checkpoint.parameters) == AcceptedFile.json(golden.checkpoint.parameters))
  }
}
