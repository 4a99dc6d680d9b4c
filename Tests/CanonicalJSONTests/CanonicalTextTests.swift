import CanonicalJSON
import Testing

/// The one text of a value, by the examples of RFC 8785.
@Suite struct CanonicalTextTests {
  /// Appendix B: the bits of a double and its text.
  static let numbers: [(UInt64, String)] = [
    (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
    (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
    (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
    (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
    (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
    (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
    (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
    (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
    (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
    (0x41B3_DE43_5555_5557, "333333333.33333343"),
    (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
    (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
  ]

  @Test(arguments: numbers)
  func `a number has the text of appendix B`(_ bits: UInt64, _ text: String) {
    #expect(JSON.number(Double(bitPattern: bits)).canonicalText == text)
  }

  @Test(arguments: numbers.filter { $0.0 != 0x8000_0000_0000_0000 })
  func `the text of a number reads back to its bits`(_ bits: UInt64, _ text: String) throws {
    let json = try JSON(parsingCanonical: Array(text.utf8), at: "number")
    #expect(json.double?.bitPattern == bits)
  }

  @Test func `the example of section 3.2.2 has its canonical bytes`() throws {
    let text = #"""
      {
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }
      """#
    let canonical =
      #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
      + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    let json = try JSON(parsing: Array(text.utf8), at: "example")
    #expect(json.canonicalText == canonical)
    #expect(try JSON(parsingCanonical: Array(canonical.utf8), at: "again") == json)
  }

  @Test func `keys are sorted by UTF-16 code units as in section 3.2.3`() throws {
    let text = #"""
      {"\u20ac": "Euro Sign", "\r": "Carriage Return",
       "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
       "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
       "\u00f6": "Latin Small Letter O With Diaeresis"}
      """#
    let canonical = try JSON(parsing: Array(text.utf8), at: "keys").canonicalText
    let values = [
      "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
      "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
    ]
    let places = try values.map { try #require(canonical.ranges(of: $0).first?.lowerBound) }
    #expect(places == places.sorted())
  }

  @Test func `control characters have their short forms and nothing else is escaped`() {
    let text = "\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F} \"\\/\u{7F}\u{2028}😀"
    let expected = #""\u0000\b\t\n\u000b\f\r\u001f \"\\/"# + "\u{7F}\u{2028}😀\""
    #expect(JSON.string(text).canonicalText == expected)
  }

  @Test func `an integer that a double cannot hold is written as a string`() {
    #expect(JSON.integer(1 << 53).canonicalText == "9007199254740992")
    #expect(JSON.integer(9_007_199_254_740_993).canonicalText == "\"9007199254740993\"")
    #expect(JSON.integer(Int64.min).canonicalText == "\"-9223372036854775808\"")
    #expect(JSON.integer(UInt64.max).canonicalText == "\"18446744073709551615\"")
  }

  @Test func `a number that is not finite is written as its name`() {
    #expect(JSON.real(.nan).canonicalText == "\"nan\"")
    #expect(JSON.real(-.infinity).canonicalText == "\"-inf\"")
    #expect(JSON.real(0.5).canonicalText == "0.5")
  }

  @Test func `only whole numbers up to 2^53 are integers`() throws {
    let json = try JSON(
      parsing: Array("[7, -7, 1e3, 0.5, 9007199254740992, 9007199254740994, 1e300]".utf8), at: "i")
    #expect(json.array?.map(\.int) == [7, -7, 1000, nil, 9_007_199_254_740_992, nil, nil])
  }
}
