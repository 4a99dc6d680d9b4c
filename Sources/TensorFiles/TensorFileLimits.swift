import Diagnostics

/// How much a container may hold.
public enum TensorFileLimits {
  /// The most tensors of a state dict.
  ///
  /// The largest published models, with every expert of every layer, have tens of thousands. A tensor
  /// without elements costs a file nothing but its name; who reads it pays much more.
  public static let tensors = 100_000

  /// Requires a number of tensors to be within the limit.
  ///
  /// - Throws: `TensorFileFailure`.
  public static func check(tensors count: Int, at place: String) throws {
    guard count <= tensors else { throw failure(at: place) }
  }

  static func failure(at place: String) -> TensorFileFailure {
    TensorFileFailure(
      .tooManyTensors, at: place, expected: "at most \(tensors) tensors", found: "more")
  }
}
