import ArgumentParser
import Foundation
import SpikeInference
import SpikeTensors
import SpikingModels
import TensorFiles

/// How the cost of Q-K token attention grows with the picture and with time.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Time the first stage's Q-K attention over picture sizes and time steps; prints JSON."
  )

  @OptionGroup var subject: Subject
  @Option(parsing: .upToNextOption, help: "Picture sizes, at the configuration's time steps.")
  var sizes = [64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512]
  @Option(parsing: .upToNextOption, help: "Time steps, at the input's size.")
  var times = [1, 2, 3, 4, 6, 8, 10, 12, 14, 16]
  @Option(help: "Passes; each point's median counts.")
  var repeats = 7

  /// One measured point.
  struct Point: Encodable {
    let size: Int
    let steps: Int
    let tokens: Int
    /// Q, K, the attention and its projection.
    let seconds: Double
    /// Between Q, K and the projection.
    let mixingSeconds: Double
  }

  struct Result: Encodable {
    let bySize: [Point]
    let byTime: [Point]
  }

  func run() throws {
    let picture = try TensorSource.read(subject.input)
    let nominal = picture.shape[picture.shape.count - 1]
    let engine = try subject.engine()
    let result = Result(
      bySize: try sizes.map { try point(engine, picture, size: $0) },
      byTime: try times.map { steps in
        var subject = subject
        subject.steps = steps
        return try point(subject.engine(), picture, size: nominal)
      })
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(result), as: UTF8.self))
  }

  private func point(_ engine: FastForward, _ picture: Tensor, size: Int) throws -> Point {
    let input = try InputBatch(
      repeated(picture, size: size), for: engine.graph, name: subject.input)
    let attention = "stage1/block0/attention"
    guard let projection = engine.graph.resized(to: input.size).node(at: "\(attention)/projection")
    else { throw ValidationError("the first stage has no attention") }
    _ = try engine.work(of: input)
    let passes = try (0..<repeats).map { _ in
      try engine.work(of: input).filter { $0.paths[0].hasPrefix(attention) }
    }
    func median(_ value: ([LayerWork]) -> Double) -> Double {
      passes.map(value).sorted()[passes.count / 2]
    }
    return Point(
      size: size, steps: engine.graph.timeSteps,
      tokens: projection.shape.size.count,
      seconds: median { $0.reduce(0) { $0 + $1.total.seconds } },
      mixingSeconds: median { layers in
        layers.filter { $0.paths == [attention] }.reduce(0) { $0 + $1.total.seconds }
      })
  }

  /// The first sample, repeated to the right and below or cut.
  private func repeated(_ picture: Tensor, size: Int) throws -> Tensor {
    let (channels, height, width) = (picture.shape[1], picture.shape[2], picture.shape[3])
    let source = try picture.floats(name: subject.input)
    var values: [Float] = []
    for channel in 0..<channels {
      for y in 0..<size {
        for x in 0..<size {
          values.append(source[(channel * height + y % height) * width + x % width])
        }
      }
    }
    return Tensor([1, channels, size, size], values)
  }
}
