import Concurrency
import Diagnostics
import Synchronization

/// The state of the processor's floating-point unit.
enum FloatingPointEnvironment {
  /// Refuses to compute where subnormal numbers are flushed to zero; every worker calls it.
  ///
  /// - Throws: `InferenceFailure`.
  static func check() throws {
    guard isGradual() else {
      throw InferenceFailure(
        .flushToZero, at: "floating-point unit", expected: "gradual underflow",
        found: "flush-to-zero or denormals-are-zero")
    }
  }

  /// The same for every thread of a pool.
  static func check(onEveryThreadOf pool: WorkerPool) throws {
    let flushing = Atomic(0)
    pool.onEveryThread { _ in
      if !isGradual() { flushing.add(1, ordering: .relaxed) }
    }
    guard flushing.load(ordering: .relaxed) == 0 else {
      throw InferenceFailure(
        .flushToZero, at: "floating-point unit",
        expected: "gradual underflow in \(pool.threads) threads",
        found: "flush-to-zero or denormals-are-zero in \(flushing.load(ordering: .relaxed))")
    }
  }

  private static func isGradual() -> Bool {
    // Opaque to the optimiser, so that the processor and not the compiler does the arithmetic.
    let smallest = opaque(Float.leastNonzeroMagnitude)
    let half = opaque(Float(0.5)) * opaque(Float.leastNormalMagnitude)
    return smallest * opaque(2) != 0 && half != 0
  }

  @inline(never)
  private static func opaque(_ value: Float) -> Float { value }
}
