import FileAccess
import SpikeTensors

@testable import HDF5Subset

extension FuzzTarget {
  /// Decoded chunks beyond this size are left alone: legal files can hold 32,768 bytes in one.
  private static let decodedLimit = 1 << 18

  /// The strict reader: every dataset that it finds is read to its end.
  static let hdf5 = FuzzTarget(
    name: "hdf5", allocationLimit: 1 << 20, totalFactor: 256,
    totalLimit: 1 << 22, repair: { bytes, choice in HDF5Repair.repair(&bytes, choice) },
    run: { bytes in
      let file = ByteRegion(bytes)
      let content = try StrictHDF5Reader().content(of: file, at: "input")
      for (path, dataset) in content.datasets { try read(dataset, of: file, at: path) }
    })

  private static func read(_ dataset: HDF5Dataset, of file: ByteRegion, at path: String) throws {
    let size = dataset.shape.reduce(dataset.type.byteCount, *)
    switch dataset.elements {
    case .inHeader(let bytes): require(bytes.count == size, "one element in the header")
    case .inFile(let range):
      require(range.count == size + Fletcher32.byteCount, "every element, and the checksum")
      _ = file.part(range).copy()
    case .compressed(let chunks):
      let codec = ChunkCodec(width: dataset.type.byteCount, shape: dataset.shape)
      require(chunks.count == codec.count, "every chunk")
      guard codec.chunkBytes * codec.count <= decodedLimit else { return }
      guard let decoded = try? codec.decode(chunks.map(file.part), at: path) else { return }
      require(decoded.count == size, "every element of the chunks")
    }
  }

  /// One stored chunk: five bytes that say its shape, then filters 2, 32015 and 3.
  static let zstd = FuzzTarget(
    name: "zstd", allocationLimit: 1 << 21, totalLimit: 1 << 23,
    repair: { bytes, _ in ChunkRepair.repair(&bytes, from: shapeBytes) },
    seeds: { [chunk(0, 1), chunk(1, 7), chunk(2, 300), chunk(3, 2000), chunk(4, 9000)] },
    run: { bytes in
      guard let codec = codec(bytes) else { return }
      let stored = ByteRegion(bytes).part(shapeBytes..<bytes.count)
      let elements = try codec.decode([stored], at: "input")
      let again = ByteRegion(try codec.encode(0, of: elements.span.bytes))
      require(
        (try? codec.decode([again], at: "again")) == elements,
        "what is encoded decodes to the same elements")
    })

  static let shapeBytes = 5

  private static func codec(_ bytes: [UInt8]) -> ChunkCodec? {
    guard bytes.count > shapeBytes else { return nil }
    let width = [1, 2, 4, 8][Int(bytes[0] & 3)]
    let rows = 1 + (Int(bytes[1]) | Int(bytes[2]) << 8) % 512
    let columns = 1 + (Int(bytes[3]) | Int(bytes[4]) << 8) % 64
    return ChunkCodec(width: width, shape: [rows, columns])
  }

  /// A chunk that some varied bytes make.
  private static func chunk(_ width: UInt8, _ number: UInt16) -> [UInt8] {
    let head = [width, UInt8(number & 0xFF), UInt8(number >> 8), UInt8(number % 23), 0]
    guard let codec = codec(head + [0]) else { return head }
    let elements = (0..<codec.chunkBytes).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    let stored = try? codec.encode(0, of: elements.span.bytes)
    return head + (stored ?? [])
  }
}
