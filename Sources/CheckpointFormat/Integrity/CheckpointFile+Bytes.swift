import Concurrency
public import Diagnostics
public import Digests
import FileAccess
import HDF5Subset
import SpikeTensors
import Synchronization

/// What was compared with the manifest, and where it differs.
public struct ByteComparison: Sendable {
  /// Tensors of the model whose bytes were compared.
  public let tensors: Int
  /// Other datasets whose bytes were compared; the manifest is not listed in itself.
  public let datasets: Int
  /// Attributes whose bytes were compared.
  public let attributes: Int
  /// Every difference; none if every byte is what was recorded.
  public let findings: [CheckpointFailure]
}

extension CheckpointFile {
  /// Where bytes are not what was recorded; empty if nowhere.
  ///
  /// - Throws: as `compareBytes()`.
  public func byteFindings() throws -> [CheckpointFailure] { try compareBytes().findings }

  /// Compares every byte with what was recorded, in both directions: what is listed must be there, and
  /// what is there must be listed.
  ///
  /// Reads the whole file: HDF5's checksum of every chunk, then SHA-256 of every dataset and
  /// attribute against the manifest, on all cores.
  ///
  /// - Throws: nothing about the content; only what the system throws.
  public func compareBytes() throws -> ByteComparison {
    let tensors = manifest.tensors.map { (ElementPaths.parameter($0.path), $0.digest) }
    let others = manifest.datasets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let datasets = try (tensors + others).concurrentMap { path, digest in
      try self.datasetFindings(path, digest)
    }
    let findings = datasets.flatMap { $0 } + unlistedFindings() + attributeFindings()
    // Then the tensors need not be hashed again for the identities.
    isVerified.store(findings.isEmpty, ordering: .releasing)
    return ByteComparison(
      tensors: tensors.count { content.datasets[$0.0] != nil },
      datasets: others.count { content.datasets[$0.0] != nil },
      attributes: content.attributes.reduce(0) { sum, object in
        sum + object.value.keys.count { manifest.attributes[object.key]?[$0] != nil }
      },
      findings: findings)
  }

  /// Datasets of which the manifest says nothing.
  private func unlistedFindings() -> [CheckpointFailure] {
    let listed = Set(manifest.tensors.map { ElementPaths.parameter($0.path) })
      .union(manifest.datasets.keys).union([ElementPaths.manifest])
    return content.datasets.keys.filter { !listed.contains($0) }.sorted().map { object in
      CheckpointFailure(
        .digest, at: "\(path) \(object)", expected: "a dataset that the manifest lists",
        found: "one that it does not list")
    }
  }

  private func datasetFindings(_ object: String, _ digest: Digest) throws -> [CheckpointFailure] {
    let place = "\(path) \(object)"
    guard let dataset = content.datasets[object] else {
      return [
        CheckpointFailure(
          .digest, at: place, expected: "SHA-256 \(digest)", found: "no such dataset")
      ]
    }
    let region: ByteRegion
    do {
      region = try self.region(dataset, at: place)
    } catch let failure as HDF5Failure where [.frame, .damaged].contains(failure.code) {
      return [
        CheckpointFailure(
          .checksum, at: failure.place, expected: failure.expected, found: failure.found)
      ]
    }
    defer { region.releasePages() }
    let found = SHA256.digest(of: region)
    let finding = CheckpointFailure(
      .digest, at: place, expected: "SHA-256 \(digest)", found: "\(found)")
    let chunk = try chunkFinding(dataset, place)
    return (chunk.map { [$0] } ?? []) + (found == digest ? [] : [finding])
  }

  private func attributeFindings() -> [CheckpointFailure] {
    let objects = Set(manifest.attributes.keys).union(content.attributes.keys).sorted()
    return objects.flatMap { object in
      let recorded = manifest.attributes[object] ?? [:]
      let present = content.attributes[object] ?? [:]
      return Set(recorded.keys).union(present.keys).sorted().compactMap { name in
        attributeFinding("\(path) \(object)@\(name)", recorded[name], present[name])
      }
    }
  }

  private func attributeFinding(
    _ place: String, _ recorded: Digest?, _ present: [UInt8]?
  ) -> CheckpointFailure? {
    let found = present.map { SHA256.digest(of: $0) }
    guard found != recorded else { return nil }
    let text = present.map {
      "`\(String(decoding: $0, as: UTF8.self))`, SHA-256 \(found?.hex ?? "")"
    }
    return CheckpointFailure(
      .digest, at: place, expected: recorded.map { "SHA-256 \($0)" } ?? "no such attribute",
      found: text ?? "no such attribute")
  }

  /// The digests that the manifest records for the model's tensors, by path.
  public var recordedDigests: [String: Digest] {
    Dictionary(uniqueKeysWithValues: manifest.tensors.map { ($0.path, $0.digest) })
  }
}
