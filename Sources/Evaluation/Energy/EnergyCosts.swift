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
  private static let members = ["schema", "name", "accumulate_pj", "multiply_accumulate_pj"]

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
        found: json["schema"].map { PlainText.excerpt($0.canonicalText) } ?? "no schema")
    }
    let members = try EvaluationMembers(json, at: place, .costs, required: Self.members)
    func cost(_ name: String) throws -> Double {
      try members.value(name, "picojoules from 0 to 1e9") { json in
        json.double.flatMap { (0...Self.limit).contains($0) ? $0 : nil }
      }
    }
    self.init(
      name: try members.value("name", "a text") { $0.string?.isEmpty == false ? $0.string : nil },
      accumulate: try cost("accumulate_pj"), multiplyAccumulate: try cost("multiply_accumulate_pj"))
  }

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
