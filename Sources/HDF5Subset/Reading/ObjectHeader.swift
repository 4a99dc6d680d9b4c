/// The messages of one object header, its continuation blocks included.
///
/// Corresponds to "Data Object Header Prefix", version 2, of the HDF5 file format.
struct ObjectHeader {
  private static let prefixLimit = 14
  private static let continuation = 0x10

  private let place: String
  private var blocks: [(address: UInt64, count: UInt64)] = []
  private var seen: Set<UInt64> = []

  /// Hands every message to `body`: first those of the header, then those of each continuation.
  ///
  /// - Throws: `HDF5Failure`, and what `body` throws.
  static func forEachMessage(
    at address: UInt64, of place: String, in file: inout ClaimedFile,
    _ body: (MessageKind, inout ByteCursor) throws -> Void
  ) throws {
    var header = ObjectHeader(place: place)
    try header.readFirst(at: address, in: &file, body)
    var next = 0
    while next < header.blocks.count {
      let (address, count) = header.blocks[next]
      next += 1
      var block = try file.block(
        address, count, of: place, part: "continuation", code: .header)
      try block.expect(signature: "OCHK")
      try header.read(&block, body)
    }
  }

  private init(place: String) { self.place = place }

  private mutating func readFirst(
    at address: UInt64, in file: inout ClaimedFile,
    _ body: (MessageKind, inout ByteCursor) throws -> Void
  ) throws {
    var prefix = ByteCursor(
      try file.peek(address, limit: Self.prefixLimit, of: place), at: place, part: "header",
      code: .header)
    try prefix.expect(signature: "OHDR")
    try prefix.expect(2, "version")
    let flags = try prefix.byte()
    guard flags <= 3 else {
      throw prefix.failure(
        expected: "no times, no creation order, default storage of attributes",
        found: "flags 0x\(String(flags, radix: 16))")
    }
    let (messages, overflow) = try prefix.integer(1 << flags).addingReportingOverflow(
      UInt64(prefix.position) + 4)
    guard !overflow else {
      throw prefix.failure(.outside, expected: "a size inside the file", found: "2^64 bytes")
    }
    let size = messages - UInt64(prefix.position) - 4
    guard flags == 0 || size >> (8 << (flags - 1)) > 0 else {
      throw prefix.failure(
        expected: "a size in as few bytes as it needs", found: "\(size) in \(1 << flags) bytes")
    }
    var block = try file.block(address, messages, of: place, part: "header", code: .header)
    _ = try block.take(prefix.position)
    try read(&block, body)
  }

  /// The messages of one block. What is free lies at its end: one empty message, or less than a message's
  /// head, as zeros.
  private mutating func read(
    _ block: inout ByteCursor, _ body: (MessageKind, inout ByteCursor) throws -> Void
  ) throws {
    while block.count >= 4 {
      let number = try block.byte()
      let count = try block.short()
      let flags = try block.byte()
      if number == Self.continuation {
        var message = try block.block(count, part: "continuation message", code: .message)
        try Self.check(flags, are: 0, of: message)
        try enqueue(&message)
        continue
      }
      guard let kind = MessageKind(rawValue: number) else {
        throw block.failure(
          MessageKind.code(ofForeign: number), expected: "messages of checkpoints",
          found: "message \(number)")
      }
      var message = try block.block(count, part: kind.part, code: .message)
      try Self.check(flags, are: kind.flags, of: message)
      try body(kind, &message)
      try message.finish()
      guard kind != .empty || block.count == 0 else {
        throw block.failure(
          expected: "the end of the block behind an empty message", found: "\(block.count) bytes")
      }
    }
    try block.finishWithZeros()
  }

  private static func check(_ flags: Int, are wanted: Int, of message: ByteCursor) throws {
    guard flags == wanted else {
      throw message.failure(
        expected: "a message of its own with flags 0x\(String(wanted, radix: 16))",
        found: "0x\(String(flags, radix: 16))")
    }
  }

  private mutating func enqueue(_ message: inout ByteCursor) throws {
    let (address, count) = (try message.integer(8), try message.integer(8))
    try message.finish()
    guard seen.insert(address).inserted else {
      throw message.failure(
        .overlap, expected: "each continuation once", found: "byte \(address) again")
    }
    blocks.append((address, count))
  }
}

/// The kinds of header messages that checkpoints use, besides continuations.
///
/// Corresponds to "Data Object Header Messages" of the HDF5 file format.
enum MessageKind: Int {
  case empty = 0x00
  case dataspace = 0x01
  case linkInfo = 0x02
  case datatype = 0x03
  case fillValue = 0x05
  case link = 0x06
  case layout = 0x08
  case groupInfo = 0x0A
  case filters = 0x0B
  case attribute = 0x0C
  case attributeInfo = 0x15

  /// What the flags of such a message are: whether it is constant, and whether it may be shared.
  var flags: Int {
    switch self {
    case .datatype, .fillValue, .groupInfo, .filters: 0b1
    case .attributeInfo: 0b100
    case .empty, .dataspace, .linkInfo, .link, .layout, .attribute: 0
    }
  }

  /// What failures call it.
  var part: String {
    switch self {
    case .empty: "empty message"
    case .dataspace: "dataspace message"
    case .linkInfo: "link info message"
    case .datatype: "datatype message"
    case .fillValue: "fill value message"
    case .link: "link message"
    case .layout: "layout message"
    case .groupInfo: "group info message"
    case .filters: "filter pipeline message"
    case .attribute: "attribute message"
    case .attributeInfo: "attribute info message"
    }
  }

  /// The name of a refusal: 0x07 lists other files that hold the elements, 0x16 counts the paths of an
  /// object that has several.
  static func code(ofForeign number: Int) -> HDF5FailureCode {
    switch number {
    case 0x07: .external
    case 0x16: .shared
    default: .message
    }
  }
}
