import Digests
import TestSupport
import Testing

/// The curves of public keys, and the forms of private ones. Keys and signatures are OpenSSL's.
@Suite struct CurveTests {
  private static func pem(_ label: String, _ lines: [String]) -> [UInt8] {
    let text = ["-----BEGIN \(label)-----"] + lines + ["-----END \(label)-----", ""]
    return Array(text.joined(separator: "\n").utf8)
  }

  /// A public key, its signature over `what is signed` with the curve's hash, and one with SHA-256.
  private static let signed: [(key: [String], signature: [String], other: [String])] = [
    // P-384.
    (
      [
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEvHlG6MXizPfTLOROo43UTicrC0oU2ZGy",
        "ZeZf84BeU2brUx5Vs2/wx9jAMYIXbdnuLiJ1HqMfJQl8T9lDOu1cSk3Eh6uW5JDS",
        "LSyaftO6CQpiRhiKLIQnfMUWCw2lYP+x",
      ],
      [
        "MGYCMQDXpmxNGkjBPUlQhwRmG0ivQdUXLqlDQ/RzjBX6yrC7+8WJjjqPYt19hbwB",
        "vDP4hX0CMQCCJzYJ+HwbzFbLyQtOi3FWwSfhAiAyBodqMzWIbzvwWIrpXwSAe9k4",
        "azWbbW1z7Dc=",
      ],
      [
        "MGYCMQC3FBjY4OUvMa9BwsegJL5LWFHuSqR4+r0krjWeMkN5PfvbbCL9dMuxyCi1",
        "m45foyECMQCh6yb3w3HfPSanoNnlR+sRKYV7K3FlL8sxoTMrSXXqx8R++pglFwS8",
        "XgFA+ejN19I=",
      ]
    ),
    // P-521.
    (
      [
        "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBqwWnKW/hWKmGez697mBTjuloM2TM",
        "EUDVqIpJHjtCi2MgpMtpcjeSLCZlylN6G3xzqKUK3b+dJ+2xbTteT5xtZJUA8Cs+",
        "KZ0bNWy66WjJVneRAGNtfGId2x/WXUjZ497CwqnWH15BskEy1eTWwc7CKr4sssSR",
        "O2wgyqNlGumZBOLZ2RE=",
      ],
      [
        "MIGIAkIAg42dihAFwq6S/JSKG9XobUjUF0ga0JMOE6ATIdur2U5yisbmUYMhU9mK",
        "GR0mZW+2rorkiTEe/0bn3bt1IE1CqsUCQgEfqfFRVkVIccjQKSM+6EnD4qvKmSZn",
        "s3MzphrTiu97/fa6M9YlJXz5gEXGF9MOcANSNv50DY6z3Evvw0u5tt0QFQ==",
      ],
      [
        "MIGIAkIBpkwj7BlQskOSbH1cUfNbL35ttYxfDyj2ADGJiXK0fjbXsLl6YqKLs8dO",
        "TmQ8VHwAPC0aIhZ4l1VYkz6GyXyHiYkCQgGv9GmJLtwdlqiLLJyIuf91k/BC/nXn",
        "qvW3oi3XK0eb3bY+ZVio6A8LwHVxNOqrC3j3qDjE0wOwUzwhj72ChC/9+w==",
      ]
    ),
  ]

  @Test(arguments: signed.indices)
  func `a signature with the hash of the curve is accepted, and no other`(_ index: Int) throws {
    let (lines, signature, other) = Self.signed[index]
    let key = try VerifyingKey(pem: Self.pem("PUBLIC KEY", lines), at: "key")
    #expect(Array(key.pem.utf8) == Self.pem("PUBLIC KEY", lines))
    let message = Array("what is signed".utf8)
    let bytes = try #require(Base64.bytes(signature.joined()))
    #expect(key.accepts(bytes, over: message))
    #expect(!key.accepts(bytes, over: message + [0]))
    #expect(!key.accepts(try #require(Base64.bytes(other.joined())), over: message))
    for index in stride(from: 0, to: bytes.count, by: 7) {
      var damaged = bytes
      damaged[index] ^= 1
      #expect(!key.accepts(damaged, over: message), "byte \(index)")
    }
  }

  /// Private keys that state the curve's parameters, in both containers, or hold the point compressed.
  private static let forms: [(label: String, lines: [String])] = [
    (
      "EC PRIVATE KEY",
      [
        "MIIBaAIBAQQgPyTTr3WzA3wkfKBhHQP8/W/ZObAQyqV/tRK+xZMBez6ggfowgfcC",
        "AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////",
        "MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr",
        "vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE",
        "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W",
        "K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8",
        "YyVRAgEBoUQDQgAELhkPWLLkULxJ/CtT+3Gtv/Zl/t5z6fYY6t3dj22+mWebT4m9",
        "JMmX0Ld3DhCRajpa0Vf2zdlydb80T3KOkN5fGg==",
      ]
    ),
    (
      "PRIVATE KEY",
      [
        "MIIBeQIBADCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAAB",
        "AAAAAAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA",
        "///////////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMV",
        "AMSdNgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg",
        "9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8A",
        "AAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBBG0wawIBAQQgPyTTr3WzA3wk",
        "fKBhHQP8/W/ZObAQyqV/tRK+xZMBez6hRANCAAQuGQ9YsuRQvEn8K1P7ca2/9mX+",
        "3nPp9hjq3d2Pbb6ZZ5tPib0kyZfQt3cOEJFqOlrRV/bN2XJ1vzRPco6Q3l8a",
      ]
    ),
    (
      "EC PRIVATE KEY",
      [
        "MFcCAQEEID8k0691swN8JHygYR0D/P1v2TmwEMqlf7USvsWTAXs+oAoGCCqGSM49",
        "AwEHoSQDIgACLhkPWLLkULxJ/CtT+3Gtv/Zl/t5z6fYY6t3dj22+mWc=",
      ]
    ),
  ]

  @Test(arguments: forms.indices)
  func `a private key whose public half would be refused does not sign`(_ index: Int) {
    let (label, lines) = Self.forms[index]
    #expect(
      KeyTests.isRefused(.file) { _ = try SigningKey(pem: Self.pem(label, lines), at: "key") })
  }

  @Test func `keys of other curves verify and do not sign`() {
    let lines = [
      "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCqWLF3dgRaGCIzOoyG",
      "f/II4m7ZEDjtlZCLWtM/nU786YA8cTAq5sbH04IDaqpHEJ6hZANiAAS8eUboxeLM",
      "99Ms5E6jjdROJysLShTZkbJl5l/zgF5TZutTHlWzb/DH2MAxghdt2e4uInUeox8l",
      "CXxP2UM67VxKTcSHq5bkkNItLJp+07oJCmJGGIoshCd8xRYLDaVg/7E=",
    ]
    #expect(
      KeyTests.isRefused(.curve) {
        _ = try SigningKey(pem: Self.pem("PRIVATE KEY", lines), at: "key")
      })
  }
}
