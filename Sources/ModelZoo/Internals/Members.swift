import CanonicalJSON
import Diagnostics
import Digests

/// The members of an object that a description consists of; what nobody took is unknown.
struct Members {
  /// The members that were not taken yet.
  private(set) var rest: [String: JSON]
  /// Names the object in errors.
  let place: String

  init(_ json: JSON, at place: String) throws {
    guard let members = json.object else {
      throw ZooFailure(
        .entry, at: place, expected: "an object", found: PlainText.excerpt(json.canonicalText))
    }
    rest = members
    self.place = place
  }

  /// A member that may be missing; one of another type is refused.
  mutating func optional<Value>(_ name: String, _ read: (JSON) -> Value?) throws -> Value? {
    guard let member = rest.removeValue(forKey: name) else { return nil }
    guard let value = read(member) else { throw failure(name, found: member) }
    return value
  }

  /// A member that must be there.
  mutating func need<Value>(_ name: String, _ read: (JSON) -> Value?) throws -> Value {
    guard let value = try optional(name, read) else { throw failure(name, found: nil) }
    return value
  }

  /// A member that is a list of objects.
  mutating func list<Element>(
    _ name: String, _ read: (inout Members) throws -> Element, unknown: inout [String]
  ) throws -> [Element] {
    try need(name, \.array).enumerated().map { index, json in
      var members = try Members(json, at: "\(place) \(name)[\(index)]")
      let element = try read(&members)
      unknown += members.unknown
      return element
    }
  }

  /// A SHA-256 digest.
  static func sha256(_ json: JSON) -> Digest? {
    json.string.flatMap(Digest.init(hex:)).flatMap { $0.bytes.count == 32 ? $0 : nil }
  }

  /// An MD5 sum.
  static func md5(_ json: JSON) -> Digest? {
    json.string.flatMap(Digest.init(hex:)).flatMap { $0.bytes.count == 16 ? $0 : nil }
  }

  /// What nobody took, by place.
  var unknown: [String] { rest.keys.sorted().map { "\(place) \($0)" } }

  private func failure(_ name: String, found: JSON?) -> ZooFailure {
    ZooFailure(
      .entry, at: place, expected: "member `\(name)` of \(ZooEntry.schema)",
      found: found.map { PlainText.excerpt($0.canonicalText) } ?? "none")
  }
}
