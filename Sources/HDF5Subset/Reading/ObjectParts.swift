import Diagnostics

/// What the messages of one object header say, before it is decided what the object is.
struct ObjectParts {
  private(set) var shape: [Int]?
  private(set) var type: HDF5Type?
  private(set) var layout: DataLayout?
  private(set) var filters: [FilterDescription]?
  private(set) var isGroup = false
  private(set) var links: [(name: String, address: UInt64)] = []
  private(set) var attributes: [String: [UInt8]] = [:]
  /// A bit for each kind of message that there is.
  private var seen: UInt32 = 0

  /// Takes one message.
  ///
  /// - Throws: `HDF5Failure`.
  mutating func add(_ kind: MessageKind, _ message: inout ByteCursor) throws {
    switch kind {
    case .empty: try message.finishWithZeros()
    case .link: try addLink(&message)
    case .attribute: try addAttribute(&message)
    default:
      guard seen & kind.bit == 0 else {
        throw message.failure(expected: "one such message", found: "a second one")
      }
      seen |= kind.bit
      try addSingle(kind, &message)
    }
  }

  private mutating func addSingle(_ kind: MessageKind, _ message: inout ByteCursor) throws {
    switch kind {
    case .dataspace: shape = try message.shape()
    case .datatype: type = try message.type()
    case .layout: layout = try DataLayout(&message)
    case .filters: filters = try message.filters()
    case .fillValue: try message.noFillValue()
    case .groupInfo: try message.groupInfo()
    case .attributeInfo: try message.nothingDense()
    case .linkInfo:
      try message.nothingDense()
      isGroup = true
    case .empty, .link, .attribute: break
    }
  }

  private mutating func addLink(_ message: inout ByteCursor) throws {
    guard links.count < HDF5Limits.objects else {
      throw message.failure(
        .limit, expected: "at most \(HDF5Limits.objects) links", found: "more")
    }
    links.append(try message.link())
  }

  private mutating func addAttribute(_ message: inout ByteCursor) throws {
    guard attributes.count < HDF5Limits.attributes else {
      throw message.failure(
        .limit, expected: "at most \(HDF5Limits.attributes) attributes", found: "more")
    }
    let (name, text) = try message.attribute()
    guard attributes.updateValue(text, forKey: name) == nil else {
      throw message.failure(.name, expected: "each name once", found: "`\(name)` again")
    }
  }

  /// Requires the message without which libhdf5 does not see attributes.
  ///
  /// - Throws: `HDF5Failure`.
  func checkAttributeInfo(_ path: String) throws {
    guard attributes.isEmpty || seen & MessageKind.attributeInfo.bit != 0 else {
      throw HDF5Failure(
        .message, at: path, expected: "attribute info beside attributes", found: "none")
    }
  }

  /// Whether there is anything that only datasets have.
  var isDataset: Bool { layout != nil || shape != nil }

  /// What an object is that is neither a group nor a dataset, or both.
  var words: String {
    switch (isGroup, isDataset) {
    case (true, true): "both in one"
    case (_, true): "a dataset"
    default: type == nil ? "an object without content" : "a type with a name"
    }
  }
}
