import SpikingModels

@testable import CanonicalJSON
@testable import CheckpointFormat

extension FuzzTarget {
  /// Any JSON text: what is accepted has one canonical text, which reads back as the same value.
  static let json = FuzzTarget(name: "json", totalFactor: 256) { bytes in
    let value = try JSON(parsing: bytes, at: "input")
    let canonical = value.canonicalBytes
    let again = try? JSON(parsingCanonical: canonical, at: "canonical")
    require(again == value, "the canonical text is read as the same value")
    let indented = try? JSON(parsing: Array(value.indentedText.utf8), at: "indented")
    require(indented == value, "the indented text is read as the same value")
    let isCanonical = (try? JSON(parsingCanonical: bytes, at: "input")) != nil
    require(isCanonical == (bytes == canonical), "canonical is what equals its re-encoding")
  }

  /// The texts of a checkpoint: what is accepted is written again as the same bytes.
  static let manifest = FuzzTarget(
    name: "manifest", allocationLimit: 1 << 22, totalFactor: 512,
    totalLimit: 1 << 26
  ) {
    bytes in
    let json = try JSON(parsingCanonical: bytes, at: "input")
    if let configuration = try? ModelConfiguration(json: json, at: "input") {
      require(configuration.json == json, "a configuration is written as it was read")
      let plan = NetworkPlan(configuration)
      require(plan.accumulatesPerStep > 0 && plan.parameterCount > 0, "work that can be counted")
      require(plan.neurons(for: plan.nominalSize).allSatisfy { $0.count > 0 }, "neurons")
    }
    if let records = try? Records(json: json, at: "input") {
      require(
        (try? Records(json: records.json, at: "again")) == records,
        "records are read as they were written")
    }
    let manifest = try Manifest(bytes: bytes, at: "input")
    require(manifest.json.canonicalBytes == bytes, "a manifest is written as it was read")
  }
}
