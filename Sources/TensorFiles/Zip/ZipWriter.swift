import Deflate
import Diagnostics
public import FileAccess

/// Writes zip archives of stored entries whose bytes depend on nothing but their content.
///
/// Every entry's data starts at a multiple of 64 bytes, so that a reader can map it.
///
/// Corresponds to APPNOTE 6.3.9 sections 4.3.7 to 4.3.16, and to the padding of `torch.save`.
public enum ZipWriter {
  /// Writes an archive, replacing one that exists only when complete; entries keep their order.
  ///
  /// - Throws: `TensorFileFailure` for 4 GiB or more, `FileFailure`.
  public static func write(
    _ entries: [(name: String, bytes: ByteRegion)], to path: String
  ) throws {
    let layout = try ZipLayout(entries.map { ($0.name, $0.bytes.count) }, at: path)
    try AtomicFile.replace(path) { file in
      let output = try SequentialOutput(path: file.temporaryPath)
      try write(entries, layout, to: output)
      try output.finish()
    }
  }

  private static func write(
    _ entries: [(name: String, bytes: ByteRegion)], _ layout: ZipLayout,
    to output: SequentialOutput
  ) throws {
    var checksums: [UInt32] = []
    for (entry, (_, bytes)) in zip(layout.entries, entries) {
      checksums.append(CRC32.checksum(of: bytes))
      let header = layout.localHeader(entry, checksum: checksums[checksums.count - 1])
      try output.write(unsafe header.span.bytes)
      try bytes.withBytes { try output.write($0) }
      bytes.releasePages()
    }
    try output.write(unsafe layout.directory(checksums).span.bytes)
  }
}
