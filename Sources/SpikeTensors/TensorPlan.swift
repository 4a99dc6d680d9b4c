public import FileAccess

/// A tensor that is to be written, before its elements are known.
public struct PlannedTensor: Sendable, Equatable {
  /// Its name in the file; slashes are part of it.
  public let name: String
  /// The type of its elements.
  public let elementType: ElementType
  /// The extent of each axis, slowest first.
  public let shape: [Int]

  /// Describes a tensor.
  public init(name: String, elementType: ElementType, shape: [Int]) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
  }
}

/// A file of tensors of known shapes whose elements may be written in any order, so that none needs
/// to be in memory as a whole.
public protocol TensorPlan: Sendable {
  /// Where the elements of each tensor start in the file, in the order of the tensors.
  var offsets: [Int] { get }
  /// Writes everything but the elements; they must all be there.
  ///
  /// - Throws: `FileFailure`.
  func complete(_ file: RandomAccessFile) throws
}
