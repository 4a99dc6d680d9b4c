public import Datasets
public import Digests
import FileAccess
import SpikeTensors

extension LabelledDataset {
  /// SHA-256 over a line for each sample in order: label, tab, name.
  ///
  /// It changes with the split, the order and the labels; the pixels are in each sample's own
  /// digest (`EvaluatedSample.input`).
  public var digest: Digest {
    SHA256.digest(of: samples.map { "\($0.label)\t\($0.name)\n" }.joined())
  }

  /// The SHA-256 of the file that holds the samples; `nil` for a folder, and for a file of more
  /// than one gibibyte, which is not read twice.
  ///
  /// - Throws: `FileFailure`.
  public static func fileDigest(_ path: String) throws -> Digest? {
    guard !Files.isDirectory(path), try Files.stamp(of: path).size <= 1 << 30 else { return nil }
    return try SHA256.digest(ofFile: path)
  }
}

extension Tensor {
  /// SHA-256 of each sample of `[B, ...]`.
  func sampleDigests() -> [Digest] {
    let size = bytes.count / shape[0]
    return (0..<shape[0]).map { SHA256.digest(of: bytes.part($0 * size..<($0 + 1) * size)) }
  }
}
