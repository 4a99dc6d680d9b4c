import CanonicalJSON
public import Diagnostics
import HDF5Subset
import SpikeTensors
import SpikingModels

extension CheckpointFile {
  /// Where the file departs from the schema or from its own manifest; empty if nowhere.
  public func structureFindings() -> [CheckpointFailure] {
    let inventory = NetworkPlan(configuration).parameters
    return inventoryFindings(inventory) + manifestFindings(inventory) + objectFindings()
      + attributeFindings() + elementFindings()
  }

  /// The file's tensors against the inventory of its configuration.
  private func inventoryFindings(_ inventory: [ParameterSpecification]) -> [CheckpointFailure] {
    var found: [String: (ElementType, [Int])] = [:]
    let prefix = ElementPaths.parameters + "/"
    for (path, dataset) in content.datasets where path.hasPrefix(prefix) {
      guard case .number(let type) = dataset.type else { continue }
      found[String(path.dropFirst(prefix.count))] = (type, dataset.shape)
    }
    return ParameterCheck.findings(
      inventory.map(\.expected), found: found, place: "\(path) \(prefix.dropLast())")
  }

  /// The manifest's tensors against the inventory and the file.
  private func manifestFindings(_ inventory: [ParameterSpecification]) -> [CheckpointFailure] {
    guard manifest.tensors.map(\.path) == inventory.map(\.path) else {
      return [
        finding(
          ElementPaths.manifest, "the \(inventory.count) tensors of its configuration",
          "\(manifest.tensors.count) others")
      ]
    }
    return zip(manifest.tensors, inventory).compactMap { entry, specification in
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
    let strays = content.datasets.keys.filter { !known.contains($0) }
    let layout = table.layout(of: format)
    let unlisted = manifest.datasets.keys.filter { !isElement($0, layout) }
    let missing = manifest.datasets.keys.filter { content.datasets[$0] == nil }
    let groups = Set(ElementPaths.groups(above: Array(content.datasets.keys)) + ["/"])
    let required = [ElementPaths.provenance].filter { content.datasets[$0] == nil }
    return strays.sorted().map { finding($0, "no such dataset", "an unexpected one") }
      + unlisted.sorted().map { finding($0, "a dataset of an element", "another") }
      + missing.sorted().map { finding($0, "a dataset", "none") }
      + required.map { finding($0, "a dataset", "none") }
      + content.groups.filter { !groups.contains($0) }.map {
        finding($0, "no empty group", "one")
      }
  }

  /// Whether a dataset is an element, or belongs to one of the references.
  private func isElement(_ object: String, _ layout: ElementLayout) -> Bool {
    if layout.isText(object) && object != ElementPaths.manifest { return true }
    return manifest.references.indices.contains { index in
      Reference.isDataset(object, below: ElementPaths.reference(index) + "/")
    }
  }

  /// Every object has the attributes of its kind and no others, in a version that is read;
  /// `producer` may say anything.
  private func attributeFindings() -> [CheckpointFailure] {
    let expected = ElementPaths.attributes(
      of: content.groups + Array(content.datasets.keys), format, in: table
    ) { object, versions in
      if object == ElementPaths.manifest { return ElementPaths.manifestVersion(configuration) }
      let own = attribute(FormatVersion.versionAttribute, of: object)
      return versions.first { $0 == own } ?? versions.last
    }
    let objects = Set(expected.keys).union(content.attributes.keys).sorted()
    return objects.flatMap { object in
      let (wanted, found) = (expected[object] ?? [:], content.attributes[object] ?? [:])
      return Set(wanted.keys).union(found.keys).sorted().compactMap { name in
        let text = found[name].map { String(decoding: $0, as: UTF8.self) }
        let agrees = name == "producer" && object == "/" ? text != nil : text == wanted[name]
        return agrees
          ? nil
          : finding(
            "\(object)@\(name)", wanted[name].map { "`\($0)`" } ?? "no such attribute",
            text.map { "`\($0)`" } ?? "none")
      }
    }
  }

  /// References, records and provenance can be read and fit the model.
  private func elementFindings() -> [CheckpointFailure] {
    let plan = NetworkPlan(configuration)
    func attempt(_ element: String, _ body: () throws -> [CheckpointFailure]) -> [CheckpointFailure]
    {
      do {
        return try body()
      } catch let failure as CheckpointFailure {
        return [failure]
      } catch {
        // The bytes are what was recorded, so whoever recorded them wrote something unreadable.
        return [
          CheckpointFailure(
            .element, at: "\(path) \(element)", expected: "a readable element",
            found: "\(error)")
        ]
      }
    }
    return attempt(ElementPaths.references) {
      try references().enumerated().flatMap { index, reference in
        reference.findings(plan, place: "\(path) \(ElementPaths.reference(index))")
      }
    }
      + attempt(ElementPaths.records) {
        try records().findings(plan, place: "\(path) \(ElementPaths.records)")
      }
      + attempt(ElementPaths.provenance) {
        _ = try provenance()
        return []
      }
  }

  private func finding(_ object: String, _ expected: String, _ found: String) -> CheckpointFailure {
    CheckpointFailure(.structure, at: "\(path) \(object)", expected: expected, found: found)
  }
}
