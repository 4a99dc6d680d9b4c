import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import HDF5Storage
import HDF5Subset
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// Writing and reading.
@Suite struct CheckpointRoundTripTests {
  @Test(arguments: [QKFormer.Family.imagenet, .cifar, .dvs])
  func `everything comes back`(_ family: QKFormer.Family) throws {
    let folder = try ScratchFolder()
    let path = folder.file("model.qkz.h5")
    var checkpoint = TinyModel.checkpoint(TinyModel.configuration(family))
    checkpoint.references = [Samples.reference(checkpoint.configuration)]
    checkpoint.records = Samples.records(checkpoint.configuration)
    try CheckpointWriter.write(checkpoint, to: path)
    let file = try CheckpointFile.open(path)
    #expect(try file.byteFindings().isEmpty)
    let again = try file.checkpoint()
    #expect(again.configuration == checkpoint.configuration)
    #expect(again.records == checkpoint.records)
    #expect(try again.provenance == checkpoint.provenance)
    #expect(again.parameters.count == checkpoint.parameters.count)
    for (name, tensor) in checkpoint.parameters {
      let read = try #require(again.parameters[name])
      #expect(read.elementType == tensor.elementType && read.shape == tensor.shape)
      #expect(read.bytes.copy() == tensor.bytes.copy(), "\(name)")
    }
    let reference = try #require(again.references.first)
    #expect(reference.origin == checkpoint.references[0].origin)
    #expect(reference.logits.bytes.copy() == checkpoint.references[0].logits.bytes.copy())
    #expect(reference.spikes.count == checkpoint.references[0].spikes.count)
    #expect(try folder.names() == ["model.qkz.h5"], "no temporary file is left")
  }

  @Test func `the same content gives the same bytes`() throws {
    let folder = try ScratchFolder()
    for name in ["a.qkz.h5", "b.qkz.h5"] {
      try CheckpointWriter.write(TinyModel.checkpoint(), to: folder.file(name))
    }
    #expect(
      try TestFiles.bytes(folder.file("a.qkz.h5")) == TestFiles.bytes(folder.file("b.qkz.h5")))
  }

  @Test func `what the reader refuses is named as the file that was to be written`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("model.qkz.h5")
    let good = Samples.records(TinyModel.checkpoint().configuration)
    var (negative, noClass) = (good, good)
    negative.firing[0].spikes["stage1/speds/unit0/lif"]?[0] = -1
    noClass.accuracy[0].answers?[2] = 5
    for (records, place) in [
      (negative, "\(path) records firing[0] spikes"), (noClass, "\(path) records accuracy on dice"),
    ] {
      var checkpoint = TinyModel.checkpoint()
      checkpoint.records = records
      let refusal = #expect(throws: CheckpointFindings.self) {
        try CheckpointWriter.write(checkpoint, to: path)
      }
      #expect(refusal?.place == place)
      #expect(try folder.names().isEmpty)
    }
  }

  @Test func `half precision weights are kept as they are`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("model.qkz.h5")
    var checkpoint = TinyModel.checkpoint()
    for (name, type) in [("head/weight", ElementType.f16), ("head/bias", .bf16)] {
      let shape = try #require(checkpoint.parameters[name]).shape
      let bytes = (0..<shape.reduce(2, *)).map { UInt8(truncatingIfNeeded: $0 * 3) }
      checkpoint.parameters[name] = try Tensor(type, shape, ByteRegion(bytes), name: name)
    }
    try CheckpointWriter.write(checkpoint, to: path)
    let again = try CheckpointFile.open(path).checkpoint()
    for name in ["head/weight", "head/bias"] {
      #expect(again.parameters[name]?.elementType == checkpoint.parameters[name]?.elementType)
      #expect(again.parameters[name]?.bytes.copy() == checkpoint.parameters[name]?.bytes.copy())
    }
  }

  @Test func `what is missing, unexpected or wrongly shaped is listed at once`() throws {
    let folder = try ScratchFolder()
    var checkpoint = TinyModel.checkpoint()
    checkpoint.parameters["head/bias"] = nil
    checkpoint.parameters["head/gain"] = Tensor([1], [Float(1)])
    checkpoint.parameters["head/weight"] = Tensor([2, 2], [Float](repeating: 0, count: 4))
    #expect {
      try CheckpointWriter.write(checkpoint, to: folder.file("model.qkz.h5"))
    } throws: { error in
      let places = (error as? CheckpointFindings)?.findings.map(\.place) ?? []
      return places.count == 3
        && ["head/bias", "head/gain", "head/weight"].allSatisfy { name in
          places.contains { $0.hasSuffix(" " + name) }
        }
    }
    #expect(try folder.names().isEmpty, "nothing is written")
  }

  @Test func `a failed write leaves the old file`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("model.qkz.h5")
    try TestFiles.write([1, 2, 3], to: path)
    var checkpoint = TinyModel.checkpoint()
    checkpoint.parameters["head/bias"] = nil
    #expect(throws: CheckpointFindings.self) { try CheckpointWriter.write(checkpoint, to: path) }
    #expect(try TestFiles.bytes(path) == [1, 2, 3])
    #expect(try folder.names() == ["model.qkz.h5"])
  }
}

