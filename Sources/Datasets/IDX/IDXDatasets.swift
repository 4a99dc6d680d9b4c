import FileAccess
import Pictures

extension LabelledDataset {
  /// Grey pictures and their labels in two IDX files, plain or gzip-ed: MNIST and what is stored like it.
  ///
  /// A folder stands for its test part. Files whose MD5 sums are known name the dataset and its part, and must
  /// not contradict `published` or their own names. Pictures are never resized, only padded (`greyExtent`).
  ///
  /// - Parameters:
  ///   - path: a folder, or a file of pictures.
  ///   - labels: the file of labels, if its name does not follow from the other's.
  ///   - published: which dataset the files are said to be. Without it, labels from 1 to the number of classes
  ///     count from one.
  ///   - classNames: the classes by index.
  /// - Throws: `IDXFailure`, `DatasetFailure`, `FileFailure`.
  public static func idx(
    _ path: String, labels: String? = nil, as published: PublishedIDX? = nil, classNames: [String]
  ) throws -> LabelledDataset {
    try idx(
      path, labels: labels, as: published, classNames: classNames, known: PublishedIDX.known)
  }

  /// The same with another list of known MD5 sums.
  package static func idx(
    _ path: String, labels: String? = nil, as published: PublishedIDX? = nil,
    classNames: [String], known: [PublishedIDX.Sums]
  ) throws -> LabelledDataset {
    let pair = try IDXPair(IDXPaths(path, labels: labels, published: published))
    let part = try pair.part(in: known, saidToBe: published)
    let dataset = part?.dataset ?? published
    let (indices, startAtOne) = try pair.classIndices(
      count: classNames.count, mayStartAtOne: dataset == nil)
    let name = Files.name(of: pair.paths.pictures).withoutGzipEnding
    let pictures = pair.pictures
    return LabelledDataset(
      name: dataset?.rawValue ?? "idx",
      split: part?.split
        ?? pair.paths.split(isPublished: dataset != nil, labelsStartAtOne: startAtOne),
      classNames: classNames,
      samples: indices.enumerated().map { Sample(name: "\(name):\($0)", label: $1) },
      greyExtent: GreyExtent(height: pictures.shape[1], width: pictures.shape[2])
    ) { .picture(Picture(pictures, $0)) }
  }

  /// Whether a folder holds the pictures of a test part under a usual name.
  public static func isIDX(_ folder: String) -> Bool {
    let names = try? Files.repairedNames(in: folder)
    return names?.contains(where: IDXPaths.isTestPictures) ?? false
  }
}

extension IDXPaths {
  /// The part of files whose MD5 sums are not known, with what the reader of a result must know of it.
  fileprivate func split(isPublished: Bool, labelsStartAtOne: Bool) -> String {
    split
      + (isPublished ? " by the names of the files, whose bytes are not the published ones" : "")
      + (labelsStartAtOne ? ", labels counted from 1" : "")
  }
}

extension Picture {
  /// A picture of an IDX file `[N, H, W]`.
  fileprivate init(_ file: IDXFile, _ index: Int) {
    let (height, width) = (file.shape[1], file.shape[2])
    let start = index * height * width
    self.init(
      width: width, height: height, channels: 1,
      pixels: file.elements.part(start..<start + height * width).copy())
  }
}
