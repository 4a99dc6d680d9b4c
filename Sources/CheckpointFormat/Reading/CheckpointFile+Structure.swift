public import Diagnostics
import HDF5Subset
import QKFormerModel
import SpikeTensors

extension CheckpointFile {
  /// Where the file departs from the schema or from its own manifest; empty if nowhere.
  public func structureFindings() -> [CheckpointFailure] {
    inventoryFindings() + manifestFindings() + objectFindings() + referenceFindings()
  }

  /// The file's tensors against the inventory of its configuration.
  private func inventoryFindings() -> [CheckpointFailure] {
    var found: [String: (ElementType, [Int])] = [:]
    let prefix = ElementPaths.parameters + "/"
    for (path, dataset) in content.datasets where path.hasPrefix(prefix) {
      guard case .number(let type) = dataset.type else { continue }
      found[String(path.dropFirst(prefix.count))] = (type, dataset.shape)
    }
    return ParameterCheck.findings(
      NetworkPlan(configuration).parameters, found: found, place: "\(path) \(prefix.dropLast())")
  }

  /// The manifest's tensors against the inventory and the file.
  private func manifestFindings() -> [CheckpointFailure] {
    let specifications = NetworkPlan(configuration).parameters
    guard manifest.tensors.map(\.path) == specifications.map(\.path) else {
      return [
        finding(
          ElementPaths.manifest, "the \(specifications.count) tensors of its configuration",
          "\(manifest.tensors.count) others")
      ]
    }
    return zip(manifest.tensors, specifications).compactMap { entry, specification in
      let dataset = content.datasets[ElementPaths.parameter(entry.path)]
      let agrees =
        entry.role == specification.role && entry.upstreamName == specification.upstreamName
        && (dataset == nil
          || dataset?.type == .number(entry.elementType) && dataset?.shape == entry.shape)
      return agrees
        ? nil
        : finding(
          "\(ElementPaths.manifest) \(entry.path)", "role, upstream name, type and shape to agree",
          "\(entry.role.rawValue) \(entry.upstreamName) \(entry.elementType) \(entry.shape)")
    }
  }

  /// Every object belongs to an element, and every element is there.
  private func objectFindings() -> [CheckpointFailure] {
    let parameters = manifest.tensors.map { ElementPaths.parameter($0.path) }
    let known = Set(parameters + manifest.datasets.keys + [ElementPaths.manifest])
    let prefix = ElementPaths.parameters + "/"
    let strays = content.datasets.keys.filter { !known.contains($0) && !$0.hasPrefix(prefix) }
    let missing = manifest.datasets.keys.filter { content.datasets[$0] == nil }
    let groups = Set(ElementPaths.groups(above: Array(content.datasets.keys)) + ["/"])
    let required = [ElementPaths.provenance].filter { content.datasets[$0] == nil }
    return strays.sorted().map { finding($0, "no such dataset", "an unexpected one") }
      + missing.sorted().map { finding($0, "a dataset", "none") }
      + required.map { finding($0, "a dataset", "none") }
      + content.groups.filter { !groups.contains($0) }.map {
        finding($0, "no empty group", "one")
      }
  }

  private func referenceFindings() -> [CheckpointFailure] {
    do {
      let plan = NetworkPlan(configuration)
      return try references().enumerated().flatMap { index, reference in
        reference.findings(plan, place: "\(path) \(ElementPaths.reference(index))")
      }
    } catch let failure as CheckpointFailure {
      return [failure]
    } catch {
      return [finding(ElementPaths.references, "readable references", "\(error)")]
    }
  }

  private func finding(_ object: String, _ expected: String, _ found: String) -> CheckpointFailure {
    CheckpointFailure(.structure, at: "\(path) \(object)", expected: expected, found: found)
  }
}
