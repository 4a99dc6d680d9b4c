public import CanonicalJSON
import Diagnostics

/// What the log of a training run says that a checkpoint of it must agree with.
///
/// Agreement is circumstantial: another run with the same settings agrees as well.
public struct TrainingRun: Sendable, Equatable {
  /// The epoch of the released weights, counted from 0.
  public let epoch: Int
  /// The images of the training split.
  public let images: Int
  /// The images of one forward pass over all devices, accumulation not counted.
  public let imagesPerStep: Int
  /// Arguments of the run, by name.
  public let arguments: [String: JSON]
  /// Where that is written.
  public let source: String

  /// What every BatchNorm layer has counted by the end of the epoch, the last partial batch dropped.
  public var stepCount: Int { (epoch + 1) * (images / imagesPerStep) }

  /// What a file says of its training against this run, a line each.
  ///
  /// - Parameters:
  ///   - counter: the file's `num_batches_tracked`, if all layers agree.
  ///   - facts: plain values beside the weights, with member `epoch`.
  ///   - arguments: the training arguments in the file.
  public func evidence(counter: Int?, facts: [String: JSON], arguments: JSON?) -> [String] {
    var lines: [String] = []
    if let found = facts["epoch"]?.int {
      lines.append(Self.line("epoch", "\(found)", expected: "\(epoch)"))
    }
    if let counter {
      let steps = "\(epoch + 1) epochs x \(images / imagesPerStep) steps"
      lines.append(
        Self.line("num_batches_tracked", "\(counter)", expected: "\(stepCount)") + " (\(steps))")
    }
    for (name, expected) in self.arguments.sorted(by: { $0.key < $1.key }) {
      guard let found = arguments?[name] else { continue }
      lines.append(Self.line(name, found.canonicalText, expected: expected.canonicalText))
    }
    return lines.map { "\($0); \(source)" }
  }

  private static func line(_ name: String, _ found: String, expected: String) -> String {
    found == expected
      ? "\(name) \(found), as in the log" : "\(name) \(found), in the log \(expected)"
  }
}

extension TrainingRun {
  init(json: JSON, at place: String, unknown: inout [String]) throws {
    let members = try ZooMembers(
      json, at: place, required: ["epoch", "images", "images_per_step", "arguments", "source"],
      unknown: &unknown)
    epoch = try members.int("epoch")
    images = try members.int("images")
    imagesPerStep = try members.value("images_per_step", "an integer above 0") { json in
      json.int.flatMap { $0 > 0 ? $0 : nil }
    }
    arguments = try members.object("arguments")
    source = try members.string("source")
  }
}
