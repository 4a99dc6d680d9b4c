import CTransfer
import Diagnostics

/// Who is told what a server answers, on the thread that performs the exchanges.
protocol ExchangeReceiver: AnyObject {
  /// Takes a line of the response's head without its end; the empty line ends the head.
  func takeHead(line: String)
  /// Takes bytes of the body; false ends the exchange.
  func takeBody(_ bytes: RawSpan) -> Bool
}

/// What is asked of a server.
struct ExchangeRequest {
  var address: Address
  var headers: [String]
  var options: TransferOptions
}

/// One GET request and its answer.
///
/// Corresponds to an easy handle of libcurl.
@safe
final class Exchange {
  // SAFETY: handle, list and buffer are owned from `init` to `deinit`; `Exchanges` lets go of the
  // handle before the last reference to this object goes.
  fileprivate let easy: LibCurl.Handle
  private let list: LibCurl.Handle?
  private let message: UnsafeMutableBufferPointer<CChar>
  fileprivate unowned let receiver: any ExchangeReceiver

  init(_ request: ExchangeRequest, receiver: any ExchangeReceiver) {
    self.receiver = receiver
    unsafe easy = LibCurl.easy_init()
    unsafe list = LibCurl.slist(request.headers)
    unsafe message = .allocate(capacity: QKZ_CURL_ERROR_SIZE)
    unsafe message.initialize(repeating: 0)
    set(request)
    setSinks()
  }

  deinit {
    unsafe LibCurl.easy_cleanup(easy)
    unsafe LibCurl.slist_free_all(list)
    unsafe message.deallocate()
  }

  private func set(_ request: ExchangeRequest) {
    let options = request.options
    set(QKZ_CURLOPT_URL, request.address.text)
    // Redirections are followed by us, so that each hop is judged.
    set(
      QKZ_CURLOPT_PROTOCOLS, Int((QKZ_CURLPROTO_HTTP | QKZ_CURLPROTO_HTTPS)))
    set(QKZ_CURLOPT_HTTP_VERSION, QKZ_CURL_HTTP_VERSION_1_1)
    set(QKZ_CURLOPT_SSLVERSION, QKZ_CURL_SSLVERSION_TLSv1_2)
    set(QKZ_CURLOPT_USERAGENT, options.userAgent)
    set(QKZ_CURLOPT_NOSIGNAL, 1)
    set(QKZ_CURLOPT_BUFFERSIZE, Self.bufferSize)
    set(QKZ_CURLOPT_CONNECTTIMEOUT_MS, options.connectPatience.milliseconds)
    set(QKZ_CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // What may not leave this machine in clear text may not go through a proxy either.
    if request.address.scheme == .http && !options.allowsInsecure {
      set(QKZ_CURLOPT_NOPROXY, "*")
    }
    if let certificates = options.certificates {
      set(QKZ_CURLOPT_CAINFO, certificates)
      set(QKZ_CURLOPT_PROXY_CAINFO, certificates)
    }
    unsafe LibCurl.setopt(easy, QKZ_CURLOPT_HTTPHEADER, list)
  }

  private static let bufferSize = 1 << 18

  private func setSinks() {
    // SAFETY: this object outlives the handle's use, and is not moved.
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe LibCurl.setopt(
      easy, QKZ_CURLOPT_ERRORBUFFER, LibCurl.Handle(message.baseAddress))
    unsafe LibCurl.setopt(easy, QKZ_CURLOPT_WRITEDATA, context)
    unsafe LibCurl.setopt(easy, QKZ_CURLOPT_HEADERDATA, context)
    let head: qkz_curl_sink = { bytes, size, count, context in
      unsafe Exchange.sink(bytes, size, count, context) { exchange, buffer in
        let line = unsafe String(decoding: buffer, as: UTF8.self)
        exchange.receiver.takeHead(line: line.trimmingLineEnd)
        return true
      }
    }
    let body: qkz_curl_sink = { bytes, size, count, context in
      unsafe Exchange.sink(bytes, size, count, context) { exchange, buffer in
        unsafe exchange.receiver.takeBody(buffer.bytes)
      }
    }
    unsafe LibCurl.setopt(easy, QKZ_CURLOPT_HEADERFUNCTION, head)
    unsafe LibCurl.setopt(easy, QKZ_CURLOPT_WRITEFUNCTION, body)
  }

  /// What libcurl calls: it takes anything but the number of bytes as a wish to stop.
  private static func sink(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?,
    _ take: (Exchange, UnsafeRawBufferPointer) -> Bool
  ) -> Int {
    guard let context = unsafe context else { return -1 }
    // SAFETY: the context is the object that owns the handle; the bytes live for this call.
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe take(exchange, buffer) ? size * count : -1
  }

  private func set(_ option: Int, _ value: Int) {
    unsafe LibCurl.setopt(easy, option, value)
  }

  private func set(_ option: Int, _ value: String) {
    unsafe LibCurl.setopt(easy, option, value)
  }

  /// Where a redirection leads, as an absolute address.
  var redirection: String? { unsafe LibCurl.getinfo(easy, QKZ_CURLINFO_REDIRECT_URL) }

  /// What libcurl says about its result.
  func explanation(_ code: Int32) -> String {
    let bytes = unsafe message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = bytes.isEmpty ? LibCurl.easy_strerror(code) : String(decoding: bytes, as: UTF8.self)
    return PlainText.excerpt(text.lowercased())
  }
}

/// Exchanges that are performed at the same time, on the caller's thread.
///
/// Corresponds to a multi handle of libcurl.
@safe
final class Exchanges {
  // SAFETY: owned from `init` to `deinit`; only handles of exchanges in `active` are added.
  private let multi: LibCurl.Handle
  private var active: [Exchange] = []

  /// Loads libcurl if need be.
  ///
  /// - Throws: `TransferFailure` of code `library`.
  init(_ options: TransferOptions) throws {
    try LibCurl.load(options.library)
    unsafe multi = LibCurl.multi_init()
  }

  deinit {
    for exchange in active { unsafe LibCurl.multi_remove_handle(multi, exchange.easy) }
    unsafe LibCurl.multi_cleanup(multi)
  }

  func add(_ exchange: Exchange) {
    active.append(exchange)
    unsafe LibCurl.multi_add_handle(multi, exchange.easy)
  }

  func remove(_ exchange: Exchange) {
    guard let index = active.firstIndex(where: { $0 === exchange }) else { return }
    active.remove(at: index)
    unsafe LibCurl.multi_remove_handle(multi, exchange.easy)
  }

  /// Does what can be done without waiting.
  func perform() { unsafe LibCurl.multi_perform(multi) }

  /// Waits until something can be done, or for some time.
  func wait(milliseconds: Int) { unsafe LibCurl.multi_poll(multi, milliseconds: milliseconds) }

  /// An exchange that has ended, with libcurl's result; it is removed.
  func nextEnded() -> (exchange: Exchange, code: Int32)? {
    guard let ended = unsafe LibCurl.multi_info_read(multi),
      let exchange = active.first(where: { unsafe $0.easy == ended.easy })
    else { return nil }
    remove(exchange)
    return unsafe (exchange, ended.code)
  }
}

extension String {
  fileprivate var trimmingLineEnd: String {
    var text = Substring(self)
    // A carriage return and a line feed are one character.
    while let last = text.last, last == "\r\n" || last == "\n" || last == "\r" { text.removeLast() }
    return String(text)
  }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
