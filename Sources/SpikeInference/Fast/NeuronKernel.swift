import CSpikeKernels
import SpikingModels

/// Leaky integrate-and-fire neurons, 32 channels at a time.
@safe
struct NeuronKernel {
  let kernels: SpikeKernels
  // SAFETY: plain numbers.
  private let constants: qkz_lif
  /// Whether the samples of a batch share the states (scope `batch`).
  let isChained: Bool

  init(_ parameters: LIFParameters, kernels: SpikeKernels, isChained: Bool = false) {
    self.kernels = kernels
    self.isChained = isChained
    let tau = parameters.timeConstant
    // Multiplying by the reciprocal of a power of two rounds as the division does.
    let isPower = tau.isNormal && tau.significandBitPattern == 0 && (1 / tau).isNormal
    constants = qkz_lif(
      threshold: parameters.threshold, reset: parameters.resetPotential, time_constant: tau,
      reciprocal: isPower ? 1 / tau : 0, above: parameters.fires == .above)
  }

  /// Charges, fires and resets one tile of neighbouring tokens.
  ///
  /// - Parameters:
  ///   - chains: tokens.
  ///   - members: samples that share each token's states; 1 unless chained.
  ///   - strides: floats of `x` from a token, a sample and a step to the next; 0 repeats.
  ///   - scale: batch normalisation, where `x` is still the sum; else `nil`.
  func fire(
    _ target: NeuronTarget, chains: Int, members: Int = 1, x: UnsafePointer<Float>,
    strides: (token: Int, sample: Int, step: Int), scale: UnsafePointer<Float>? = nil,
    shift: UnsafePointer<Float>? = nil
  ) {
    let map = target.output
    let words = map.stride * 2
    let token = words * map.timeSteps
    let current = target.current
    let floats = current?.stride ?? 0
    let position = map.position(target.image, target.token, 0)
    var shape = qkz_neurons(
      chains: chains, members: members, steps: map.timeSteps, x_chain: strides.token,
      x_member: strides.sample, x_step: strides.step, spike_chain: token,
      spike_member: token * map.size.count, spike_step: words,
      current_chain: floats * map.timeSteps,
      current_member: floats * map.timeSteps * map.size.count, current_step: floats,
      lanes: target.lanes)
    var constants = constants
    // SAFETY: a position's words hold two tiles each, the even one in the lower half (both
    // supported architectures are little-endian).
    unsafe UnsafeMutableRawPointer(map.words).withMemoryRebound(
      to: UInt32.self, capacity: map.planeCount * 2
    ) { spikes in
      let first = unsafe spikes + position * words + target.tile
      unsafe kernels.table.fire(
        &constants, &shape, x, scale, shift, first,
        current.map { unsafe $0.values + position * floats + target.tile * KernelShape.tile })
      if target.tile + 1 < words, target.isLast {
        unsafe clear(first + 1, shape)
      }
    }
  }

  /// The half of the last word that no tile writes.
  private func clear(_ first: UnsafeMutablePointer<UInt32>, _ shape: qkz_neurons) {
    for chain in 0..<shape.chains {
      for member in 0..<shape.members {
        for step in 0..<shape.steps {
          let offset =
            chain * shape.spike_chain + member * shape.spike_member + step * shape.spike_step
          unsafe first[offset] = 0
        }
      }
    }
  }
}

/// Where a tile of neurons writes.
struct NeuronTarget {
  let output: PlaneMap
  let tile: Int
  let image: Int
  /// The first token.
  let token: Int
  /// Which channels of the tile exist.
  let lanes: UInt32
  let current: CurrentBuffer?

  /// Whether no tile follows.
  var isLast: Bool { tile + 1 == KernelShape.tiles(output.channels) }
}

/// The input currents of a neuron group, `[B, N, T, channels padded to whole tiles]`.
@safe
struct CurrentBuffer: @unchecked Sendable {
  // SAFETY: as large as the shape says; workers write disjoint tiles and tokens.
  let values: UnsafeMutablePointer<Float>
  /// Floats of one position.
  let stride: Int

  private let owner: PackedFloats?

  static func stride(_ channels: Int) -> Int { KernelShape.tiles(channels) * KernelShape.tile }

  /// A buffer in the workspace.
  init(_ values: UnsafeMutablePointer<Float>, channels: Int) {
    unsafe self.values = values
    stride = Self.stride(channels)
    owner = nil
  }

  /// A buffer of its own, for an observer.
  init(allocatedFor map: PlaneMap) {
    stride = Self.stride(map.channels)
    let floats = unsafe PackedFloats(count: map.positions * stride) { _ in }
    unsafe values = floats.values
    owner = floats
  }

  /// *X* as an observer sees it, `[T, B, N, C]`; `steps` of it are stored, or one that is repeated.
  func map(_ shape: PlaneMap, steps: Int) -> CurrentMap {
    var map = CurrentMap(
      repeating: 0, timeSteps: shape.timeSteps, batch: shape.batch, size: shape.size,
      channels: shape.channels)
    for t in 0..<shape.timeSteps {
      for b in 0..<shape.batch {
        for token in 0..<shape.size.count {
          let target = map.offset(frame: t * shape.batch + b, token: token)
          let position = (b * shape.size.count + token) * steps + (steps == 1 ? 0 : t)
          let source = unsafe values + position * stride
          for channel in 0..<shape.channels {
            map.values[target + channel] = unsafe source[channel]
          }
        }
      }
    }
    return map
  }
}
