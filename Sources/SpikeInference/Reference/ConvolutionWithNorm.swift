import SpikingModels

/// A convolution and its batch normalisation, in the order of sums of the numerics contract.
struct ConvolutionWithNorm {
  let convolution: Convolution
  let weights: ConvolutionWeights
  /// Channels that each convolution group reads and writes.
  private let inputs: Int
  private let outputs: Int
  /// Output channels of a convolution group in lanes of eight, the last lane padded with zeros.
  private let lanes: Int
  /// For each convolution group `[k*k][I padded to a multiple of 4][lanes]`: the weights of one input
  /// channel at one tap.
  private let columns: [[SIMD8<Float>]]

  init(_ convolution: Convolution, _ weights: ConvolutionWeights) {
    self.convolution = convolution
    self.weights = weights
    inputs = convolution.inChannels / convolution.groups
    outputs = convolution.outChannels / convolution.groups
    lanes = (outputs + 7) / 8
    let perGroup = weights.weight.count / convolution.groups
    columns = (0..<convolution.groups).map { group in
      Self.columns(
        Array(weights.weight[group * perGroup..<(group + 1) * perGroup]),
        inputs: convolution.inChannels / convolution.groups,
        outputs: convolution.outChannels / convolution.groups,
        taps: convolution.kernel * convolution.kernel)
    }
  }

  private var taps: Int { convolution.kernel * convolution.kernel }
  /// Quads of consecutive input channels of a convolution group; the last is padded with zeros.
  private var quads: Int { (inputs + 3) / 4 }

  private static func columns(
    _ weight: [Float], inputs: Int, outputs: Int, taps: Int
  ) -> [SIMD8<Float>] {
    let (lanes, padded) = ((outputs + 7) / 8, (inputs + 3) / 4 * 4)
    var columns = [SIMD8<Float>](repeating: .zero, count: taps * padded * lanes)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<taps {
          let value = weight[(output * inputs + input) * taps + tap]
          columns[(tap * padded + input) * lanes + output / 8][output % 8] = value
        }
      }
    }
    return columns
  }

  /// *X* for counts of spikes, `[T, B, N, I]` to `[T, B, N', O]`.
  func callAsFunction(_ input: SpikeCountMap) -> CurrentMap {
    convolve(input) { accumulator, columns, pixel, tap in
      for quad in 0..<quads {
        accumulate(&accumulator, columns, input.values, pixel, tap: tap, quad: quad)
      }
    }
  }

  /// *X* for real values, as the first convolution of a network reads them.
  func callAsFunction(real input: CurrentMap) -> CurrentMap {
    convolve(input) { accumulator, columns, pixel, tap in
      for channel in 0..<inputs {
        let value = SIMD8<Float>(repeating: input.values[pixel + channel])
        let column = (tap * quads * 4 + channel) * lanes
        for lane in 0..<lanes { accumulator[lane].addProduct(value, columns[column + lane]) }
      }
    }
  }

  /// Adds one quad of channels, plane by plane of `x = sum_b 2^b x_b`, b ascending.
  ///
  /// `2^b * sum` is exact, so the addition rounds once, as `fma(2^b, sum, acc)` does.
  private func accumulate(
    _ accumulator: inout [SIMD8<Float>], _ columns: [SIMD8<Float>], _ values: [UInt8],
    _ pixel: Int, tap: Int, quad: Int
  ) {
    let first = quad * 4
    let rest = inputs - first
    let x0 = values[pixel + first]
    let x1 = rest > 1 ? values[pixel + first + 1] : 0
    let x2 = rest > 2 ? values[pixel + first + 2] : 0
    let x3 = rest > 3 ? values[pixel + first + 3] : 0
    let union = x0 | x1 | x2 | x3
    let column = (tap * quads * 4 + first) * lanes
    var plane: UInt8 = 0
    while union >> plane != 0 {
      defer { plane += 1 }
      guard union >> plane & 1 == 1 else { continue }
      let (b0, b1) = (Float(x0 >> plane & 1), Float(x1 >> plane & 1))
      let (b2, b3) = (Float(x2 >> plane & 1), Float(x3 >> plane & 1))
      let weight = Float(1 << Int(plane))
      for lane in 0..<lanes {
        let w = column + lane
        let sum =
          (columns[w] * b0 + columns[w + lanes] * b1)
          + (columns[w + 2 * lanes] * b2 + columns[w + 3 * lanes] * b3)
        accumulator[lane] += weight * sum
      }
    }
  }

  /// Visits the taps of every output position, skips those in the padding, and normalises.
  private func convolve<Element>(
    _ input: ActivationMap<Element>,
    _ addTap: (
      _ accumulator: inout [SIMD8<Float>], _ columns: [SIMD8<Float>], _ pixel: Int, _ tap: Int
    ) -> Void
  ) -> CurrentMap {
    let size = convolution.outputSize(input.size)
    var output = CurrentMap(
      repeating: 0, timeSteps: input.timeSteps, batch: input.batch, size: size,
      channels: convolution.outChannels)
    var accumulator = [SIMD8<Float>](repeating: .zero, count: lanes)
    for frame in 0..<input.frames {
      for position in 0..<size.count {
        let seen = seenTaps(position, of: size, in: input, frame: frame)
        for group in 0..<convolution.groups {
          for lane in 0..<lanes { accumulator[lane] = .zero }
          for (tap, pixel) in seen {
            addTap(&accumulator, columns[group], pixel + group * inputs, tap)
          }
          normalise(
            accumulator, &output, output.offset(frame: frame, token: position), group: group)
        }
      }
    }
    return output
  }

  /// The taps of an output position that do not lie in the padding, and where what they read starts.
  private func seenTaps<Element>(
    _ position: Int, of size: SpatialSize, in input: ActivationMap<Element>, frame: Int
  ) -> [(tap: Int, pixel: Int)] {
    (0..<taps).compactMap { tap in
      let row =
        position / size.width * convolution.stride + tap / convolution.kernel - convolution.padding
      let column =
        position % size.width * convolution.stride + tap % convolution.kernel - convolution.padding
      guard (0..<input.size.height).contains(row), (0..<input.size.width).contains(column)
      else { return nil }
      return (tap, input.offset(frame: frame, token: row * input.size.width + column))
    }
  }

  private func normalise(
    _ sums: [SIMD8<Float>], _ output: inout CurrentMap, _ start: Int, group: Int
  ) {
    for index in 0..<outputs {
      let channel = group * outputs + index
      output.values[start + channel] = weights.shift[channel].addingProduct(
        sums[index / 8][index % 8], weights.scale[channel])
    }
  }
}
