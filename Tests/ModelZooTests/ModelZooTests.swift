import BlobCache
import CanonicalJSON
import CheckpointFormat
import Diagnostics
import Digests
import ModelZoo
import SpikeTensors
import SpikingModels
import TestSupport
import Testing

/// The entries and how they are found.
@Suite struct ModelZooTests {
  private static let folder = TestFiles.package + "/zoo"

  @Test func `the compiled-in entries are those of the folder`() throws {
    let compiled = try ZooIndex.compiledIn()
    let folder = try ZooIndex.directory(Self.folder)
    #expect(compiled.entries.map(\.json) == folder.entries.map(\.json))
    #expect(compiled.entries.count >= 17)
    #expect(compiled.labels == folder.labels)
  }

  @Test func `an entry is found by name, alias and model-id`() throws {
    let index = try ZooIndex.compiledIn()
    let entry = try #require(try index.entry("QKFORMER-digits"))
    #expect(entry.name == "qkformer-4-64-t4-r8.digits")
    #expect(try index.entry("hst-10-384")?.name == "qkformer-10-384-t4-r224.in1k")
    let id = try #require(entry.modelID).hex
    #expect(try index.entry(String(id.prefix(8)))?.name == entry.name)
    #expect(try index.entry("no such model") == nil)
  }

