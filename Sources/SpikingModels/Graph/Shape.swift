/// Height and width in positions.
public struct SpatialSize: Sendable, Equatable {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// An extent.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The extent of an input of shape `[..., H, W]`; a shape without both is a programming error.
  public init(ofInput shape: [Int]) {
    precondition(shape.count >= 2, "height and width")
    self.init(height: shape[shape.count - 2], width: shape[shape.count - 1])
  }

  /// Positions, the *N* of an attention.
  public var count: Int { height * width }

  /// The extent after a step of some stride, rounded up.
  public func divided(by stride: Int) -> SpatialSize {
    SpatialSize(height: (height + stride - 1) / stride, width: (width + stride - 1) / stride)
  }

  /// One position.
  static let one = SpatialSize(height: 1, width: 1)
}

/// The axes of one sample at one time step.
///
/// A map and its tokens hold the same elements in the same order, so either is read as the other.
public enum Shape: Sendable, Equatable {
  /// `[C, H, W]`.
  case map(channels: Int, size: SpatialSize)
  /// `[C, N]`, where *N* counts the positions of `size`.
  case tokens(channels: Int, size: SpatialSize)
  /// `[C]`.
  case vector(channels: Int)

  /// Channels *C*; of the sums of Q by head, heads.
  public var channels: Int {
    switch self {
    case .map(let channels, _), .tokens(let channels, _), .vector(let channels): channels
    }
  }

  /// The extent of the positions; one position for a vector.
  public var size: SpatialSize {
    switch self {
    case .map(_, let size), .tokens(_, let size): size
    case .vector: .one
    }
  }

  /// The extents as published: channels before positions.
  public var axes: [Int] {
    switch self {
    case .map(let channels, let size): [channels, size.height, size.width]
    case .tokens(let channels, let size): [channels, size.count]
    case .vector(let channels): [channels]
    }
  }

  /// The number of elements.
  public var count: Int { channels * size.count }

  /// The same elements as `[C, H, W]`.
  var asMap: Shape { .map(channels: channels, size: size) }
  /// The same elements as `[C, N]`.
  var asTokens: Shape { .tokens(channels: channels, size: size) }
}
