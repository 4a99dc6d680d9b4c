import CanonicalJSON
import Concurrency
public import Digests
import FileAccess
import SpikingModels

/// What a checkpoint says of the foreign file that it was made of.
///
/// Corresponds to schemas/v1/provenance.schema.json.
public struct FileOrigin: Sendable {
  private let name: String
  private let container: ImportedFile.Container
  private let facts: [String: JSON]
  private let arguments: JSON?
  /// Which state dict was taken, of several.
  private let stateDict: String?
  private let dropped: (tensors: Int, bytes: Int)
  /// The provenance that the file carried itself.
  private let former: JSON?
  private let fileDigests: Background<FileDigests>

  init(
    _ file: ImportedFile, _ state: ImportedFile.StateDict, digests: Background<FileDigests>
  ) {
    name = Files.name(of: file.path)
    container = file.container
    facts = file.facts
    arguments = file.arguments
    (stateDict, dropped) = (state.choice, state.dropped)
    former = file.own?.provenance
    fileDigests = digests
  }

  /// The digests of the file as a whole; waits until they are known.
  ///
  /// - Throws: `FileFailure`.
  public func digests() throws -> FileDigests { try fileDigests.value() }

  /// The provenance, as inert JSON; waits for the digests.
  ///
  /// - Parameters:
  ///   - configuration: who said what the configuration is.
  ///   - naming: whose names the tensors had; `nil` if their order decided.
  ///   - licences: those that hold if the file carried none.
  func provenance(
    configuration: String, _ naming: Naming?, licences: JSON
  ) throws -> JSON {
    var members: [String: JSON] = [
      "schema": "qkzoo.provenance/1", "source": try source(),
      "configuration_source": .string(configuration),
      "training_arguments": arguments ?? .null,
      "facts": .object(facts),
      "dropped": ["tensors": .integer(dropped.tensors), "bytes": .integer(dropped.bytes)],
      "licences": formerLicences ?? licences,
    ]
    // Said where it is not the usual: the released code's own names.
    if naming != .released {
      members["tensors_matched_by"] = .string(naming.map { "names of \($0)" } ?? "order")
    }
    members["derived_from"] = oldest
    return .object(members)
  }

  /// The licences that the file carried, if they are such.
  private var formerLicences: JSON? {
    guard let licences = former?["licences"], let texts = licences.object,
      texts.values.allSatisfy({ $0.string != nil })
    else { return nil }
    return licences
  }

  /// The oldest provenance that the file tells of: where the weights come from. The exports between it
  /// and this file held the same bits.
  private var oldest: JSON? {
    var oldest = former?.object
    while let older = oldest?["derived_from"]?.object { oldest = older }
    return oldest.map { .object($0) }
  }

  private func source() throws -> JSON {
    let digests = try digests()
    var members: [String: JSON] = [
      "name": .string(name), "container": .string(container.rawValue),
      "size": .integer(digests.size), "sha256": .string(digests.sha256.hex),
    ]
    members["md5"] = digests.md5.map { .string($0.hex) }
    members["state_dict"] = stateDict.map { .string($0) }
    return .object(members)
  }
}
