import Diagnostics

/// The state of the processor's floating-point unit.
enum FloatingPointEnvironment {
  /// Refuses to compute where subnormal numbers are flushed to zero; every worker calls it.
  ///
  /// - Throws: `InferenceFailure`.
  static func check() throws {
    // Opaque to the optimiser, so that the processor and not the compiler does the arithmetic.
    let smallest = opaque(Float.leastNonzeroMagnitude)
    let half = opaque(Float(0.5)) * opaque(Float.leastNormalMagnitude)
    guard smallest * opaque(2) != 0, half != 0 else {
      throw InferenceFailure(
        .flushToZero, at: "floating-point unit", expected: "gradual underflow",
        found: "flush-to-zero or denormals-are-zero")
    }
  }

  @inline(never)
  private static func opaque(_ value: Float) -> Float { value }
}
