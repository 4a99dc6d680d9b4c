import CheckpointFormat
import Diagnostics
import FileAccess
import SpikeTensors
import SpikingModels

extension Checkpoint {
  /// The tensors under the names of a code base and in its shapes, in the order of its state dicts: code
  /// that goes by position finds each where the original has it. Parts of one module are joined.
  ///
  /// - Throws: `ConfigurationFailure` that names the tensors, if the code base cannot express the model.
  func tensors(
    named naming: Naming, at place: String
  ) throws -> [(name: String, tensor: Tensor)] {
    let plan = try requiredPlan(naming, at: place)
    let thresholds = plan.storedThresholds.sorted { $0.key < $1.key }.map {
      (name: $0.key, tensor: Tensor([], [$0.value]))
    }
    return try plan.namedTensors.map { named in
      let parts = named.parts.compactMap { parameters[$0.path] }
      try requireEqualNumbers(parts, named, at: place)
      return (named.name, Tensor.joined(parts).reshaped(named.shape))
    } + thresholds
  }

  /// The plan under a naming that has every tensor of the model, and no other.
  private func requiredPlan(_ naming: Naming, at place: String) throws -> NetworkPlan {
    var expressed = configuration
    guard let design = configuration.design.expressed(by: naming) else {
      throw ConfigurationFailure(
        .unsupported, at: place, expected: "a network that \(naming.rawValue) has",
        found: configuration.summary)
    }
    expressed.design = design
    guard expressed == configuration, let plan = NetworkPlan(configuration, naming: naming) else {
      throw ConfigurationFailure(
        .unsupported, at: place, expected: "the tensors that \(naming.rawValue) has",
        found: Self.differences(configuration, expressed))
    }
    return plan
  }

  /// As in `12 others: without stage1/speds/unit0/conv/bias, ...; beside ...`.
  private static func differences(
    _ own: ModelConfiguration, _ theirs: ModelConfiguration
  ) -> String {
    let (own, theirs) = (
      NetworkPlan(own).parameters.map(\.path), NetworkPlan(theirs).parameters.map(\.path)
    )
    func list(_ word: String, _ paths: [String], but others: [String]) -> String? {
      let missing = paths.filter { !others.contains($0) }
      guard !missing.isEmpty else { return nil }
      let shown = missing.prefix(3).joined(separator: ", ")
      return "\(word) \(shown)" + (missing.count > 3 ? " and \(missing.count - 3) more" : "")
    }
    return [
      list("beside them", own, but: theirs), list("without", theirs, but: own),
    ].compactMap(\.self).joined(separator: "; ")
  }

  /// A counter of a module of several parts is every part's.
  private func requireEqualNumbers(
    _ parts: [Tensor], _ named: NamedTensor, at place: String
  ) throws {
    guard named.shape.isEmpty, let first = parts.first,
      !parts.allSatisfy({ $0.bytes.equals(first.bytes) })
    else { return }
    throw ConfigurationFailure(
      .unsupported, at: "\(place) \(named.name)", expected: "one number for the parts of a module",
      found: "different ones in \(named.parts.map(\.path).joined(separator: ", "))")
  }
}
