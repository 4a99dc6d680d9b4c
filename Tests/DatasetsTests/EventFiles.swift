/// Event files, byte by byte.
enum EventFiles {
  /// Lines as an event file has them.
  static func lines(_ lines: String...) -> [UInt8] {
    Array(lines.map { $0 + "\r\n" }.joined().utf8)
  }

  /// AEDAT 2.0: an address and a time for each event, at column and row 127 minus those given.
  static func version2(_ events: [(x: Int, y: Int, polarity: Int)]) -> [UInt8] {
    lines("#!AER-DAT2.0", "# This is a raw AE data file")
      + events.flatMap { event in
        bytes(UInt32(event.x << 8 | event.y << 1 | event.polarity).byteSwapped) + bytes(0)
      }
  }

  /// The header that DVS128 Gesture's recordings have.
  static let header3 = lines("#!AER-DAT3.1", "#Format: RAW", "#Source 0: DVS128", "#!END-HEADER")

  /// A packet of AEDAT 3.1 with an event at column 3, row 5, of polarity 1, at each time.
  static func packet(_ times: [Int], timeOffset: Int = 4) -> [UInt8] {
    let count = times.count
    return bytes(UInt32(1)) + [8, timeOffset, 0, count, count, count].flatMap { bytes(UInt32($0)) }
      + times.flatMap { bytes(UInt32(3 << 17 | 5 << 2 | 1 << 1 | 1)) + bytes(UInt32($0)) }
  }

  private static func bytes(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
  }
}
