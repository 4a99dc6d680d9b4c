import Concurrency
import Diagnostics
import Digests
package import FileAccess

/// A file that is not complete yet, and what is known of the parts that are here.
///
/// It has a name that no other process uses, and a journal beside it that outlasts the process.
package final class PartialFile {
  /// Which version of the file the parts are of.
  package struct Version: Equatable {
    /// The address of the source, as it was given.
    package var address: String
    package var etag: String?
    package var lastModified: String?

    package init(address: String, etag: String? = nil, lastModified: String? = nil) {
      self.address = address
      self.etag = etag
      self.lastModified = lastModified
    }

    /// What `If-Range` may say: a strong entity tag, else a date (RFC 9110, 13.1.5).
    var validator: String? {
      [etag.flatMap { $0.hasPrefix("W/") ? nil : $0 }, lastModified].lazy.compactMap { $0 }
        .first { $0.utf8.allSatisfy { 0x20..<0x7F ~= $0 } }
    }
  }

  let key: String
  let path: String
  package let journal: String
  package let file: RandomAccessFile
  /// The parts that are here.
  private(set) var received = RangeSet<Int>()
  /// The size of the complete file, once it is known.
  var total: Int?
  package var version: Version?
  /// Whether all that is here came in one answer.
  package private(set) var isClean = true
  package private(set) var hasher: PrefixHasher
  private let functions: [HashFunction]

  /// Takes over what an ended process left of the same file, else starts an empty one.
  ///
  /// - Throws: `FileFailure`.
  package static func open(for wanted: WantedFile, key: String, in folder: String) throws
    -> PartialFile
  {
    let functions: [HashFunction] = wanted.md5 == nil ? [.sha256] : [.sha256, .md5]
    if let left = try Abandoned.best(key: key, in: folder) {
      return try PartialFile(key: key, folder: folder, functions: functions, takingOver: left)
    }
    return try PartialFile(key: key, folder: folder, functions: functions, takingOver: nil)
  }

  private init(
    key: String, folder: String, functions: [HashFunction], takingOver left: Abandoned?
  ) throws {
    let name = "\(key)~\(String(UInt64.random(in: .min ... .max), radix: 36))"
    self.key = key
    self.functions = functions
    path = Files.join(folder, name + ".part")
    journal = Files.join(folder, name + ".json")
    // The journal comes first: a file without one would be lost if this process ended now.
    var begun = left?.journal ?? Journal()
    begun.owner = .current
    try begun.save(to: journal)
    let taken = try left?.take(as: path)
    file = try taken ?? RandomAccessFile(creating: path)
    hasher = PrefixHasher(file, functions)
    if taken != nil {
      received = begun.received.intersection(RangeSet(0..<(try file.size())))
      (total, version, isClean) = (begun.total, begun.version, false)
      hasher.follow(to: prefix)
    }
    try save()
  }

  /// The number of bytes from the start without a gap.
  package var prefix: Int {
    guard let first = received.ranges.first, first.lowerBound == 0 else { return 0 }
    return first.upperBound
  }

  /// The number of bytes that are here.
  package var count: Int { received.ranges.reduce(0) { $0 + $1.count } }

  /// Whether nothing is missing.
  var isComplete: Bool { total.map { prefix >= $0 } ?? false }

  /// What is missing of a file of known size.
  var missing: RangeSet<Int> { RangeSet(0..<(total ?? 0)).subtracting(received) }

  /// Puts bytes in their place.
  package func write(_ bytes: RawSpan, at offset: Int) throws {
    try file.write(bytes, at: offset)
    received.insert(contentsOf: offset..<offset + bytes.byteCount)
    hasher.follow(to: prefix)
  }

  /// Notes that what is here and the rest come in different answers.
  func mix() { isClean = isClean && received.isEmpty }

  /// Forgets everything that is here.
  func reset() throws {
    hasher.stop()
    received = RangeSet()
    (total, version, isClean) = (nil, nil, true)
    // First the journal: it must never claim parts of another version.
    try state.save(to: journal)
    try file.resize(to: 0)
    hasher = PrefixHasher(file, functions)
  }

  /// Makes the journal say what is here now. The parts reach the disk before the journal claims
  /// them, so a power cut cannot make it lie.
  package func save() throws {
    try file.synchronize()
    try state.save(to: journal)
  }

  /// Saves without holding up the transfer; an error will show again when more is written.
  func saveLater() {
    let (file, journal, state) = (file, journal, state)
    hasher.queue.async {
      guard (try? file.synchronize()) != nil else { return }
      try? state.save(to: journal)
    }
  }

  private var state: Journal {
    Journal(owner: .current, total: total, version: version, received: received)
  }

  /// Leaves what a later run can go on with, and nothing else.
  func close() {
    if received.isEmpty { discard() } else { try? save() }
    hasher.stop()
  }

  /// Removes the file and its journal.
  package func discard() {
    hasher.stop()
    Files.remove(path)
    Files.remove(journal)
  }
}
