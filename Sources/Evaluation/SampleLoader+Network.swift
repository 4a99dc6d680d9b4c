public import Datasets
import Diagnostics
import SpikeInference
import SpikeTensors
public import SpikingModels

extension SampleLoader {
  /// The loader that takes only samples which a network takes, so that a wrong one is named, or left
  /// out where bad samples are.
  ///
  /// - Parameter size: the extent that all samples have; `nil` for any.
  public func inputs(of graph: ModelGraph, size: SpatialSize? = nil) -> SampleLoader {
    requiring { name, shape, values in
      let input = try InputBatch(Tensor([1] + shape, values), for: graph, name: name)
      guard let size, input.size != size else { return }
      throw InferenceFailure(
        .inputShape, at: name, expected: "\(size.height) x \(size.width), as the samples before it",
        found: "\(input.size.height) x \(input.size.width)")
    }
  }

  /// The extent of the first sample that can be read.
  ///
  /// - Throws: `EvaluationFailure` if none can; what reading a sample throws, unless bad samples are
  ///   left out.
  public func size() throws -> SpatialSize {
    for index in dataset.samples.indices {
      do {
        return SpatialSize(ofInput: try input(index).shape)
      } catch is any Diagnosable where skipsBadSamples {
        continue
      }
    }
    throw EvaluationFailure(
      .empty, at: dataset.name, expected: "a sample that can be read",
      found: "none of \(dataset.count)")
  }
}
