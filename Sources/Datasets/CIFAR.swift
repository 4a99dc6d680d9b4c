import Diagnostics
import FileAccess
import Pictures

extension LabelledDataset {
  /// CIFAR-10's test split in the binary version: `test_batch.bin`, or a folder that holds it.
  ///
  /// - Parameters:
  ///   - count: the pictures that the file must hold.
  ///   - files: which file is which split.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func cifar10(
    _ path: String, count: Int = 10_000, files: PublishedFiles = .cifar10
  ) throws -> LabelledDataset {
    let file = try locate(path, folder: "cifar-10-batches-bin", file: "test_batch.bin")
    let names = try classNames(in: file, "batches.meta.txt", 10) ?? cifar10Classes
    return try cifar(
      file, name: "cifar10", classNames: names, labelBytes: 1, count: count, files: files)
  }

  /// CIFAR-100's test split in the binary version: `test.bin`, or a folder that holds it; labels are
  /// the fine ones.
  ///
  /// - Parameters:
  ///   - count: the pictures that the file must hold.
  ///   - files: which file is which split.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func cifar100(
    _ path: String, count: Int = 10_000, files: PublishedFiles = .cifar100
  ) throws -> LabelledDataset {
    let file = try locate(path, folder: "cifar-100-binary", file: "test.bin")
    let names = try classNames(in: file, "fine_label_names.txt", 100) ?? (0..<100).map(String.init)
    return try cifar(
      file, name: "cifar100", classNames: names, labelBytes: 2, count: count, files: files)
  }

  /// The classes of CIFAR-10 by index.
  public static let cifar10Classes = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  private static func locate(_ path: String, folder: String, file: String) throws -> String {
    guard Files.isDirectory(path) else { return path }
    let candidates = [Files.join(path, file), Files.join(Files.join(path, folder), file)]
    guard let found = candidates.first(where: Files.exists) else {
      throw DatasetFailure(
        .layout, at: path, expected: "\(file), or \(folder)/\(file)", found: "neither")
    }
    return found
  }

  /// The names in a file beside the samples; `nil` if there is no such file.
  private static func classNames(
    in file: String, _ name: String, _ count: Int
  ) throws -> [String]? {
    let path = Files.join(Files.directory(of: file), name)
    guard Files.exists(path) else { return nil }
    let text = String(decoding: try Files.read(path, limit: 1 << 16), as: UTF8.self)
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    guard names.count == count else {
      throw DatasetFailure(
        .classes, at: path, expected: "\(count) names", found: "\(names.count)")
    }
    return names
  }

  private static func cifar(
    _ path: String, name: String, classNames: [String], labelBytes: Int, count: Int,
    files: PublishedFiles
  ) throws -> LabelledDataset {
    let (side, plane) = (32, 32 * 32)
    let record = labelBytes + 3 * plane
    let file = ByteRegion(try MappedFile(path: path))
    let notes = try files.notes(path)
    guard file.count == count * record else {
      throw DatasetFailure(
        .file, at: path, expected: "\(count) records of \(record) bytes",
        found: "\(file.count) bytes")
    }
    let samples = try (0..<count).map { index in
      // The fine label of CIFAR-100 follows the coarse one.
      let byte = file.part(index * record + labelBytes - 1..<index * record + labelBytes).copy()[0]
      guard byte < classNames.count else {
        throw DatasetFailure(
          .file, at: "\(path):\(index)", expected: "a label below \(classNames.count)",
          found: "\(byte)")
      }
      return Sample(name: "\(Files.name(of: path)):\(index)", label: Int(byte))
    }
    if count == publishedCount(name, split: "test") {
      try requireEqualClasses(samples, classNames.count, at: path)
    }
    return LabelledDataset(
      name: name, split: "test", classNames: classNames, samples: samples, notes: notes
    ) { index in
      let start = index * record + labelBytes
      let planes = file.part(start..<start + 3 * plane).copy()
      let pixels = (0..<plane).flatMap { [planes[$0], planes[plane + $0], planes[2 * plane + $0]] }
      return .picture(Picture(width: side, height: side, channels: 3, pixels: pixels))
    }
  }

  /// Requires equally many samples of each class, as the test splits have and CIFAR-10's training
  /// batches have not.
  private static func requireEqualClasses(
    _ samples: [Sample], _ classes: Int, at path: String
  ) throws {
    var counts = [Int](repeating: 0, count: classes)
    for sample in samples { counts[sample.label] += 1 }
    let each = samples.count / classes
    guard let label = counts.firstIndex(where: { $0 != each }) else { return }
    throw DatasetFailure(
      .split, at: path, expected: "the test split, which has \(each) pictures of each class",
      found: "\(counts[label]) of class \(label)")
  }
}
