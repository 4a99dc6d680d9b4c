import CanonicalJSON
import CheckpointFormat
import Digests
import FileAccess
import HDF5Subset
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// The test vectors of `schemas/v1/vectors`, which an independent Python script made.
@Suite struct PublishedVectorTests {
  private func vectors(_ name: String, _ member: String) throws -> [JSON] {
    let path = TestFiles.package + "/schemas/v1/vectors/\(name).json"
    let json = try JSON(parsing: try TestFiles.bytes(path), at: name)
    return try #require(json[member]?.array)
  }

  private func text(_ json: JSON, _ member: String) throws -> String {
    try #require(json[member]?.string)
  }

  private func tensor(_ json: JSON) throws -> Tensor {
    let bytes = try #require(Digest(hex: try text(json, "bytes"))).bytes
    return try Tensor(
      try #require(ElementType(rawValue: try text(json, "element_type"))),
      try #require(json["shape"]?.array).compactMap(\.int), ByteRegion(bytes), name: "vector")
  }

  @Test func `canonical JSON`() throws {
    let pairs = try vectors("canonical-json", "pairs")
    #expect(pairs.count > 20)
    for pair in pairs {
      let value = try JSON(parsing: Array(try text(pair, "text").utf8), at: "vector")
      #expect(value.canonicalText == (try text(pair, "canonical")))
    }
  }

  @Test func `Fletcher-32`() throws {
    let examples = try vectors("fletcher32", "bytes")
    #expect(examples.count > 8)
    for example in examples {
      let bytes = try #require(Digest(hex: try text(example, "bytes"))).bytes
      let checksum = ByteRegion(bytes).withBytes { Fletcher32.checksum(of: $0) }
      let digits = String(checksum, radix: 16)
      #expect(
        String(repeating: "0", count: 8 - digits.count) + digits == (try text(example, "checksum")))
    }
  }

  @Test func `tensor lines`() throws {
    let tensors = try vectors("tensor-lines", "tensors")
    #expect(tensors.count > 4)
    for json in tensors {
      let tensor = try tensor(json)
      #expect(
        ModelIdentity.line(tensor, SHA256.digest(of: tensor.bytes)) == (try text(json, "line")))
    }
  }

  @Test func `identities of a tiny model whose every byte is stated`() throws {
    let path = TestFiles.package + "/schemas/v1/vectors/identity.json"
    let tiny = try #require(try JSON(parsing: try TestFiles.bytes(path), at: "identity")["tiny"])
    let configuration = try ModelConfiguration(
      json: try #require(tiny["configuration"]), at: "tiny")
    #expect(configuration.json.canonicalText == (try text(tiny, "canonical_configuration")))
    var parameters: [String: Tensor] = [:]
    let stated = try #require(tiny["tensors"]?.array)
    for (json, specification) in zip(stated, NetworkPlan(configuration).parameters) {
      #expect(try text(json, "path") == specification.path)
      #expect(try text(json, "upstream_name") == specification.upstreamName)
      #expect(try text(json, "role") == specification.role.rawValue)
      parameters[specification.path] = try tensor(json)
    }
    #expect(parameters.count == NetworkPlan(configuration).parameters.count)
    let identity = ModelIdentity(
      configuration: configuration, tensors: parameters, digests: try parameters.digests())
    #expect(identity.weightsID.hex == (try text(tiny, "weights_id")))
    #expect(identity.modelID.hex == (try text(tiny, "model_id")))
  }

  @Test func `packed spikes and their digests on every kind of axes`() throws {
    let trains = try vectors("spike-digests", "trains")
    #expect(Set(trains.compactMap { $0["axes"]?.string }).count == 4)
    for json in trains {
      let shape = try #require(json["shape"]?.array).compactMap(\.int)
      let steps = try #require(json["steps"]?.array).map { $0.array ?? [] }
      var train = SpikeTrain(
        timeSteps: steps.count, batch: steps[0].count, neurons: shape.reduce(1, *))
      for (t, samples) in steps.enumerated() {
        for (b, sample) in samples.enumerated() {
          for neuron in try #require(sample["spikes"]?.array).compactMap(\.int) {
            train[t, b, neuron] = true
          }
          let packed = Array(train.step(t, b))
          #expect(Digest(bytes: packed).hex == (try text(sample, "packed")))
          #expect(SHA256.digest(of: packed).hex == (try text(sample, "sha256")))
          #expect(train.count(t, b) == sample["count"]?.int)
        }
      }
    }
  }
}
