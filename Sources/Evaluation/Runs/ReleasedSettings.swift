public import SpikingModels

/// How the released code evaluates on a dataset, where no zoo entry says it of a model.
///
/// Corresponds to `imagenet/test.py` and to `train.py` of the other folders of the released code at
/// c2a00e8.
public struct ReleasedSettings: Sendable, Equatable {
  /// Samples of a batch.
  public let batchSize: Int
  /// The precision in which it ran.
  public let precision: String
  /// Which file says so.
  public let source: String

  /// The settings for a dataset by its name here; for data that were never released those of
  /// `imagenet/test.py`.
  public init(dataset: String) {
    switch dataset {
    case "imagenet-1k":
      self.init(32, "float16", "released code at c2a00e8, imagenet/test.py")
    case "cifar10", "cifar100":
      self.init(64, "float16", "released code at c2a00e8, \(dataset)/train.py")
    case "cifar10-dvs":
      self.init(
        16, "float32", "released code at c2a00e8, cifar10-dvs/train.py, evaluate() (no autocast)")
    case "dvs128-gesture":
      self.init(
        16, "float32", "released code at c2a00e8, dvs128-gesture/train.py, evaluate()")
    default:
      self.init(
        32, "float32", "the way of imagenet/test.py, on data that the release does not know")
    }
  }

  private init(_ batchSize: Int, _ precision: String, _ source: String) {
    self.batchSize = batchSize
    self.precision = precision
    self.source = source
  }

  /// The scope of the released code of a model.
  public static func scope(_ configuration: ModelConfiguration) -> NeuronScope {
    configuration.design.leaksAsReleased ? .batch : .sample
  }

  /// How many samples are recorded together where each is alone.
  public static let recordedTogether = 32
}
