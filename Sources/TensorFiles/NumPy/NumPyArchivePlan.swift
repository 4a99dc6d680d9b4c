import Deflate
import Diagnostics
public import FileAccess
public import SpikeTensors

/// A NumPy archive (`.npz`, nothing compressed) of tensors whose elements come in any order.
///
/// Corresponds to NumPy's `savez`.
public struct NumPyArchivePlan: TensorPlan {
  private let layout: ZipLayout
  /// What each entry starts with: an array's header, or all of a text.
  private let starts: [[UInt8]]
  /// Where the elements of each tensor start in the file.
  public let offsets: [Int]

  /// Lays out tensors behind files that are known already; `path` names the archive.
  ///
  /// - Throws: `TensorFileFailure` for 4 GiB or more; `TensorFailure`.
  public init(
    _ tensors: [PlannedTensor], files: [(name: String, bytes: [UInt8])], at path: String
  ) throws {
    let headers = try tensors.map { tensor in
      try NumPyFile.header(tensor.elementType, tensor.shape, at: "\(path):\(tensor.name)")
    }
    let arrays = try zip(tensors, headers).map { tensor, header in
      let count = try Tensor.byteCount(tensor.elementType, tensor.shape, name: tensor.name)
      return (name: tensor.name + ".npy", count: header.count + min(count, ZipLayout.sizeLimit))
    }
    layout = try ZipLayout(files.map { ($0.name, $0.bytes.count) } + arrays, at: path)
    starts = files.map(\.bytes) + headers
    offsets = zip(layout.entries.suffix(tensors.count), headers).map { $0.dataOffset + $1.count }
  }

  /// Writes headers, checksums and the directory; the elements must all be there.
  ///
  /// - Throws: `FileFailure`.
  public func complete(_ file: RandomAccessFile) throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var checksums: [UInt32] = []
    for (entry, start) in zip(layout.entries, starts) {
      try file.write(unsafe start.span.bytes, at: entry.dataOffset)
      var checksum = CRC32()
      let range = entry.dataOffset..<entry.dataOffset + entry.count
      _ = try file.read(range, through: &buffer) { checksum.update($0) }
      let header = layout.localHeader(entry, checksum: checksum.checksum)
      try file.write(unsafe header.span.bytes, at: entry.offset)
      checksums.append(checksum.checksum)
    }
    try file.write(unsafe layout.directory(checksums).span.bytes, at: layout.directoryOffset)
  }
}
