import CanonicalJSON
import Diagnostics
import FileAccess
import HDF5Oracle
import HDF5Subset
import TestSupport
import Testing

/// Files that must be refused, each with its own error.
@Suite struct CorruptHDF5Tests {
  static let files = CorruptFile.all("hdf5")

  /// Reads the structure of a file, and decodes what is compressed.
  private static func read(_ path: String) throws {
    let file = try MappedFile(path: path)
    for (name, dataset) in try StrictHDF5Reader().content(of: file).datasets {
      guard case .compressed(let chunks) = dataset.elements else { continue }
      let codec = ChunkCodec(width: dataset.type.byteCount, shape: dataset.shape)
      _ = try codec.decode(chunks.map { ByteRegion(file, in: $0) }, at: name)
    }
  }

  @Test(arguments: files)
  func `a file is refused with the error that its name says`(_ file: CorruptFile) throws {
    #expect(try Refusal.of { try Self.read(file.path) } == file.expected)
  }

  @Test func `no two files are refused in the same words`() throws {
    var words: [String: String] = [:]
    for file in Self.files {
      do {
        try Self.read(file.path)
      } catch let failure as HDF5Failure {
        let message = failure.description.replacing(file.path, with: "")
        let other = words.updateValue(file.description, forKey: message)
        #expect(other == nil, "\(file) and \(other ?? "") are refused with: \(message)")
      }
    }
    #expect(words.count > 150)
  }
}

/// Files that must be read: each is one step away from corrupt ones.
@Suite struct AcceptedHDF5Tests {
  @Test(arguments: AcceptedFile.all("hdf5"))
  func `both readers find what the file holds`(_ file: AcceptedFile) throws {
    let mapped = try MappedFile(path: file.path)
    let content = try StrictHDF5Reader().content(of: mapped)
    #expect(try LibHDF5Reader().content(of: mapped) == content)
    let datasets = content.datasets.mapValues { dataset -> JSON in
      guard case .number(let type) = dataset.type else { return .null }
      return .string("\(type) [\(dataset.shape.map(String.init).joined(separator: ","))]")
    }
    #expect(try file.expected("datasets") == .object(datasets))
    #expect(try file.expected("groups") == .array(content.groups.map { .string($0) }))
  }

  @Test func `the folder is there`() {
    #expect(AcceptedFile.all("hdf5").count >= 5)
  }
}
