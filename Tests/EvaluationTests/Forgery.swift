import CanonicalJSON
import Digests
import TestSupport

/// Makes the digests of a changed evaluation match again, as somebody who forges one would; written
/// after docs/evaluation-runs.md, not after the program.
enum Forgery {
  static func seal(_ folder: String) throws {
    let header = try TestFiles.bytes("\(folder)/run.json").dropLast()
    let evaluation = try digest(header: JSON(parsing: Array(header), at: "run.json"))
    let samples = try lines("\(folder)/samples.jsonl")
    var next = 0
    let batches = try lines("\(folder)/batches.jsonl").map { line -> [UInt8] in
      var members = try JSON(parsing: line, at: "batches.jsonl").object ?? [:]
      let end = next + min(members["samples"]?.int ?? 0, samples.count - next)
      let own: [UInt8] = samples[next..<end].flatMap { $0 + [0x0A] }
      next = end
      members["sha256"] = nil
      members["sample_lines_sha256"] = .string(SHA256.digest(of: own).hex)
      let text = Array("\(evaluation)\n".utf8) + JSON.object(members).canonicalBytes
      members["sha256"] = .string(SHA256.digest(of: text).hex)
      return JSON.object(members).canonicalBytes + [0x0A]
    }
    try TestFiles.write(batches.flatMap { $0 }, to: "\(folder)/batches.jsonl")
  }

  private static func digest(header: JSON) throws -> Digest {
    var members = header.object ?? [:]
    var part = members["part"]?.object ?? [:]
    part["shard"] = nil
    part["shards"] = nil
    members["part"] = .object(part)
    return SHA256.digest(of: JSON.object(members).canonicalBytes)
  }

  private static func lines(_ path: String) throws -> [[UInt8]] {
    try TestFiles.bytes(path).split(separator: 0x0A).map(Array.init)
  }
}
