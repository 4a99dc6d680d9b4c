/// The layout of a patch embedding with deformed shortcut (SPEDS): a chain of 3x3 convolutions, and a
/// 1x1 convolution beside its end.
///
/// Corresponds to upstream's `PatchEmbedInit` and `PatchEmbeddingStage`.
struct PatchEmbedding {
  /// One convolution of the chain.
  struct Layer {
    /// Channels after it.
    let channels: Int
    /// Whether it is followed by a 3x3 max pooling of stride 2.
    let pools: Bool
  }

  /// The chain.
  let layers: [Layer]
  /// How many layers of the chain come before the shortcut branches off.
  let shortcutStart: Int
  /// The stride of the shortcut, which skips what the rest of the chain reduces.
  let shortcutStride: Int

  /// Channels after the embedding.
  var channels: Int { layers[layers.count - 1].channels }

  /// The embedding of a stage.
  init(_ design: QKFormer, stage: Int) {
    let width = design.stages[stage].channels
    switch (stage == 0, design.family) {
    case (true, .imagenet):
      self.init([width / 2, width, width], pooling: [0, 1], shortcutStart: 1, shortcutStride: 2)
    case (true, .cifar):
      self.init([width / 2, width], pooling: [], shortcutStart: 1, shortcutStride: 1)
    case (true, .dvs):
      self.init(
        [width / 8, width / 4, width / 2, width], pooling: [1, 2, 3], shortcutStart: 2,
        shortcutStride: 4)
    case (false, .imagenet):
      self.init([width, width], pooling: [0], shortcutStart: 0, shortcutStride: 2)
    case (false, .cifar), (false, .dvs):
      self.init([width, width], pooling: [1], shortcutStart: 0, shortcutStride: 2)
    }
  }

  private init(
    _ channels: [Int], pooling: Set<Int>, shortcutStart: Int, shortcutStride: Int
  ) {
    layers = channels.enumerated().map { index, channels in
      Layer(channels: channels, pools: pooling.contains(index))
    }
    self.shortcutStart = shortcutStart
    self.shortcutStride = shortcutStride
  }
}
