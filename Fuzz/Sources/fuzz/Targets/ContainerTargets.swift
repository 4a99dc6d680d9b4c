import FileAccess
import SpikeTensors

@testable import Conversion
@testable import TensorFiles

extension FuzzTarget {
  /// Safetensors: tensors cover the data exactly, and every one can be read.
  static let safetensors = FuzzTarget(
    name: "safetensors", totalFactor: 256,
    repair: { bytes, choice in SafetensorsRepair.repair(&bytes, choice) },
    run: { bytes in
      let file = try SafetensorsFile(ByteRegion(bytes), at: "input")
      _ = try? SafetensorsImport.open(ByteRegion(bytes), "input").tensors(of: nil)
      let sizes = file.tensors.values.map { $0.bytes.copy().count }
      let header = 8 + Int(ByteRegion(bytes).integer(at: 0, as: UInt64.self))
      require(sizes.reduce(header, +) == bytes.count, "every byte belongs to one tensor")
    })

  /// Zip: entries are disjoint parts of the file, and every one can be read or is refused.
  static let zip = FuzzTarget(
    name: "zip", allocationLimit: 1 << 22, totalLimit: 1 << 23,
    repair: { bytes, choice in ZipRepair.repair(&bytes, choice) },
    run: { bytes in
      let archive = try ZipArchive(ByteRegion(bytes), at: "input", allowsDeflate: true)
      var stored = 0
      for entry in archive.entries {
        stored += entry.bytes.count
        guard let content = try? archive.checkedBytes(of: entry) else { continue }
        require(content.count == entry.inflatedSize ?? entry.bytes.count, "the size that was said")
      }
      require(stored <= bytes.count, "no byte in two entries")
      require(Set(archive.entries.map(\.name)).count == archive.entries.count, "names are unique")
    })

  /// NumPy arrays, alone or in an archive.
  static let numpy = FuzzTarget(
    name: "numpy", allocationLimit: 1 << 22, totalLimit: 1 << 23,
    repair: { bytes, choice in
      if bytes.starts(with: [0x50, 0x4B]) { ZipRepair.repair(&bytes, choice) }
    },
    run: { bytes in
      guard bytes.starts(with: [0x50, 0x4B]) else { return try readArray(ByteRegion(bytes)) }
      let archive = try ZipArchive(ByteRegion(bytes), at: "input", allowsDeflate: true)
      for entry in archive.entries { try readArray(try archive.checkedBytes(of: entry)) }
    })

  private static func readArray(_ file: ByteRegion) throws {
    let array = try NumPyFile.read(file, at: "input")
    require(
      array.bytes.count == array.count * array.elementType.byteCount, "bytes for every element")
    _ = try? array.floats(name: "array")
  }
}
