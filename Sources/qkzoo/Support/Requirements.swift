import CheckpointFormat
import Diagnostics
import Digests
import ModelZoo
import SpikingModels

extension ModelConfiguration {
  /// Requires a checkpoint to have this configuration.
  func require(_ checkpoint: Checkpoint, at place: String) throws {
    guard checkpoint.configuration != self else { return }
    throw ZooFailure(
      .configuration, at: place, expected: summary, found: checkpoint.configuration.summary)
  }
}

extension ZooEntry {
  /// Requires a model-id to be the entry's, if it lists one.
  func requireModelID(_ found: Digest, at place: String) throws {
    guard let modelID, modelID != found else { return }
    throw ZooFailure(
      .digest, at: place, expected: "model-id \(modelID), as \(name) lists it", found: "\(found)")
  }
}
