import Diagnostics
import FileAccess

/// A file from one server: asks for what is missing until nothing is.
///
/// All work is done on the caller's thread; connections are performed at the same time by libcurl.
final class HTTPTransfer {
  let source: TransferSource
  let wanted: WantedFile
  let options: TransferOptions
  let partial: PartialFile
  private let watch: TransferWatch
  private let exchanges: Exchanges
  private var connections: [Connection] = []
  /// Where the source's redirections lead.
  private(set) var target: Address
  /// Whether the source sends parts of files; `nil` while that is unknown.
  var sendsParts: Bool?
  /// Whether the source has answered.
  var wasReached = false
  /// Redirections in a row.
  var hops = 0
  private var jobs: Int
  private var startOvers = 0
  private var pacing: Pacing

  static let mostHops = 10
  private static let mostStartOvers = 3
  /// A connection shares its work only if each half is worth a request, in bytes.
  private static let leastShare = 2 << 20
  private static let waitMilliseconds = 100

  init(
    _ source: TransferSource, _ wanted: WantedFile, _ partial: PartialFile,
    _ options: TransferOptions, _ watch: TransferWatch
  ) throws {
    try Policy.check(source.address, options)
    self.source = source
    self.wanted = wanted
    self.partial = partial
    self.options = options
    self.watch = watch
    target = source.address
    jobs = max(1, options.jobs)
    pacing = Pacing(options)
    exchanges = try Exchanges(options)
  }

  /// Completes the partial file.
  ///
  /// - Throws: `TransferFailure`, `FileFailure`.
  func run() throws {
    try adoptParts()
    while !partial.isComplete {
      try watch.look(at: partial, source.address)
      try open()
      exchanges.perform()
      while let (exchange, code) = exchanges.nextEnded() {
        guard let connection = drop({ $0.exchange === exchange }) else { continue }
        try finish(connection, code)
      }
      try dropStalled()
      if !partial.isComplete { exchanges.wait(milliseconds: Self.waitMilliseconds) }
    }
    try watch.look(at: partial, source.address)
  }

  /// Keeps the parts that are here if they are surely, or checkably, of the same file.
  private func adoptParts() throws {
    if let total = partial.total, let size = wanted.size, total != size { try partial.reset() }
    if partial.version?.address != source.address.text {
      partial.version = nil
      partial.mix()
    }
    if !partial.received.isEmpty && !mayResume { try partial.reset() }
    partial.total = partial.total ?? wanted.size
  }

  /// Whether what is here may be completed by parts from this source.
  var mayResume: Bool {
    sendsParts != false && (wanted.hasDigest || partial.version?.validator != nil)
  }

  // MARK: - Opening connections

  private func open() throws {
    guard pacing.mayAsk else { return }
    if connections.isEmpty {
      if !partial.received.isEmpty && !mayResume { try restart() }
      let gap = partial.total == nil ? nil : partial.missing.ranges.first
      ask(from: gap?.lowerBound ?? partial.prefix, to: gap?.upperBound)
    }
    while sendsParts == true, mayResume, connections.count < jobs, let share = nextShare() {
      ask(from: share.lowerBound, to: share.upperBound)
    }
  }

  /// What nobody fetches, else half of what the slowest connection has left.
  private func nextShare() -> Range<Int>? {
    var free = partial.missing
    for connection in connections {
      guard let rest = connection.rest else { return nil }
      free.remove(contentsOf: rest)
    }
    if let gap = free.ranges.first { return gap }
    let loaded = connections.max { ($0.rest?.count ?? 0) < ($1.rest?.count ?? 0) }
    guard let loaded, let rest = loaded.rest, isWorthSharing(rest.count, of: loaded) else {
      return nil
    }
    let middle = rest.lowerBound + rest.count / 2
    loaded.end = middle
    return middle..<rest.upperBound
  }

  private func isWorthSharing(_ count: Int, of connection: Connection) -> Bool {
    guard count >= 2 * Self.leastShare else { return false }
    if options.leastShare == .zero { return true }
    guard let speed = connection.speed else { return false }
    return Double(count / 2) >= speed * (options.leastShare / .seconds(1))
  }

