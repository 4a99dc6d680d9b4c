import CanonicalJSON
import Diagnostics
import Digests
import SpikeTensors
import SpikingModels

/// What a checkpoint says about itself: configuration, tensors, and the digest of everything else.
///
/// Corresponds to schemas/v1/FORMAT.md, "Manifest", and schemas/v1/manifest.schema.json.
struct Manifest {
  /// One tensor of the model.
  struct Entry {
    let path: String
    let elementType: ElementType
    let shape: [Int]
    let role: ParameterRole
    let upstreamName: String
    var digest: Digest
  }

  static let schema = "qkzoo.manifest/1"

  var configuration: ModelConfiguration
  var tensors: [Entry]
  /// SHA-256 of the elements of every dataset that is not a tensor of the model, by path.
  var datasets: [String: Digest]
  /// SHA-256 of every attribute's text, by object path and name.
  var attributes: [String: [String: Digest]]
  /// Origin and scope of each reference.
  var references: [JSON]

  var json: JSON {
    [
      "schema": .string(Self.schema),
      "configuration": configuration.json,
      "tensors": .array(tensors.map(\.json)),
      "datasets": .object(datasets.mapValues { .string($0.hex) }),
      "attributes": .object(
        attributes.mapValues { .object($0.mapValues { .string($0.hex) }) }),
      "references": .array(references),
    ]
  }

  /// Reads a manifest from its canonical text.
  ///
  /// - Throws: `CheckpointFailure`, `JSONFailure`, `ConfigurationFailure`.
  init(bytes: [UInt8], at place: String) throws {
    let json = try JSON(parsingCanonical: bytes, at: place)
    let members = try ElementMembers(
      json, at: place, .manifest,
      required: ["schema", "configuration", "tensors", "datasets", "attributes", "references"])
    _ = try members.value("schema", Self.schema) { $0.string == Self.schema ? true : nil }
    configuration = try ModelConfiguration(
      json: members.value("configuration"), at: members.place(of: "configuration"))
    tensors = try members.list("tensors", Entry.init)
    guard Set(tensors.map(\.path)).count == tensors.count else {
      throw members.refusal(of: "tensors", expected: "each path once", found: "one twice")
    }
    datasets = try members.value("datasets", "SHA-256 digests by path", Self.digests)
    attributes = try members.value("attributes", "SHA-256 digests by path and name") { json in
      let objects = json.object?.compactMapValues(Self.digests)
      return objects?.count == json.object?.count ? objects : nil
    }
    references = try members.array("references")
  }

  init(
    configuration: ModelConfiguration, tensors: [Entry], datasets: [String: Digest],
    attributes: [String: [String: Digest]], references: [JSON]
  ) {
    self.configuration = configuration
    self.tensors = tensors
    self.datasets = datasets
    self.attributes = attributes
    self.references = references
  }

  /// Digests by name; `nil` if any value is none.
  private static func digests(_ json: JSON) -> [String: Digest]? {
    let digests = json.object?.compactMapValues(\.sha256)
    return digests?.count == json.object?.count ? digests : nil
  }
}

extension Manifest.Entry {
  var json: JSON {
    [
      "path": .string(path), "element_type": .string(elementType.rawValue),
      "shape": .array(shape.map { .integer($0) }), "role": .string(role.rawValue),
      "upstream_name": .string(upstreamName), "sha256": .string(digest.hex),
    ]
  }

  init(json: JSON, at place: String) throws {
    let members = try ElementMembers(
      json, at: place, .manifest,
      required: ["path", "element_type", "shape", "role", "upstream_name", "sha256"])
    self.init(
      path: try members.string("path"),
      elementType: try members.value("element_type", "an element type") {
        $0.string.flatMap(ElementType.init)
      },
      shape: try members.counts("shape"),
      role: try members.value("role", "a role") { $0.string.flatMap(ParameterRole.init) },
      upstreamName: try members.string("upstream_name"), digest: try members.sha256("sha256"))
  }
}
