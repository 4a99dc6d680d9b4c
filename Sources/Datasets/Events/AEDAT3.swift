import Diagnostics
import FileAccess
import TensorFiles

/// A file of events in format AEDAT 3.1, as DVS128 Gesture has them.
///
/// A header (`EventFileHeader`), then packets: 28 bytes that give type, size and number of events,
/// then the events. Packets of other types are passed over; an event counts whether or not it is
/// marked as valid. Corresponds to SpikingJelly's `load_aedat_v3`.
struct AEDAT3: Sendable {
  /// A packet of polarity events.
  private struct Packet {
    let start: Int
    let eventSize: Int
    let count: Int
    /// Bits 31 and up of the times.
    let overflow: UInt64
    /// The earliest and the latest time.
    let times: ClosedRange<UInt64>
    /// The longest time from one event to the next.
    let pause: UInt64
  }

  private static let packetHeader = 28
  private static let polarityEvents: UInt16 = 1

  private let file: ByteRegion
  private let packets: [Packet]
  /// The earliest and the latest time; `nil` of a recording without events.
  let times: ClosedRange<UInt64>?
  /// The longest time from one event to the next.
  let longestPause: UInt64

  /// Finds the packets of a file; `place` names it in errors.
  ///
  /// - Throws: `DatasetFailure`.
  init(_ file: ByteRegion, at place: String) throws {
    let header = EventFileHeader(file)
    try header.require(version: "3.1", of: "DVS128 Gesture", in: file, at: place)
    try header.requireRaw(at: place)
    self.file = file
    var packets: [Packet] = []
    var offset = header.length
    while offset < file.count {
      let (packet, end) = try Self.packet(file, offset, place)
      if let packet { packets.append(packet) }
      offset = end
    }
    file.releasePages()
    self.packets = packets
    longestPause = zip(packets, packets.dropFirst())
      .map { Self.pause(from: $0.times.upperBound, to: $1.times.lowerBound) }
      .reduce(packets.map(\.pause).max() ?? 0, max)
    times = packets.map(\.times).reduce(nil) { all, own in
      min(
        all?.lowerBound ?? own.lowerBound, own.lowerBound)...max(
          all?.upperBound ?? own.upperBound, own.upperBound)
    }
  }

  /// The packet at an offset, `nil` for other events, and where the next one starts.
  private static func packet(
    _ file: ByteRegion, _ offset: Int, _ place: String
  ) throws -> (Packet?, end: Int) {
    let start = offset + packetHeader
    guard start <= file.count else {
      throw DatasetFailure(
        .file, at: "\(place) byte \(offset)", expected: "the 28 bytes of a packet's header",
        found: "\(file.count - offset)")
    }
    let eventSize = Int(file.integer(at: offset + 4, as: UInt32.self))
    let count = Int(file.integer(at: offset + 16, as: UInt32.self))
    let (length, overflow) = eventSize.multipliedReportingOverflow(by: count)
    guard !overflow, length <= file.count - start else {
      throw DatasetFailure(
        .file, at: "\(place) byte \(offset)", expected: "\(count) events of \(eventSize) bytes",
        found: "the end after \(file.count - start) bytes")
    }
    let type = file.integer(at: offset, as: UInt16.self)
    guard type == polarityEvents, count > 0 else { return (nil, start + length) }
    let timeOffset = file.integer(at: offset + 8, as: UInt32.self)
    guard eventSize >= 8, timeOffset == 4 else {
      throw DatasetFailure(
        .file, at: "\(place) byte \(offset)",
        expected: "events of at least 8 bytes, the time after 4",
        found: "\(eventSize) bytes, the time after \(timeOffset)")
    }
    let high = UInt64(file.integer(at: offset + 12, as: UInt32.self)) << 31
    let times = (0..<count).map { index in
      UInt64(file.integer(at: start + index * eventSize + 4, as: UInt32.self)) | high
    }
    let range = (times.min() ?? 0)...(times.max() ?? 0)
    return (
      Packet(
        start: start, eventSize: eventSize, count: count, overflow: high, times: range,
        pause: zip(times, times.dropFirst()).map(pause).max() ?? 0),
      start + length
    )
  }

  private static func pause(from first: UInt64, to second: UInt64) -> UInt64 {
    second > first ? second - first : 0
  }

  /// The events from one time to before another, in the order of the file.
  func events(from start: UInt64, to end: UInt64) -> [Event] {
    var events: [Event] = []
    for packet in packets where packet.times.upperBound >= start && packet.times.lowerBound < end {
      for index in 0..<packet.count {
        let offset = packet.start + index * packet.eventSize
        let time = UInt64(file.integer(at: offset + 4, as: UInt32.self)) | packet.overflow
        guard time >= start, time < end else { continue }
        let data = file.integer(at: offset, as: UInt32.self)
        events.append(
          Event(
            x: UInt16(data >> 17 & 0x7FFF), y: UInt16(data >> 2 & 0x7FFF),
            channel: UInt8(data >> 1 & 1)))
      }
    }
    return events
  }
}
