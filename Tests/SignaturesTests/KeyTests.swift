import Diagnostics
import Digests
import FileAccess
import Foundation
import TestSupport
import Testing

/// Keys, and the texts that they come in.
@Suite struct KeyTests {
  static func isRefused(_ code: KeyFailureCode, _ body: () throws -> Void) -> Bool {
    do {
      try body()
      return false
    } catch {
      return (error as? KeyFailure)?.code == code
    }
  }

  private static func publicKey(_ lines: [String]) -> [UInt8] {
    let text = ["-----BEGIN PUBLIC KEY-----"] + lines + ["-----END PUBLIC KEY-----", ""]
    return Array(text.joined(separator: "\n").utf8)
  }

  @Test func `a key comes back from its text, and signs what its public half accepts`() throws {
    let key = SigningKey.random()
    let again = try SigningKey(pem: Array(key.pem.utf8), at: "key")
    let other = try VerifyingKey(pem: Array(again.verifyingKey.pem.utf8), at: "key")
    #expect(again.pem == key.pem && other == key.verifyingKey)
    let message = Array("what is signed".utf8)
    let signature = again.sign(message)
    #expect(other.accepts(signature, over: message))
    #expect(!other.accepts(signature, over: message + [0]))
    #expect(!SigningKey.random().verifyingKey.accepts(signature, over: message))
    for index in signature.indices {
      var damaged = signature
      damaged[index] ^= 1
      #expect(!other.accepts(damaged, over: message), "byte \(index)")
    }
    #expect(!other.accepts([], over: message) && !other.accepts(signature + [0], over: message))
  }

  @Test func `the fingerprint is the digest of the text that OpenSSL writes`() throws {
    let text = Self.publicKey([
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7zVs7Lay0akBpdblG0kpJR9+ZhQc",
      "jl/4QNzYrytScO6q5NnfGpS0VX7D3iLi1wmgw1QfHa1hnIXNZjj4eOYzkw==",
    ])
    let key = try VerifyingKey(pem: text, at: "key")
    #expect(Array(key.pem.utf8) == text)
    #expect(
      key.fingerprint.hex == "fabc8e1c1765ea46bdefb669b197c750a51833a921856df9ac981260b8fb2295")
    let lines = Array(String(decoding: text, as: UTF8.self).replacing("\n", with: "\r\n").utf8)
    #expect(try VerifyingKey(pem: lines, at: "key") == key)
  }

  @Test(arguments: [
    // secp256k1, Ed25519.
    [
      "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAE7zdSqneIS2Eo+R7BifITwyur0J7q9B1f",
      "zMoHwAatv5Y1HHiEhiy5k2o7JlrieijoH9gM3oLS07fYkE3ljsfbcA==",
    ],
    ["MCowBQYDK2VwAyEAX2lpMcXFn2t/Mh2IO5H2puc19Fxsym9w/p3b7G/hGWE="],
  ])
  func `another curve is refused by its name`(_ lines: [String]) {
    #expect(Self.isRefused(.curve) { _ = try Self.key(lines) })
  }

  private static func key(_ lines: [String]) throws -> VerifyingKey {
    try VerifyingKey(pem: publicKey(lines), at: "key")
  }

  @Test func `a compressed point is refused`() {
    #expect(
      Self.isRefused(.file) {
        _ = try Self.key([
          "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD7zVs7Lay0akBpdblG0kpJR9+ZhQc", "jl/4QNzYrytScO4=",
        ])
      })
  }

  /// PKCS 8 of P-256 holds the private half, 32 bytes, and then the public one.
  @Test func `a private key whose halves are of two keys, or out of range, is refused`() throws {
    let text = SigningKey.random().pem
    let lines = text.split(separator: "\n").map(String.init)
    let der = try #require(Base64.bytes(lines[1..<lines.count - 1].joined()))
    let start = der.count - 32 - 70
    for scalar in [
      Array(der[start..<start + 31]) + [der[start + 31] ^ 1], .init(repeating: 0, count: 32),
      .init(repeating: 255, count: 32),
    ] {
      let other = Base64.text(der[..<start] + scalar + der[(start + 32)...])
      let pem = "-----BEGIN PRIVATE KEY-----\n\(other)\n-----END PRIVATE KEY-----\n"
      #expect(Self.isRefused(.file) { _ = try SigningKey(pem: Array(pem.utf8), at: "key") })
    }
  }

  @Test func `encrypted keys are refused by name`() {
    for text in [
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
        + "-----END EC PRIVATE KEY-----\n",
    ] {
      #expect(Self.isRefused(.encrypted) { _ = try SigningKey(pem: Array(text.utf8), at: "key") })
    }
  }

  @Test func `each half is refused in the place of the other`() {
    let key = SigningKey.random()
    #expect(
      Self.isRefused(.role) { _ = try VerifyingKey(pem: Array(key.pem.utf8), at: "key") })
    #expect(
      Self.isRefused(.role) {
        _ = try SigningKey(pem: Array(key.verifyingKey.pem.utf8), at: "key")
      })
  }

  @Test func `what is no key is refused`() {
    let text = SigningKey.random().verifyingKey.pem
    let lines = text.split(separator: "\n")
    for wrong in [
      "", "nothing", String(text.dropLast(40)), text + text, "text before\n" + text,
      text.replacing("PUBLIC", with: "SECRET"), text.replacing("END PUBLIC", with: "END PRIVATE"),
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      [lines[0], lines[1].dropLast(4), lines[2], lines[3]].joined(separator: "\n"),
      "-----BEGIN PUBLIC KEY-----\n\(Base64.text(Self.bytes(text) + [0]))\n"
        + "-----END PUBLIC KEY-----\n",
    ] {
      #expect(
        Self.isRefused(.file) { _ = try VerifyingKey(pem: Array(wrong.utf8), at: "key") },
        "\(wrong)")
    }
  }

  private static func bytes(_ pem: String) -> [UInt8] {
    Base64.bytes(pem.split(separator: "\n").dropFirst().dropLast().joined()) ?? []
  }

  @Test func `a private key that anybody but its owner can use is refused`() throws {
    let folder = try ScratchFolder()
    let path = folder.file("key.pem")
    try Files.createPrivate(path, with: Array(SigningKey.random().pem.utf8))
    _ = try SigningKey(file: path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
    #expect(mode as? Int == 0o600)
    for mode in [0o644, 0o640, 0o620, 0o610, 0o604, 0o602, 0o601] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      #expect(Self.isRefused(.exposed) { _ = try SigningKey(file: path) }, "\(mode)")
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
    _ = try SigningKey(file: path)
    #expect(throws: FileFailure.self) { try Files.createPrivate(path, with: []) }
  }
}

/// Bytes as text.
@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func `the examples of RFC 4648 hold both ways`(_ plain: String, _ encoded: String) {
    #expect(Base64.text(Array(plain.utf8)) == encoded)
    #expect(Base64.bytes(encoded) == Array(plain.utf8))
  }

  @Test(arguments: [
    "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zg==Zg==", "Zm-_", "=m9v",
  ])
  func `every other text is refused`(_ text: String) {
    #expect(Base64.bytes(text) == nil)
  }

  @Test func `all bytes come back`() {
    for count in 0..<300 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) }
      #expect(Base64.bytes(Base64.text(bytes)) == bytes)
    }
  }
}