/// Identities.
@Suite struct IdentityTests {
  private func identity(_ checkpoint: Checkpoint) throws -> ModelIdentity {
    ModelIdentity(
      configuration: checkpoint.configuration, tensors: checkpoint.parameters,
      digests: try checkpoint.parameters.digests())
  }

  private func changed(_ tensor: Tensor) throws -> Tensor {
    var bytes = tensor.bytes.copy()
    bytes[bytes.count / 2] ^= 1
    return try Tensor(tensor.elementType, tensor.shape, ByteRegion(bytes), name: "changed")
  }

  @Test func `every parameter and statistic enters, counters do not`() throws {
    let checkpoint = TinyModel.checkpoint()
    let original = try identity(checkpoint)
    for specification in checkpoint.plan.parameters {
      var other = checkpoint
      other.parameters[specification.path] = try changed(
        try #require(checkpoint.parameters[specification.path]))
      let found = try identity(other)
      #expect((found.weightsID != original.weightsID) == specification.role.isIdentifying)
      #expect((found.modelID != original.modelID) == specification.role.isIdentifying)
    }
  }

  @Test func `the configuration enters the model-id alone`() throws {
    let checkpoint = TinyModel.checkpoint()
    var other = checkpoint
    other.configuration.timeSteps += 1
    #expect(try identity(other).weightsID == identity(checkpoint).weightsID)
    #expect(try identity(other).modelID != identity(checkpoint).modelID)
  }

  @Test func `two swapped tensors change the model-id alone`() throws {
    let checkpoint = TinyModel.checkpoint()
    let (q, k) = (
      "stage1/block0/attention/q/conv/weight", "stage1/block0/attention/k/conv/weight"
    )
    var other = checkpoint
    other.parameters[q] = checkpoint.parameters[k]
    other.parameters[k] = checkpoint.parameters[q]
    #expect(try identity(other).weightsID == identity(checkpoint).weightsID)
    #expect(try identity(other).modelID != identity(checkpoint).modelID)
  }
}

/// Damage of every kind is found, named, and ends with the right exit code.
@Suite struct DamageTests {
  /// A written checkpoint with a reference and records.
  private func written(_ folder: ScratchFolder) throws -> String {
    let path = folder.file("model.qkz.h5")
    var checkpoint = TinyModel.checkpoint()
    checkpoint.references = [Samples.reference(checkpoint.configuration)]
    checkpoint.records = Samples.records(checkpoint.configuration)
    try CheckpointWriter.write(checkpoint, to: path)
    return path
  }

  /// What reading and verifying a file finds, or the error that stops it.
  private func outcome(_ path: String) -> (findings: [CheckpointFailure], error: (any Error)?) {
    do {
      let file = try CheckpointFile(path: path)
      return (try file.byteFindings() + file.structureFindings(), nil)
    } catch {
      return ([], error)
    }
  }

