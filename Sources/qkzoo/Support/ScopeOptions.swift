import ArgumentParser
import CanonicalJSON
import SpikingModels

/// Under which scope a command runs a model: the model's own, unless `--scope` says otherwise.
struct ScopeOptions: ParsableArguments {
  @Option(
    help: "Over what SSA's projection neuron keeps its state (default: as the model has it).")
  var scope: NeuronScope?

  @Option(
    help: ArgumentHelp(
      "Samples of one batch, for scope `batch` (default: all of --input).", valueName: "n"))
  var batch: Int?

  func validate() throws {
    if let batch, batch < 1 { throw ValidationError("--batch must be at least 1") }
  }

  /// The setting for a model; `usual` is the size of a batch where none was asked for.
  func setting(
    of configuration: ModelConfiguration, usual: Int? = nil
  ) throws -> ScopeSetting {
    try ScopeSetting(configuration, scope: scope, batch: batch, usual: usual)
  }
}

/// The scope that samples run under, in the same words wherever a figure is printed.
struct ScopeSetting {
  /// What the projection neuron keeps its state over.
  let scope: NeuronScope
  /// Samples of a batch in scope `batch`; `nil` takes all as one, and in scope `sample`.
  let batchSize: Int?
  private let own: NeuronScope

  /// A model's own scope, or another one.
  ///
  /// - Parameter usual: the size of a batch where none was asked for; `nil` is all samples.
  /// - Throws: `ValidationError` for a batch in scope `sample`, where it would change nothing.
  init(
    _ configuration: ModelConfiguration, scope: NeuronScope?,
    batch: Int?, usual: Int? = nil
  ) throws {
    own = configuration.scope
    self.scope = scope ?? own
    batchSize = self.scope == .batch ? batch ?? usual : nil
    if batch != nil && self.scope == .sample {
      throw ValidationError(
        "--batch is for scope batch; this model runs under scope sample, each sample alone")
    }
  }

  /// Each sample alone, for what has no batch.
  init(alone configuration: ModelConfiguration) {
    own = configuration.scope
    scope = .sample
    batchSize = nil
  }

  /// As in `scope batch, batches of 32`, and the model's own scope if it is another one.
  var words: String {
    let grouping =
      scope == .sample
      ? "each sample alone" : batchSize.map { "batches of \($0)" } ?? "all samples as one batch"
    let other = scope == own ? "" : "; the model's own scope is \(own.rawValue)"
    return "scope \(scope.rawValue), \(grouping)\(other)"
  }

  /// Members `scope` and `batch_size`.
  var members: [String: JSON] {
    [
      "scope": .string(scope.rawValue),
      "batch_size": batchSize.map { .integer($0) } ?? .null,
    ]
  }
}
