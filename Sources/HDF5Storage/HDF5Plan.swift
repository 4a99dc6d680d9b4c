import CHDF5
import Diagnostics
public import FileAccess
import HDF5Subset
public import SpikeTensors

/// An HDF5 file of tensors whose elements come in any order: each lies in one piece, without filter.
///
/// Any HDF5 reader opens it; it is not of the subset that checkpoints are written in.
public struct HDF5Plan: TensorPlan {
  /// Where the elements of each tensor start in the file.
  public let offsets: [Int]

  /// Writes a file with texts and with room for the tensors.
  ///
  /// - Throws: `HDF5Failure`.
  public init(
    _ tensors: [PlannedTensor], texts: [(name: String, bytes: [UInt8])], to path: String
  ) throws {
    let writer = try HDF5Writer(path: path)
    for text in texts { try writer.write(text: text.bytes, to: text.name) }
    var groups: Set<String> = []
    offsets = try tensors.map { tensor in
      try Self.makeGroups(above: tensor.name, in: writer, &groups)
      return try writer.reserve(tensor)
    }
    try writer.close()
  }

  private static func makeGroups(
    above name: String, in writer: HDF5Writer, _ made: inout Set<String>
  ) throws {
    let parts = name.split(separator: "/").dropLast()
    for count in parts.indices {
      let group = parts[...count].joined(separator: "/")
      if made.insert(group).inserted { try writer.makeGroup(group) }
    }
  }

  /// Does nothing: an HDF5 file records nothing of elements without filter.
  public func complete(_ file: RandomAccessFile) {}
}

extension HDF5Writer {
  /// Makes room for a tensor in one piece, and says where in the file it is.
  ///
  /// - Throws: `HDF5Failure` for a tensor without elements.
  func reserve(_ tensor: PlannedTensor) throws -> Int {
    guard tensor.shape.allSatisfy({ $0 > 0 }), !tensor.shape.isEmpty else {
      throw HDF5Failure(
        .limit, at: tensor.name, expected: "a tensor with elements", found: "\(tensor.shape)")
    }
    let creation = try LibHDF5.H5Pcreate(qkz_h5p_dataset_create())
    try LibHDF5.H5Pset_obj_track_times(creation)
    try LibHDF5.H5Pset_fill_time(creation)
    try LibHDF5.H5Pset_layout(creation, H5D_CONTIGUOUS)
    try LibHDF5.H5Pset_alloc_time(creation)
    let dataset = try LibHDF5.H5Dcreate2(
      file, tensor.name, try Datatypes.make(.number(tensor.elementType)),
      try LibHDF5.H5Screate_simple(tensor.shape), creation)
    return try LibHDF5.H5Dget_offset(dataset, tensor.name)
  }
}
