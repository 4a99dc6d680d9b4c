import Diagnostics
import Glibc
package import SpikingModels

/// How many bytes a forward pass takes, against what the machine has.
///
/// A few bytes can claim a large input: asked for more than there is, the process would be ended.
package enum MemoryNeed {
  /// Bytes of memory that the machine has.
  private static let machine =
    Double(sysconf(Int32(_SC_PHYS_PAGES)))
    * Double(sysconf(Int32(_SC_PAGESIZE)))

  /// Requires a number of bytes to be there.
  ///
  /// - Throws: `InferenceFailure`.
  package static func require(
    _ bytes: Double, batch: Int, steps: Int, size: SpatialSize
  ) throws {
    guard bytes > machine else { return }
    throw InferenceFailure(
      .memory, at: "input", expected: "one whose pass takes at most \(gibibytes(machine)) GiB",
      found: "\(batch) x \(size.height) x \(size.width), T=\(steps), \(gibibytes(bytes)) GiB")
  }

  /// Requires room for the largest group of neurons, at some bytes for each.
  ///
  /// - Throws: `InferenceFailure`.
  package static func require(
    _ bytesEach: Double, eachNeuronOf graph: ModelGraph, _ input: InputBatch
  ) throws {
    let steps = graph.timeSteps
    let largest = Double(graph.neurons.map(\.count).max() ?? 0)
    try require(
      largest * Double(steps) * Double(input.batch) * bytesEach, batch: input.batch, steps: steps,
      size: input.size)
  }

  private static func gibibytes(_ bytes: Double) -> String {
    DecimalText.fixed(bytes / Double(1 << 30), 1)
  }
}
