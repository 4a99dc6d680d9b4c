/// A JSON value whose text form is unique (RFC 8785).
///
/// Numbers are IEEE doubles, as in the RFC; an integer beyond 2^53 is written as a string, because
/// a double cannot hold it. Object keys are unique and sorted by UTF-16 code units when written.
///
/// Corresponds to RFC 8785 (JSON Canonicalization Scheme).
public enum JSON: Sendable, Equatable {
  /// The literal `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A finite number.
  case number(Double)
  /// A string of Unicode scalars.
  case string(String)
  /// An ordered list.
  case array([JSON])
  /// Members by key.
  case object([String: JSON])
}

extension JSON {
  /// The largest magnitude up to which every integer is a double.
  static let exactIntegerLimit: Int64 = 1 << 53

  /// An integer: a number up to 2^53 in magnitude, else its decimal digits as a string.
  public static func integer(_ value: some BinaryInteger) -> JSON {
    let isExact = value.magnitude <= UInt64(exactIntegerLimit)
    return isExact ? .number(Double(Int64(value))) : .string(String(value))
  }

  /// A number if finite; otherwise its name (`nan`, `inf`, `-inf`) as a string.
  public static func real(_ value: Double) -> JSON {
    value.isFinite ? .number(value) : .string("\(value)")
  }

  /// A string, or `null` for no string.
  public static func optional(_ value: String?) -> JSON {
    value.map { .string($0) } ?? .null
  }
}

extension JSON {
  /// The members, if this is an object.
  public var object: [String: JSON]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The elements, if this is an array.
  public var array: [JSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The text, if this is a string.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The value, if this is a number.
  public var double: Double? {
    if case .number(let value) = self { value } else { nil }
  }

  /// The value, if this is a number without a fraction, at most 2^53 in magnitude.
  public var int: Int? {
    guard let value = double, value == value.rounded() else { return nil }
    return abs(value) <= Double(JSON.exactIntegerLimit) ? Int(value) : nil
  }

  /// The truth value, if this is one.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The member of an object, if there is one of that name.
  public subscript(key: String) -> JSON? { object?[key] }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; a repeated key is a programming error.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}
