import Diagnostics
public import Digests
import FileAccess

/// Which split a file of a published dataset is, known by its digest and not by its name.
public struct PublishedFiles: Sendable {
  /// The SHA-1 of the file with the test split.
  private let test: Digest
  /// The SHA-1 of each file with training samples, by its published name.
  private let training: [String: Digest]

  /// Names files by their SHA-1.
  public init(test: Digest, training: [String: Digest]) {
    self.test = test
    self.training = training
  }

  /// Says that a file is none of the published ones; nothing of the test split's own file.
  ///
  /// - Throws: `DatasetFailure` for a file of the training split; `FileFailure`.
  func notes(_ path: String) throws -> [String] {
    let digest = try HashFunction.sha1.digest(ofFile: path)
    if digest == test { return [] }
    if let name = training.first(where: { $0.value == digest })?.key {
      throw DatasetFailure(
        .split, at: path, expected: "the test split", found: "\(name) of the training split")
    }
    return [
      "\(Files.name(of: path)) is none of the published files (SHA-1 \(digest)): nothing proves that "
        + "it is the test split"
    ]
  }
}

extension PublishedFiles {
  /// The binary version of CIFAR-10.
  ///
  /// Corresponds to the sums in Apache MXNet's `gluon/data/vision/datasets.py`.
  public static let cifar10 = PublishedFiles(
    test: "67eb016db431130d61cd03c7ad570b013799c88c",
    training: [
      "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
      "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
      "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
      "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
      "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
    ])

  /// The binary version of CIFAR-100.
  ///
  /// Corresponds to the sums in Apache MXNet's `gluon/data/vision/datasets.py`.
  public static let cifar100 = PublishedFiles(
    test: "8fb6623e830365ff53cf14adec797474f5478006",
    training: ["train.bin": "e207cd2e05b73b1393c74c7f5e7bea451d63e08e"])

  private init(test: String, training: [String: String]) {
    self.init(test: Self.digest(test), training: training.mapValues(Self.digest))
  }

  private static func digest(_ hex: String) -> Digest {
    guard let digest = Digest(hex: hex) else { preconditionFailure("hexadecimal digits") }
    return digest
  }
}
