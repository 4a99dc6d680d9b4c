import TestSupport
import Testing
import Transfer

/// Addresses and the policy on them.
@Suite struct AddressTests {
  @Test(arguments: [
    ("/a/b c", "/a/b c"), ("weights.pth", "weights.pth"), ("file:///a/b%20c", "/a/b c"),
    ("file:/a", "/a"), ("file://localhost/a%C3%A9", "/a\u{E9}"), ("./a:b", "./a:b"),
  ]) func `paths and file addresses are files`(_ text: String, _ path: String) throws {
    let address = try Address(text)
    #expect(address.scheme == .file && address.text == path)
  }

  @Test(arguments: [
    "", "ftp://host/a", "file://elsewhere/a", "file:a", "file:///a%2", "file:///a%+1",
    "https:/host/a", "https://", "https:///a", "https://user@host/a", "https://user:pass@host/a",
    "https://host\\@evil/a", "https://ho st/a", "https://host/a b", "https://host:0/",
    "https://host:+80/", "https://host:080/", "https://host:70000/", "https://h\u{F6}st/",
    "https://host/\u{7}", "https://[::1/", "https://ho%73t/", "https://host/\r\nX: y", "a\0b",
  ]) func `what is not plainly an address is refused`(_ text: String) {
    #expect { try Address(text) } throws: { ($0 as? TransferFailure)?.code == .address }
  }

  @Test(arguments: [
    "http://localhost/a", "http://LOCALHOST:8080", "http://127.0.0.1/a", "http://127.9.8.7:1/a",
    "http://[::1]/a", "http://[::1]:80/a",
  ]) func `this machine is a loopback`(_ text: String) throws {
    #expect(try Address(text).isLoopback)
    try Policy.check(try Address(text), TransferOptions())
  }

  @Test(arguments: [
    "http://localhost.example/a", "http://127.0.0.1.example/a", "http://127.0.0/a",
    "http://127.0.0.01/a", "http://128.0.0.1/a", "http://127.0.0.256/", "http://0x7f.0.0.1/",
    "http://[::2]/a", "http://example.org/127.0.0.1",
  ]) func `clear text leaves this machine only on request`(_ text: String) throws {
    var options = TransferOptions()
    #expect { try Policy.check(try Address(text), options) } throws: {
      ($0 as? TransferFailure)?.code == .insecure
    }
    options.allowsInsecure = true
    try Policy.check(try Address(text), options)
  }

  @Test func `a server elsewhere cannot send us to one of this machine`() throws {
    let local = try Address("http://127.0.0.1:8080/a")
    try Policy.check(local, TransferOptions(), redirectedFrom: try Address("http://localhost/"))
    #expect {
      try Policy.check(
        local, TransferOptions(), redirectedFrom: try Address("https://example.org/"))
    } throws: {
      ($0 as? TransferFailure)?.code == .insecure
    }
  }

  @Test(arguments: [
    "https://127.0.0.1/a", "https://127.1/a", "https://2130706433/a", "https://0x7f.1/a",
    "https://0/a", "https://0.0.0.0:8443/a", "https://017700000001/a", "https://localhost./a",
    "https://a.localhost/a", "https://[::]/a", "https://[0:0:0:0:0:0:0:1]/a",
    "https://[::ffff:127.0.0.1]/a", "https://[::127.0.0.1]/a", "http://127.0.0.1/a",
  ]) func `no spelling of this machine is taken from elsewhere`(_ text: String) throws {
    let (address, elsewhere) = (try Address(text), try Address("https://example.org/"))
    var options = TransferOptions()
    options.allowsInsecure = true
    #expect { try Policy.check(address, options, redirectedFrom: elsewhere) } throws: {
      ($0 as? TransferFailure)?.code == .insecure
    }
    #expect { try Policy.check(TransferSource(address, listedBy: elsewhere)) } throws: {
      ($0 as? TransferFailure)?.code == .insecure
    }
    try Policy.check(TransferSource(address, listedBy: try Address("https://127.0.0.1/")))
  }

  @Test(arguments: [
    "https://128.0.0.1/a", "https://localhost.example/a", "https://[::2]/a", "https://1.0.0.1/a",
    "https://[::ffff:1.2.3.4]/a", "https://[fe80::1]/a", "https://127.example/a",
  ]) func `addresses elsewhere are taken`(_ text: String) throws {
    let (address, elsewhere) = (try Address(text), try Address("https://example.org/"))
    try Policy.check(address, TransferOptions(), redirectedFrom: elsewhere)
    try Policy.check(TransferSource(address, listedBy: elsewhere))
  }

  @Test func `offline there are only files`() throws {
    let options = TransferOptions { $0 == "QKZOO_OFFLINE" ? "1" : nil }
    try Policy.check(try Address("/a"), options)
    for text in ["https://example.org/a", "http://localhost/a"] {
      #expect { try Policy.check(try Address(text), options) } throws: {
        ($0 as? TransferFailure)?.code == .offline
      }
    }
  }

  @Test func `a query may be a secret and is not printed`() throws {
    let address = try Address("https://Host.example:443/a/w.pth?signature=secret#x")
    #expect(address.description == "https://Host.example:443/a/w.pth?...")
    #expect(address.fileName == "w.pth" && address.authority == "host.example:443")
  }

  @Test func `secrets are told at one scheme, host and port only`() throws {
    let origin = try Address("https://a.example/x")
    for other in ["https://b.example/x", "http://a.example/x", "https://a.example:8443/x"] {
      #expect(!origin.hasOrigin(of: try Address(other)))
    }
    #expect(origin.hasOrigin(of: try Address("https://A.example/y?z")))
  }
}
