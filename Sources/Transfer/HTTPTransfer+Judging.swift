import Diagnostics
import FileAccess

extension HTTPTransfer {
  /// Decides what an answer's body is good for, before any of it is taken.
  func judge(_ connection: Connection) -> Connection.Verdict {
    let head = connection.head
    wasReached = true
    switch head.status {
    case 200: return judgeWhole(connection)
    case 206: return judgePart(connection)
    case 301, 302, 303, 307, 308: return .leave(.redirection)
    case 416: return judgeUnsatisfied(connection)
    case 408, 425, 429, 500, 502, 503, 504:
      return .leave(.busy(status(connection), wait: head.retryAfter))
    // The address of a redirection may have expired: ask the source for a new one.
    case 401, 403, 404, 410:
      return connection.address == source.address
        ? .leave(.refused(status(connection))) : .leave(.busy(status(connection), wait: nil))
    default: return .leave(.refused(status(connection)))
    }
  }

  private func status(_ connection: Connection) -> TransferFailure {
    failure(.status, "status 200 or 206", "\(connection.head.status)", at: connection.address)
  }

  private func judgeWhole(_ connection: Connection) -> Connection.Verdict {
    let head = connection.head
    if let refusal = refusal(of: connection, total: head.contentLength) { return refusal }
    guard connection.asked == nil else {
      // The whole instead of a part: the file has changed, or parts are not sent.
      let change = change(in: head, total: head.contentLength)
      if change == nil { sendsParts = false }
      return startOver(connection, change ?? ("status 206", "200"), .changed)
    }
    partial.version = version(of: head)
    partial.total = partial.total ?? head.contentLength
    connection.end = connection.end ?? partial.total
    if sendsParts == nil && head["accept-ranges"]?.lowercased() == "bytes" { sendsParts = true }
    hops = 0
    return .take
  }

  private func judgePart(_ connection: Connection) -> Connection.Verdict {
    let head = connection.head
    guard let asked = connection.asked, let part = head.contentRange, let total = part.total,
      part.range.lowerBound == connection.position, part.range.upperBound <= asked.upperBound,
      head.contentLength ?? part.range.count == part.range.count
    else {
      sendsParts = false
      let wanted = connection.asked.map { "bytes from \($0.lowerBound)" } ?? "status 200"
      let found = head["content-range"].map { "content-range `\($0)`" } ?? "no content-range"
      return startOver(connection, (wanted, found), .response)
    }
    if let size = wanted.size, size != total {
      sendsParts = false
      return startOver(connection, ("\(size) bytes", "\(total)"), .size)
    }
    if let change = change(in: head, total: total) {
      return startOver(connection, change, .changed)
    }
    if let refusal = refusal(of: connection, total: total) { return refusal }
    partial.version = partial.version ?? version(of: head)
    partial.total = total
    connection.end = min(connection.end ?? .max, part.range.upperBound)
    sendsParts = true
    hops = 0
    // Few servers send parts of another place than they say, but some caches in between do.
    partial.mix()
    return .take
  }

  /// The source says that there is nothing at or after what was asked for.
  private func judgeUnsatisfied(_ connection: Connection) -> Connection.Verdict {
    guard let asked = connection.asked else {
      return .leave(.refused(status(connection)))
    }
    if partial.total == nil, let total = connection.head.unsatisfiedTotal,
      total == asked.lowerBound, total == partial.prefix
    {
      partial.total = total
      return .leave(.complete)
    }
    let found = connection.head.unsatisfiedTotal.map { "\($0) bytes" } ?? "status 416"
    return startOver(connection, ("bytes from \(asked.lowerBound)", found), .changed)
  }

  private func startOver(
    _ connection: Connection, _ mismatch: (expected: String, found: String),
    _ code: TransferFailureCode
  ) -> Connection.Verdict {
    let failure = failure(code, mismatch.expected, mismatch.found, at: connection.address)
    return .leave(.startOver(failure))
  }

  /// How an answer differs from what is known of the file at the source.
  private func change(
    in head: ResponseHead, total: Int?
  ) -> (expected: String, found: String)? {
    if let known = partial.total, let total, known != total {
      return ("\(known) bytes as before", "\(total)")
    }
    guard let known = partial.version else { return nil }
    if let tag = known.etag {
      return head["etag"].flatMap { $0 == tag ? nil : ("etag \(tag) as before", $0) }
    }
    guard let date = known.lastModified, let found = head["last-modified"], found != date else {
      return nil
    }
    return ("the file of \(date)", "one of \(found)")
  }

  private func version(of head: ResponseHead) -> PartialFile.Version {
    PartialFile.Version(
      address: source.address.text, etag: head["etag"], lastModified: head["last-modified"])
  }

  /// Why a body is not wanted, from its head.
  private func refusal(of connection: Connection, total: Int?) -> Connection.Verdict? {
    let head = connection.head
    guard head.isPlain else {
      let found = "content-encoding `\(head["content-encoding"] ?? "")`"
      return .leave(
        .refused(failure(.response, "the file as it is", found, at: connection.address)))
    }
    guard let total = total ?? wanted.size else { return nil }
    do {
      try Policy.check(size: total, of: wanted, options, at: "\(connection.address)")
      try Policy.checkSpace(for: total - partial.count, in: Files.directory(of: partial.path))
    } catch let failure as TransferFailure where failure.code != .space {
      return .leave(.refused(failure))
    } catch {
      return .leave(.broken(error))
    }
    return nil
  }

  /// How many of some bytes are wanted.
  ///
  /// - Throws: `TransferFailure` if the body is longer than the file.
  func room(for count: Int, _ connection: Connection) throws -> Int {
    guard let end = connection.end else {
      guard connection.position + count <= options.limit else {
        throw failure(
          .tooLarge, "at most \(options.limit) bytes", "more", at: connection.address)
      }
      return count
    }
    let room = max(0, end - connection.position)
    if count > room && connection.head.contentLength == nil && end == partial.total {
      throw failure(.size, "\(end) bytes", "more", at: connection.address)
    }
    return min(count, room)
  }
}
