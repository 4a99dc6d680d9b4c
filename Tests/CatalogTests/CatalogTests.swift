import CanonicalJSON
import Catalog
import CheckpointFormat
import Diagnostics
import Digests
import FileAccess
import Foundation
import ModelZoo
import TestSupport
import Testing

/// The zoo as a site.
@Suite struct CatalogTests {
  private static let compiledIn = try? ZooIndex.compiledIn()
  private static let pagesOfCompiledIn = compiledIn.map(files) ?? [:]
  private let zoo: ZooIndex
  private let pages = Self.pagesOfCompiledIn

  init() throws { zoo = try #require(Self.compiledIn) }

  private static func files(of zoo: ZooIndex) -> [String: String] {
    Dictionary(uniqueKeysWithValues: CatalogSite(zoo).files.map { ($0.path, $0.text) })
  }

  private func page(_ name: String) throws -> String {
    let entry = try #require(try zoo.entry(name))
    return try #require(pages["entries/\(entry.name).html"])
  }

  /// The values of an attribute in a page.
  private func values(of attribute: String, in page: String) -> [String] {
    page.components(separatedBy: " \(attribute)=\"").dropFirst().map {
      String($0.prefix { $0 != "\"" })
    }
  }

  /// The path that a relative link in a page means.
  private func resolve(_ link: String, from path: String) -> String {
    var parts = path.split(separator: "/").dropLast()
    for part in link.split(separator: "/") where part != "." {
      if part == ".." { parts.removeLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }

  @Test func `every entry has a page, which the table links to`() throws {
    let index = try #require(pages["index.html"])
    for entry in zoo.entries {
      #expect(pages["entries/\(entry.name).html"]?.contains("<h1>\(entry.name)</h1>") == true)
      #expect(index.contains("href=\"./entries/\(entry.name).html\""))
    }
    #expect(pages.count == zoo.entries.count + 3)
  }

  @Test func `every link of the site leads to a file or a place of it`() throws {
    for (path, page) in pages where path.hasSuffix(".html") {
      let ids = values(of: "id", in: page)
      #expect(Set(ids).count == ids.count, "\(path)")
      for link in values(of: "href", in: page) where !link.hasPrefix("https://") {
        if link.hasPrefix("#") {
          #expect(ids.contains(String(link.dropFirst())), "\(path) \(link)")
        } else {
          #expect(pages[resolve(link, from: path)] != nil, "\(path) \(link)")
        }
      }
    }
  }

  @Test func `the same zoo gives the same bytes`() {
    #expect(CatalogSite(zoo).files == CatalogSite(zoo).files)
    #expect(CatalogSite(zoo).json == CatalogSite(zoo).json)
  }

  @Test func `figures stand under who states them, with setting and source`() throws {
    let columns = try page("HST-10-384").components(separatedBy: "<div class=\"speaker\">")
    #expect(columns.count == 5)
    for (column, texts) in zip(
      columns.dropFirst(),
      [
        ["reported", "78.80 %", "setting not stated", "Table 2"],
        ["log", "78.854 %", "batch 32, class order, scope batch, float16", "QKFormer_16M.txt"],
        ["independent", "78.732 %", "74.202 %", "74.196 %", "scope sample", "issues/14"],
        ["measured", "nothing"],
      ])
    {
      for text in texts { #expect(column.contains(text), "\(texts[0]): \(text)") }
    }
    #expect(!columns[1].contains("78.854") && !columns[3].contains("78.854"))
  }

  @Test func `firing rates are spikes over samples times neurons`() throws {
    let entry = try #require(try zoo.entry("qkformer-digits"))
    let page = try page("qkformer-digits")
    let spikes = try #require(entry.records.firing.first?.spikes["stage1/speds/unit0/lif"])
    // 8 channels of 8x8 at the digits' size: half of stage 1's 16.
    let rate = Double(spikes[0]) / (360 * 8 * 64)
    #expect(page.contains("stage1/speds/unit0/lif"))
    #expect(page.contains(">\(String(format: "%.4f", rate))</td>"))
    #expect(
      page.contains("SpikingJelly 0.0.0.0.14.</p>")
        && page.contains("Counted again by qkzoo 0.1.0: equal in every group and at every step."))
    #expect(page.components(separatedBy: "<rect").count - 1 == 35 * 4)
  }

  @Test func `counts that differ are shown as different`() throws {
    let page = try page("qkformer-mnist5k")
    #expect(page.contains("Counted again by qkzoo 0.1.0: different in 1 of 36 groups ("))
    #expect(page.contains("by at most 2 spikes at a step"))
    #expect(page.components(separatedBy: "<svg").count == 2)
  }

  @Test func `the page on the leak states the public figures of the entries and their difference`()
    throws
  {
    let page = try #require(pages["batch-leak.html"])
    for text in [
      "78.732 %", "74.202 %", "74.196 %", "−4.530 points", "−4.536 points", "84.248 %", "78.698 %",
      "−5.550 points", "356 of 360", "222 of 360 samples", "+0.00 points, −0.77 to +0.77",
    ] { #expect(page.contains(text), "\(text)") }
  }

  @Test func `how to get an entry follows from what is known of its sources`() throws {
    #expect(try page("HST-10-384").contains("qkzoo pull qkformer-10-384-t4-r224.in1k --from FILE"))
    #expect(try page("qkformer-digits").contains("qkzoo pull qkformer-4-64-t4-r8.digits\n"))
    #expect(try page("MS-HST-10-384").contains("qkzoo pull ms-qkformer-10-384-t4-r224.in1k\n"))
    let unreleased = try page("HST-10-768-T1")
    #expect(unreleased.contains("never released; there is nothing to fetch"))
    #expect(!unreleased.contains("qkzoo pull"))
    let unknown = try page("STEP-QKFormer-CIFAR10")
    #expect(unknown.contains("what it is rests on your word"))
    #expect(unknown.contains(".cifar10-step --from FILE --trust-first-use"))
    let elsewhere = CatalogSite(zoo, place: "https://example.org/zoo").files.map(\.text)
    #expect(elsewhere.contains { $0.contains(".digits --index https://example.org/zoo\n") })
  }

  @Test func `the paper is cited as CITATION.cff names it`() throws {
    let path = TestFiles.package + "/CITATION.cff"
    let lines = String(decoding: try TestFiles.bytes(path), as: UTF8.self).split(separator: "\n")
    let authors = lines.filter { $0.contains("family-names") }.map { line in
      let names = line.split(whereSeparator: { "{:,}".contains($0) }).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      return "\(names[names.count - 3]), \(names[names.count - 1])"
    }
    #expect(authors.count == 10)
    let page = try page("qkformer-digits")
    let cited = page.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(cited.contains("author = {" + authors.joined(separator: " and ") + "}"))
    #expect(cited.contains("eprint = {2403.16552}"))
    let entry = try #require(try zoo.entry("qkformer-digits"))
    #expect(page.contains("model-id \(try #require(entry.modelID).hex)"))
  }

  // MARK: Strangers

  /// The first entry, with hostile texts wherever a text may stand.
  private func hostileZoo() throws -> ZooIndex {
    func poison(_ json: JSON) -> JSON {
      switch json {
      case .string: .string(#"javascript:"><script>alert('x')</script><img src=x onerror=y>&"#)
      case .array(let elements): .array(elements.map(poison))
      case .object(let members): .object(members.mapValues(poison))
      default: json
      }
    }
    let entry = try #require(try zoo.entry("qkformer-digits-batch"))
    var members = try #require(entry.json.object)
    for name in ["aliases", "title", "dataset", "labels", "licences", "notes"] {
      members[name] = members[name].map(poison)
    }
    func poison(_ list: String, _ names: [String]) {
      members[list] = members[list]?.array.map { elements in
        .array(
          elements.map { element in
            var element = element.object ?? [:]
            for name in names { element[name] = poison(.string("")) }
            return .object(element)
          })
      }
    }
    poison("files", ["name"])
    poison("sources", ["kind", "address", "as_of", "remark"])
    poison("figures", ["part", "convention", "source", "remark"])
    poison("evidence", ["rung", "detail"])
    return try ZooIndex(
      json: [
        "schema": .string(ZooIndex.schema), "labels": .object([:]),
        "entries": .array([.object(members)]),
      ], at: "test")
  }

  @Test func `a hostile entry's texts are texts`() throws {
    let hostile = try hostileZoo()
    for (path, page) in Self.files(of: hostile) where path.hasSuffix(".html") {
      #expect(page.components(separatedBy: "<script").count == (path == "index.html" ? 2 : 1))
      #expect(!page.contains("<img") && !page.contains("href=\"javascript"), "\(path)")
    }
    let page = try #require(
      Self.files(of: hostile)["entries/qkformer-4-64-t4-r8.digits-batch.html"])
    #expect(page.components(separatedBy: "&lt;script&gt;").count > 20)
  }

  @Test(arguments: [
    "../x", "a/b", "", "a b", "A", "a;b", "-a", "a\n", ".a", "<b>", "a%2f",
  ])
  func `a name that could leave its folder or its command is refused`(name: String) throws {
    var members = try #require(zoo.entries.first?.json.object)
    members["name"] = .string(name)
    #expect(throws: ZooFailure.self) { _ = try ZooEntry(json: .object(members), at: "test") }
  }

  // MARK: Folders

  @Test func `a catalogue is brought up to date, and pages of entries that are gone are removed`()
    throws
  {
    let folder = try ScratchFolder()
    let site = CatalogSite(zoo)
    try site.write(to: folder.file("a/site"))
    for file in site.files {
      #expect(try TestFiles.bytes(folder.file("a/site/" + file.path)) == Array(file.text.utf8))
    }
    let list = try TestFiles.bytes(folder.file("a/site/catalog.json"))
    #expect(try JSON(parsing: list, at: "list") == site.json)

    let smaller = CatalogSite(try hostileZoo())
    try smaller.write(to: folder.file("a/site"))
    #expect(try Files.names(in: folder.file("a/site/entries")).count == 1)
    #expect(try Files.names(in: folder.file("a/site")).count == 5)
  }

  @Test func `a folder that holds something else is refused and left alone`() throws {
    let folder = try ScratchFolder()
    try TestFiles.write([1], to: folder.file("mine.txt"))
    #expect {
      try CatalogSite(zoo).write(to: folder.path)
    } throws: { error in
      let failure = error as? CatalogFailure
      return failure?.code == .foreignFolder && failure?.exitCode == 77
    }
    #expect(try folder.names() == ["mine.txt"])
  }

  @Test func `a forged list removes nothing but pages of entries`() throws {
    let folder = try ScratchFolder()
    let site = folder.file("site")
    try Files.makeDirectories(site + "/entries")
    try TestFiles.write([1], to: folder.file("mine.html"))
    try TestFiles.write([1], to: site + "/mine.html")
    let paths = ["../mine.html", "mine.html", "entries/../mine.html", "entries/../../mine.html"]
    let list: JSON = [
      "schema": .string(CatalogSite.schema), "entries": .integer(0),
      "files": .array(paths.map { ["path": .string($0)] }),
    ]
    try TestFiles.write(list.canonicalBytes, to: site + "/catalog.json")
    try CatalogSite(zoo).write(to: site)
    #expect(Files.exists(folder.file("mine.html")) && Files.exists(site + "/mine.html"))
  }

  @Test func `pages behind a link are neither removed nor written`() throws {
    let folder = try ScratchFolder()
    let site = folder.file("site")
    try Files.makeDirectories(site)
    try Files.makeDirectories(folder.file("victim"))
    try TestFiles.write([1], to: folder.file("victim/thesis.html"))
    try FileManager.default.createSymbolicLink(
      atPath: site + "/entries", withDestinationPath: "../victim")
    let list: JSON = [
      "schema": .string(CatalogSite.schema), "entries": .integer(1),
      "files": [["path": "entries/thesis.html"]],
    ]
    try TestFiles.write(list.canonicalBytes, to: site + "/catalog.json")
    #expect {
      try CatalogSite(zoo).write(to: site)
    } throws: {
      ($0 as? CatalogFailure)?.code == .foreignFolder
    }
    #expect(try Files.names(in: folder.file("victim")) == ["thesis.html"])
    #expect(try Files.names(in: site) == ["catalog.json", "entries"])
  }
}
