// C functions keep their own names here.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CTransfer
import Diagnostics
import Synchronization

/// The functions of libcurl that this project uses, each wrapped once under its own name.
enum LibCurl {
  typealias Handle = UnsafeMutableRawPointer

  private enum State {
    case notLoaded
    case loaded
    case failed(TransferFailure)
  }

  private static let state = Mutex(State.notLoaded)

  /// Loads the library, once; later calls find it loaded, or fail as the first did.
  static func load(_ name: String) throws {
    try state.withLock { state in
      switch state {
      case .loaded: return
      case .failed(let failure): throw failure
      case .notLoaded: break
      }
      var message = [CChar](repeating: 0, count: 256)
      // SAFETY: the buffer's own address and length; C ends the text with a zero.
      let code = unsafe message.withUnsafeMutableBufferPointer {
        unsafe qkz_curl_load(name, $0.baseAddress, $0.count)
      }
      guard code == 0 else {
        let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let failure = TransferFailure(
          .library, at: name,
          expected: "libcurl 7.66 or later (Debian: libcurl4), for https: and http:",
          found: String(decoding: text, as: UTF8.self))
        state = .failed(failure)
        throw failure
      }
      state = .loaded
    }
  }

  static func version() -> String { unsafe String(cString: qkz_curl_version()) }

  static func easy_init() -> Handle {
    guard let easy = unsafe qkz_curl_easy_init() else { fatalError("curl_easy_init") }
    return unsafe easy
  }

  static func easy_cleanup(_ easy: Handle) { unsafe qkz_curl_easy_cleanup(easy) }

  /// An option that an old library does not know is an error of ours, except where it may be left
  /// out.
  static func setopt(_ easy: Handle, _ option: Int, _ value: Int) {
    _ = unsafe qkz_curl_easy_setopt_long(easy, Int32(option), value)
  }

  static func setopt(_ easy: Handle, _ option: Int, _ value: String?) {
    _ = unsafe qkz_curl_easy_setopt_string(easy, Int32(option), value)
  }

  static func setopt(_ easy: Handle, _ option: Int, _ value: Handle?) {
    _ = unsafe qkz_curl_easy_setopt_pointer(easy, Int32(option), value)
  }

  static func setopt(_ easy: Handle, _ option: Int, _ value: qkz_curl_sink) {
    _ = unsafe qkz_curl_easy_setopt_sink(easy, Int32(option), value)
  }

  static func getinfo(_ easy: Handle, _ info: Int) -> Int {
    var value = 0
    _ = unsafe qkz_curl_easy_getinfo_long(easy, Int32(info), &value)
    return value
  }

  static func getinfo(_ easy: Handle, _ info: Int) -> String? {
    var value: UnsafePointer<CChar>?
    _ = unsafe qkz_curl_easy_getinfo_string(easy, Int32(info), &value)
    return unsafe value.map { unsafe String(cString: $0) }
  }

  static func easy_strerror(_ code: Int32) -> String {
    unsafe String(cString: qkz_curl_easy_strerror(code))
  }

  static func slist(_ lines: [String]) -> Handle? {
    var list: Handle?
    for line in lines { unsafe list = qkz_curl_slist_append(list, line) }
    return unsafe list
  }

  static func slist_free_all(_ list: Handle?) { unsafe qkz_curl_slist_free_all(list) }

  static func multi_init() -> Handle {
    guard let multi = unsafe qkz_curl_multi_init() else { fatalError("curl_multi_init") }
    return unsafe multi
  }

  static func multi_cleanup(_ multi: Handle) { _ = unsafe qkz_curl_multi_cleanup(multi) }

  static func multi_add_handle(_ multi: Handle, _ easy: Handle) {
    checked(unsafe qkz_curl_multi_add_handle(multi, easy))
  }

  static func multi_remove_handle(_ multi: Handle, _ easy: Handle) {
    checked(unsafe qkz_curl_multi_remove_handle(multi, easy))
  }

  static func multi_perform(_ multi: Handle) {
    var running: Int32 = 0
    checked(unsafe qkz_curl_multi_perform(multi, &running))
  }

  static func multi_poll(_ multi: Handle, milliseconds: Int) {
    checked(unsafe qkz_curl_multi_poll(multi, Int32(milliseconds)))
  }

  static func multi_info_read(_ multi: Handle) -> (easy: Handle, code: Int32)? {
    var code: Int32 = 0
    guard let easy = unsafe qkz_curl_multi_info_read(multi, &code) else { return nil }
    return unsafe (easy, code)
  }

  /// Calls on a multi handle fail only when memory runs out or they are made wrongly; both are
  /// fatal.
  private static func checked(_ code: Int32) {
    precondition(code == 0, unsafe String(cString: qkz_curl_multi_strerror(code)))
  }
}
