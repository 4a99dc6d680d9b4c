import Datasets
import Diagnostics
import Foundation
import SpikeTensors
import TestSupport
import Testing

/// What an event file says of itself is read before its records are.
@Suite struct EventFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ bytes: [UInt8], to name: String) throws {
    let path = folder.file(name)
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    try TestFiles.write(bytes, to: path)
  }

  /// The failure in which some reading ends.
  private func failure(_ reading: () throws -> Void) throws -> DatasetFailure? {
    do {
      try reading()
      return nil
    } catch let failure as DatasetFailure {
      return failure
    }
  }

  // MARK: CIFAR10-DVS

  /// CIFAR10-DVS with ten files in each class, of which the last is of the test part; that of class 3
  /// has some bytes.
  private func cifar10DVS(_ bytes: [UInt8]) throws -> LabelledDataset {
    for name in LabelledDataset.cifar10Classes {
      for number in 0..<10 {
        try write(EventFiles.version2([(1, 2, 0)]), to: "\(name)/\(number).aedat")
      }
    }
    try write(bytes, to: "cat/9.aedat")
    return try .cifar10DVS(folder.path, frames: 2, countOfClass: 10)
  }

  private static let otherVersions: [(bytes: [UInt8], found: String)] = [
    (EventFiles.lines("#!AER-DAT1.0") + [0, 1, 0, 0, 0, 9], "AEDAT 1.0"),
    (EventFiles.lines("#!AER-DAT3.1", "#Format: RAW", "#!END-HEADER"), "AEDAT 3.1"),
    (EventFiles.lines("#!AER-DAT4.0") + [UInt8](repeating: 7, count: 64), "AEDAT 4.0"),
    (EventFiles.lines("#!AER-DAT2.1") + [UInt8](repeating: 0, count: 16), "AEDAT 2.1"),
    (
      EventFiles.lines("# created yesterday", "#!AER-DAT2.0") + [UInt8](repeating: 0, count: 16),
      "no line with a version, which means AEDAT 1.0"
    ),
    ([UInt8](repeating: 0, count: 16), "no line with a version, which means AEDAT 1.0"),
    ([], "an empty file"),
  ]

  @Test(arguments: otherVersions.indices)
  func `a file of another version is refused with what its first line says`(_ index: Int) throws {
    let other = Self.otherVersions[index]
    let dataset = try cifar10DVS(other.bytes)
    let failure = try #require(try failure { _ = try dataset.content(of: 3) })
    #expect(failure.name == "dataset-file" && failure.exitCode == 65)
    #expect(failure.place == folder.file("cat/9.aedat") && failure.found == other.found)
    #expect(failure.expected.contains("AEDAT 2.0"))
  }

  @Test func `a file of the right version has its events where they are`() throws {
    let dataset = try cifar10DVS(EventFiles.version2([(7, 9, 1), (0, 0, 0), (0, 0, 0)]))
    guard case .tensor(let frames) = try dataset.content(of: 3) else {
      Issue.record("frames expected")
      return
    }
    let values = try frames.floats(name: "frames")
    // Three events in two frames: one, and the rest. Columns and rows count from the other end.
    let plane = 128 * 128
    #expect(values[118 * 128 + 120] == 1, "polarity 1 is channel 0")
    #expect(values[3 * plane + 127 * 128 + 127] == 2)
    #expect(values.reduce(0, +) == 3 && frames.shape == [2, 2, 128, 128])
  }

  @Test(arguments: [
    EventFiles.version2([]), EventFiles.version2([(1, 1, 1)]).dropLast(4) + [],
    EventFiles.lines("#!AER-DAT2.0"),
  ])
  func `a header without whole events is refused`(_ bytes: [UInt8]) throws {
    let dataset = try cifar10DVS(bytes)
    let failure = try #require(try failure { _ = try dataset.content(of: 3) })
    #expect(failure.name == "dataset-file" && failure.place.hasSuffix("cat/9.aedat"))
    #expect(["no event", "4 bytes"].contains(failure.found))
  }

  @Test func `class folders are those of the dataset`() throws {
    _ = try cifar10DVS([])
    try FileManager.default.moveItem(atPath: folder.file("bird"), toPath: folder.file("birds"))
    let failure = try #require(
      try failure { _ = try LabelledDataset.cifar10DVS(folder.path, frames: 2, countOfClass: 10) })
    #expect(failure.name == "dataset-classes" && failure.found == "1 other names, as birds")
    #expect(failure.expected.contains("as bird (rename them)"))
  }

  // MARK: DVS128 Gesture

  /// One recording whose eleven gestures take 100 us each, from 1000 on.
  private func gesture(
    _ recording: [UInt8], labels: String? = nil, trials: String = "user24_led.aedat\n",
    name: String = "user24_led"
  ) throws -> LabelledDataset {
    let rows = (1...11).map { "\($0),\(1000 + 100 * $0),\(1100 + 100 * $0)" }
    try write(Array(trials.utf8), to: "trials_to_test.txt")
    try write(recording, to: "\(name).aedat")
    let table = labels ?? (["class,start,end"] + rows).joined(separator: "\n")
    try write(Array(table.utf8), to: "\(name)_labels.csv")
    return try .gesture(folder.path, frames: 2)
  }

  /// Events every 10 us from 1100 to before some time, in packets of five.
  private func packets(to end: Int) -> [UInt8] {
    let times = Array(stride(from: 1100, to: end, by: 10))
    return stride(from: 0, to: times.count, by: 5)
      .flatMap { EventFiles.packet(Array(times[$0..<min($0 + 5, times.count)])) }
  }

  private func sum(_ dataset: LabelledDataset, _ index: Int) throws -> Float {
    guard case .tensor(let frames) = try dataset.content(of: index) else { return -1 }
    return try frames.floats(name: "frames").reduce(0, +)
  }

  private func index(of gesture: Int, _ dataset: LabelledDataset) throws -> Int {
    try #require(dataset.samples.firstIndex { $0.name == "\(gesture)/user24_led_0.npz" })
  }

  @Test(arguments: [
    (["#!AER-DAT2.0"], "AEDAT 2.0"), (["#!AER-DAT3.0", "#Format: RAW"], "AEDAT 3.0"),
    (["#!AER-DAT4.0"], "AEDAT 4.0"),
    (["#!AER-DAT3.1", "#Format: SerializedTS", "#!END-HEADER"], "format SerializedTS"),
    (["#!AER-DAT3.1", "#Format: PNGFrames", "#!END-HEADER"], "format PNGFrames"),
    (
      ["#!AER-DAT3.1", "#Format: SerializedTS,PNGFrames", "#!END-HEADER"],
      "format SerializedTS,PNGFrames"
    ),
    (["#!AER-DAT3.1", "#Source 0: DVS128", "#!END-HEADER"], "no line with a format"),
    (["#!AER-DAT3.1", "#Format: RAW"], "none"), ([], "an empty file"),
  ])
  func `a recording of another version or format is refused`(
    _ lines: [String], _ found: String
  ) throws {
    let bytes = lines.flatMap { EventFiles.lines($0) }
    let failure = try #require(try failure { _ = try gesture(bytes) })
    #expect(failure.name == "dataset-file" && failure.found == found)
    #expect(failure.place == folder.file("user24_led.aedat"))
  }

  @Test func `a whole recording gives every clip its events`() throws {
    let dataset = try gesture(EventFiles.header3 + packets(to: 2200))
    #expect(dataset.count == 11 && dataset.notes == [])
    for index in 0..<11 { #expect(try sum(dataset, index) == 10) }
  }

  @Test func `clips behind the end of a recording cannot be read`() throws {
    // Cut between packets: gestures 1 to 6 are whole, half of 7 is there.
    let dataset = try gesture(EventFiles.header3 + packets(to: 1750))
    for gesture in 0..<6 { #expect(try sum(dataset, index(of: gesture, dataset)) == 10) }
    #expect(try sum(dataset, index(of: 6, dataset)) == 5)
    #expect(
      dataset.notes == [
        "user24_led.aedat: the last event is at 1740 us, before clip 6/user24_led_0.npz ends at "
          + "1800 us"
      ])
    for gesture in 7..<11 {
      let index = try index(of: gesture, dataset)
      let failure = try #require(try failure { _ = try dataset.content(of: index) })
      #expect(failure.place == folder.file("user24_led.aedat") + " \(gesture)/user24_led_0.npz")
      #expect(failure.found == "events from 1100 to 1740 us" && failure.exitCode == 65)
    }
  }

  @Test func `a recording without events has no clips`() throws {
    let dataset = try gesture(EventFiles.header3)
    for index in 0..<11 {
      #expect(try failure { _ = try dataset.content(of: index) }?.found == "no event")
    }
    let loader = SampleLoader(dataset, nil, skipsBadSamples: true)
    #expect(try loader.batch(Array(0..<11)).excluded.count == 11)
  }

  @Test func `a clip without events inside a recording is zeros and is counted`() throws {
    let bytes =
      EventFiles.header3 + EventFiles.packet([1100, 1150]) + packets(to: 2200).suffix(680)
    let loader = SampleLoader(try gesture(bytes), nil)
    let empty = try loader.dataset.samples.indices.filter { try sum(loader.dataset, $0) == 0 }
    let batch = try loader.batch(Array(0..<11))
    #expect(empty.count == 5 && batch.withoutEvents == 5 && batch.excluded.isEmpty)
  }

  @Test func `a time that lies elsewhere in an event is refused`() throws {
    let bytes = EventFiles.header3 + EventFiles.packet([1100], timeOffset: 0)
    let failure = try #require(try failure { _ = try gesture(bytes) })
    #expect(failure.found == "8 bytes, the time after 0")
  }

  @Test(arguments: ["class,start,end\n1,200,100\n", "class,start,end\n1,200,200\n", "1,2\n", "1\n"])
  func `a row that is no clip is refused`(_ table: String) throws {
    let bytes = EventFiles.header3 + packets(to: 2200)
    let failure = try #require(try failure { _ = try gesture(bytes, labels: table) })
    #expect(failure.name == "dataset-file" && failure.place.hasSuffix("user24_led_labels.csv"))
  }

  @Test func `a table without titles loses no row`() throws {
    let rows = (1...11).map { "\($0),\(1000 + 100 * $0),\(1100 + 100 * $0)" }
    let dataset = try gesture(
      EventFiles.header3 + packets(to: 2200), labels: rows.joined(separator: "\n"))
    #expect(dataset.count == 11)
  }
}
