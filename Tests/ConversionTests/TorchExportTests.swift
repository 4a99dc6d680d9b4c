import CheckpointFormat
import Conversion
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Models on their way to PyTorch and back.
@Suite struct TorchExportTests {
  private func reimported(_ path: String) throws -> Checkpoint {
    let assembly = try ModelAssembly(path: path)
    return try assembly.checkpoint(try assembly.choose(explicit: nil, entries: []))
  }

  private func expectSame(_ left: Checkpoint, _ right: Checkpoint) throws {
    #expect(left.configuration == right.configuration)
    #expect(AcceptedFile.json(left.parameters) == AcceptedFile.json(right.parameters))
    let ids = try [left, right].map { checkpoint in
      ModelIdentity(
        configuration: checkpoint.configuration, tensors: checkpoint.parameters,
        digests: try checkpoint.parameters.digests())
    }
    #expect(ids[0] == ids[1])
  }

  /// Over every container and back, comparing at each step.
  private func roundTrip(_ checkpoint: Checkpoint) throws {
    let folder = try ScratchFolder()
    try TorchExport.write(checkpoint, to: folder.file("a.pth"))
    let first = try reimported(folder.file("a.pth"))
    try expectSame(checkpoint, first)
    try CheckpointWriter.write(first, to: folder.file("b.qkz.h5"))
    let second = try CheckpointFile.openVerified(folder.file("b.qkz.h5")).checkpoint()
    try expectSame(checkpoint, second)
    try SafetensorsExport.write(second, to: folder.file("c.safetensors"))
    let third = try reimported(folder.file("c.safetensors"))
    try expectSame(checkpoint, third)
    try TorchExport.write(third, to: folder.file("d.pth.tar"))
    try expectSame(checkpoint, try reimported(folder.file("d.pth.tar")))
  }

  @Test(arguments: Golden.allNames)
  func `a released checkpoint keeps every bit and both identities everywhere`(
    _ name: String
  ) throws {
    try roundTrip(try Golden(name).checkpoint)
  }

  @Test(arguments: [ElementType.f16, .bf16, .f64])
  func `other element types keep theirs`(_ type: ElementType) throws {
    var checkpoint = TinyModel.checkpoint()
    for (path, tensor) in checkpoint.parameters where tensor.elementType == .f32 {
      let bytes = (0..<tensor.count * type.byteCount).map { UInt8(truncatingIfNeeded: $0 * 7) }
      checkpoint.parameters[path] = try Tensor(type, tensor.shape, .init(bytes), name: path)
    }
    try roundTrip(checkpoint)
  }

  @Test(arguments: QKFormer.Family.allCases)
  func `the tensors have the order of the released code's state dict`(
    _ family: QKFormer.Family
  ) throws {
    let folder = try ScratchFolder()
    let checkpoint = TinyModel.checkpoint(TinyModel.configuration(family))
    try TorchExport.write(checkpoint, to: folder.file("x.pth"))
    let assembly = try ModelAssembly(path: folder.file("x.pth"), matching: .order)
    let placement = assembly.placement(checkpoint.configuration)
    #expect(placement.findings.isEmpty)
    #expect(AcceptedFile.json(placement.tensors) == AcceptedFile.json(checkpoint.parameters))
  }

  @Test func `the bytes depend on the content alone`() throws {
    let folder = try ScratchFolder()
    let files = ["a.pth", "another name.pth"].map(folder.file)
    for path in files { try TorchExport.write(TinyModel.checkpoint(), to: path) }
    #expect(try TestFiles.bytes(files[0]) == TestFiles.bytes(files[1]))
  }

  @Test(arguments: QKFormer.Family.allCases)
  func `the state dict is the member that the released code reads`(
    _ family: QKFormer.Family
  ) throws {
    let folder = try ScratchFolder()
    let checkpoint = TinyModel.checkpoint(TinyModel.configuration(family))
    try TorchExport.write(checkpoint, to: folder.file("x.pth"))
    let file = try ImportedFile.open(folder.file("x.pth"))
    #expect(file.stateDictNames == [family == .cifar ? "state_dict" : "model"])
    #expect(try file.facts.isEmpty && file.stateDict().dropped.tensors == 0)
  }

  @Test func `a claimed model-id that is not the content's is wrong`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("x.pth")
    let identity = try TorchExport.write(TinyModel.checkpoint(), to: path)
    var bytes = try TestFiles.bytes(path)
    let claim = Array(identity.modelID.hex.utf8)
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: claim) })
    bytes[start] = claim[0] == 0x30 ? 0x31 : 0x30
    // The archive's own checksum is made to say that none was computed.
    let archive = StoredZip.withoutChecksums(bytes)
    try TestFiles.write(archive, to: path)
    #expect(
      try Refusal.of { _ = try reimported(path) } == Refusal(name: "digest", exitCode: 1))
  }
}
