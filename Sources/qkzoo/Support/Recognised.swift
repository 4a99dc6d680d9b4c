import CheckpointFormat
import Digests
import ModelZoo

/// What the zoo knows of a foreign file.
struct Recognised {
  /// The entry of this very model: same weights, same configuration.
  let model: ZooEntry?
  let rung: Ladder.Rung

  /// Nothing if no entry has the model or its weights.
  init?(_ imported: ImportedModel, _ identity: ModelIdentity?, _ zoo: ZooIndex) throws {
    model = identity.flatMap { zoo.entry(of: $0.modelID) }
    if let model {
      let match = try imported.matches().first { $0.entry.name == model.name }
      rung = .init(
        name: "identity", detail: "the zoo's \(model.name)" + (match.map { " by \($0.text)" } ?? "")
      )
    } else {
      guard let match = try imported.matches().first else { return nil }
      rung = .skipped(
        "identity",
        "the weights of the zoo's \(match.entry.name) by \(match.text), "
          + (match.entry.modelID == nil ? "which lists no model-id" : "in another configuration"))
    }
  }
}
