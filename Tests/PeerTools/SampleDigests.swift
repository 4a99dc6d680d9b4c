import CanonicalJSON
import Datasets
import Diagnostics
import Digests
import Foundation
import Pictures
import SpikeTensors

/// Prints what the libraries read from pictures and datasets, as digests that the peer tests compare
/// with those of Python packages.
@main enum SampleDigests {
  static func main() {
    do {
      print(try report(Array(CommandLine.arguments.dropFirst())).canonicalText)
    } catch let failure as any Diagnosable {
      print(failure.description)
      exit(failure.exitCode)
    } catch {
      fatalError("\(error)")
    }
  }

  private static func report(_ arguments: [String]) throws -> JSON {
    let kind = arguments[0]
    let rest = Array(arguments.dropFirst())
    switch kind {
    case "pictures": return .array(try rest.map(picture))
    case "resized": return .array(try rest.dropFirst(2).map { try resized($0, rest[0], rest[1]) })
    case "imagenet":
      return .array(
        try rest.dropFirst().map { try preprocessed($0, .imagenet(side: int(rest[0]))) })
    case "image-folder":
      return try dataset(.imageFolder(rest[0], name: "x"), .imagenet(side: int(rest[1])))
    case "flat", "tar":
      let labels = try LabelList(path: rest[1], classCount: int(rest[2]))
      return try dataset(
        kind == "tar"
          ? .tar(rest[0], labels: labels, name: "x")
          : .flatFolder(rest[0], labels: labels, name: "x"), .imagenet(side: int(rest[3])))
    case "cifar10", "cifar100":
      let (path, count) = (rest[0], int(rest[1]))
      return try dataset(
        kind == "cifar10" ? .cifar10(path, count: count) : .cifar100(path, count: count),
        .cifar(isPrefetched: rest[2] == "prefetched"))
    case "idx", "mnist", "fashion-mnist", "kmnist":
      return try idx(rest[0], as: PublishedIDX(rawValue: kind), classes: int(rest[1]), rest[2])
    default: return try events(kind, rest)
    }
  }

  private static func idx(
    _ path: String, as published: PublishedIDX?, classes: Int, _ side: String
  ) throws -> JSON {
    let names = published?.classNames ?? (0..<classes).map(String.init)
    let data = try LabelledDataset.idx(path, as: published, classNames: names)
    let steps = data.greyExtent.flatMap { PicturePreprocessing(padding: $0, toSide: int(side)) }
    var report = try dataset(data, steps).object ?? [:]
    report["name"] = .string(data.name)
    report["split"] = .string(data.split)
    return .object(report)
  }

  private static func events(_ kind: String, _ rest: [String]) throws -> JSON {
    switch kind {
    case "cifar10-dvs":
      try dataset(.cifar10DVS(rest[0], frames: int(rest[1]), countOfClass: int(rest[2])), nil)
    case "cifar10-dvs-frames":
      try dataset(.cifar10DVSFrames(rest[0], countOfClass: int(rest[1])), nil)
    case "gesture": try dataset(.gesture(rest[0], frames: int(rest[1])), nil)
    case "gesture-frames": try dataset(.gestureFrames(rest[0]), nil)
    default: fatalError("no such kind: \(kind)")
    }
  }

  private static func int(_ text: String) -> Int { Int(text) ?? 0 }

  private static func picture(_ path: String) throws -> JSON {
    let picture = try Picture(path: path)
    return [
      "size": [.integer(picture.width), .integer(picture.height)],
      "rgb": .string(SHA256.digest(of: picture.rgb.pixels).hex),
      "grey": .string(SHA256.digest(of: picture.rgb.grey.pixels).hex),
    ]
  }

  private static func resized(_ path: String, _ width: String, _ height: String) throws -> JSON {
    let picture = try Picture(path: path).rgb.resized(width: int(width), height: int(height))
    return .string(SHA256.digest(of: picture.pixels).hex)
  }

  private static func preprocessed(_ path: String, _ preprocessing: PicturePreprocessing) throws
    -> JSON
  {
    let values = try preprocessing.values(of: Picture(path: path))
    return .string(SHA256.digest(of: Tensor(preprocessing.shape, values).bytes).hex)
  }

  private static func dataset(
    _ dataset: LabelledDataset, _ preprocessing: PicturePreprocessing?
  ) throws -> JSON {
    let loader = SampleLoader(dataset, preprocessing)
    let samples = try dataset.samples.indices.map { index -> JSON in
      let input = try loader.input(index)
      return [
        "name": .string(dataset.samples[index].name),
        "label": .integer(dataset.samples[index].label),
        "shape": .array(input.shape.map { .integer($0) }),
        "sha256": .string(SHA256.digest(of: Tensor(input.shape, input.values).bytes).hex),
      ]
    }
    return [
      "classes": .array(dataset.classNames.map { .string($0) }), "samples": .array(samples),
    ]
  }
}
