import CheckpointFormat
import Conversion
import Diagnostics
import FileAccess
import SpikeInference
import Verification

/// The model of a checkpoint, of which every byte is what its writer recorded.
func load(_ path: String) throws -> Checkpoint {
  try CheckpointFile.openVerified(path).checkpoint()
}

/// The model in a PyTorch or safetensors file, as a preset describes it (`qkzoo presets`).
func load(foreign path: String, preset: String) throws -> Checkpoint {
  try ModelAssembly(path: path).checkpoint(.preset(preset))
}

/// A forward pass on all processors. `.reference` gives the same bits in plain loops.
func prepare(_ checkpoint: Checkpoint) throws -> any ForwardPass {
  let weights = try ModelWeights(checkpoint.graph, parameters: checkpoint.parameters)
  return try ForwardEngine.fast.prepare(checkpoint.graph, weights)
}

/// What the evidence in the checkpoint says of the model; then its answers, and the spikes they cost.
func judge(_ checkpoint: Checkpoint, at path: String) throws {
  let engine = try prepare(checkpoint)
  for reference in checkpoint.references {
    let verdict = try BehaviourCheck(engine, at: path).judge(reference)
    print("\(verdict.words): \(verdict.detail)")
    let input = try InputBatch(reference.input, for: checkpoint.graph, name: path)
    let units = try engine.run(input) { _ in SpikeRecorder() }
    let answers = units.flatMap(\.logits).map { logits in
      logits.indices.max { logits[$0] < logits[$1] } ?? 0
    }
    let counts = SpikeRecorder.joined(units.map(\.observer)).flatMap(\.counts)
    print("answers \(answers), \(counts.joined().reduce(0, +)) spikes")
  }
}

let (model, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
do {
  let checkpoint = try load(model)
  try judge(checkpoint, at: model)
  let identity = try TorchExport.write(checkpoint, to: output)
  print("model-id \(identity.modelID), as .pth in \(output)")
  try MappedFileGuard.check()
} catch let failure as any Diagnosable {
  print("\(failure)")
}
