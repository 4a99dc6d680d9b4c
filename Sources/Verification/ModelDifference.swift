public import CheckpointFormat
import Diagnostics
import FileAccess
import SpikeTensors
import SpikingModels

/// How one tensor of a model differs from that of another.
public struct TensorDifference: Sendable, Equatable {
  /// What is different.
  public enum Kind: Sendable, Equatable {
    /// Only the second model has it.
    case missingInFirst
    /// Only the first model has it.
    case missingInSecond
    /// Shapes differ; values are not compared.
    case shape
    /// Element types or values differ.
    case values(Values)
  }

  /// How values differ.
  public struct Values: Sendable, Equatable {
    /// Elements.
    public var count = 0
    /// Elements with the same value; a NaN equals itself.
    public var equal = 0
    /// The largest absolute difference; `nil` if one of two unequal values is not finite.
    public var largest: Double? = 0
    /// The largest difference relative to the larger of both magnitudes.
    public var largestRelative: Double? = 0

    /// Elements with the same value, as a share of all.
    public var share: Double { count == 0 ? 1 : Double(equal) / Double(count) }
  }

  /// Canonical path.
  public let path: String
  /// Type and shape in the first model, as in `f32 [384, 384, 1]`.
  public let first: String?
  /// Type and shape in the second model.
  public let second: String?
  /// What is different.
  public let kind: Kind
}

/// Compares two models, tensor by tensor.
public enum ModelDifference {
  /// Every tensor that is not the same in type, shape and bytes, in the order of the first model's
  /// inventory; what only the second has comes last.
  ///
  /// - Throws: nothing about the content.
  public static func tensors(
    _ first: Checkpoint, _ second: Checkpoint
  ) throws -> [TensorDifference] {
    let order = first.plan.parameters.map(\.path)
    let rest = second.plan.parameters.map(\.path).filter { first.parameters[$0] == nil }
    return try (order + rest).compactMap { path in
      try difference(path, first.parameters[path], second.parameters[path])
    }
  }

  private static func difference(
    _ path: String, _ first: Tensor?, _ second: Tensor?
  ) throws -> TensorDifference? {
    func found(_ kind: TensorDifference.Kind) -> TensorDifference {
      TensorDifference(path: path, first: text(first), second: text(second), kind: kind)
    }
    guard let first else { return second == nil ? nil : found(.missingInFirst) }
    guard let second else { return found(.missingInSecond) }
    guard first.shape == second.shape else { return found(.shape) }
    if first.elementType == second.elementType, first.bytes.equals(second.bytes) { return nil }
    return found(.values(values(try first.doubles(name: path), try second.doubles(name: path))))
  }

  private static func values(_ first: [Double], _ second: [Double]) -> TensorDifference.Values {
    var values = TensorDifference.Values()
    values.count = first.count
    for (left, right) in zip(first, second) {
      if left == right || (left.isNaN && right.isNaN) {
        values.equal += 1
      } else {
        let distance = (left - right).magnitude
        let larger = max(left.magnitude, right.magnitude)
        values.largest = distance.isFinite ? values.largest.map { max($0, distance) } : nil
        values.largestRelative =
          distance.isFinite ? values.largestRelative.map { max($0, distance / larger) } : nil
      }
    }
    return values
  }

  private static func text(_ tensor: Tensor?) -> String? {
    tensor.map { "\($0.elementType) \($0.shape)" }
  }
}
