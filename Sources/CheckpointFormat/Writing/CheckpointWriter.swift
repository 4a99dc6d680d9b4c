import CanonicalJSON
import Concurrency
import Diagnostics
import Digests
import FileAccess
import HDF5Storage
import HDF5Subset
import SpikeTensors
import SpikingModels

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
    // Hashed beside the writing; what they are is needed at its end.
    let digests = Background { try checkpoint.digests() }
    let content = try Content(checkpoint, digests)
    try AtomicFile.replace(path) { file in
      do {
        try content.write(to: file.temporaryPath, layout)
      } catch let failure as HDF5Failure where failure.code == .write {
        throw HDF5Failure(.write, at: path, expected: failure.expected, found: failure.found)
      }
      _ = try CheckpointFile.openVerified(file.temporaryPath)
    }
    return ModelIdentity(
      configuration: checkpoint.configuration, tensors: checkpoint.parameters,
      digests: try digests.value())
  }

  /// Everything that goes into the file, in the order in which it is written.
  private struct Content {
    private enum Item {
      /// Of the model.
      case parameter(Tensor)
      case tensor(Tensor)
      case text(() throws -> [UInt8])
    }

    private let items: [(path: String, item: Item)]
    private let attributes: [String: [String: String]]
    private let groups: [String]
    /// Complete but for the digests of tensors and datasets; its length does not depend on them.
    private let manifest: Manifest
    /// Those of the model's tensors.
    private let digests: Background<[String: Digest]>

    init(_ checkpoint: Checkpoint, _ digests: Background<[String: Digest]>) throws {
      let specifications = checkpoint.plan.parameters
      var items: [(String, Item)] = []
      for specification in specifications {
        guard let tensor = checkpoint.parameters[specification.path] else { continue }
        items.append((ElementPaths.parameter(specification.path), .parameter(tensor)))
      }
      for (index, reference) in checkpoint.references.enumerated() {
        for (name, tensor) in reference.datasets {
          let path = "\(ElementPaths.reference(index))/\(name)"
          try Self.checkStorable(tensor, path)
          items.append((path, .tensor(tensor)))
        }
      }
      if !checkpoint.records.isEmpty {
        items.append((ElementPaths.records, .text { checkpoint.records.json.canonicalBytes }))
      }
      items.append((ElementPaths.provenance, .text { try checkpoint.provenance.canonicalBytes }))
      self.items = items
      self.digests = digests
      groups = ElementPaths.groups(above: items.map(\.0))
      attributes = ElementPaths.attributes(
        of: groups + items.map(\.0) + [ElementPaths.manifest], checkpoint.configuration)
      let unknown = SHA256.digest(of: [])
      let datasets = items.compactMap { path, item -> (String, Digest)? in
        if case .parameter = item { nil } else { (path, unknown) }
      }
      manifest = Manifest(
        configuration: checkpoint.configuration,
        tensors: Self.entries(specifications, checkpoint.parameters, unknown),
        datasets: Dictionary(uniqueKeysWithValues: datasets),
        attributes: attributes.mapValues { $0.mapValues { SHA256.digest(of: $0) } },
        references: checkpoint.references.map(\.json))
    }

    private static func entries(
      _ specifications: [ParameterSpecification], _ tensors: [String: Tensor],
      _ digest: Digest
    ) -> [Manifest.Entry] {
      specifications.compactMap { specification in
        guard let tensor = tensors[specification.path] else { return nil }
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
    /// planes do not fit together again, and bytes have one plane. So do tensors whose rows are too
    /// large for a frame.
    private static func isCompressible(_ tensor: Tensor) -> Bool {
      let width = tensor.elementType.byteCount
      return !tensor.shape.isEmpty && width > 1
        && ChunkCodec(width: width, shape: tensor.shape).chunkBytes <= ChunkCodec.chunkByteLimit
    }

    /// The manifest lies before all that it describes, so its place is taken first, and it is
    /// written last: neither digests nor provenance need be known before the tensors are written.
    func write(to path: String, _ layout: CheckpointLayout) throws {
      let writer = try HDF5Writer(path: path)
      for group in groups { try writer.makeGroup(group) }
      var manifest = manifest
      try writer.write(text: manifest.json.canonicalBytes, to: ElementPaths.manifest)
      for (path, item) in items {
        switch item {
        case .parameter(let tensor): try Self.write(tensor, to: path, layout, writer)
        case .tensor(let tensor):
          manifest.datasets[path] = SHA256.digest(of: tensor.bytes)
          try Self.write(tensor, to: path, layout, writer)
        case .text(let text):
          let text = try text()
          manifest.datasets[path] = SHA256.digest(of: text)
          try writer.write(text: text, to: path)
        }
      }
      let digests = try digests.value()
      for index in manifest.tensors.indices {
        guard let digest = digests[manifest.tensors[index].path] else { continue }
        manifest.tensors[index].digest = digest
      }
      try writer.rewrite(text: manifest.json.canonicalBytes, at: ElementPaths.manifest)
      for (path, members) in attributes.sorted(by: { $0.key < $1.key }) {
        for (name, text) in members.sorted(by: { $0.key < $1.key }) {
          try writer.setAttribute(name, text, of: path)
        }
      }
      try writer.close()
    }

    private static func write(
      _ tensor: Tensor, to path: String, _ layout: CheckpointLayout, _ writer: HDF5Writer
    ) throws {
      if layout == .compact && isCompressible(tensor) {
        try writer.writeCompressed(tensor, to: path)
      } else {
        try writer.write(tensor, to: path)
      }
    }
  }
}
