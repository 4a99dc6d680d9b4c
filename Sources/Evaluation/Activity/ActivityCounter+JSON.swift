public import CanonicalJSON
import Diagnostics
import SpikingModels

extension ActivityCounter {
  /// The counts as JSON; equal counts give equal text.
  public var json: JSON {
    var members: [String: JSON] = [
      "samples": .integer(samples),
      "neurons": .object(spikes.mapValues(\.json)), "inputs": .object(inputs.mapValues(\.json)),
    ]
    members["synapses"] = synapses?.json
    if let inputSize {
      members["input_size"] = [.integer(inputSize.height), .integer(inputSize.width)]
    }
    return .object(members)
  }

  /// Reads counts; `place` names them in errors.
  ///
  /// - Throws: `EvaluationFailure` for anything that `json` does not write.
  public init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["samples", "neurons", "inputs"],
      optional: ["synapses", "input_size"])
    self.init()
    samples = try members.count("samples")
    spikes = try members.map("neurons", Spikes.init)
    inputs = try members.map("inputs", Input.init)
    synapses = try members.optional("synapses", "an object") {
      try SynapticActivity(json: $0, at: members.place(of: "synapses"))
    }
    inputSize = try members.optional("input_size", "height and width") { json in
      json.counts.flatMap {
        $0.count == 2 ? SpatialSize(height: $0[0], width: $0[1]) : nil
      }
    }
  }
}

extension SynapticActivity {
  fileprivate var json: JSON {
    [
      "inputs": .object(inputs.mapValues(\.json)), "first_input": firstInput.json,
      "head_input": headInput.json, "products": .object(products.mapValues { .integer($0) }),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["inputs", "first_input", "head_input", "products"])
    self.init()
    inputs = try members.map("inputs", SynapticInput.init)
    firstInput = try members.part("first_input", RealInput.init)
    headInput = try members.part("head_input", RealInput.init)
    products = try members.value("products", "counts by name") { json in
      let counts = json.object?.compactMapValues(\.count)
      return counts?.count == json.object?.count ? counts : nil
    }
  }
}

extension JSONMembers {
  /// An object of parts by name.
  fileprivate func map<Value>(
    _ name: String, _ read: (JSON, String) throws -> Value
  ) throws -> [String: Value] {
    try Dictionary(
      uniqueKeysWithValues: object(name).map { key, value in
        (key, try read(value, "\(place(of: name)) \(key)"))
      })
  }

  /// A part.
  fileprivate func part<Value>(
    _ name: String, _ read: (JSON, String) throws -> Value
  ) throws -> Value { try read(value(name), place(of: name)) }
}

extension ActivityCounter.Spikes {
  fileprivate var json: JSON {
    [
      "neurons": .integer(neurons), "spikes": .array(perStep.map { .integer($0) }),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["neurons", "spikes"])
    self.init(perStep: try members.counts("spikes"), neurons: try members.count("neurons"))
    guard neurons > 0, !perStep.isEmpty, perStep.allSatisfy({ $0 <= neurons }) else {
      throw members.refusal(
        of: "spikes", expected: "at most \(neurons) spikes at each step", found: "\(perStep)")
    }
  }
}

extension ActivityCounter.Input {
  fileprivate var json: JSON {
    [
      "elements": .integer(elements), "sum": .integer(sum), "nonzero": .integer(nonzero),
      "largest": .integer(largest),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["elements", "sum", "nonzero", "largest"])
    self.init(
      elements: try members.count("elements"), sum: try members.count("sum"),
      nonzero: try members.count("nonzero"), largest: try members.count("largest"))
    guard elements > 0, nonzero <= elements else {
      throw members.refusal(
        of: "elements", expected: "an input of at least \(nonzero) elements",
        found: "\(elements)")
    }
  }
}

extension SynapticInput {
  fileprivate var json: JSON {
    ["silent_samples": .integer(silentSamples), "spikes": spikes.json, "counts": counts.json]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["silent_samples", "spikes", "counts"])
    self.init(
      silentSamples: try members.count("silent_samples"),
      spikes: try members.part("spikes", Part.init), counts: try members.part("counts", Part.init))
    guard samples > 0 else {
      throw members.refusal(of: "spikes", expected: "an input of some samples", found: "none")
    }
  }
}

extension SynapticInput.Part {
  fileprivate var json: JSON {
    [
      "samples": .integer(samples), "sum": .integer(sum), "nonzero": .integer(nonzero),
      "synapses": .integer(synapses), "live_synapses": .integer(liveSynapses),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity,
      required: ["samples", "sum", "nonzero", "synapses", "live_synapses"])
    self.init(
      samples: try members.count("samples"), sum: try members.count("sum"),
      nonzero: try members.count("nonzero"), synapses: try members.count("synapses"),
      liveSynapses: try members.count("live_synapses"))
  }
}

extension RealInput {
  fileprivate var json: JSON {
    [
      "elements": .integer(elements), "silent_samples": .integer(silentSamples),
      "spikes": spikes.json, "signed": signed.json, "reals": reals.json,
      "two_valued": twoValued.json, "few_valued": fewValued.json,
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity,
      required: [
        "elements", "silent_samples", "spikes", "signed", "reals", "two_valued", "few_valued",
      ])
    self.init(
      elements: try members.count("elements"),
      silentSamples: try members.count("silent_samples"),
      spikes: try members.part("spikes", Part.init), signed: try members.part("signed", Part.init),
      reals: try members.part("reals", Part.init),
      twoValued: try members.part("two_valued", Few.init),
      fewValued: try members.part("few_valued", Few.init))
    guard elements > 0, samples > 0 else {
      throw members.refusal(of: "elements", expected: "an input of some samples", found: "none")
    }
  }
}

extension RealInput.Part {
  fileprivate var json: JSON {
    [
      "samples": .integer(samples), "nonzero": .integer(nonzero), "synapses": .integer(synapses),
      "live_synapses": .integer(liveSynapses),
    ]
  }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["samples", "nonzero", "synapses", "live_synapses"])
    self.init(
      samples: try members.count("samples"), nonzero: try members.count("nonzero"),
      synapses: try members.count("synapses"), liveSynapses: try members.count("live_synapses"))
  }
}

extension RealInput.Few {
  fileprivate var json: JSON { ["samples": .integer(samples), "rate": .integer(rate)] }

  fileprivate init(json: JSON, at place: String) throws {
    let members = try EvaluationMembers(
      json, at: place, .activity, required: ["samples", "rate"])
    self.init(samples: try members.count("samples"), rate: try members.count("rate"))
  }
}
