/// The binary output of one group of neurons over all time steps and samples, as packed bits.
///
/// Axes are `[T, B, n]`: time step, sample, and the neurons of one sample in the order of their
/// published axes (`[C, H, W]`; `[heads, N]` for token attention; `[C]` for channel attention).
/// Each (step, sample) takes whole bytes, least significant bit first, the last byte padded with
/// zeros. Sums after a shortcut are counts, not spikes, and have no place here.
///
/// Corresponds to schema element `spike_train`.
public struct SpikeTrain: Sendable, Equatable {
  /// Time steps *T*.
  public let timeSteps: Int
  /// Samples *B*.
  public let batch: Int
  /// Neurons of one sample.
  public let neurons: Int
  /// `[T, B, bytesPerStep]`.
  public private(set) var bytes: [UInt8]

  /// Bytes of one (step, sample).
  public var bytesPerStep: Int { (neurons + 7) / 8 }

  /// A train without spikes.
  public init(timeSteps: Int, batch: Int, neurons: Int) {
    self.timeSteps = timeSteps
    self.batch = batch
    self.neurons = neurons
    bytes = [UInt8](repeating: 0, count: timeSteps * batch * ((neurons + 7) / 8))
  }

  /// A train from packed bytes; `nil` if their number is wrong or a padding bit is set.
  public init?(timeSteps: Int, batch: Int, neurons: Int, bytes: [UInt8]) {
    self.init(timeSteps: timeSteps, batch: batch, neurons: neurons)
    guard bytes.count == self.bytes.count else { return nil }
    self.bytes = bytes
    let used = neurons % 8
    guard used > 0 else { return }
    let padding = UInt8(truncatingIfNeeded: 0xFF << used)
    let ends = stride(from: bytesPerStep - 1, to: bytes.count, by: bytesPerStep)
    if ends.contains(where: { bytes[$0] & padding != 0 }) { return nil }
  }

  /// Where a (step, sample) starts in `bytes`.
  private func offset(_ t: Int, _ b: Int) -> Int { (t * batch + b) * bytesPerStep }

  /// Whether a neuron fired.
  public subscript(t: Int, b: Int, neuron: Int) -> Bool {
    get { bytes[offset(t, b) + (neuron >> 3)] >> (neuron & 7) & 1 == 1 }
    set {
      let bit = UInt8(1) << (neuron & 7)
      if newValue {
        bytes[offset(t, b) + (neuron >> 3)] |= bit
      } else {
        bytes[offset(t, b) + (neuron >> 3)] &= ~bit
      }
    }
  }

  /// The packed bytes of one (step, sample).
  public func step(_ t: Int, _ b: Int) -> ArraySlice<UInt8> {
    bytes[offset(t, b)..<offset(t, b) + bytesPerStep]
  }

  /// The number of spikes of one (step, sample).
  public func count(_ t: Int, _ b: Int) -> Int {
    step(t, b).reduce(0) { $0 + $1.nonzeroBitCount }
  }
}

extension SpikeTrain {
  /// The train of some consecutive samples.
  public func samples(_ samples: Range<Int>) -> SpikeTrain {
    var part = SpikeTrain(timeSteps: timeSteps, batch: samples.count, neurons: neurons)
    part.bytes = (0..<timeSteps).flatMap { t in
      bytes[
        offset(t, samples.lowerBound)..<offset(t, samples.lowerBound) + samples.count * bytesPerStep
      ]
    }
    return part
  }
}

extension SpikeTrain {
  /// The trains of consecutive neurons, as many as each count says.
  public func parts(_ counts: [Int]) -> [SpikeTrain] {
    var start = 0
    return counts.map { count in
      defer { start += count }
      return selecting(count) { [start] in start + $0 }
    }
  }

  /// The train of neurons `[C, N]` from one of `[N, C]`, where *C* counts the channels.
  public func channelsFirst(_ channels: Int) -> SpikeTrain {
    let positions = neurons / channels
    return selecting(neurons) { $0 % positions * channels + $0 / positions }
  }

  /// A train of some neurons, each taken from where `source` says.
  private func selecting(_ count: Int, _ source: (Int) -> Int) -> SpikeTrain {
    var train = SpikeTrain(timeSteps: timeSteps, batch: batch, neurons: count)
    for t in 0..<timeSteps {
      for b in 0..<batch {
        for neuron in 0..<count where self[t, b, source(neuron)] { train[t, b, neuron] = true }
      }
    }
    return train
  }
}
