/// What a result of libcurl means for a transfer.
struct TransportEnd {
  let code: TransferFailureCode
  let expected: String
  let found: String
  /// Whether asking again may help.
  let isPassing: Bool

  /// Results that stay what they are: address, certificate, or library at fault.
  private static let lasting: Set<Int32> = [
    2, 3, 4, 41, 43, 48, 58, 59, 60, 66, 77, 82, 83, 90, 91,
  ]

  /// The result codes are those of `CURLcode` in curl.h.
  init(_ code: Int32, _ connection: Connection) {
    let explanation = code == 0 ? "the end" : connection.exchange?.explanation(code) ?? ""
    isPassing = !Self.lasting.contains(code)
    if connection.verdict == nil {
      self.code = .unreachable
      (expected, found) = ("an answer", explanation)
    } else {
      self.code = .cut
      let size = connection.end.map { " of \($0)" } ?? ""
      (expected, found) = (
        "more bytes", "\(explanation) after \(connection.position)\(size) bytes"
      )
    }
  }
}
