import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import SpikingModels

/// What was checked, rung by rung.
struct Ladder {
  struct Rung {
    let name: String
    let detail: String
    var findings: [any Diagnosable] = []
    var isChecked = true
    var isIndependent = false
    /// The scope under which the model was run.
    var scope: NeuronScope?

    static func skipped(_ name: String, _ reason: String) -> Rung {
      Rung(name: name, detail: reason, isChecked: false)
    }

    var state: String { !isChecked ? "-" : findings.isEmpty ? "ok" : "WRONG" }

    var json: JSON {
      var members: [String: JSON] = [
        "rung": .string(name), "checked": .bool(isChecked), "holds": .bool(findings.isEmpty),
        "detail": .string(detail), "independent": .bool(isIndependent),
        "findings": .array(
          findings.map {
            [
              "name": .string($0.name), "place": .string($0.place),
              "expected": .string($0.expected), "found": .string($0.found),
            ]
          }),
      ]
      members["scope"] = scope.map { .string($0.rawValue) }
      return .object(members)
    }
  }

  private(set) var rungs: [Rung] = []

  var findings: [any Diagnosable] { rungs.flatMap(\.findings) }

  mutating func add(_ rung: Rung) { rungs.append(rung) }
  mutating func add(contentsOf more: [Rung]) { rungs += more }

  /// Evidence that a rung can be required to rest on.
  enum Requirement: String, CaseIterable, ExpressibleByArgument {
    case independentBehaviour = "behaviour=independent"
    case recordedDataset = "dataset=recorded"
  }

  /// Adds a finding if the required evidence is missing.
  mutating func require(_ requirement: Requirement?, _ path: String) {
    let isMet: Bool
    let missing: CheckpointFailure
    switch requirement {
    case nil: return
    case .independentBehaviour:
      isMet = rungs.contains(where: \.isIndependent)
      missing = CheckpointFailure(
        .digest, at: "\(path) behaviour", expected: "confirmation by an independent tool",
        found: "none")
    case .recordedDataset:
      isMet = rungs.contains { $0.name == "dataset" && $0.isChecked }
      missing = CheckpointFailure(
        .digest, at: "\(path) dataset", expected: "a record of these samples to compare with",
        found: "none")
    }
    guard let requirement, !isMet else { return }
    add(Rung(name: "required", detail: requirement.rawValue, findings: [missing]))
  }
}
