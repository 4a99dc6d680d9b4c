import Diagnostics

/// What the messages of one object header say, before it is decided what the object is.
struct ObjectParts {
  private(set) var shape: [Int]?
  private(set) var type: HDF5Type?
  private(set) var layout: DataLayout?
  private(set) var filters: [FilterDescription]?
  private(set) var fill: Int?
  private(set) var links: [(name: String, address: UInt64)] = []
  private(set) var attributes: [String: [UInt8]] = [:]
  /// The kinds of messages that there are at most once.
  private var seen: Set<MessageKind> = []

  /// Takes one message.
  ///
  /// - Throws: `HDF5Failure`.
  mutating func add(_ kind: MessageKind, _ message: inout ByteCursor) throws {
    switch kind {
    case .empty: try message.finishWithZeros()
    case .link: try addLink(&message)
    case .attribute: try addAttribute(&message)
    default:
      guard seen.insert(kind).inserted else {
        throw message.failure(expected: "one such message", found: "a second one")
      }
      try addSingle(kind, &message)
    }
  }

  private mutating func addSingle(_ kind: MessageKind, _ message: inout ByteCursor) throws {
    switch kind {
    case .dataspace: shape = try message.shape()
    case .datatype: type = try message.type()
    case .layout: layout = try DataLayout(&message)
    case .filters: filters = try message.filters()
    case .fillValue: fill = try message.fill()
    case .groupInfo: try message.groupInfo()
    case .attributeInfo, .linkInfo: try message.nothingDense()
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

  private static let groupKinds: Set<MessageKind> = [.linkInfo, .groupInfo]
  private static let datasetKinds: Set<MessageKind> = [.dataspace, .datatype, .fillValue, .layout]

  /// Requires the messages of a group or of a dataset, and no others; what filters there must be depends
  /// on the layout. Without attribute info libhdf5 does not see attributes.
  ///
  /// - Throws: `HDF5Failure`.
  func checkKinds(_ path: String) throws {
    let own = isGroup ? Self.groupKinds : Self.datasetKinds
    let wanted = own.union(attributes.isEmpty ? [] : [.attributeInfo])
    let found = isGroup ? seen : seen.subtracting([.filters])
    let strays = found.subtracting(wanted).map(\.part) + (isGroup || links.isEmpty ? [] : ["link"])
    let missing = wanted.subtracting(found).map { "no \($0.part)" }
    guard strays.isEmpty && missing.isEmpty else {
      throw HDF5Failure(
        .message, at: path, expected: "the messages of \(words)",
        found: (missing + strays).sorted().joined(separator: ", "))
    }
  }

  /// Whether there is what only groups have.
  var isGroup: Bool { seen.contains(.linkInfo) }

  /// Whether there is anything that only datasets have.
  var isDataset: Bool { layout != nil || shape != nil }

  /// What an object is that is neither a group nor a dataset, or both.
  var words: String {
    switch (isGroup, isDataset) {
    case (true, true): "both in one"
    case (true, false): "a group"
    case (_, true): "a dataset"
    default: type == nil ? "an object without content" : "a type with a name"
    }
  }
}
