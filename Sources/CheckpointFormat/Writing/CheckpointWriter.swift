import CanonicalJSON
import Diagnostics
import Digests
import FileAccess
import HDF5Storage
import HDF5Subset
import QKFormerModel
import SpikeTensors

/// Writes checkpoints of format version 1.
///
/// The file appears only when it is complete and has passed the reader's own validation. Same
/// content and same producer give the same bytes.
public enum CheckpointWriter {
  /// Writes a checkpoint to a path and returns the identity of what it wrote.
  ///
  /// - Throws: `CheckpointFailure`, `CheckpointFindings`, `HDF5Failure`, `FileFailure`.
  @discardableResult
  public static func write(
    _ checkpoint: Checkpoint, to path: String, layout: CheckpointLayout = .mapped
  ) throws -> ModelIdentity {
    try checkpoint.validate(at: path)
    for (name, tensor) in checkpoint.parameters { try Content.checkStorable(tensor, name) }
    let digests = try checkpoint.digests()
    let content = try Content(checkpoint, digests: digests)
    try AtomicFile.replace(path) { file in
      do {
        try content.write(to: file.temporaryPath, layout)
      } catch let failure as HDF5Failure where failure.code == .write {
        throw HDF5Failure(.write, at: path, expected: failure.expected, found: failure.found)
      }
      _ = try CheckpointFile.openVerified(file.temporaryPath)
    }
    return ModelIdentity(
      configuration: checkpoint.configuration, tensors: checkpoint.parameters, digests: digests)
  }

  /// Everything that goes into the file, in the order in which it is written.
  private struct Content {
    private enum Item {
      case tensor(Tensor)
      case text([UInt8])
    }

    private var items: [(path: String, item: Item)] = []
    private let attributes: [String: [String: String]]
    private let groups: [String]

    init(_ checkpoint: Checkpoint, digests: [String: Digest]) throws {
      let specifications = checkpoint.plan.parameters
      var datasets: [String: Digest] = [:]
      var items: [(String, Item)] = []
      func add(_ path: String, tensor: Tensor) throws {
        try Self.checkStorable(tensor, path)
        datasets[path] = SHA256.digest(of: tensor.bytes)
        items.append((path, .tensor(tensor)))
      }
      func add(_ path: String, text: [UInt8]) {
        datasets[path] = SHA256.digest(of: text)
        items.append((path, .text(text)))
      }
      for specification in specifications {
        guard let tensor = checkpoint.parameters[specification.path] else { continue }
        items.append((ElementPaths.parameter(specification.path), .tensor(tensor)))
      }
      for (index, reference) in checkpoint.references.enumerated() {
        for (name, tensor) in reference.datasets {
          try add("\(ElementPaths.reference(index))/\(name)", tensor: tensor)
        }
      }
      if !checkpoint.records.isEmpty {
        add(ElementPaths.records, text: checkpoint.records.json.canonicalBytes)
      }
      add(ElementPaths.provenance, text: checkpoint.provenance.canonicalBytes)
      groups = ElementPaths.groups(above: items.map(\.0))
      attributes = ElementPaths.attributes(
        of: groups + items.map(\.0) + [ElementPaths.manifest])
      let manifest = Manifest(
        configuration: checkpoint.configuration,
        tensors: Self.entries(specifications, checkpoint.parameters, digests),
        datasets: datasets,
        attributes: attributes.mapValues { $0.mapValues { SHA256.digest(of: $0) } },
        references: checkpoint.references.map(\.json))
      items.insert((ElementPaths.manifest, .text(manifest.json.canonicalBytes)), at: 0)
      self.items = items
    }

    private static func entries(
      _ specifications: [ParameterSpecification], _ tensors: [String: Tensor],
      _ digests: [String: Digest]
    ) -> [Manifest.Entry] {
      specifications.compactMap { specification in
        guard let tensor = tensors[specification.path], let digest = digests[specification.path]
        else { return nil }
        return Manifest.Entry(
          path: specification.path, elementType: tensor.elementType, shape: tensor.shape,
          role: specification.role, upstreamName: specification.upstreamName, digest: digest)
      }
    }

    static func checkStorable(_ tensor: Tensor, _ path: String) throws {
      let limit = HDF5Writer.chunkByteLimit
      guard tensor.bytes.count > 0, tensor.bytes.count + 4 < limit, tensor.elementType != .bool
      else {
        throw CheckpointFailure(
          .tensor, at: path, expected: "numbers, 1 byte to 4 GiB",
          found: "\(tensor.elementType) \(tensor.shape)")
      }
    }

    /// Bytes stay raw under filter 3: stock readers notice damage in a zstd frame only when the
    /// planes do not fit together again, and bytes have one plane.
    private static func isCompressible(_ tensor: Tensor) -> Bool {
      !tensor.shape.isEmpty && tensor.elementType.byteCount > 1
    }

    func write(to path: String, _ layout: CheckpointLayout) throws {
      let writer = try HDF5Writer(path: path)
      for group in groups { try writer.makeGroup(group) }
      for (path, item) in items {
        switch item {
        case .tensor(let tensor) where layout == .compact && Self.isCompressible(tensor):
          try writer.writeCompressed(tensor, to: path)
        case .tensor(let tensor): try writer.write(tensor, to: path)
        case .text(let text): try writer.write(text: text, to: path)
        }
      }
      for (path, members) in attributes.sorted(by: { $0.key < $1.key }) {
        for (name, text) in members.sorted(by: { $0.key < $1.key }) {
          try writer.setAttribute(name, text, of: path)
        }
      }
      try writer.close()
    }
  }
}
