import Diagnostics
import SpikeTensors

/// One event of an event camera.
struct Event {
  /// Column.
  let x: UInt16
  /// Row.
  let y: UInt16
  /// The channel of a frame: 0 where the polarity is 0, else 1.
  let channel: UInt8
}

/// What event cameras see in one direction of view: 128 x 128 pixels.
enum EventFrames {
  /// Rows and columns.
  static let side = 128

  /// Cuts events into frames of equally many, the last one with the rest, and counts them by pixel;
  /// no events give frames of zeros.
  ///
  /// Corresponds to SpikingJelly's `split_by="number"`; `[T, 2, H, W]`.
  ///
  /// - Throws: `DatasetFailure` for an event beyond the frame; `place` names the events.
  static func byNumber(_ events: [Event], frames: Int, at place: String) throws -> Tensor {
    let each = events.count / frames
    let plane = side * side
    var counts = [Float](repeating: 0, count: frames * 2 * plane)
    for (index, event) in events.enumerated() {
      guard event.x < side, event.y < side else {
        throw DatasetFailure(
          .file, at: "\(place) event \(index)", expected: "a pixel of \(side) x \(side)",
          found: "column \(event.x), row \(event.y)")
      }
      let frame = each == 0 ? frames - 1 : min(index / each, frames - 1)
      let pixel = Int(event.y) * side + Int(event.x)
      counts[(2 * frame + Int(event.channel)) * plane + pixel] += 1
    }
    return Tensor([frames, 2, side, side], counts)
  }
}
