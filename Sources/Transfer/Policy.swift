import Diagnostics
import FileAccess

/// What may be fetched, from where, before a byte of it is taken.
package enum Policy {
  /// Refuses networks when offline, and clear text outside this machine; a server elsewhere cannot
  /// send us to one of this machine.
  package static func check(
    _ address: Address, _ options: TransferOptions, redirectedFrom origin: Address? = nil
  ) throws {
    if address.scheme != .file && options.isOffline {
      throw TransferFailure(
        .offline, at: "\(address)", expected: "a local file, as QKZOO_OFFLINE is set",
        found: "an address on a network")
    }
    if let origin, !origin.isOfThisMachine, address.isOfThisMachine {
      throw TransferFailure(
        .insecure, at: "\(origin)", expected: "a redirection to an address elsewhere",
        found: "one to this machine, \(address.authority)")
    }
    if address.scheme == .http && !address.isLoopback && !options.allowsInsecure {
      throw TransferFailure(
        .insecure, at: "\(origin ?? address)", expected: "https:, or --insecure",
        found: origin == nil ? "http:" : "a redirection to http://\(address.authority)")
    }
  }

  /// Refuses a source of this machine that an index from elsewhere lists.
  package static func check(_ source: TransferSource) throws {
    guard let index = source.index, !index.isOfThisMachine, source.address.isOfThisMachine else {
      return
    }
    throw TransferFailure(
      .insecure, at: "\(source.address)",
      expected: "an address elsewhere, as the index is at \(index)",
      found: "a file or a server of this machine")
  }

  /// Refuses a size that is not the file's, or larger than any that is expected.
  static func check(
    size: Int, of wanted: WantedFile, _ options: TransferOptions, at place: String
  ) throws {
    if let expected = wanted.size, expected != size {
      throw TransferFailure(.size, at: place, expected: "\(expected) bytes", found: "\(size)")
    }
    guard wanted.size != nil || size <= options.limit else {
      throw TransferFailure(
        .tooLarge, at: place, expected: "at most \(options.limit) bytes", found: "\(size)")
    }
  }

  /// Refuses what does not fit on the disk.
  static func checkSpace(for bytes: Int, in folder: String) throws {
    let free = try Files.freeSpace(in: folder)
    guard bytes <= free else {
      throw TransferFailure(
        .space, at: folder, expected: "\(bytes) bytes free", found: "\(free)")
    }
  }
}
