public import SpikeTensors
public import SpikingModels

/// Activations with axes `[T, B, N, C]`: time step, sample, token (row-major position), channel.
///
/// Channels are innermost because every sum of the network runs over them.
public struct ActivationMap<Element: Sendable>: Sendable {
  /// Time steps *T*.
  public let timeSteps: Int
  /// Samples *B*.
  public let batch: Int
  /// Height and width of the *N* positions.
  public let size: SpatialSize
  /// Channels *C*.
  public let channels: Int
  /// `[T, B, N, C]`.
  public var values: [Element]

  /// A map filled with one value.
  public init(
    repeating value: Element, timeSteps: Int, batch: Int, size: SpatialSize, channels: Int
  ) {
    self.timeSteps = timeSteps
    self.batch = batch
    self.size = size
    self.channels = channels
    values = [Element](repeating: value, count: timeSteps * batch * size.count * channels)
  }

  /// A map from values in `[T, B, N, C]` order.
  init(timeSteps: Int, batch: Int, size: SpatialSize, channels: Int, values: [Element]) {
    precondition(values.count == timeSteps * batch * size.count * channels, "shape and values")
    self.timeSteps = timeSteps
    self.batch = batch
    self.size = size
    self.channels = channels
    self.values = values
  }

  /// Elements of one sample at one step.
  public var frameCount: Int { size.count * channels }
  /// Number of (step, sample) frames, in the order `t * B + b`.
  var frames: Int { timeSteps * batch }

  /// Where the channels of a token of a frame start.
  func offset(frame: Int, token: Int) -> Int { (frame * size.count + token) * channels }

  /// One sample at one step in published order: channels before positions.
  public func published(frame: Int) -> [Element] {
    let start = frame * frameCount
    var frame = Array(values[start..<start + frameCount])
    for token in 0..<size.count {
      for channel in 0..<channels {
        frame[channel * size.count + token] = values[start + token * channels + channel]
      }
    }
    return frame
  }

  /// The same frames at each of several steps; the map must have one step.
  func repeated(timeSteps: Int) -> ActivationMap {
    precondition(self.timeSteps == 1, "only a map of one step can be repeated")
    return ActivationMap(
      timeSteps: timeSteps, batch: batch, size: size, channels: channels,
      values: Array(repeatElement(values, count: timeSteps).joined()))
  }

  /// The same shape of positions with other channels and values.
  func map<Other>(channels: Int, _ values: [Other]) -> ActivationMap<Other> {
    ActivationMap<Other>(
      timeSteps: timeSteps, batch: batch, size: size, channels: channels, values: values)
  }
}

/// What a neuron receives: the input current *X*.
public typealias CurrentMap = ActivationMap<Float>

extension CurrentMap {
  /// What an observer of spikes gets in place of currents.
  static let empty = CurrentMap(
    repeating: 0, timeSteps: 0, batch: 0, size: SpatialSize(height: 0, width: 0), channels: 0)
}

extension ActivationMap<Float> {
  /// The membrane after a shortcut: element by element, each sum rounded once.
  static func + (left: CurrentMap, right: CurrentMap) -> CurrentMap {
    left.map(channels: left.channels, zip(left.values, right.values).map { $0 + $1 })
  }
}

/// Small non-negative integers: spikes (0 or 1), or their sums after shortcuts.
public typealias SpikeCountMap = ActivationMap<UInt8>

extension ActivationMap<UInt8> {
  /// The stream after a shortcut: element by element, exact.
  static func + (left: SpikeCountMap, right: SpikeCountMap) -> SpikeCountMap {
    left.map(channels: left.channels, zip(left.values, right.values).map { $0 + $1 })
  }

  /// The spikes as packed bits in published order: channels before positions.
  public func packed() -> SpikeTrain {
    var train = SpikeTrain(timeSteps: timeSteps, batch: batch, neurons: frameCount)
    for t in 0..<timeSteps {
      for b in 0..<batch {
        for token in 0..<size.count {
          let start = offset(frame: t * batch + b, token: token)
          for channel in 0..<channels where values[start + channel] != 0 {
            train[t, b, channel * size.count + token] = true
          }
        }
      }
    }
    return train
  }

  /// Replaces the spikes by a train in published order.
  public mutating func replace(by train: SpikeTrain) {
    precondition(
      train.timeSteps == timeSteps && train.batch == batch && train.neurons == frameCount,
      "a train of another shape")
    for t in 0..<timeSteps {
      for b in 0..<batch {
        for token in 0..<size.count {
          let start = offset(frame: t * batch + b, token: token)
          for channel in 0..<channels {
            values[start + channel] = train[t, b, channel * size.count + token] ? 1 : 0
          }
        }
      }
    }
  }
}
