import QKFormerModel

/// A convolution and its batch normalisation, in the order of sums of the numerics contract.
struct ConvolutionWithNorm {
  let unit: ConvolutionUnit
  let weights: UnitWeights
  /// Output channels in lanes of eight, the last lane padded with zeros.
  private let lanes: Int
  /// `[k*k][I padded to a multiple of 4][lanes]`: the weights of one input channel at one tap.
  private let columns: [SIMD8<Float>]

  init(_ unit: ConvolutionUnit, _ weights: UnitWeights) {
    self.unit = unit
    self.weights = weights
    lanes = (unit.outChannels + 7) / 8
    columns = Self.columns(unit, weights.weight, lanes: lanes)
  }

  private var taps: Int { unit.kernel * unit.kernel }
  private var padding: Int { unit.kernel / 2 }
  /// Groups of four consecutive input channels.
  private var groups: Int { (unit.inChannels + 3) / 4 }

  private static func columns(
    _ unit: ConvolutionUnit, _ weight: [Float], lanes: Int
  ) -> [SIMD8<Float>] {
    let taps = unit.kernel * unit.kernel
    let inputs = (unit.inChannels + 3) / 4 * 4
    var columns = [SIMD8<Float>](repeating: .zero, count: taps * inputs * lanes)
    for output in 0..<unit.outChannels {
      for input in 0..<unit.inChannels {
        for tap in 0..<taps {
          let value = weight[(output * unit.inChannels + input) * taps + tap]
          columns[(tap * inputs + input) * lanes + output / 8][output % 8] = value
        }
      }
    }
    return columns
  }

  /// *X* for counts of spikes, `[T, B, N, I]` to `[T, B, N', O]`.
  func callAsFunction(_ input: SpikeCountMap) -> CurrentMap {
    convolve(input) { accumulator, pixel, tap in
      for group in 0..<groups {
        accumulate(&accumulator, input.values, pixel, tap: tap, group: group)
      }
    }
  }

  /// *X* for real values: the first convolution of the network.
  func callAsFunction(real input: CurrentMap) -> CurrentMap {
    convolve(input) { accumulator, pixel, tap in
      for channel in 0..<unit.inChannels {
        let value = SIMD8<Float>(repeating: input.values[pixel + channel])
        let column = (tap * groups * 4 + channel) * lanes
        for lane in 0..<lanes { accumulator[lane].addProduct(value, columns[column + lane]) }
      }
    }
  }

  /// Adds one group of four channels, plane by plane of `x = sum_b 2^b x_b`, b ascending.
  ///
  /// `2^b * sum` is exact, so the addition rounds once, as `fma(2^b, sum, acc)` does.
  private func accumulate(
    _ accumulator: inout [SIMD8<Float>], _ values: [UInt8], _ pixel: Int, tap: Int, group: Int
  ) {
    let first = group * 4
    let rest = unit.inChannels - first
    let x0 = values[pixel + first]
    let x1 = rest > 1 ? values[pixel + first + 1] : 0
    let x2 = rest > 2 ? values[pixel + first + 2] : 0
    let x3 = rest > 3 ? values[pixel + first + 3] : 0
    let union = x0 | x1 | x2 | x3
    let column = (tap * groups * 4 + first) * lanes
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
    _ addTap: (_ accumulator: inout [SIMD8<Float>], _ pixel: Int, _ tap: Int) -> Void
  ) -> CurrentMap {
    let size = unit.convolvedSize(input.size)
    var output = CurrentMap(
      repeating: 0, timeSteps: input.timeSteps, batch: input.batch, size: size,
      channels: unit.outChannels)
    var accumulator = [SIMD8<Float>](repeating: .zero, count: lanes)
    for frame in 0..<input.frames {
      for y in 0..<size.height {
        for x in 0..<size.width {
          for lane in 0..<lanes { accumulator[lane] = .zero }
          for tap in 0..<taps {
            let row = y * unit.stride + tap / unit.kernel - padding
            let column = x * unit.stride + tap % unit.kernel - padding
            guard (0..<input.size.height).contains(row), (0..<input.size.width).contains(column)
            else { continue }
            let token = row * input.size.width + column
            addTap(&accumulator, input.offset(frame: frame, token: token), tap)
          }
          normalise(accumulator, &output, output.offset(frame: frame, token: y * size.width + x))
        }
      }
    }
    return output
  }

  private func normalise(_ sums: [SIMD8<Float>], _ output: inout CurrentMap, _ start: Int) {
    for channel in 0..<unit.outChannels {
      let sum = sums[channel / 8][channel % 8]
      output.values[start + channel] = weights.shift[channel].addingProduct(
        sum, weights.scale[channel])
    }
  }
}

extension CurrentMap {
  /// 3x3 max pooling of stride 2 and padding 1; the window is visited row by row.
  func maxPooled() -> CurrentMap {
    let pooled = size.divided(by: 2)
    var output = CurrentMap(
      repeating: -.infinity, timeSteps: timeSteps, batch: batch, size: pooled, channels: channels)
    for frame in 0..<frames {
      for token in 0..<pooled.count {
        let target = output.offset(frame: frame, token: token)
        let (y, x) = (token / pooled.width * 2, token % pooled.width * 2)
        for row in max(y - 1, 0)...min(y + 1, size.height - 1) {
          for column in max(x - 1, 0)...min(x + 1, size.width - 1) {
            let source = offset(frame: frame, token: row * size.width + column)
            for channel in 0..<channels
            where values[source + channel] > output.values[target + channel] {
              output.values[target + channel] = values[source + channel]
            }
          }
        }
      }
    }
    return output
  }
}
