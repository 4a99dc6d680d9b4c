public import CanonicalJSON
import Diagnostics
import Evaluation
import SpikingModels

extension ReportSubject {
  /// Takes the energies of `qkzoo stats --json` on the same network; `place` names the file.
  ///
  /// An evaluation counts spikes and inputs; conventions that need synapses need `stats`, which runs
  /// each sample alone under scope `sample`.
  ///
  /// - Throws: `EvaluationFailure` if it is none of the same model at the same T and size, or if the
  ///   evaluation did not run each sample alone.
  public mutating func addEnergies(stats json: JSON, at place: String) throws {
    guard json["schema"] == "qkzoo.stats/1", let energies = json["energy"]?.array,
      let costs = json["costs"], let input = json["input"]?.string,
      let samples = json["samples"]?.int
    else {
      throw EvaluationFailure(
        .activity, at: place, expected: "what `qkzoo stats --json` prints", found: "other members")
    }
    guard json["model_id"]?.string == modelID else {
      throw EvaluationFailure(
        .activity, at: "\(place) model_id", expected: modelID,
        found: json["model_id"]?.string ?? "nothing")
    }
    // Before it was stated, `stats` ran each sample alone.
    if let scope = json["scope"]?.string,
      scope != NeuronScope.sample.rawValue
    {
      throw EvaluationFailure(
        .activity, at: "\(place) scope", expected: "sample, as by `qkzoo stats --scope sample`",
        found: scope)
    }
    try requireSameNetwork(json["neurons"]?.array ?? [], at: place)
    let charged = try EnergyCosts(stats: costs, at: "\(place) costs")
    let measured = try energies.map { energy in
      try Energy(
        json: energy, costs: charged, measuredOn: "\(samples) samples of \(input), each alone",
        at: "\(place) energy")
    }
    let names = Set(measured.map(\.convention))
    self.energies = self.energies.filter { !names.contains($0.convention) } + measured
    let order = EnergyConvention.allCases.map(\.rawValue)
    self.energies.sort {
      (order.firstIndex(of: $0.convention) ?? order.count)
        < (order.firstIndex(of: $1.convention) ?? order.count)
    }
  }
}

extension ReportSubject {
  /// Requires the neurons of `stats` to be those that the evaluation ran, as many at as many steps.
  private func requireSameNetwork(_ neurons: [JSON], at place: String) throws {
    guard configuration.scope == .sample else {
      throw EvaluationFailure(
        .activity, at: place, expected: "an evaluation of each sample alone",
        found: "one in scope \(configuration.scope.rawValue)")
    }
    let groups = NetworkPlan(configuration).neurons(for: rules.size)
    let expected = groups.map {
      Self.group($0.path, .array($0.shape.map { .integer($0) }), configuration.timeSteps)
    }
    let found = neurons.map {
      Self.group($0["path"]?.string, $0["shape"], $0["spikes"]?.array?.count)
    }
    guard expected != found else { return }
    let index = zip(expected, found).prefix { $0 == $1 }.count
    throw EvaluationFailure(
      .activity, at: "\(place) neurons",
      expected: index < expected.count ? expected[index] : "\(expected.count) groups",
      found: index < found.count ? found[index] : "\(found.count) groups")
  }

  /// A group of neurons in words.
  private static func group(_ path: String?, _ shape: JSON?, _ steps: Int?) -> String {
    "\(path ?? "no path") \((shape ?? .null).canonicalText.prefix(80)), T=\(steps ?? 0)"
  }
}

extension EnergyCosts {
  /// The costs that `qkzoo stats` states.
  fileprivate init(stats json: JSON, at place: String) throws {
    var members = json.object ?? [:]
    members["schema"] = "qkzoo.costs/1"
    try self.init(json: .object(members), at: place)
  }
}

extension ReportSubject.Energy {
  fileprivate init(
    json: JSON, costs: EnergyCosts, measuredOn: String, at place: String
  ) throws {
    guard let convention = json["convention"]?.string, let source = json["source"]?.string,
      let whole = Amount(json), let parts = json["parts"]?.array
    else {
      throw EvaluationFailure(
        .activity, at: place, expected: "energies by convention and part", found: "other members")
    }
    self.init(
      convention: convention, source: source, costs: costs, measuredOn: measuredOn, whole: whole,
      parts: parts.compactMap { part in
        guard let name = part["part"]?.string, let amount = Amount(part) else { return nil }
        return (name, amount)
      })
  }
}

extension ReportSubject.Energy.Amount {
  /// Operations of one sample are fewer than 2^62, and cost at most 1e9 pJ each.
  private static let most = 1e19

  fileprivate init?(_ json: JSON) {
    func number(_ key: String) -> Double? {
      json[key]?.double.flatMap { (0...Self.most).contains($0) ? $0 : nil }
    }
    guard let accumulates = number("accumulates"),
      let multiplyAccumulates = number("multiply_accumulates"),
      let millijoules = number("millijoules")
    else { return nil }
    self.init(
      accumulates: accumulates, multiplyAccumulates: multiplyAccumulates, millijoules: millijoules)
  }
}
