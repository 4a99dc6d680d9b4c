import Diagnostics
import FileAccess

/// Asks whether an address still has a file, without fetching it.
public enum AddressProbe {
  /// What an address answers.
  public enum Answer: Sendable, Equatable {
    /// It has the file; its size in bytes, if it is told.
    case live(size: Int?)
    /// It answers, but not with the file: the status of HTTP.
    case refused(status: Int)
  }

  /// Asks for the first byte, through redirections.
  ///
  /// - Throws: `TransferFailure` if it cannot be asked: unreachable, offline, against the policy.
  public static func ask(_ source: TransferSource, options: TransferOptions) throws -> Answer {
    let address = source.address
    try Policy.check(source)
    try Policy.check(address, options)
    if address.scheme == .file {
      return Files.exists(address.text) ? .live(size: nil) : .refused(status: 404)
    }
    var target = address
    for _ in 0...HTTPTransfer.mostHops {
      let answer = try FirstByte(target, options).answer()
      guard let next = answer.redirection else { return answer.meaning }
      let hop = try Address(next)
      try Policy.check(hop, options, redirectedFrom: address)
      target = hop
    }
    throw TransferFailure(
      .response, at: "\(address)", expected: "at most \(HTTPTransfer.mostHops) redirections",
      found: "more")
  }
}

/// One request for the first byte of a file.
private final class FirstByte: ExchangeReceiver {
  private let address: Address
  private let options: TransferOptions
  private var head = ResponseHead()
  private var ignored = 0

  init(_ address: Address, _ options: TransferOptions) {
    self.address = address
    self.options = options
  }

  func takeHead(line: String) { _ = head.take(line) }

  /// The head is all that is wanted, but libcurl tells where a redirection leads only if the text
  /// beside it is taken.
  func takeBody(_ bytes: RawSpan) -> Bool {
    ignored += bytes.byteCount
    return 300..<400 ~= head.status && ignored <= Connection.mostIgnored
  }

  struct Reply {
    let meaning: AddressProbe.Answer
    let redirection: String?
  }

  func answer() throws -> Reply {
    let exchanges = try Exchanges(options)
    let exchange = Exchange(
      ExchangeRequest(
        address: address, headers: ["Accept-Encoding: identity", "Range: bytes=0-0"],
        options: options),
      receiver: self)
    exchanges.add(exchange)
    let end = ContinuousClock.now + options.patience
    while ContinuousClock.now < end {
      exchanges.perform()
      if let (_, code) = exchanges.nextEnded() { return try reply(exchange, code) }
      exchanges.wait(milliseconds: 100)
    }
    throw TransferFailure(
      .stalled, at: "\(address)", expected: "an answer", found: "none in \(options.patience)")
  }

  private func reply(_ exchange: Exchange, _ code: Int32) throws -> Reply {
    switch head.status {
    case 0:
      throw TransferFailure(
        .unreachable, at: "\(address)", expected: "an answer", found: exchange.explanation(code))
    case 200: return Reply(meaning: .live(size: head.contentLength), redirection: nil)
    case 206: return Reply(meaning: .live(size: head.contentRange?.total), redirection: nil)
    case 301, 302, 303, 307, 308:
      return Reply(meaning: .refused(status: head.status), redirection: exchange.redirection)
    default: return Reply(meaning: .refused(status: head.status), redirection: nil)
    }
  }
}
