import SpikingModels

/// Spiking self-attention without softmax: `Q (K^T V) * scale` for each head.
///
/// All sums are small integers, so their order does not matter and the product with the scale is
/// the only rounding.
enum SpikingSelfAttention {
  /// The input current of the attention's neuron, `[T, B, N, C]`, C head-major.
  static func current(
    query: SpikeCountMap, key: SpikeCountMap, value: SpikeCountMap, heads: Int, scale: Float
  ) -> CurrentMap {
    var current = CurrentMap(
      repeating: 0, timeSteps: query.timeSteps, batch: query.batch, size: query.size,
      channels: query.channels)
    let headChannels = query.channels / heads
    for frame in 0..<query.frames {
      for head in 0..<heads {
        let first = head * headChannels
        let product = keyValue(key, value, frame, first, headChannels)
        for token in 0..<query.size.count {
          let start = query.offset(frame: frame, token: token) + first
          let row = queryProduct(query, start, product, headChannels)
          for channel in 0..<headChannels {
            current.values[start + channel] = Float(row[channel]) * scale
          }
        }
      }
    }
    return current
  }

  /// `K^T V` of one head and frame, `[d, d]`.
  private static func keyValue(
    _ key: SpikeCountMap, _ value: SpikeCountMap, _ frame: Int, _ first: Int, _ width: Int
  ) -> [Int32] {
    var product = [Int32](repeating: 0, count: width * width)
    for token in 0..<key.size.count {
      let start = key.offset(frame: frame, token: token) + first
      for row in 0..<width where key.values[start + row] != 0 {
        for column in 0..<width {
          product[row * width + column] += Int32(value.values[start + column])
        }
      }
    }
    return product
  }

  /// One token's row of `Q (K^T V)`, `[d]`.
  private static func queryProduct(
    _ query: SpikeCountMap, _ start: Int, _ product: [Int32], _ width: Int
  ) -> [Int32] {
    var row = [Int32](repeating: 0, count: width)
    for channel in 0..<width where query.values[start + channel] != 0 {
      for column in 0..<width { row[column] += product[channel * width + column] }
    }
    return row
  }
}