  private func ask(from start: Int, to end: Int?) {
    let isWhole = start == 0 && (end == nil || end == partial.total)
    var headers = ["Accept-Encoding: identity"]
    if !isWhole {
      headers.append("Range: bytes=\(start)-\(end.map { String($0 - 1) } ?? "")")
      if let validator = partial.version?.validator { headers.append("If-Range: \(validator)") }
    }
    if target.hasOrigin(of: source.address) { headers += source.headers }
    let connection = Connection(
      self, target, asked: isWhole ? nil : start..<(end ?? .max), from: start, to: end)
    connections.append(connection)
    exchanges.add(
      connection.start(ExchangeRequest(address: target, headers: headers, options: options)))
  }

  // MARK: - Ending connections

  private func drop(_ isIt: (Connection) -> Bool) -> Connection? {
    connections.firstIndex(where: isIt).map { connections.remove(at: $0) }
  }

  private func dropStalled() throws {
    let now = ContinuousClock.now
    while let stalled = drop({ now - $0.lastSign > options.patience }) {
      if let exchange = stalled.exchange { exchanges.remove(exchange) }
      try retry(
        failure(.stalled, "bytes within \(options.patience)", "none", at: stalled.address), nil)
    }
  }

  private func finish(_ connection: Connection, _ code: Int32) throws {
    switch connection.verdict {
    case .leave(let reason):
      try leave(connection, reason)
    case .take where connection.isDone:
      break
    case .take where code == 0 && connection.end == nil:
      partial.total = connection.position
    case .take, nil:
      let end = TransportEnd(code, connection)
      let failure = failure(end.code, end.expected, end.found, at: connection.address)
      guard end.isPassing else { throw failure }
      try retry(failure, nil)
    }
  }

  private func leave(_ connection: Connection, _ reason: Connection.Leaving) throws {
    switch reason {
    case .complete: break
    case .redirection: try follow(connection)
    case .busy(let failure, let wait):
      target = source.address
      // A source that does not serve so many connections at a time serves those that it does.
      if !connections.isEmpty { jobs = connections.count }
      try retry(failure, wait)
    case .startOver(let failure):
      startOvers += 1
      guard startOvers <= Self.mostStartOvers else { throw failure }
      try restart()
    case .refused(let failure): throw failure
    case .broken(let error): throw error
    }
  }

  private func follow(_ connection: Connection) throws {
    hops += 1
    guard hops <= Self.mostHops else {
      throw failure(
        .response, "at most \(Self.mostHops) redirections", "more", at: connection.address)
    }
    guard let text = connection.exchange?.redirection, let next = try? Address(text),
      next.scheme != .file
    else {
      throw failure(
        .response, "a redirection to https:",
        connection.head["location"] ?? "no location", at: connection.address)
    }
    try Policy.check(next, options, redirectedFrom: connection.address)
    target = next
  }

  /// Asks again later, unless that was done too often without any progress.
  private func retry(_ failure: TransferFailure, _ wait: Int?) throws {
    // Without a validator the rest may be of another version; then only the digest can tell.
    if partial.version?.validator == nil { partial.mix() }
    try pacing.pause(after: failure, reached: wasReached, at: partial.count, asked: wait)
  }

  private func restart() throws {
    for connection in connections {
      if let exchange = connection.exchange { exchanges.remove(exchange) }
    }
    connections = []
    try partial.reset()
    partial.total = wanted.size
  }

  /// A failure of the source; what it sent is quoted only in part.
  func failure(
    _ code: TransferFailureCode, _ expected: String, _ found: String, at address: Address
  ) -> TransferFailure {
    let place =
      address == source.address
      ? "\(address)" : "\(source.address) (redirected to \(address.authority))"
    return TransferFailure(
      code, at: place, expected: PlainText.excerpt(expected), found: PlainText.excerpt(found))
  }
}
