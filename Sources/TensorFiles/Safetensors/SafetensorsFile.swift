import CanonicalJSON
import Diagnostics
public import FileAccess
public import SpikeTensors

/// A safetensors file: named tensors and string metadata.
///
/// Stricter than the reference reader: duplicate names, holes, overlaps, misaligned tensors,
/// unknown members and trailing bytes are refused.
///
/// Corresponds to the safetensors format, version of the README at 0.8.
public struct SafetensorsFile: Sendable {
  /// The tensors by name.
  public let tensors: [String: Tensor]
  /// The `__metadata__` strings.
  public let metadata: [String: String]

  /// Opens a file; `place` names it in errors.
  ///
  /// - Throws: `TensorFileFailure`, `JSONFailure`, `TensorFailure`.
  public init(_ file: ByteRegion, at place: String) throws {
    let header = try Self.header(file, place)
    let data = file.part(8 + header.count..<file.count)
    var members = try Self.members(header, place)
    metadata = try Self.metadata(members.removeValue(forKey: "__metadata__"), place)
    var tensors: [String: Tensor] = [:]
    var ranges: [(Range<Int>, Int, String)] = []
    for (name, json) in members {
      let member = try Self.member(json, "\(place) \(name)", dataCount: data.count)
      tensors[name] = try Tensor(
        member.type, member.shape, data.part(member.range), name: "\(place) \(name)")
      ranges.append((member.range, member.type.byteCount, name))
    }
    try Self.checkLayout(ranges, dataCount: data.count, place)
    self.tensors = tensors
  }

  /// The tensor of a name.
  ///
  /// - Throws: `TensorFileFailure`.
  public func tensor(_ name: String, at place: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      let names = tensors.keys.sorted().prefix(8).joined(separator: ", ")
      throw TensorFileFailure(
        .noSuchTensor, at: place, expected: "a tensor `\(name)`", found: "only \(names)")
    }
    return tensor
  }

  static let headerLimit = 100_000_000

  /// The members of the header, which is not read to its end if it names too many tensors.
  private static func members(_ header: [UInt8], _ place: String) throws -> [String: JSON] {
    do {
      // One more for the metadata.
      return try JSON(
        parsing: header, at: "\(place) header", memberLimit: TensorFileLimits.tensors + 1
      ).object ?? [:]
    } catch let failure as JSONFailure where failure.code == .members {
      throw TensorFileLimits.failure(at: place)
    }
  }

  private static func header(_ file: ByteRegion, _ place: String) throws -> [UInt8] {
    guard file.count >= 8 else {
      throw TensorFileFailure(
        .safetensorsHeader, at: place, expected: "8 bytes of length", found: "\(file.count) bytes")
    }
    let length = file.integer(at: 0, as: UInt64.self)
    guard length >= 2, length <= UInt64(min(headerLimit, file.count - 8)),
      file.integer(at: 8, as: UInt8.self) == UInt8(ascii: "{")
    else {
      throw TensorFileFailure(
        .safetensorsHeader, at: place,
        expected: "an object of at most \(min(headerLimit, file.count - 8)) bytes",
        found: "length \(length)")
    }
    return file.part(8..<8 + Int(length)).copy()
  }

  private static func metadata(_ json: JSON?, _ place: String) throws -> [String: String] {
    guard let json else { return [:] }
    guard let members = json.object, members.values.allSatisfy({ $0.string != nil }) else {
      throw TensorFileFailure(
        .safetensorsMember, at: "\(place) __metadata__", expected: "strings by name",
        found: "other values")
    }
    return members.compactMapValues(\.string)
  }

  private static func member(
    _ json: JSON, _ place: String, dataCount: Int
  ) throws -> (type: ElementType, shape: [Int], range: Range<Int>) {
    guard let members = json.object, Set(members.keys) == ["dtype", "shape", "data_offsets"],
      let type = members["dtype"]?.string.flatMap(elementType),
      let shape = members["shape"]?.array?.map(\.int), !shape.contains(nil),
      let offsets = members["data_offsets"]?.array?.compactMap(\.int), offsets.count == 2,
      offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount
    else {
      throw TensorFileFailure(
        .safetensorsMember, at: place,
        expected: "a known dtype, a shape and offsets inside \(dataCount) bytes",
        found: PlainText.excerpt(json.canonicalText))
    }
    return (type, shape.compactMap { $0 }, offsets[0]..<offsets[1])
  }

  private static func checkLayout(
    _ ranges: [(range: Range<Int>, alignment: Int, name: String)], dataCount: Int, _ place: String
  ) throws {
    var offset = 0
    for (range, alignment, name) in ranges.sorted(by: {
      ($0.0.lowerBound, $0.0.upperBound) < ($1.0.lowerBound, $1.0.upperBound)
    }) {
      guard range.lowerBound == offset, range.lowerBound.isMultiple(of: alignment) else {
        throw TensorFileFailure(
          .safetensorsLayout, at: "\(place) \(name)", expected: "data aligned at byte \(offset)",
          found: "byte \(range.lowerBound)")
      }
      offset = range.upperBound
    }
    guard offset == dataCount else {
      throw TensorFileFailure(
        .safetensorsLayout, at: place, expected: "the end after \(offset) bytes of data",
        found: "\(dataCount)")
    }
  }

  /// The one table of names; float8 and complex types are not in it.
  static let typeNames: [(String, ElementType)] = [
    ("F32", .f32), ("F64", .f64), ("F16", .f16), ("BF16", .bf16), ("I64", .i64), ("I32", .i32),
    ("I16", .i16), ("I8", .i8), ("U8", .u8), ("U64", .u64), ("BOOL", .bool),
  ]

  private static func elementType(_ name: String) -> ElementType? {
    typeNames.first { $0.0 == name }?.1
  }
}
