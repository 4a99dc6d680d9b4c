import Diagnostics
import FileAccess

/// A file of this machine.
struct LocalTransfer {
  let source: TransferSource
  let wanted: WantedFile
  let options: TransferOptions
  let watch: TransferWatch

  /// Copies the file; parts that are here are not used, as nothing is gained by them.
  ///
  /// - Throws: `TransferFailure`, `FileFailure`.
  func run(_ partial: PartialFile) throws {
    let path = source.address.text
    let size = try Files.stamp(of: path).size
    try Policy.check(size: size, of: wanted, options, at: path)
    if !partial.received.isEmpty { try partial.reset() }
    try Policy.checkSpace(for: size, in: Files.directory(of: partial.path))
    partial.total = size
    var offset = 0
    try Files.forEachPiece(of: path) { piece in
      try watch.look(at: partial, source.address)
      try partial.write(piece.extracting(0..<min(piece.byteCount, size - offset)), at: offset)
      offset += piece.byteCount
      guard offset <= size else { throw changed(size, "more") }
    }
    guard offset == size else { throw changed(size, "\(offset)") }
    try watch.look(at: partial, source.address)
  }

  private func changed(_ size: Int, _ found: String) -> TransferFailure {
    TransferFailure(
      .changed, at: source.address.text, expected: "\(size) bytes as before", found: found)
  }
}
