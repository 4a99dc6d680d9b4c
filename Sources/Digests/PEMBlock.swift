import Diagnostics

/// One block of a PEM text: what it holds, and its bytes.
///
/// Corresponds to RFC 7468, section 3 (strict textual encoding), in lines of 64 characters.
struct PEMBlock {
  /// As in `PUBLIC KEY`.
  let label: String
  let bytes: [UInt8]

  /// The text: lines of 64 characters, the last of which ends in a line feed too.
  var text: String {
    let characters = Array(Base64.text(bytes))
    let lines = stride(from: 0, to: characters.count, by: 64).map {
      String(characters[$0..<min($0 + 64, characters.count)]) + "\n"
    }
    return "-----BEGIN \(label)-----\n" + lines.joined() + "-----END \(label)-----\n"
  }

  /// The key in a text. Parameters of the curve may stand before it, as `openssl ecparam` writes
  /// them; nothing else may.
  ///
  /// - Throws: `KeyFailure`.
  static func key(in text: [UInt8], at place: String) throws -> PEMBlock {
    // A line feed after a carriage return is one character with it.
    var lines = String(decoding: text, as: UTF8.self)
      .split { $0 == "\n" || $0 == "\r\n" }[...]
    var blocks: [PEMBlock] = []
    while !lines.isEmpty {
      let block = try take(&lines, at: place)
      if block.label != "EC PARAMETERS" { blocks.append(block) }
    }
    guard blocks.count == 1 else {
      throw KeyFailure(.file, at: place, expected: "one key", found: "\(blocks.count)")
    }
    return blocks[0]
  }

  private static func take(_ lines: inout ArraySlice<Substring>, at place: String) throws
    -> PEMBlock
  {
    guard let first = lines.popFirst(), first.hasPrefix("-----BEGIN "), first.hasSuffix("-----"),
      let end = lines.firstIndex(where: { $0.hasPrefix("-----END ") })
    else {
      throw KeyFailure(
        .file, at: place, expected: "a key as PEM text, `-----BEGIN ...` to `-----END ...`",
        found: "another text")
    }
    let label = first.dropFirst(11).dropLast(5)
    let content = lines[lines.startIndex..<end]
    // Either form of encryption: of RFC 5958, and the one that OpenSSL had before it.
    if label == "ENCRYPTED PRIVATE KEY" || content.contains(where: { $0.contains("ENCRYPTED") }) {
      throw KeyFailure(
        .encrypted, at: place, expected: "a key without a password",
        found: "an encrypted one; `openssl pkey -in FILE -out PLAIN` removes the password")
    }
    guard lines[end] == "-----END \(label)-----", let bytes = Base64.bytes(content.joined()) else {
      throw KeyFailure(
        .file, at: place, expected: "base64 between the lines of `\(label)`", found: "other text")
    }
    lines = lines[(end + 1)...]
    return PEMBlock(label: String(label), bytes: bytes)
  }
}
