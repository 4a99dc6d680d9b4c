import CanonicalJSON
import Diagnostics
public import SpikeTensors
public import SpikingModels

/// Recorded behaviour: what some engine computed for a probe batch.
///
/// Corresponds to schemas/v1/FORMAT.md, "Reference".
public struct Reference: Sendable {
  /// Who computed it.
  public struct Origin: Sendable, Equatable {
    /// Tool and version, as in `PyTorch 2.13.0, SpikingJelly 0.0.0.0.14`.
    public var tool: String
    /// Number format of the computation, as in `float32`.
    public var precision: String
    /// Whether the tool shares no code with this one; else the reference shows self-consistency.
    public var isIndependent: Bool

    /// Names an origin.
    public init(tool: String, precision: String, isIndependent: Bool) {
      self.tool = tool
      self.precision = precision
      self.isIndependent = isIndependent
    }
  }

  /// Who computed it.
  public var origin: Origin
  /// The scope under which it was computed; for `batch`, the probe is one batch.
  public var scope: NeuronScope
  /// The probe: `[B, C, H, W]` or `[B, T, C, H, W]`, f32.
  public var input: Tensor
  /// `[B, classes]`, f32.
  public var logits: Tensor
  /// `[L, T, B]`, u64; L in the order of the neuron inventory.
  public var spikeCounts: Tensor
  /// `[L, T, B, 32]`, u8: SHA-256 over the packed spikes of each (step, sample).
  public var spikeDigests: Tensor
  /// Packed spikes by neuron path, `[T, B, bytes]`, u8; empty in our own references.
  public var spikes: [String: Tensor]

  /// Bundles a reference.
  public init(
    origin: Origin, scope: NeuronScope, input: Tensor, logits: Tensor,
    spikeCounts: Tensor, spikeDigests: Tensor, spikes: [String: Tensor]
  ) {
    self.origin = origin
    self.scope = scope
    self.input = input
    self.logits = logits
    self.spikeCounts = spikeCounts
    self.spikeDigests = spikeDigests
    self.spikes = spikes
  }

  /// Samples of the probe.
  public var samples: Int { input.shape.first ?? 0 }
}

extension Reference {
  /// Names of the datasets below the reference's group.
  enum Name {
    static let input = "input"
    static let logits = "logits"
    static let spikeCounts = "spike_counts"
    static let spikeDigests = "spike_digests"
    static let spikes = "spikes/"
  }

  /// Whether a path is that of a dataset of the reference in some group.
  static func isDataset(_ path: String, below group: String) -> Bool {
    guard path.hasPrefix(group) else { return false }
    let name = path.dropFirst(group.count)
    return [Name.input, Name.logits, Name.spikeCounts, Name.spikeDigests].contains(String(name))
      || name.hasPrefix(Name.spikes)
  }

  /// Every dataset by its name below the reference's group.
  var datasets: [(name: String, tensor: Tensor)] {
    [
      (Name.input, input), (Name.logits, logits), (Name.spikeCounts, spikeCounts),
      (Name.spikeDigests, spikeDigests),
    ] + spikes.sorted { $0.key < $1.key }.map { (Name.spikes + $0.key, $0.value) }
  }

  /// What the manifest says of the reference.
  var json: JSON {
    [
      "origin": [
        "tool": .string(origin.tool), "precision": .string(origin.precision),
        "evidence": origin.isIndependent ? "independent" : "self",
      ],
      "scope": .string(scope.rawValue),
    ]
  }

