/// How a failure ends a command; the raw value is the process's exit code.
public enum FailureKind: Int32, Sendable {
  /// Parsed, checked and found not to be what was recorded.
  case wrong = 1
  /// The command line is at fault.
  case usage = 64
  /// The input cannot be parsed.
  case badData = 65
  /// There is no such input.
  case noInput = 66
  /// A source of data is out of reach.
  case unavailable = 69
  /// Reading or writing failed.
  case inputOutput = 74
  /// Interrupted; running the same command again goes on.
  case interrupted = 75
  /// Refused because it could do harm.
  case policy = 77
  /// The model's configuration is missing or contradicts the data.
  case configuration = 78
}

/// The named ways in which one module can fail; the raw value is the name a user sees.
public protocol FailureCode: RawRepresentable, Sendable where RawValue == String {
  /// How a failure of this name ends a command.
  var kind: FailureKind { get }
}

/// A failure that says what went wrong, where, what was expected and what was found.
public protocol Diagnosable: Error, CustomStringConvertible {
  /// The name of the failure, as in `duplicate-entry`.
  var name: String { get }
  /// How it ends a command.
  var kind: FailureKind { get }
  /// The file, entry, tensor or key concerned.
  var place: String { get }
  /// What the reader needed.
  var expected: String { get }
  /// What it met instead.
  var found: String { get }
  /// What is printed: the failure on one line; of several failures a line each.
  var message: PrintedText { get }
}

extension Diagnosable {
  /// One line: `place: name: expected ..., found ...`.
  public var message: PrintedText { "\(place): \(name): expected \(expected), found \(found)" }

  /// The message.
  public var description: String { message.string }

  /// The exit code of a command that ends with this failure.
  public var exitCode: Int32 { kind.rawValue }
}

/// A failure of one module, named by that module's codes.
public struct Failure<Code: FailureCode>: Diagnosable, Equatable where Code: Equatable {
  /// Which of the module's failures this is.
  public let code: Code
  /// The file, entry, tensor or key concerned.
  public let place: String
  /// What the reader needed.
  public let expected: String
  /// What it met instead.
  public let found: String

  /// The most Unicode scalars of each text: a path of the system's greatest length fits.
  public static var textLimit: Int { 4096 }

  /// Makes a failure; all texts are lowercase fragments, and cut at `textLimit`.
  public init(_ code: Code, at place: String, expected: String, found: String) {
    self.code = code
    self.place = PlainText.excerpt(place, limit: Self.textLimit)
    self.expected = PlainText.excerpt(expected, limit: Self.textLimit)
    self.found = PlainText.excerpt(found, limit: Self.textLimit)
  }

  /// The raw value of the code.
  public var name: String { code.rawValue }
  /// The kind of the code.
  public var kind: FailureKind { code.kind }
}

/// A failure that can be told of a file's final name, when its temporary one means nothing any more.
public protocol Relocatable: Error {
  /// The same failure with `new` for `old` at the start of its place; itself if it begins otherwise.
  func relocated(from old: String, to new: String) -> Self
}

extension Failure: Relocatable {
  /// The same failure at another place.
  public func relocated(from old: String, to new: String) -> Failure<Code> {
    guard place.hasPrefix(old) else { return self }
    return Failure(
      code, at: new + place.dropFirst(old.count), expected: expected, found: found)
  }
}
