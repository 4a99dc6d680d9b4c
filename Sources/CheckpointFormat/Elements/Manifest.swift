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
    guard let members = json.object, members["schema"]?.string == Self.schema,
      Set(members.keys) == [
        "schema", "configuration", "tensors", "datasets", "attributes", "references",
      ], let configuration = members["configuration"], let tensors = members["tensors"]?.array,
      let datasets = members["datasets"]?.object, let attributes = members["attributes"]?.object,
      let references = members["references"]?.array
    else {
      throw CheckpointFailure(
        .manifest, at: place, expected: "the members of \(Self.schema)", found: "others")
    }
    self.configuration = try ModelConfiguration(
      json: configuration, at: "\(place) configuration")
    self.tensors = try tensors.map { try Entry(json: $0, at: place) }
    guard Set(self.tensors.map(\.path)).count == tensors.count else {
      throw CheckpointFailure(
        .manifest, at: "\(place) tensors", expected: "each path once", found: "one twice")
    }
    self.datasets = try Self.digests(datasets, at: place)
    self.attributes = try attributes.mapValues { members in
      guard let members = members.object else {
        throw CheckpointFailure(
          .manifest, at: "\(place) attributes", expected: "digests by name", found: "another value")
      }
      return try Self.digests(members, at: place)
    }
    self.references = references
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

  private static func digests(_ members: [String: JSON], at place: String) throws -> [String:
    Digest]
  {
    try members.mapValues { value in
      guard let digest = value.string.flatMap(Digest.init(hex:)), digest.bytes.count == 32 else {
        throw CheckpointFailure(
          .manifest, at: place, expected: "SHA-256 digests", found: "another value")
      }
      return digest
    }
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
    guard let path = json["path"]?.string,
      let elementType = json["element_type"]?.string.flatMap(ElementType.init),
      let shape = json["shape"]?.array?.map(\.int), !shape.contains(nil),
      let role = json["role"]?.string.flatMap(ParameterRole.init),
      let upstreamName = json["upstream_name"]?.string,
      let digest = json["sha256"]?.string.flatMap(Digest.init(hex:)), json.object?.count == 6
    else {
      throw CheckpointFailure(
        .manifest, at: "\(place) tensors",
        expected: "path, element_type, shape, role, upstream_name and sha256",
        found: PlainText.excerpt(json.canonicalText))
    }
    self.init(
      path: path, elementType: elementType, shape: shape.compactMap { $0 }, role: role,
      upstreamName: upstreamName, digest: digest)
  }
}
