import Datasets
import FileAccess
import ModelZoo
import SpikingModels

extension DatasetArgument {
  /// Reads a dataset that is named, by its own rules.
  ///
  /// - Parameter known: names by index that class folders may have.
  func read(
    _ name: DatasetName, _ path: String, _ configuration: ModelConfiguration, known: [[String]]
  ) throws -> LabelledDataset {
    switch name {
    case .imagenet: return try imagenet(path)
    case .folder: return try folder(path, configuration.classes, known: known)
    case .cifar10: return try .cifar10(path)
    case .cifar100: return try .cifar100(path)
    case .mnist: return try idx(path, as: .mnist)
    case .fashionMNIST: return try idx(path, as: .fashionMNIST)
    case .idx:
      let names = try classNames.map { try ClassNames.read($0, count: configuration.classes) }
      return try .idx(
        path, labels: labels,
        classNames: names ?? (0..<configuration.classes).map(String.init))
    case .cifar10DVS:
      return try LabelledDataset.holdsCIFAR10DVSEvents(path)
        ? .cifar10DVS(path, frames: configuration.timeSteps) : .cifar10DVSFrames(path)
    case .dvs128:
      return try LabelledDataset.holdsGestureTrials(path)
        ? .gesture(path, frames: configuration.timeSteps) : .gestureFrames(path)
    case .samples: preconditionFailure("read before")
    }
  }

  private func idx(_ path: String, as published: PublishedIDX) throws -> LabelledDataset {
    try .idx(path, labels: labels, as: published, classNames: published.classNames)
  }

  private func imagenet(_ path: String) throws -> LabelledDataset {
    let name = DatasetName.imagenet.rawValue
    guard let labels else { return try .imageFolder(path, name: name, rule: .imagenet) }
    return try listed(path, name, LabelList(imagenet: labels))
  }

  /// Pictures of one's own.
  private func folder(_ path: String, _ classes: Int, known: [[String]]) throws -> LabelledDataset {
    let name = DatasetName.folder.rawValue
    if let labels {
      return try listed(path, name, LabelList(path: labels, classCount: classes))
    }
    guard let classNames else {
      return try .imageFolder(path, name: name, rule: .folders(known: known, count: classes))
    }
    return try .imageFolder(
      path, name: name,
      rule: .exactly(ClassNames.read(classNames, count: classes), of: classNames))
  }

  /// Pictures whose classes are in a list.
  private func listed(_ path: String, _ name: String, _ list: LabelList) throws -> LabelledDataset {
    try Files.isDirectory(path)
      ? .flatFolder(path, labels: list, name: name) : .tar(path, labels: list, name: name)
  }
}

extension ZooOptions {
  /// The names by which the folders of an entry's classes may be called; none without an entry.
  func classNames(of entry: ZooEntry?) throws -> [[String]] {
    guard let entry else { return [] }
    let isImageNet = entry.datasetName == DatasetName.imagenet.rawValue
    return try [load().labels[entry.labels]].compactMap { $0 }
      + (isImageNet ? [ImageNetClasses.identifiers] : [])
  }
}
