import Deflate
import Diagnostics
import FileAccess

/// `meta.mat` of the ILSVRC2012 development kit: which WordNet id each of its class numbers means.
///
/// Corresponds to MAT-file format, level 5: one structure array `synsets` with the fields
/// `ILSVRC2012_ID`, `WNID` and `num_children`; classes are those without children.
struct DevelopmentKit {
  /// WordNet id by number.
  let identifiers: [Int: String]

  /// Reads the `meta.mat` beside a list of class numbers.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  init(besides list: String) throws {
    let path = Files.join(Files.directory(of: list), "meta.mat")
    guard Files.exists(path) else {
      throw DatasetFailure(
        .labels, at: list, expected: "WordNet ids, or the development kit's meta.mat beside it",
        found: "class numbers alone, which are not indices of classes")
    }
    try self.init(try Files.read(path, limit: 64 << 20), at: path)
  }

  /// Reads the bytes of a `meta.mat`; `path` names it in errors.
  ///
  /// - Throws: `DatasetFailure`.
  init(_ file: [UInt8], at path: String) throws {
    var reader = MATReader(file, at: path)
    let synsets = try reader.structureArray()
    guard let numbers = synsets["ILSVRC2012_ID"], let names = synsets["WNID"],
      let children = synsets["num_children"]
    else {
      throw DatasetFailure(
        .file, at: path, expected: "fields ILSVRC2012_ID, WNID and num_children",
        found: synsets.keys.sorted().joined(separator: ", "))
    }
    var identifiers: [Int: String] = [:]
    for (index, number) in numbers.enumerated() where children[index].number == 0 {
      guard let number = number.number, identifiers[number] == nil else {
        throw DatasetFailure(
          .file, at: path, expected: "each class number once", found: number.text)
      }
      identifiers[number] = names[index].text
    }
    self.identifiers = identifiers
  }

  /// The classes in order of their WordNet ids, by their numbers.
  var classIndex: ClassIndex { ClassIndex(numbered: identifiers) }
}

/// As much of MAT-file format, level 5, as a structure array of numbers and texts needs.
private struct MATReader {
  /// A cell of the structure array.
  struct Cell {
    /// The first number; `nil` for a text or for nothing.
    let number: Int?
    /// The characters; empty for a number.
    let text: String
  }

  private enum Kind {
    static let matrix: UInt32 = 14
    static let compressed: UInt32 = 15
    static let structure: UInt8 = 2
  }

  private static let cellLimit = 1_000_000
  /// The real table has eight.
  private static let fieldLimit = 1024
  /// The real table takes a few megabytes.
  private static let sizeLimit = 16 << 20
  /// The format's own limit for the names of fields, with a null byte.
  private static let nameLimit = 64

  private let place: String
  private var bytes: ArraySlice<UInt8>

  init(_ file: [UInt8], at place: String) {
    self.place = place
    bytes = file.dropFirst(128)
  }

  /// The first variable, which must be a structure array: the cells of each field.
  mutating func structureArray() throws -> [String: [Cell]] {
    var (kind, body) = try element()
    if kind == Kind.compressed {
      bytes = try inflated(body)[...]
      (kind, body) = try element()
    }
    guard kind == Kind.matrix else { throw broken("a matrix") }
    bytes = body
    guard try element().1.first == Kind.structure else { throw broken("a structure array") }
    let extents = try integers(element())
    _ = try element()
    guard let count = product(extents), let nameLength = try integers(element()).first,
      (1...Self.nameLimit).contains(nameLength)
    else { throw broken("at most \(Self.cellLimit) structures and the length of names") }
    let names = try fieldNames(element().1, nameLength)
    guard Set(names).count == names.count else { throw broken("each field once") }
    var fields: [String: [Cell]] = [:]
    for _ in 0..<count {
      for name in names { fields[name, default: []].append(try cell()) }
    }
    return fields
  }

  private func inflated(_ body: ArraySlice<UInt8>) throws -> [UInt8] {
    do {
      return try Deflate.inflate(.init(Array(body)), .zlib, limit: Self.sizeLimit)
    } catch .tooLong {
      throw broken("at most \(Self.sizeLimit) bytes in a zlib stream")
    } catch {
      throw broken("a zlib stream")
    }
  }

  /// The number of structures; `nil` beyond the limit.
  private func product(_ extents: [Int]) -> Int? {
    extents.reduce(1) { product, extent in
      guard let product, (0...Self.cellLimit).contains(extent) else { return nil }
      return product * extent <= Self.cellLimit ? product * extent : nil
    }
  }

  private func fieldNames(_ bytes: ArraySlice<UInt8>, _ length: Int) throws -> [String] {
    guard (bytes.count + length - 1) / length <= Self.fieldLimit else {
      throw broken("at most \(Self.fieldLimit) fields")
    }
    return stride(from: bytes.startIndex, to: bytes.endIndex, by: length).map { start in
      String(
        decoding: bytes[start..<min(start + length, bytes.endIndex)].prefix { $0 != 0 },
        as: UTF8.self)
    }
  }

  /// The next matrix: flags, extent, name, then its elements unless there are none.
  private mutating func cell() throws -> Cell {
    let (kind, body) = try element()
    guard kind == Kind.matrix else { throw broken("a matrix") }
    if body.isEmpty { return Cell(number: nil, text: "") }
    var inner = self
    inner.bytes = body
    guard let type = try inner.element().1.first else { throw broken("a class") }
    _ = try inner.element()
    _ = try inner.element()
    guard !inner.bytes.isEmpty else { return Cell(number: nil, text: "") }
    let values = inner.integers(try inner.element())
    guard type == 4 else { return Cell(number: values.first, text: "") }
    let text = String(decoding: values.map { UInt16(truncatingIfNeeded: $0) }, as: UTF16.self)
    return Cell(number: nil, text: text)
  }

  /// The next data element: a tag of eight bytes and padded data, or both in eight bytes.
  private mutating func element() throws -> (UInt32, ArraySlice<UInt8>) {
    guard bytes.count >= 8 else { throw broken("a tag") }
    let (low, size) = (word(0), Int(word(4)))
    if low >> 16 != 0 {
      let count = Int(low >> 16)
      guard count <= 4 else { throw broken("at most four bytes in a small element") }
      let data = bytes.dropFirst(4).prefix(count)
      bytes = bytes.dropFirst(8)
      return (low & 0xFFFF, data)
    }
    let padded = low == Kind.compressed ? size : (size + 7) / 8 * 8
    guard size <= bytes.count - 8 else { throw broken("\(size) bytes of data") }
    let data = bytes.dropFirst(8).prefix(size)
    bytes = bytes.dropFirst(8 + padded)
    return (low, data)
  }

  private func word(_ offset: Int) -> UInt32 {
    bytes.dropFirst(offset).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Numbers of any of the format's types, rounded towards zero; doubles must be integers.
  private func integers(_ element: (UInt32, ArraySlice<UInt8>)) -> [Int] {
    let (type, data) = element
    let width =
      [1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2][Int(type)] ?? 1
    return stride(from: data.startIndex, to: data.endIndex - width + 1, by: width).map { start in
      let bits = data[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return type == 9
        ? Int(exactly: Double(bitPattern: bits)) ?? -1 : Int(truncatingIfNeeded: bits)
    }
  }

  private func broken(_ expected: String) -> DatasetFailure {
    DatasetFailure(.file, at: place, expected: expected, found: "other bytes")
  }
}
