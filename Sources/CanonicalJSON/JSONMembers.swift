public import Diagnostics

/// The failure codes with which a reader of JSON objects refuses them.
public struct MemberFailureCodes<Code: FailureCode & Equatable>: Sendable {
  /// A member is missing.
  let missing: Code
  /// A member has a name that the object does not have.
  let unexpected: Code
  /// A value has another type, or is out of range.
  let value: Code

  /// A code for each.
  public init(missing: Code, unexpected: Code, value: Code) {
    self.missing = missing
    self.unexpected = unexpected
    self.value = value
  }

  /// One code for all.
  public init(_ code: Code) { self.init(missing: code, unexpected: code, value: code) }
}

/// The members of one JSON object, read one by one; every fault names the object's place and the member.
///
/// The names are held against the expected ones first, so that one message says all that is missing and all
/// that is unexpected.
public struct JSONMembers<Code: FailureCode & Equatable> {
  /// Names the object in errors.
  public let place: String
  private let members: [String: JSON]
  private let codes: MemberFailureCodes<Code>

  /// Takes an object with exactly the required members, and any of the optional ones.
  ///
  /// - Throws: `Failure<Code>`.
  public init(
    _ json: JSON, at place: String, failing codes: MemberFailureCodes<Code>, required: [String],
    optional: [String] = []
  ) throws {
    var unexpected: [String]? = nil
    try self.init(json, at: place, codes, required, optional, &unexpected)
  }

  /// Takes an object with at least the required members; others than these and the optional ones are
  /// noted with their place, not refused: a later version may know them.
  ///
  /// - Throws: `Failure<Code>`.
  public init(
    _ json: JSON, at place: String, failing codes: MemberFailureCodes<Code>, required: [String],
    optional: [String] = [], unknown: inout [String]
  ) throws {
    var unexpected: [String]? = []
    try self.init(json, at: place, codes, required, optional, &unexpected)
    unknown += (unexpected ?? []).map { "\(place) \($0)" }
  }

  /// - Parameter noted: takes the unexpected names; `nil` refuses them.
  private init(
    _ json: JSON, at place: String, _ codes: MemberFailureCodes<Code>, _ required: [String],
    _ optional: [String], _ noted: inout [String]?
  ) throws {
    guard let members = json.object else {
      throw Failure(
        codes.value, at: place, expected: "an object",
        found: PlainText.excerpt(json.canonicalText))
    }
    self.members = members
    self.codes = codes
    self.place = place
    let missing = required.filter { members[$0] == nil }
    let known = required.count - missing.count + optional.count { members[$0] != nil }
    var unexpected =
      known == members.count
      ? [] : Set(members.keys).subtracting(required).subtracting(optional).sorted()
    if noted != nil {
      noted = unexpected
      unexpected = []
    }
    guard unexpected.isEmpty && missing.isEmpty else {
      throw Failure(
        missing.isEmpty ? codes.unexpected : codes.missing, at: place,
        expected: "members \(Self.list(required))",
        found: [("unexpected members", unexpected), ("missing", missing)]
          .filter { !$1.isEmpty }.map { "\($0): \(Self.list($1))" }.joined(separator: "; "))
    }
  }

  private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

  /// Whether there is a member of a name.
  public func has(_ name: String) -> Bool { members[name] != nil }

  /// The place of a member, for errors of what reads it.
  public func place(of name: String) -> String { "\(place) \(name)" }

  /// A member as it is.
  ///
  /// - Throws: `Failure<Code>`.
  public func value(_ name: String) throws -> JSON {
    guard let value = members[name] else {
      throw Failure(
        codes.missing, at: place, expected: "member `\(name)`", found: "none of that name")
    }
    return value
  }

  /// A member as another reader takes it; what it refuses by `nil` is told as `expected`.
  ///
  /// - Throws: `Failure<Code>`, and what `read` throws.
  public func value<Value>(
    _ name: String, _ expected: String, _ read: (JSON) throws -> Value?
  ) throws -> Value {
    let json = try value(name)
    guard let value = try read(json) else {
      throw refusal(of: name, expected: expected, found: PlainText.excerpt(json.canonicalText))
    }
    return value
  }

  /// A member that may be missing, as `value` reads it.
  ///
  /// - Throws: `Failure<Code>`, and what `read` throws.
  public func optional<Value>(
    _ name: String, _ expected: String, _ read: (JSON) throws -> Value?
  ) throws -> Value? {
    try has(name) ? value(name, expected, read) : nil
  }

  /// A refusal of a member's value.
  public func refusal(of name: String, expected: String, found: String) -> Failure<Code> {
    Failure(codes.value, at: place(of: name), expected: expected, found: found)
  }
}

extension JSONMembers {
  /// An integer. Throws `Failure<Code>`, as the readers below.
  public func int(_ name: String) throws -> Int { try value(name, "an integer", \.int) }
  /// A number.
  public func double(_ name: String) throws -> Double { try value(name, "a number", \.double) }
  /// A truth value.
  public func bool(_ name: String) throws -> Bool { try value(name, "true or false", \.bool) }
  /// A text.
  public func string(_ name: String) throws -> String { try value(name, "a string", \.string) }
  /// An array.
  public func array(_ name: String) throws -> [JSON] { try value(name, "an array", \.array) }

  /// An array of texts.
  public func strings(_ name: String) throws -> [String] {
    try value(name, "an array of strings") { json in
      let texts = json.array?.compactMap(\.string)
      return texts?.count == json.array?.count ? texts : nil
    }
  }

  /// A text that may be missing.
  public func optionalString(_ name: String) throws -> String? {
    try optional(name, "a string", \.string)
  }

  /// An object's members.
  public func object(_ name: String) throws -> [String: JSON] {
    try value(name, "an object", \.object)
  }

  /// An integer that is not negative; beyond 2^53 it is a string of digits.
  public func count(_ name: String) throws -> Int { try value(name, "a count", \.count) }

  /// An array of counts.
  public func counts(_ name: String) throws -> [Int] {
    try value(name, "counts", \.counts)
  }

  /// A number that a float32 holds exactly, so that text and value agree; zero without a sign, since
  /// canonical text has none.
  public func float(_ name: String) throws -> Float {
    let value = try double(name)
    guard let float = Float(exactly: value) else {
      throw refusal(
        of: name, expected: "a number that a float32 holds exactly", found: "\(value)")
    }
    return float == 0 ? 0 : float
  }

  /// One of the texts that a type's values have.
  public func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice
  where Choice.RawValue == String {
    let text = try string(name)
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
      throw refusal(of: name, expected: "one of \(choices)", found: "`\(text)`")
    }
    return choice
  }

  /// An array, element by element; the place of each has its index.
  public func list<Element>(
    _ name: String, _ read: (JSON, _ place: String) throws -> Element
  ) throws -> [Element] {
    try array(name).enumerated().map { try read($1, "\(place(of: name))[\($0)]") }
  }
}

extension JSON {
  /// An integer that is not negative; beyond 2^53 it is a string of digits.
  public var count: Int? {
    let value = int ?? string.flatMap { Int($0) }
    return value.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// An array of nothing but counts.
  public var counts: [Int]? {
    let values = array?.compactMap(\.count)
    return values?.count == array?.count ? values : nil
  }
}
