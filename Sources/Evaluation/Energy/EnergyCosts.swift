public import CanonicalJSON
import Diagnostics

/// What an operation costs.
public struct EnergyCosts: Sendable, Equatable {
  /// Whose figures these are.
  public let name: String
  /// Energy of an accumulate, in picojoules.
  public let accumulate: Double
  /// Energy of a multiply-accumulate, in picojoules.
  public let multiplyAccumulate: Double

  /// Names costs.
  public init(name: String, accumulate: Double, multiplyAccumulate: Double) {
    self.name = name
    self.accumulate = accumulate
    self.multiplyAccumulate = multiplyAccumulate
  }

  /// What all papers of the field charge: float32 at 45 nm.
  ///
  /// Corresponds to Horowitz, ISSCC 2014.
  public static let horowitz = EnergyCosts(
    name: "45 nm, float32", accumulate: 0.9, multiplyAccumulate: 4.6)

  /// No operation costs more, in picojoules.
  public static let limit = 1e9
}

extension EnergyCosts {
  private static let schema = "qkzoo.costs/1"
  private static let members: Set = ["schema", "name", "accumulate_pj", "multiply_accumulate_pj"]

  /// Reads costs, as in
  /// `{"schema": "qkzoo.costs/1", "name": "a chip", "accumulate_pj": 0.1, "multiply_accumulate_pj": 1}`.
  ///
  /// Corresponds to schemas/v1/costs.schema.json.
  ///
  /// - Throws: `EvaluationFailure` for anything else; `place` names it.
  public init(json: JSON, at place: String) throws {
    guard json["schema"]?.string == Self.schema else {
      throw EvaluationFailure(
        .costs, at: place, expected: "an object with \"schema\": \"\(Self.schema)\"",
        found: json["schema"].map(Self.shortened) ?? "no schema")
    }
    if let other = json.object?.keys.sorted().first(where: { !Self.members.contains($0) }) {
      throw EvaluationFailure(
        .costs, at: place, expected: Self.members.sorted().joined(separator: ", "), found: other)
    }
    guard let name = json["name"]?.string, !name.isEmpty else {
      throw EvaluationFailure(
        .costs, at: "\(place) name", expected: "a text",
        found: json["name"].map(Self.shortened) ?? "nothing")
    }
    self.init(
      name: name, accumulate: try Self.cost(json, "accumulate_pj", place),
      multiplyAccumulate: try Self.cost(json, "multiply_accumulate_pj", place))
  }

  private static func cost(_ json: JSON, _ key: String, _ place: String) throws -> Double {
    guard let cost = json[key]?.double, (0...limit).contains(cost) else {
      throw EvaluationFailure(
        .costs, at: "\(place) \(key)", expected: "picojoules from 0 to 1e9",
        found: json[key].map(shortened) ?? "nothing")
    }
    return cost
  }

  private static func shortened(_ json: JSON) -> String { PlainText.excerpt(json.canonicalText) }

  /// As in `45 nm, float32: AC 0.9 pJ, MAC 4.6 pJ`.
  public var words: String { "\(name): AC \(accumulate) pJ, MAC \(multiplyAccumulate) pJ" }

  /// The costs as JSON.
  public var json: JSON {
    [
      "name": .string(name), "accumulate_pj": .number(accumulate),
      "multiply_accumulate_pj": .number(multiplyAccumulate),
    ]
  }
}
