import Diagnostics

/// One request for the file or a part of it, and what it brings.
final class Connection: ExchangeReceiver {
  /// How the answer's head was judged.
  enum Verdict {
    /// The body is the bytes from `position`.
    case take
    /// The body is of no use.
    case leave(Leaving)
  }

  /// Why a body is of no use, and what follows once the exchange has ended.
  enum Leaving {
    /// Nothing is missing.
    case complete
    /// The file is elsewhere.
    case redirection
    /// The source may do better later; it may ask to wait for so many seconds.
    case busy(TransferFailure, wait: Int?)
    /// What is here cannot be completed.
    case startOver(TransferFailure)
    /// The source will not do better.
    case refused(TransferFailure)
    /// This machine is at fault.
    case broken(any Error)
  }

  let address: Address
  /// The bytes that were asked for; `nil` for the whole file.
  let asked: Range<Int>?
  /// Where the next byte belongs.
  private(set) var position: Int
  /// Where this connection's share ends; another may have taken over the rest.
  var end: Int?
  private(set) var head = ResponseHead()
  private(set) var verdict: Verdict?
  private(set) var lastSign = ContinuousClock.now
  private(set) var exchange: Exchange?
  private let first: Int
  private var begin: ContinuousClock.Instant?
  private static let leastTime = Duration.milliseconds(50)
  private var ignored = 0
  static let mostIgnored = 1 << 16
  private unowned let transfer: HTTPTransfer

  init(
    _ transfer: HTTPTransfer, _ address: Address, asked: Range<Int>?, from position: Int,
    to end: Int?
  ) {
    self.transfer = transfer
    self.address = address
    self.asked = asked
    self.position = position
    first = position
    self.end = end
  }

  func start(_ request: ExchangeRequest) -> Exchange {
    let exchange = Exchange(request, receiver: self)
    self.exchange = exchange
    return exchange
  }

  /// Whether its share is here.
  var isDone: Bool { end.map { position >= $0 } ?? false }

  /// Bytes a second, once that can be told.
  var speed: Double? {
    guard let begin, case let time = ContinuousClock.now - begin, time >= Self.leastTime else {
      return nil
    }
    return Double(position - first) / (time / .seconds(1))
  }

  /// What of its share is not here.
  var rest: Range<Int>? { end.map { position..<max(position, $0) } }

  func takeHead(line: String) {
    lastSign = .now
    if head.take(line) { verdict = transfer.judge(self) }
  }

  /// The text beside a redirection is let through, because libcurl tells the address only of an
  /// exchange that has ended well.
  private func ignore(_ count: Int) -> Bool {
    ignored += count
    return ignored <= Self.mostIgnored
  }

  func takeBody(_ bytes: RawSpan) -> Bool {
    lastSign = .now
    if case .leave(.redirection) = verdict { return ignore(bytes.byteCount) }
    guard case .take = verdict else { return false }
    begin = begin ?? lastSign
    do {
      let wanted = try transfer.room(for: bytes.byteCount, self)
      try transfer.partial.write(bytes.extracting(0..<wanted), at: position)
      position += wanted
      return wanted == bytes.byteCount
    } catch let failure as TransferFailure {
      verdict = .leave(.refused(failure))
    } catch {
      verdict = .leave(.broken(error))
    }
    return false
  }
}
