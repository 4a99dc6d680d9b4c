import Diagnostics
import FileAccess
import Pictures

/// Suffixes of pictures, in any case.
public enum PictureFiles {
  /// What torchvision's `ImageFolder` takes for a picture. Those that are neither JPEG nor PNG are
  /// not passed over, because that would change the split: reading them fails.
  public static let suffixes = [
    ".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp",
  ]

  /// Whether a name is one of a picture.
  public static func isPicture(_ name: String) -> Bool {
    ClassFolders.hasSuffix(name, suffixes)
  }
}

extension LabelledDataset {
  /// Pictures in one folder for each class; a folder `val` below `path` is taken in its place.
  ///
  /// Corresponds to torchvision's `ImageFolder`.
  ///
  /// - Parameter rule: which folder is which class.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func imageFolder(
    _ path: String, name: String, rule: ClassRule = .folders()
  ) throws -> LabelledDataset {
    let root = validationFolder(path)
    let folders = try ClassFolders(root: root, suffixes: PictureFiles.suffixes, rule: rule)
    return try pictures(
      name: name, classNames: folders.classNames, samples: folders.samples, at: root,
      notes: [folders.note].compactMap { $0 }
    ) { .picture(try Picture(path: Files.join(root, $0))) }
  }

  /// Pictures in one folder without classes, with their labels in a list.
  ///
  /// The order is the one that a folder for each class would give: by class, then by name.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func flatFolder(
    _ path: String, labels: LabelList, name: String
  ) throws -> LabelledDataset {
    let root = validationFolder(path)
    guard Files.isDirectory(root) else {
      throw DatasetFailure(
        .layout, at: root, expected: "a folder of pictures",
        found: Files.exists(root) ? "a file" : "nothing")
    }
    let names = try Files.names(in: root, where: PictureFiles.isPicture)
    return try pictures(
      name: name, classNames: labels.classNames, samples: labels.samples(names, at: root), at: root
    ) { .picture(try Picture(path: Files.join(root, $0))) }
  }

  /// Pictures in a tar archive, as `ILSVRC2012_img_val.tar`, with their labels in a list.
  ///
  /// The archive is mapped, never unpacked. The order is that of `flatFolder`.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func tar(
    _ path: String, labels: LabelList, name: String
  ) throws -> LabelledDataset {
    let archive = try TarArchive(ByteRegion(try MappedFile(path: path)), at: path)
    let members = archive.members.filter { PictureFiles.isPicture($0.name) }
    let regions = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.bytes) })
    let samples = try labels.samples(members.map(\.name), at: path)
    return try pictures(
      name: name, classNames: labels.classNames, samples: samples, at: path
    ) { name in
      guard let region = regions[name] else { preconditionFailure("a name of the archive") }
      defer { region.releasePages() }
      return .picture(try Picture(decoding: region.copy(), at: "\(path):\(name)"))
    }
  }

  /// The label of a sample whose class is not known.
  public static let unknownLabel = -1

  /// Pictures whose classes are not known: files, and the pictures of folders in order of names.
  ///
  /// - Throws: `DatasetFailure` for a folder without pictures; `FileFailure`.
  public static func pictures(_ paths: [String]) throws -> LabelledDataset {
    let files = try paths.flatMap { path -> [String] in
      guard Files.isDirectory(path) else { return [path] }
      let names = try Files.names(in: path, where: PictureFiles.isPicture)
      guard !names.isEmpty else {
        throw DatasetFailure(.layout, at: path, expected: "pictures", found: "none")
      }
      return names.map { Files.join(path, $0) }
    }
    return LabelledDataset(
      name: "pictures", split: "all", classNames: [],
      samples: files.map { Sample(name: $0, label: unknownLabel) }
    ) { index in
      .picture(try Picture(path: files[index]))
    }
  }

  /// What `pictures` passes over in folders: other files, and folders in them.
  ///
  /// - Throws: `FileFailure`.
  public static func passedOver(_ paths: [String]) throws -> [String] {
    try paths.filter(Files.isDirectory).flatMap { path in
      try Files.repairedNames(in: path).filter { !PictureFiles.isPicture($0) }
        .map { Files.join(path, $0) }
    }
  }

  private static func validationFolder(_ path: String) -> String {
    let inner = Files.join(path, "val")
    return Files.isDirectory(inner) ? inner : path
  }

  private static func pictures(
    name: String, classNames: [String], samples: [Sample], at root: String, notes: [String] = [],
    read: @escaping @Sendable (_ name: String) throws -> Content
  ) throws -> LabelledDataset {
    let ofSplit =
      name == "imagenet-1k" ? try ImageNetSplit.notes(samples.map(\.name), at: root) : []
    return LabelledDataset(
      name: name, split: "val", classNames: classNames, samples: samples, notes: notes + ofSplit
    ) { try read(samples[$0].name) }
  }
}
