public import CanonicalJSON
import Diagnostics
import FileAccess
public import SpikeTensors

/// One file of `Tests/Corrupt`, refused with the error that its name begins with.
public struct CorruptFile: Sendable, CustomStringConvertible {
  /// Where it is.
  public let path: String

  /// Every file of a folder.
  public static func all(_ folder: String) -> [CorruptFile] {
    let folder = TestFiles.path("Corrupt/\(folder)")
    return ((try? Files.names(in: folder)) ?? []).map { CorruptFile(path: "\(folder)/\($0)") }
  }

  /// The name of the file.
  public var description: String { Files.name(of: path) }

  /// What must be seen when the file is read.
  public var expected: Refusal {
    let name = String(description.prefix { $0 != "." })
    return Refusal(name: name, exitCode: Self.exitCodes[name] ?? 65)
  }

  /// Where the exit code is not that of bad data.
  private static let exitCodes: [String: Int32] = [
    "pickle-global-not-allowed": 77, "pickle-opcode-not-allowed": 77, "pickle-operand": 77,
    "pickle-budget": 77, "storage-out-of-bounds": 77, "state-dict": 78,
    "hdf5-link-not-hard": 77, "hdf5-external-storage": 77, "hdf5-virtual-dataset": 77,
    "hdf5-checksum": 1, "zstd-frame": 1,
  ]
}

/// What a user sees of a refused file.
public struct Refusal: Sendable, Equatable {
  /// The name of the error.
  public let name: String
  /// The exit code of the command.
  public let exitCode: Int32

  /// Names a refusal.
  public init(name: String, exitCode: Int32) {
    self.name = name
    self.exitCode = exitCode
  }

  /// The refusal in which some reading ends, or nothing if it does not.
  ///
  /// - Throws: errors without a name.
  public static func of(_ reading: () throws -> Void) throws -> Refusal? {
    do {
      try reading()
      return nil
    } catch let failure as any Diagnosable {
      return Refusal(name: failure.name, exitCode: failure.exitCode)
    }
  }
}

/// One file of `Tests/Accepted`, and what must be read from it.
public struct AcceptedFile: Sendable, CustomStringConvertible {
  /// Where it is.
  public let path: String

  /// Every file of a folder.
  public static func all(_ folder: String) -> [AcceptedFile] {
    let folder = TestFiles.path("Accepted/\(folder)")
    return ((try? Files.names(in: folder)) ?? []).filter { !$0.hasSuffix(".json") }
      .map { AcceptedFile(path: "\(folder)/\($0)") }
  }

  /// The name of the file.
  public var description: String { Files.name(of: path) }

  /// A member of the JSON file beside it.
  ///
  /// - Throws: `FileFailure`, `JSONFailure`.
  public func expected(_ member: String) throws -> JSON? {
    let path = path + ".json"
    return try JSON(parsing: try Files.read(path, limit: 1 << 20), at: path)[member]
  }

  /// Tensors in the form that the JSON files have.
  public static func json(_ tensors: [String: Tensor]) -> JSON {
    .object(
      tensors.mapValues { tensor in
        [
          "type": .string(tensor.elementType.rawValue),
          "shape": .array(tensor.shape.map { .integer($0) }),
          "hex": .string(hex(tensor.bytes.copy())),
        ]
      })
  }

  /// Bytes in the form that the JSON files have.
  public static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
