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
    let reader = CountReader(json: json, place: place)
    self.init()
    samples = try reader.count("samples")
    spikes = try reader.map("neurons") { try Spikes($0) }
    inputs = try reader.map("inputs") { try Input($0) }
    synapses = try reader.part("synapses").map { try SynapticActivity($0) }
    guard json["input_size"] != nil else { return }
    let size = try reader.array("input_size")
    guard size.count == 2 else { throw reader.failure("input_size", "height and width") }
    inputSize = SpatialSize(height: size[0], width: size[1])
  }
}

extension SynapticActivity {
  fileprivate var json: JSON {
    [
      "inputs": .object(inputs.mapValues(\.json)), "first_input": firstInput.json,
      "head_input": headInput.json, "products": .object(products.mapValues { .integer($0) }),
    ]
  }

  fileprivate init(_ reader: CountReader) throws {
    self.init()
    inputs = try reader.map("inputs") { try SynapticInput($0) }
    firstInput = try RealInput(reader.needed("first_input"))
    headInput = try RealInput(reader.needed("head_input"))
    products = try reader.counts("products")
  }
}

/// Reads members that are counts.
private struct CountReader {
  let json: JSON
  let place: String

  func failure(_ key: String, _ expected: String) -> EvaluationFailure {
    EvaluationFailure(
      .activity, at: "\(place) \(key)", expected: expected,
      found: json[key].map { PlainText.excerpt($0.canonicalText) } ?? "nothing")
  }

  /// An integer that is not negative; beyond 2^53 it is a string of digits.
  func count(_ key: String) throws -> Int {
    guard let value = json[key].flatMap(Self.count) else {
      throw failure(key, "a count")
    }
    return value
  }

  private static func count(_ json: JSON) -> Int? {
    guard let value = json.int ?? json.string.flatMap({ Int($0) }) else { return nil }
    return value >= 0 ? value : nil
  }

  func array(_ key: String) throws -> [Int] {
    let elements = json[key]?.array
    guard let values = elements?.compactMap(Self.count), values.count == elements?.count else {
      throw failure(key, "counts")
    }
    return values
  }

  func counts(_ key: String) throws -> [String: Int] {
    guard let members = json[key]?.object else { throw failure(key, "an object") }
    let reader = CountReader(json: .object(members), place: "\(place) \(key)")
    return try Dictionary(uniqueKeysWithValues: members.keys.map { ($0, try reader.count($0)) })
  }

  func map<Value>(_ key: String, _ read: (CountReader) throws -> Value) throws -> [String: Value] {
    guard let members = json[key]?.object else { throw failure(key, "an object") }
    return try Dictionary(
      uniqueKeysWithValues: members.map { name, value in
        (name, try read(CountReader(json: value, place: "\(place) \(key) \(name)")))
      })
  }

  func part(_ key: String) -> CountReader? {
    json[key].map { CountReader(json: $0, place: "\(place) \(key)") }
  }

  func needed(_ key: String) throws -> CountReader {
    guard let part = part(key) else { throw failure(key, "an object") }
    return part
  }
}

extension ActivityCounter.Spikes {
  fileprivate var json: JSON {
    [
      "neurons": .integer(neurons), "spikes": .array(perStep.map { .integer($0) }),
    ]
  }

  fileprivate init(_ reader: CountReader) throws {
    self.init(perStep: try reader.array("spikes"), neurons: try reader.count("neurons"))
    guard neurons > 0, !perStep.isEmpty, perStep.allSatisfy({ $0 <= neurons }) else {
      throw reader.failure("spikes", "at most \(neurons) spikes at each step")
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

  fileprivate init(_ reader: CountReader) throws {
    self.init(
      elements: try reader.count("elements"), sum: try reader.count("sum"),
      nonzero: try reader.count("nonzero"), largest: try reader.count("largest"))
    guard elements > 0, nonzero <= elements else {
      throw reader.failure("elements", "an input of at least \(nonzero) elements")
    }
  }
}

extension SynapticInput {
  fileprivate var json: JSON {
    ["silent_samples": .integer(silentSamples), "spikes": spikes.json, "counts": counts.json]
  }

  fileprivate init(_ reader: CountReader) throws {
    self.init(
      silentSamples: try reader.count("silent_samples"),
      spikes: try Part(reader.needed("spikes")), counts: try Part(reader.needed("counts")))
    guard samples > 0 else { throw reader.failure("spikes", "an input of some samples") }
  }
}

extension SynapticInput.Part {
  fileprivate var json: JSON {
    [
      "samples": .integer(samples), "sum": .integer(sum), "nonzero": .integer(nonzero),
      "synapses": .integer(synapses), "live_synapses": .integer(liveSynapses),
    ]
  }

  fileprivate init(_ reader: CountReader) throws {
    self.init(
      samples: try reader.count("samples"), sum: try reader.count("sum"),
      nonzero: try reader.count("nonzero"), synapses: try reader.count("synapses"),
      liveSynapses: try reader.count("live_synapses"))
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

  fileprivate init(_ reader: CountReader) throws {
    self.init(
      elements: try reader.count("elements"), silentSamples: try reader.count("silent_samples"),
      spikes: try Part(reader.needed("spikes")), signed: try Part(reader.needed("signed")),
      reals: try Part(reader.needed("reals")), twoValued: try Few(reader.needed("two_valued")),
      fewValued: try Few(reader.needed("few_valued")))
    guard elements > 0, samples > 0 else {
      throw reader.failure("elements", "an input of some samples")
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

  fileprivate init(_ reader: CountReader) throws {
    self.init(
      samples: try reader.count("samples"), nonzero: try reader.count("nonzero"),
      synapses: try reader.count("synapses"), liveSynapses: try reader.count("live_synapses"))
  }
}

extension RealInput.Few {
  fileprivate var json: JSON { ["samples": .integer(samples), "rate": .integer(rate)] }

  fileprivate init(_ reader: CountReader) throws {
    self.init(samples: try reader.count("samples"), rate: try reader.count("rate"))
  }
}
