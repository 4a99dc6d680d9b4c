import Digests

/// The datasets that are known by the MD5 sums of their IDX files.
public enum PublishedIDX: String, CaseIterable, Sendable {
  /// Handwritten digits.
  case mnist
  /// Clothes.
  case fashionMNIST = "fashion-mnist"
  /// Cursive Japanese characters.
  case kmnist

  /// A dataset's part.
  package struct Part: Equatable, Sendable {
    let dataset: PublishedIDX
    /// `test` or `train`.
    let split: String

    var words: String { "\(dataset.rawValue), \(split)" }
  }

  /// The classes by index.
  public var classNames: [String] {
    switch self {
    case .mnist: (0..<10).map(String.init)
    case .fashionMNIST:
      [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
      ]
    case .kmnist: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
    }
  }

  /// The folder that torchvision keeps the dataset in.
  var folder: String {
    switch self {
    case .mnist: "MNIST"
    case .fashionMNIST: "FashionMNIST"
    case .kmnist: "KMNIST"
    }
  }

  /// The MD5 sums of a part's two files: compressed as they were published, then of their contents if
  /// somebody said them.
  package struct Sums: Sendable {
    let part: Part
    /// Of the file of pictures.
    package let pictures: [String]
    /// Of the file of labels.
    package let labels: [String]

    /// The sums in hexadecimal digits.
    package init(_ dataset: PublishedIDX, _ split: String, pictures: [String], labels: [String]) {
      part = Part(dataset: dataset, split: split)
      self.pictures = pictures
      self.labels = labels
    }
  }

  /// The compressed files' sums are those that torchvision checks.
  package static let known = [
    Sums(
      .mnist, "train",
      pictures: ["f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"],
      labels: ["d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"]),
    Sums(
      .mnist, "test",
      pictures: ["9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"],
      labels: ["ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"]),
    Sums(
      .fashionMNIST, "train",
      pictures: ["8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"],
      labels: ["25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"]),
    Sums(
      .fashionMNIST, "test",
      pictures: ["bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"],
      labels: ["bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"]),
    Sums(
      .kmnist, "train",
      pictures: ["bdb82020997e1d708af4cf47b453dcf7"],
      labels: ["e144d726b3acfaa3e44228e80efcd344"]),
    Sums(
      .kmnist, "test",
      pictures: ["5c965bf0a639b31b8f53240b1b52f4d7"],
      labels: ["7320c461ea6c1c855c0b718fb2a4b134"]),
  ]
}

extension [PublishedIDX.Sums] {
  /// The part that a file of pictures or of labels is known to be, by one of its MD5 sums.
  func part(of files: KeyPath<PublishedIDX.Sums, [String]>, md5: [Digest]) -> PublishedIDX.Part? {
    let hex = md5.map(\.hex)
    return first { $0[keyPath: files].contains(where: hex.contains) }?.part
  }
}
