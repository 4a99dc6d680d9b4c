import Diagnostics
import FileAccess
import TensorFiles

/// The regular files of a tar archive, checked record by record when it is opened.
///
/// Corresponds to POSIX `ustar` and GNU tar; of the extended headers of `pax` those are passed over
/// that change neither names nor sizes. Links, devices, sparse files and long names are refused.
struct TarArchive {
  /// One file.
  struct Member {
    /// The name, without a leading `./`; unique in the archive.
    let name: String
    /// The content.
    let bytes: ByteRegion
  }

  private static let block = 512
  private static let memberLimit = 10_000_000

  /// The files in the order of the archive.
  let members: [Member]

  /// Reads the headers of an archive; `place` names it in errors.
  ///
  /// - Throws: `DatasetFailure`.
  init(_ file: ByteRegion, at place: String) throws {
    var members: [Member] = []
    var names: Set<String> = []
    var offset = 0
    while let header = try Header(file, at: offset, place) {
      let start = offset + Self.block
      guard header.size <= file.count - start else {
        throw DatasetFailure(
          .tar, at: "\(place) \(header.name)", expected: "\(header.size) bytes of content",
          found: "the end of the archive after \(file.count - start)")
      }
      if header.isFile {
        guard names.insert(header.name).inserted, members.count < Self.memberLimit else {
          throw DatasetFailure(
            .tar, at: "\(place) \(header.name)",
            expected: "at most \(Self.memberLimit) files, each name once", found: "it again")
        }
        members.append(
          Member(name: header.name, bytes: file.part(start..<start + header.size)))
      }
      offset = start + (header.size + Self.block - 1) / Self.block * Self.block
    }
    file.releasePages()
    self.members = members
  }

  private struct Header {
    let name: String
    let size: Int
    let isFile: Bool

    /// The header at an offset; `nil` at the end of the archive.
    init?(_ file: ByteRegion, at offset: Int, _ place: String) throws {
      guard offset + TarArchive.block <= file.count else {
        throw DatasetFailure(
          .tar, at: "\(place) byte \(offset)", expected: "a header or the end's zeros",
          found: "\(file.count - min(offset, file.count)) bytes")
      }
      let bytes = file.part(offset..<offset + TarArchive.block).copy()
      if bytes.allSatisfy({ $0 == 0 }) { return nil }
      let sum = bytes.enumerated().reduce(0) { sum, byte in
        sum + ((148..<156).contains(byte.offset) ? 32 : Int(byte.element))
      }
      guard Self.octal(bytes[148..<156]) == sum, let size = Self.octal(bytes[124..<136]) else {
        throw DatasetFailure(
          .tar, at: "\(place) byte \(offset)", expected: "a header with its checksum",
          found: "other bytes")
      }
      // GNU tar writes a space in place of the zero, and has no prefix.
      let prefix = bytes[257..<263].elementsEqual("ustar\0".utf8) ? Self.text(bytes[345..<500]) : ""
      let name = (prefix.isEmpty ? "" : prefix + "/") + Self.text(bytes[0..<100])
      self.name = name.hasPrefix("./") ? String(name.dropFirst(2)) : name
      switch bytes[156] {
      case UInt8(ascii: "0"), 0:
        self.isFile = true
        self.size = size
      case UInt8(ascii: "5"):
        self.isFile = false
        self.size = 0
      case UInt8(ascii: "x"), UInt8(ascii: "g"):
        self.isFile = false
        self.size = size
        let end = offset + TarArchive.block + min(size, file.count - offset - TarArchive.block)
        try Self.checkExtended(file.part(offset + TarArchive.block..<end), at: "\(place) \(name)")
      default:
        throw DatasetFailure(
          .tar, at: "\(place) \(name)", expected: "a file or a folder",
          found: "a record of type \(bytes[156])")
      }
    }

    /// Refuses an extended header that changes what the next header says.
    private static func checkExtended(_ content: ByteRegion, at place: String) throws {
      let lines = String(
        decoding: content.part(0..<min(content.count, 1 << 16)).copy(), as: UTF8.self)
      for key in ["path=", "size=", "linkpath=", "GNU.sparse"] where lines.contains(" " + key) {
        throw DatasetFailure(
          .tar, at: place, expected: "names and sizes in the headers themselves",
          found: "an extended header with \(key)")
      }
    }

    /// An octal number, ended by a space or a zero byte; `nil` for other text.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
      let digits = field.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
      guard !digits.isEmpty else { return nil }
      return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
      String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
