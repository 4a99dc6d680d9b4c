import Diagnostics
import FileAccess
import SpikeTensors
import TensorFiles

extension LabelledDataset {
  /// Frames of events as SpikingJelly keeps them: a folder for each class, a file `.npz` with array
  /// `frames`, `[T, 2, H, W]`, for each sample.
  ///
  /// Counts are rounded to float32. Corresponds to `frames_number_16_split_by_number`.
  ///
  /// - Parameters:
  ///   - path: the folder that holds the classes.
  ///   - rule: which folder is which class.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func eventFrames(
    _ path: String, name: String, split: String, rule: ClassRule = .folders()
  ) throws -> LabelledDataset {
    let folders = try ClassFolders(root: path, suffixes: [".npz"], rule: rule)
    return LabelledDataset(
      name: name, split: split, classNames: folders.classNames, samples: folders.samples,
      notes: [folders.note].compactMap { $0 }
    ) { index in
      let file = Files.join(path, folders.samples[index].name)
      let frames = try TensorSource.read("frames", in: file)
      return .tensor(Tensor(frames.shape, try frames.nearestFloats(name: file)))
    }
  }

  /// DVS128 Gesture's test split from the frames that SpikingJelly keeps.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func gestureFrames(_ path: String) throws -> LabelledDataset {
    let test = Files.join(path, "test")
    let root = Files.isDirectory(test) ? test : path
    let frames = try eventFrames(
      root, name: "dvs128-gesture", split: GestureTrials.split,
      rule: .exactly(GestureTrials.classNames, of: "DVS128 Gesture"))
    let names = frames.samples.map(\.name)
    try GestureSubjects.requireTest(names, at: root)
    return frames.adding(notes: GestureSubjects.notes(names))
  }

  /// CIFAR10-DVS's test split from the frames that SpikingJelly keeps.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func cifar10DVSFrames(
    _ path: String, countOfClass: Int? = 1000
  ) throws -> LabelledDataset {
    try eventFrames(
      path, name: "cifar10-dvs", split: CIFAR10DVS.split, rule: CIFAR10DVS.rule
    ).heldOut(countOfClass: countOfClass, at: path)
  }

  /// CIFAR10-DVS's test split from its event files (AEDAT 2.0), in one folder for each class.
  ///
  /// Samples have the names of `cifar10DVSFrames`, and the same content.
  ///
  /// - Parameters:
  ///   - frames: time steps T.
  ///   - countOfClass: samples that each class must have; `nil` takes what is there.
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func cifar10DVS(
    _ path: String, frames: Int, countOfClass: Int? = 1000
  ) throws -> LabelledDataset {
    let root = CIFAR10DVS.eventFolder(path)
    let folders = try ClassFolders(
      root: root, suffixes: CIFAR10DVS.eventSuffixes, rule: CIFAR10DVS.rule)
    let samples = folders.samples.map { sample in
      Sample(
        name: String(sample.name.dropLast(".aedat".count)) + ".npz", label: sample.label)
    }
    return try LabelledDataset(
      name: "cifar10-dvs", split: CIFAR10DVS.split, classNames: folders.classNames,
      samples: samples
    ) { index in
      let file = Files.join(root, folders.samples[index].name)
      let events = try AEDAT2.events(ByteRegion(try MappedFile(path: file)), at: file)
      return .tensor(try EventFrames.byNumber(events, frames: frames, at: file))
    }.heldOut(countOfClass: countOfClass, at: root)
  }

  /// Whether `cifar10DVS` finds event files at a path, in whatever files else there are.
  ///
  /// - Throws: `DatasetFailure`, `FileFailure`.
  public static func holdsCIFAR10DVSEvents(_ path: String) throws -> Bool {
    try ClassFolders.holds(
      root: CIFAR10DVS.eventFolder(path), suffixes: CIFAR10DVS.eventSuffixes)
  }

  /// The last tenth of each class in the order of the names; the class may have to be complete.
  ///
  /// Corresponds to SpikingJelly's `split_to_train_test_set(0.9, ...)`.
  private func heldOut(countOfClass: Int?, at place: String) throws -> LabelledDataset {
    var kept: [Int] = []
    for label in classNames.indices {
      let ofClass = samples.indices.filter { samples[$0].label == label }
      guard ofClass.count == countOfClass ?? ofClass.count else {
        throw DatasetFailure(
          .classes, at: Files.join(place, classNames[label]),
          expected: "\(countOfClass ?? 0) samples", found: "\(ofClass.count)")
      }
      kept += ofClass.dropFirst(Int((Double(ofClass.count) * 0.9).rounded(.up)))
    }
    return subset(kept)
  }
}

/// CIFAR10-DVS as the released code splits it.
enum CIFAR10DVS {
  /// The classes are those of CIFAR-10, in the order of their names.
  static let rule = ClassRule.exactly(LabelledDataset.cifar10Classes, of: "CIFAR10-DVS")
  static let split = "last tenth of each class by name"
  static let eventSuffixes = [".aedat"]

  /// The folder of the classes: `extract` below a path, where SpikingJelly unpacks them, or the path.
  static func eventFolder(_ path: String) -> String {
    let extracted = Files.join(path, "extract")
    return Files.isDirectory(extracted) ? extracted : path
  }
}
