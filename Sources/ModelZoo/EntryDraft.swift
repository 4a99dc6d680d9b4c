public import CanonicalJSON
public import CheckpointFormat
import Digests
import FileAccess
public import SpikingModels

/// The beginning of an entry: everything that follows from a configuration or a checkpoint, and
/// empty lists for what only people know.
public enum EntryDraft {
  /// A draft from a configuration.
  public static func json(
    _ configuration: ModelConfiguration, dataset: String, suffix: String?, labels: String
  ) -> JSON {
    let plan = NetworkPlan(configuration)
    let name = configuration.entryName(dataset: dataset) + (suffix.map { "-\($0)" } ?? "")
    return [
      "schema": .string(ZooEntry.schema), "name": .string(name), "aliases": [],
      "title": .string("\(configuration.design.title) on \(dataset)"),
      "configuration": configuration.json, "parameters": .integer(plan.parameterCount),
      "accumulates_per_step": .integer(plan.accumulatesPerStep), "dataset": .string(dataset),
      "labels": .string(labels), "preprocessing": ["kind": "none"],
      "licences": ["code": "none stated", "weights": "none stated"], "files": [], "sources": [],
      "records": Records().json, "figures": [], "notes": [],
    ]
  }

  /// A draft from a checkpoint, which is in a file, and perhaps the data of its records.
  ///
  /// - Throws: `FileFailure`, and what reading the tensors throws.
  public static func json(
    _ checkpoint: Checkpoint, file path: String, testData: String? = nil, dataset: String,
    suffix: String?, labels: String
  ) throws -> JSON {
    let draft = json(checkpoint.configuration, dataset: dataset, suffix: suffix, labels: labels)
    var members = draft.object ?? [:]
    let identity = try checkpoint.identity()
    let data = try testData.map { try file(.testData, $0) }
    members["files"] = .array([try file(.checkpoint, path)] + (data.map { [$0] } ?? []))
    members["weights_id"] = .string(identity.weightsID.hex)
    members["model_id"] = .string(identity.modelID.hex)
    members["records"] = checkpoint.records.json
    members["licences"] = try checkpoint.provenance["licences"] ?? members["licences"]
    return .object(members)
  }

  private static func file(_ role: ZooEntry.File.Role, _ path: String) throws -> JSON {
    let digests = try FileDigests(ofFile: path)
    return ZooEntry.File(
      role: role, name: Files.name(of: path), size: digests.size, sha256: digests.sha256,
      md5: digests.md5
    ).json
  }
}