  @Test func `a flipped bit in any tensor is found and names the tensor`() throws {
    let folder = try ScratchFolder()
    let path = try written(folder)
    let bytes = try TestFiles.bytes(path)
    let content = try StrictHDF5Reader().content(of: MappedFile(path: path))
    var random = RepeatableRandom(seed: 3)
    for (name, dataset) in content.datasets.sorted(by: { $0.key < $1.key }) {
      guard case .inFile(let range) = dataset.elements, name != "manifest" else { continue }
      var damaged = bytes
      damaged[Int.random(in: range, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try TestFiles.write(damaged, to: folder.file("damaged.qkz.h5"))
      let (findings, error) = outcome(folder.file("damaged.qkz.h5"))
      #expect(findings.first?.place.hasSuffix(" " + name) == true, "\(name) \(findings)")
      #expect(findings.first?.exitCode == 1 && error == nil)
    }
  }

  @Test(arguments: [
    ("running_var", "parameters/", 5), ("logits", "references/0/", 0),
    ("spike_digests", "references/0/", 0),
    ("spike_counts", "references/0/", 0),
  ])
  func
    `a listed dataset under another name is missing at the level of bytes, and the other unlisted`(
      _ name: String, _ group: String, _ index: Int
    ) throws
  {
    let folder = try ScratchFolder()
    let path = try written(folder)
    let sealed = SealedFile(try TestFiles.bytes(path))
    let whole = try CheckpointFile(path: path).compareBytes()
    let places = sealed.places(ofName: name)
    let byte = try #require(places.indices.contains(index) ? places[index] : nil)
    try TestFiles.write(sealed.changing(byte: byte, to: UInt8(ascii: "z")), to: path)
    let renamed = try CheckpointFile(path: path).compareBytes()
    #expect(renamed.findings.map(\.code) == [.digest, .digest])
    #expect(renamed.findings.map(\.found) == ["no such dataset", "one that it does not list"])
    let (missing, unlisted) = (renamed.findings[0].place, renamed.findings[1].place)
    #expect(missing.contains(" \(group)") && missing.hasSuffix(name), "\(missing)")
    #expect(unlisted.hasSuffix("z" + name.dropFirst()), "\(unlisted)")
    let counts = [renamed.tensors, renamed.datasets, renamed.attributes]
    let isTensor = group == "parameters/"
    #expect(
      counts == [
        whole.tensors - (isTensor ? 1 : 0), whole.datasets - (isTensor ? 0 : 1), whole.attributes,
      ])
  }

  @Test func `an attribute under another name is missing, and the other unlisted`() throws {
    let folder = try ScratchFolder()
    let path = try written(folder)
    let sealed = SealedFile(try TestFiles.bytes(path))
    let whole = try CheckpointFile(path: path).compareBytes()
    let byte = try #require(sealed.places(ofName: "producer").first)
    try TestFiles.write(sealed.changing(byte: byte, to: UInt8(ascii: "z")), to: path)
    let renamed = try CheckpointFile(path: path).compareBytes()
    #expect(renamed.findings.map(\.expected).contains("no such attribute"))
    #expect(renamed.findings.map(\.found).contains("no such attribute"))
    #expect(renamed.attributes == whole.attributes - 1)
  }

  @Test func `what was compared is counted`() throws {
    let folder = try ScratchFolder()
    let path = try written(folder)
    let content = try StrictHDF5Reader().content(of: MappedFile(path: path))
    let compared = try CheckpointFile(path: path).compareBytes()
    let tensors = content.datasets.keys.count { $0.hasPrefix("parameters/") }
    #expect(compared.tensors == tensors)
    // All but the manifest, of which there is no digest.
    #expect(compared.datasets == content.datasets.count - tensors - 1)
    #expect(compared.attributes == content.attributes.values.reduce(0) { $0 + $1.count })
    #expect(compared.findings.isEmpty)
  }

  @Test func `a flipped bit in a counter is found and names it`() throws {
    let folder = try ScratchFolder()
    let path = try written(folder)
    var bytes = try TestFiles.bytes(path)
    // Counters hold 7 and lie in object headers.
    let pattern: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0]
    let offset = try #require(
      bytes.indices.dropLast(8).last { Array(bytes[$0..<$0 + 8]) == pattern })
    bytes[offset] ^= 2
    try TestFiles.write(bytes, to: path)
    let error = try #require(outcome(path).error as? HDF5Failure)
    #expect(error.code == .damaged && error.exitCode == 1)
    #expect(error.place.hasSuffix("num_batches_tracked"), "\(error)")
  }

  @Test func `a damaged manifest is found`() throws {
    let folder = try ScratchFolder()
    let path = try written(folder)
    var bytes = try TestFiles.bytes(path)
    let text = Array("\"architecture\":\"qkformer\"".utf8)
    let offset = try #require(
      bytes.indices.dropLast(text.count).first { Array(bytes[$0..<$0 + text.count]) == text })
    bytes[offset + 3] ^= 4
    try TestFiles.write(bytes, to: path)
    let error = try #require(outcome(path).error as? CheckpointFailure)
    #expect(error.code == .checksum && error.exitCode == 1)
    #expect(error.place.hasSuffix("manifest"))
  }

  @Test(arguments: [0, 7, 100, 1_000, 5_000])
  func `a truncated file is bad data`(_ kept: Int) throws {
    let folder = try ScratchFolder()
    let path = try written(folder)
    try TestFiles.write(Array(try TestFiles.bytes(path).prefix(kept)), to: path)
    let error = try #require(outcome(path).error as? any Diagnosable)
    #expect(error.exitCode == 65, "\(error)")
  }

  @Test func `an HDF5 file of another kind is bad data`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("other.h5")
    let writer = try HDF5Writer(path: path)
    try writer.write(Tensor([3], [Float](repeating: 1, count: 3)), to: "x")
    try writer.close()
    let error = try #require(outcome(path).error as? CheckpointFailure)
    #expect(error.code == .foreign && error.exitCode == 65)
  }
}
