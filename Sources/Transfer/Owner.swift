import CanonicalJSON
import FileAccess

/// The process that works on a partial file.
///
/// Locks of shared file systems do not always lock. So a process says who it is, and others take
/// over its file only when they know that it has ended, or have heard nothing of it for a while.
package struct Owner: Sendable, Equatable {
  /// Machine, start of the machine and process namespace; empty where the system does not tell.
  let place: String
  /// The number of the process.
  let process: String
  /// When the process started, in ticks of the machine.
  package let start: String

  /// This process.
  package static let current: Owner = {
    let status = statusFields("self")
    let parts = [
      text("/proc/sys/kernel/hostname"), text("/proc/sys/kernel/random/boot_id"),
      try? Files.target(ofLink: "/proc/self/ns/pid"),
    ].compactMap { $0 }
    guard let status, parts.count == 3 else { return Owner(place: "", process: "", start: "") }
    return Owner(
      place: parts.joined(separator: " "), process: status.process, start: status.start)
  }()

  /// Whether the process has certainly ended; `nil` if that cannot be known from here.
  var hasEnded: Bool? {
    guard place == Owner.current.place, !place.isEmpty else { return nil }
    return Self.statusFields(process)?.start != start
  }

  /// Number and start of a process, from fields 1 and 22 of `/proc/PID/stat`; see proc(5).
  private static func statusFields(_ process: String) -> (process: String, start: String)? {
    guard process.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isLetter) }),
      let text = text("/proc/\(process)/stat"),
      let parenthesis = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[parenthesis...].split(separator: " ")
    guard fields.count > 20, let number = text.split(separator: " ").first else { return nil }
    // A process that has ended and was not waited for is a zombie.
    return fields[1] == "Z" ? nil : (String(number), String(fields[20]))
  }

  private static func text(_ path: String) -> String? {
    guard let bytes = try? Files.readStream(path, limit: 1 << 12) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    return lines.first.map(String.init)
  }
}

extension Owner {
  var json: JSON {
    ["place": .string(place), "process": .string(process), "start": .string(start)]
  }

  init?(json: JSON?) {
    guard let place = json?["place"]?.string, let process = json?["process"]?.string,
      let start = json?["start"]?.string
    else { return nil }
    self.init(place: place, process: process, start: start)
  }
}