  /// A reference from its manifest entry and its datasets.
  ///
  /// - Throws: `CheckpointFailure`.
  init(json: JSON, datasets: [String: Tensor], at place: String) throws {
    guard let origin = json["origin"], let tool = origin["tool"]?.string,
      let precision = origin["precision"]?.string, let evidence = origin["evidence"]?.string,
      ["independent", "self"].contains(evidence),
      let scope = json["scope"]?.string.flatMap(NeuronScope.init),
      json.object?.count == 2, origin.object?.count == 3
    else {
      throw CheckpointFailure(
        .element, at: place, expected: "an origin and a scope", found: "other members")
    }
    func dataset(_ name: String) throws -> Tensor {
      guard let tensor = datasets[name] else {
        throw CheckpointFailure(
          .structure, at: "\(place)/\(name)", expected: "a dataset", found: "none")
      }
      return tensor
    }
    let spikes = datasets.filter { $0.key.hasPrefix(Name.spikes) }
    self.init(
      origin: Origin(
        tool: tool, precision: precision, isIndependent: evidence == "independent"),
      scope: scope, input: try dataset(Name.input), logits: try dataset(Name.logits),
      spikeCounts: try dataset(Name.spikeCounts), spikeDigests: try dataset(Name.spikeDigests),
      spikes: Dictionary(
        uniqueKeysWithValues: spikes.map { (String($0.key.dropFirst(Name.spikes.count)), $0.value) }
      ))
  }

  /// Checks the shapes against the model.
  func findings(_ plan: NetworkPlan, place: String) -> [CheckpointFailure] {
    guard input.shape.count >= 4, samples > 0 else {
      return [finding(place, Name.input, "samples with channels, height and width", input)]
    }
    let extent = SpatialSize(ofInput: input.shape)
    let neurons = plan.neurons(for: extent)
    let wanted = wantedShapes(plan.configuration, extent, groups: neurons.count)
    let faults = wanted.filter { $0.tensor.elementType != $0.type || $0.tensor.shape != $0.shape }
    return faults.map { finding(place, $0.name, "\($0.type) \($0.shape)", $0.tensor) }
      + spikeFindings(plan.configuration, neurons, place) + scopeFindings(plan.configuration, place)
  }

  /// What each dataset but the spikes must be.
  private func wantedShapes(
    _ configuration: ModelConfiguration, _ extent: SpatialSize, groups: Int
  ) -> [(name: String, tensor: Tensor, type: ElementType, shape: [Int])] {
    let steps = configuration.timeSteps
    let frames = configuration.input.coding == .direct ? [] : [steps]
    let inputShape =
      [samples] + frames + [configuration.input.channels, extent.height, extent.width]
    return [
      (Name.input, input, .f32, inputShape),
      (Name.logits, logits, .f32, [samples, configuration.classes]),
      (Name.spikeCounts, spikeCounts, .u64, [groups, steps, samples]),
      (Name.spikeDigests, spikeDigests, .u8, [groups, steps, samples, 32]),
    ]
  }

  /// Packed spikes are there for every neuron group or for none.
  private func spikeFindings(
    _ configuration: ModelConfiguration, _ neurons: [NeuronGroup], _ place: String
  ) -> [CheckpointFailure] {
    guard !spikes.isEmpty else { return [] }
    let faults = neurons.compactMap { group -> CheckpointFailure? in
      let shape = [configuration.timeSteps, samples, (group.count + 7) / 8]
      guard let tensor = spikes[group.path] else {
        return CheckpointFailure(
          .structure, at: "\(place)/\(Name.spikes)\(group.path)", expected: "packed spikes",
          found: "none")
      }
      let fits = tensor.elementType == .u8 && tensor.shape == shape
      return fits ? nil : finding(place, Name.spikes + group.path, "u8 \(shape)", tensor)
    }
    guard spikes.count > neurons.count else { return faults }
    return faults + [
      CheckpointFailure(
        .structure, at: "\(place)/\(Name.spikes)", expected: "\(neurons.count) neuron groups",
        found: "\(spikes.count)")
    ]
  }

  private func scopeFindings(
    _ configuration: ModelConfiguration, _ place: String
  ) -> [CheckpointFailure] {
    guard configuration.canHave(scope) else {
      return [
        CheckpointFailure(
          .structure, at: place, expected: "scope `sample`, the only one of this model",
          found: "scope `\(scope.rawValue)`")
      ]
    }
    guard scope == .batch, samples < 2 else { return [] }
    return [
      CheckpointFailure(
        .structure, at: place, expected: "at least 2 samples for scope `batch`",
        found: "\(samples)")
    ]
  }

  private func finding(
    _ place: String, _ name: String, _ expected: String, _ found: Tensor
  ) -> CheckpointFailure {
    CheckpointFailure(
      .structure, at: "\(place)/\(name)", expected: expected,
      found: "\(found.elementType) \(found.shape)")
  }
}
