import CSpikeKernels
import SpikingModels

/// The classifier over sums of spike counts.
struct FastHead {
  private let head: ClassificationHead
  private let packed: PackedUnit

  init(_ graph: ModelGraph, _ weights: ModelWeights) {
    head = ClassificationHead(graph.classifier, weights)
    let classes = weights.headBias.count
    packed = PackedUnit(
      ConvolutionWeights(weight: weights.headWeight, scale: [], shift: weights.headBias),
      inChannels: weights.headWeight.count / classes, outChannels: classes, taps: 1, isReal: true)
  }

  /// The logits of every sample, `[B][classes]`.
  func logits(_ stream: PlaneMap, _ engine: EngineParts) -> [[Float]] {
    head.averaged(features(stream, engine).map { linear($0, engine) }, batch: stream.batch)
  }

  /// As the means of the reference engine: exact sums, one division.
  private func features(_ stream: PlaneMap, _ engine: EngineParts) -> [[Float]] {
    let tokens = stream.size.count
    let steps = stream.timeSteps
    guard head.classifier.averagesSteps else {
      return (0..<stream.batch).map { sample in
        mean(
          stream, from: stream.position(sample, 0, 0), positions: tokens * steps, apart: 1, engine)
      }
    }
    return (0..<steps * stream.batch).map { frame in
      mean(
        stream, from: stream.position(frame % stream.batch, 0, frame / stream.batch),
        positions: tokens, apart: steps, engine)
    }
  }

  /// Positions whose counts fit 32 bits in sum: a count is below 2^8.
  private static let positionsOfPart = 1 << 22

  private func mean(
    _ stream: PlaneMap, from position: Int, positions: Int, apart: Int, _ engine: EngineParts
  ) -> [Float] {
    var sums = [Int](repeating: 0, count: stream.channels)
    var part = [Int32](repeating: 0, count: stream.channels)
    for start in stride(from: 0, to: positions, by: Self.positionsOfPart) {
      let count = min(Self.positionsOfPart, positions - start)
      for plane in 0..<stream.planes {
        unsafe engine.kernels.table.channel_sums(
          stream.plane(plane) + (position + start * apart) * stream.stride, stream.stride * apart,
          count, stream.channels, 1 << plane, &part)
      }
      for channel in 0..<stream.channels {
        sums[channel] += Int(part[channel])
        part[channel] = 0
      }
    }
    return (0..<stream.channels).map { Float(sums[$0]) / Float(positions) }
  }

  /// `W x + b`: the fold of `ClassificationHead.linear`, 32 classes at a time.
  private func linear(_ features: [Float], _ engine: EngineParts) -> [Float] {
    var sums = [Float](repeating: 0, count: packed.tiles * KernelShape.tile)
    var tap = qkz_tap(input: 0, weights: 0)
    for tile in 0..<packed.tiles {
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        let ofTile = sums.extracting(tile * KernelShape.tile..<(tile + 1) * KernelShape.tile)
        unsafe engine.kernels.table.dense(
          features, features.count, packed.weights(tile: tile), &tap, 1, features.count,
          1, ofTile.baseAddress, KernelShape.tile)
      }
    }
    return (0..<packed.outChannels).map { unsafe sums[$0] + packed.shift.values[$0] }
  }
}
