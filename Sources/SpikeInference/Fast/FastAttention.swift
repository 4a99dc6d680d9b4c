import CSpikeKernels
import Concurrency
import SpikingModels

/// The part between Q, K, V and the projection.
struct FastAttention {
  let plan: AttentionPlan
  let engine: EngineParts
  let neuron: NeuronKernel
  /// *X* of the attention's neurons.
  let current: CurrentBuffer
  /// Their spikes.
  let fired: PlaneMap

  private var kernels: SpikeKernels { engine.kernels }

  // MARK: Currents

  /// Q summed over the channels of each head (paper, equation 8).
  func tokenCurrent(_ query: PlaneMap) {
    engine.overPositions(query.positions) { positions in
      unsafe kernels.table.head_sums(
        query.words + positions.lowerBound * query.stride, query.stride, positions.count,
        plan.heads, plan.headChannels, current.values + positions.lowerBound * current.stride,
        current.stride)
    }
  }

  /// Q summed over the tokens (paper, equation 9).
  func channelCurrent(_ query: PlaneMap) {
    engine.pool.perform(query.batch * query.timeSteps) { item, worker in
      let (b, t) = (item / query.timeSteps, item % query.timeSteps)
      // The sums are at most the tokens: exact in float32 and in the scratch's integers.
      let sums = unsafe engine.scratch[worker].sums
      unsafe sums.update(repeating: 0, count: query.channels)
      unsafe kernels.table.channel_sums(
        query.words + query.position(b, 0, t) * query.stride, query.stride * query.timeSteps,
        query.size.count, query.channels, 1, sums)
      let target = unsafe current.values + (b * query.timeSteps + t) * current.stride
      for channel in 0..<query.channels {
        unsafe target[channel] = Float(sums[channel])
      }
    }
  }

  /// `Q (K^T V) * scale` of every head (paper, section 3.5).
  func selfCurrent(_ query: PlaneMap, _ key: PlaneMap, _ value: PlaneMap, scale: Float) {
    let steps = query.timeSteps
    engine.pool.perform(query.batch * steps * plan.heads) { item, worker in
      let (frame, head) = (item / plan.heads, item % plan.heads)
      let position = query.position(frame / steps, 0, frame % steps)
      let start = position * query.stride
      let first = head * plan.headChannels
      let scratch = engine.scratch[worker]
      unsafe kernels.table.attend(
        query.words + start, key.words + start, value.words + start, query.stride * steps,
        query.size.count, first, plan.headChannels, scale, scratch.product, scratch.sums,
        current.values + position * current.stride + first, current.stride * steps)
    }
  }

  // MARK: Neurons and masks

  /// The attention's neurons fire.
  func fire() { engine.fire(neuron, current, steps: fired.timeSteps, into: fired) }

  /// K where its head's token fired.
  func maskTokens(_ key: PlaneMap, into output: PlaneMap) {
    engine.overPositions(key.positions) { positions in
      let start = positions.lowerBound * key.stride
      unsafe kernels.table.mask_heads(
        key.words + start, key.stride, fired.words + positions.lowerBound * fired.stride,
        fired.stride, positions.count, plan.heads, plan.headChannels, output.words + start)
    }
  }

  /// K where its channel fired.
  func maskChannels(_ key: PlaneMap, into output: PlaneMap) {
    let tokens = key.size.count
    engine.overPositions(key.batch * tokens) { pixels in
      for pixel in pixels {
        for t in 0..<key.timeSteps {
          let mask = unsafe fired.words + (pixel / tokens * key.timeSteps + t) * key.stride
          let start = (pixel * key.timeSteps + t) * key.stride
          for word in 0..<key.stride {
            unsafe output.words[start + word] = unsafe key.words[start + word] & mask[word]
          }
        }
      }
    }
  }
}

/// The shape of an attention's neurons.
struct AttentionCurrent {
  let size: SpatialSize
  let channels: Int
  private let positions: Int

  init(_ attention: AttentionPlan, timeSteps: Int, batch: Int, size: SpatialSize) {
    switch attention.mixing {
    case .tokens: (self.size, channels) = (size, attention.heads)
    case .channels: (self.size, channels) = (SpatialSize(height: 1, width: 1), attention.channels)
    case .selfAttention: (self.size, channels) = (size, attention.channels)
    }
    positions = timeSteps * batch * self.size.count
  }

  /// Floats of their currents.
  var floats: Int { positions * CurrentBuffer.stride(channels) }
}