  @Test func `the official files are recognised by their MD5 sums`() throws {
    let index = try ZooIndex.compiledIn()
    let sums = index.entries.flatMap(\.files).compactMap(\.md5?.hex)
    for sum in [
      "60df416983ae326bb14bdb4566444320", "85dd1f94c87ba5ec908fed5d0a3f7f69",
      "dc1595408ed1bd40346be2bdaf5015d5", "ba20af8eb450d4ec9c71009fde8e7125",
      "99a671118f67a680aa38b6ac5aae449a",
    ] { #expect(sums.contains(sum)) }
  }

  @Test func `the nearest entry has most equal tensors, then most equal shapes`() throws {
    let zoo = LocalZoo(index: try ZooIndex.directory(Self.folder)) { Cache(root: "/nonexistent") }
    let entry = try #require(try zoo.index.entry("qkformer-digits"))
    var checkpoint = try CheckpointFile.open(try #require(try zoo.checkpoint(of: entry)))
      .checkpoint()
    let all = try checkpoint.prints().count
    checkpoint.parameters["head/bias"] = Tensor([10], [Float](repeating: 3, count: 10))
    let changed = try #require(zoo.nearest(to: try checkpoint.prints(), named: []))
    #expect(changed.entry.name == entry.name)
    #expect(changed.tensors == .init(equal: all - 1, all: all + 1))
    #expect(changed.shapes == .init(equal: all, all: all))
    let preset = try #require(Preset.named("HST-10-384"))
    let parameters = NetworkPlan(preset.configuration).parameters.filter(\.role.isIdentifying)
    let shapes = parameters.map {
      TensorPrint(.f32, $0.shape, SHA256.digest(of: $0.path))
    }
    let alike = try #require(zoo.nearest(to: shapes, named: Set(parameters.map(\.upstreamName))))
    #expect(alike.entry.configuration == preset.configuration)
    #expect(alike.shapes.equal == shapes.count && alike.tensors == nil)
    #expect(zoo.nearest(to: [], named: []) == nil)
  }

  @Test func `an entry that must be brought says where it was`() throws {
    let index = try ZooIndex.directory(Self.folder)
    let entry = try #require(try index.entry("HST-10-384"))
    #expect(entry.availability == .bring)
    #expect {
      _ = try LocalZoo(index: index) { Cache(root: "/nonexistent") }
        .requiredPath(of: .checkpoint, in: entry)
    } throws: { error in
      let failure = error as? ZooFailure
      return failure?.code == .unavailable && failure?.exitCode == 69
        && failure?.found.contains("--from FILE") == true
    }
  }

  @Test func `an entry's configuration is the preset of its name`() throws {
    for entry in try ZooIndex.compiledIn().entries {
      guard let preset = Preset.named(entry.name) else { continue }
      #expect(preset.configuration == entry.configuration, "\(entry.name)")
    }
  }

  /// Ablations have no weights or figures of their own, nor has a library's constructor.
  @Test func `every published preset that is a trained model has an entry`() throws {
    let index = try ZooIndex.compiledIn()
    let others = ["-qkca-ssa", "-qkta-qkca", "-ssa", "-qkca", "-qkta", "-spikingjelly"]
    for preset in Preset.all where !others.contains(where: preset.name.hasSuffix) {
      #expect(try index.entry(preset.name)?.name == preset.name)
    }
  }

  @Test func `no entry has members that the reader does not know, and labels name every class`()
    throws
  {
    let index = try ZooIndex.compiledIn()
    for entry in index.entries {
      #expect(entry.unknownMembers.isEmpty, "\(entry.name)")
      #expect(index.labels[entry.labels]?.count == entry.configuration.classes, "\(entry.name)")
    }
  }

  @Test func `files of an entry are what it lists, in the folder and in the program`() throws {
    let index = try ZooIndex.directory(Self.folder)
    let compiled = try ZooIndex.compiledIn()
    for entry in index.entries where entry.availability == .embedded {
      for file in entry.files {
        let path = try #require(index.path(of: file, in: entry))
        let digests = try FileDigests(ofFile: path)
        #expect(digests.sha256 == file.sha256 && digests.size == file.size, "\(file.name)")
        guard file.role != .upstream else { continue }
        let embedded = try #require(compiled.embedded(file), "\(file.name)")
        #expect(SHA256.digest(of: embedded) == file.sha256)
      }
    }
  }

  @Test func `the paper's figures are kept apart from the log's and others'`() throws {
    let entry = try #require(try ZooIndex.compiledIn().entry("HST-10-384"))
    #expect(entry.values(of: .top1, by: .reported).map(\.value) == [78.8])
    #expect(entry.values(of: .top1, by: .reported).map(\.text) == ["78.80"])
    #expect(entry.values(of: .top1, by: .log).map(\.value) == [78.854])
    #expect(entry.values(of: .top1, by: .independent).map(\.value) == [78.732, 74.202, 74.196])
    #expect(entry.values(of: .top1, by: .measured).isEmpty)
    #expect(entry.values(of: .energy, by: .reported).map(\.value) == [15.13])
  }

  @Test func `a wrong entry is refused by the member that is wrong`() throws {
    let entry = try #require(try ZooIndex.compiledIn().entries.first)
    for member in [
      "name", "parameters", "accumulates_per_step", "labels", "licences", "files", "sources",
      "records", "figures", "notes",
    ] {
      var members = try #require(entry.json.object)
      members[member] = nil
      #expect {
        _ = try ZooEntry(json: .object(members), at: "test")
      } throws: { error in
        (error as? ZooFailure)?.found == "missing: \(member)"
      }
    }
    let wrong: [(String, JSON)] = [
      ("parameters", .number(1)), ("accumulates_per_step", .number(1)),
      ("name", "../escape"), ("name", "UPPER"), ("name", ""),
      ("files", [["role": "checkpoint", "name": "../outside"]]),
      ("files", [["role": "checkpoint", "name": "/outside"]]),
      ("files", [["role": "nothing", "name": "x"]]),
      ("files", [["role": "checkpoint", "name": "x", "sha256": "0123"]]),
      ("sources", [["kind": "x", "address": "x", "state": "alive", "as_of": "2026-01-01"]]),
      ("figures", [["metric": "top3", "value": .number(1), "by": "log", "source": "x"]]),
      ("preprocessing", ["kind": "magic"]), ("aliases", [.number(1)]),
    ]
    for (member, value) in wrong {
      var members = try #require(entry.json.object)
      members[member] = value
      #expect(throws: ZooFailure.self, "\(member)") {
        _ = try ZooEntry(json: .object(members), at: "test")
      }
    }
  }
}
