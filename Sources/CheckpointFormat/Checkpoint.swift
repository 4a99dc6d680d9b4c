public import CanonicalJSON
public import Diagnostics
public import Digests
public import SpikeTensors
public import SpikingModels

/// A model in memory: what every importer makes and every exporter reads.
public struct Checkpoint: Sendable {
  /// What the model is.
  public var configuration: ModelConfiguration { didSet { plan = NetworkPlan(configuration) } }
  /// The network that the configuration describes.
  public private(set) var plan: NetworkPlan
  /// A tensor for every path of the parameter inventory, exactly as stored upstream.
  public var parameters: [String: Tensor] { didSet { knownDigests = nil } }
  /// Recorded behaviour, one for each origin.
  public var references: [Reference]
  /// Recorded accuracy and firing statistics.
  public var records: Records
  private var makeProvenance: @Sendable () throws -> JSON
  /// SHA-256 of every tensor, if somebody has computed them from these very tensors.
  private var knownDigests: (@Sendable () throws -> [String: Digest])?

  /// Bundles a model.
  ///
  /// - Parameters:
  ///   - provenance: see the member; called each time it is asked for.
  ///   - digests: gives those of the tensors' elements, if they have been computed or will be.
  public init(
    configuration: ModelConfiguration, parameters: [String: Tensor],
    references: [Reference] = [], records: Records = Records(),
    provenance: @escaping @Sendable () throws -> JSON,
    digests: (@Sendable () throws -> [String: Digest])? = nil
  ) {
    self.configuration = configuration
    plan = NetworkPlan(configuration)
    self.parameters = parameters
    self.references = references
    self.records = records
    makeProvenance = provenance
    knownDigests = digests
  }

  /// Where the model comes from, as inert JSON. It may have to wait for the digest of a large file,
  /// so who writes a checkpoint asks for it last.
  ///
  /// - Throws: what reading the source throws.
  public var provenance: JSON { get throws { try makeProvenance() } }

  /// Changes the provenance, when it is asked for.
  public mutating func amendProvenance(_ amend: @escaping @Sendable (JSON) -> JSON) {
    makeProvenance = { [makeProvenance] in amend(try makeProvenance()) }
  }

  /// SHA-256 of every tensor's elements, by path; computed once for each set of tensors.
  ///
  /// - Throws: nothing about the content.
  public func digests() throws -> [String: Digest] {
    try knownDigests?() ?? parameters.digests()
  }

  /// The network, for an input of the nominal extent.
  public var graph: ModelGraph { plan.graph }

  /// The tensors that must be there and have the right shapes; all faults in one error.
  ///
  /// - Throws: `CheckpointFindings`.
  public func validate(at place: String) throws {
    let found = parameters.mapValues { ($0.elementType, $0.shape) }
    let findings = ParameterCheck.findings(
      plan.parameters.map(\.expected), found: found, place: place)
    guard findings.isEmpty else { throw CheckpointFindings(findings) }
  }
}

/// Compares tensors with the inventory.
public enum ParameterCheck {
  /// Every missing, wrongly shaped and unexpected tensor, each with expected and found.
  ///
  public static func findings(
    _ wanted: [ExpectedTensor], found: [String: (ElementType, [Int])], place: String
  ) -> [CheckpointFailure] {
    func finding(_ path: String, _ expected: String, _ found: String) -> CheckpointFailure {
      CheckpointFailure(.structure, at: "\(place) \(path)", expected: expected, found: found)
    }
    let names = Set(wanted.map(\.name))
    let faults = wanted.compactMap { wanted -> CheckpointFailure? in
      guard let (type, shape) = found[wanted.name] else {
        return finding(wanted.name, wanted.description, "no such tensor")
      }
      guard shape == wanted.shape, wanted.elementTypes.contains(type) else {
        return finding(wanted.name, wanted.description, "\(type) \(shape)")
      }
      return nil
    }
    let strays = found.keys.filter { !names.contains($0) }.sorted()
    return faults + strays.map { finding($0, "no such tensor", "an unexpected tensor") }
  }
}
