import Diagnostics
import FileAccess
import TensorFiles

/// A file of events in format AEDAT 2.0, as CIFAR10-DVS has them.
///
/// A header of lines that start with `#`, then pairs of big-endian 32-bit words: address and time.
/// Corresponds to SpikingJelly's `CIFAR10DVS.load_origin_data`, whose columns and rows are swapped.
enum AEDAT2 {
  /// The events of a file, at least one; `place` names it in errors.
  ///
  /// - Throws: `DatasetFailure`.
  static func events(_ file: ByteRegion, at place: String) throws -> [Event] {
    let header = EventFileHeader(file)
    try header.require(version: "2.0", of: "CIFAR10-DVS", in: file, at: place)
    let size = file.count - header.length
    guard size > 0, size.isMultiple(of: 8) else {
      throw DatasetFailure(
        .file, at: place,
        expected: "events, pairs of 32-bit words, after \(header.length) bytes of header",
        found: size == 0 ? "no event" : "\(size) bytes")
    }
    return stride(from: header.length, to: file.count, by: 8).map { offset in
      let address = file.integer(at: offset, as: UInt32.self).byteSwapped
      return Event(
        x: 127 - UInt16(address >> 8 & 0x7F), y: 127 - UInt16(address >> 1 & 0x7F),
        channel: 1 - UInt8(address & 1))
    }
  }
}
