/// What a map of spikes or of their sums holds, counted frame by frame without the elements.
///
/// A frame is one sample at one step; frames are in the order `t * B + b`.
public struct FrameCounts: Sendable, Equatable {
  /// What one frame holds.
  public struct Frame: Sendable, Equatable {
    /// Sum of the integers.
    public var sum = 0
    /// Elements that are not zero.
    public var nonzero = 0
    /// The largest integer.
    public var largest = 0
  }

  /// Samples *B*.
  public let batch: Int
  /// Elements of one frame.
  public let elements: Int
  /// `[T * B]`.
  public var frames: [Frame]

  /// Nothing counted yet.
  init(batch: Int, elements: Int, frames: Int) {
    self.batch = batch
    self.elements = elements
    self.frames = Array(repeating: Frame(), count: frames)
  }

  /// Time steps *T*.
  public var timeSteps: Int { frames.count / batch }
  /// The sum at each step, over the samples.
  public var sumPerStep: [Int] {
    (0..<timeSteps).map { t in
      frames[t * batch..<(t + 1) * batch].reduce(0) { $0 + $1.sum }
    }
  }
  /// The sum of each sample, over the steps.
  public var sumPerSample: [Int] {
    (0..<batch).map { b in
      stride(from: b, to: frames.count, by: batch).reduce(0) { $0 + frames[$1].sum }
    }
  }
}

extension ActivationMap<UInt8> {
  /// The map's sums, frame by frame.
  func frameCounts() -> FrameCounts {
    var counts = FrameCounts(batch: batch, elements: frameCount, frames: frames)
    for frame in 0..<frames {
      for value in values[frame * frameCount..<(frame + 1) * frameCount] where value != 0 {
        counts.frames[frame].sum += Int(value)
        counts.frames[frame].nonzero += 1
        counts.frames[frame].largest = max(counts.frames[frame].largest, Int(value))
      }
    }
    return counts
  }
}
