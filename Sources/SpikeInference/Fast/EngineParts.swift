import CSpikeKernels
import Concurrency
import SpikingModels

/// What every step of the fast forward pass works with.
struct EngineParts {
  let kernels: SpikeKernels
  let pool: WorkerPool
  let workspace: Workspace

  var arena: Arena { workspace.arena }
  var scratch: [Workspace.Scratch] { workspace.scratch }

  /// Cuts positions into a few ranges for each thread.
  func overPositions(_ count: Int, _ body: (Range<Int>) -> Void) {
    let pieces = min(count, pool.threads == 1 ? 1 : pool.threads * 4)
    pool.perform(pieces) { piece, _ in
      body(count * piece / pieces..<count * (piece + 1) / pieces)
    }
  }

  /// A map whose pixels hold their left neighbour's channels, their own and the right one's.
  func widened(_ input: PlaneMap) -> PlaneMap {
    let output = PlaneMap(
      arena, timeSteps: input.timeSteps, batch: input.batch, size: input.size,
      channels: input.channels * 3, planes: input.planes)
    let rows = input.batch * input.size.height
    pool.perform(rows * input.planes) { item, _ in
      let position = item % rows * input.size.width * input.timeSteps
      unsafe kernels.table.widen(
        input.plane(item / rows) + position * input.stride, input.stride, input.size.width,
        input.timeSteps, input.channels, output.plane(item / rows) + position * output.stride,
        output.stride)
    }
    return output
  }

  /// Adds spikes to a stream, exactly.
  func add(_ spikes: PlaneMap, to stream: PlaneMap) {
    overPositions(stream.positions) { positions in
      let start = positions.lowerBound * stream.stride
      unsafe kernels.table.add(
        stream.words + start, stream.planeCount, stream.planes, spikes.words + start,
        positions.count * stream.stride)
    }
  }
}
