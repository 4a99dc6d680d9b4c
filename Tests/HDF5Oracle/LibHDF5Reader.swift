import CHDF5
public import FileAccess
public import HDF5Subset
import SpikeTensors

/// Reads a file through libhdf5: what the strict reader must find too, in files that both accept.
///
/// For files that tests have made, and for no others. It refuses nothing on purpose: what it cannot
/// describe in the terms of the subset ends in an `OracleError`.
public struct LibHDF5Reader: HDF5ContentReader {
  /// Makes a reader.
  public init() {}

  /// Reads the structure of a file.
  ///
  /// - Throws: `OracleError`.
  public func content(of file: MappedFile) throws -> HDF5Content {
    H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
    let access = H5Pcreate(qkz_h5p_file_access())
    H5Pset_file_locking(access, false, true)
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG)
    defer { H5Pclose(access) }
    let id = try checked(H5Fopen(file.path, qkz_h5f_acc_rdonly(), access), "H5Fopen")
    // Closes everything that was opened through it.
    defer { H5Fclose(id) }
    var content = HDF5Content(groups: [], datasets: [:], attributes: [:])
    try read(try checked(H5Oopen(id, "/", 0), "H5Oopen"), "/", into: &content)
    return content
  }

  private func read(_ object: hid_t, _ path: String, into content: inout HDF5Content) throws {
    var info = H5O_info_t()
    try checked(H5Oget_info1(object, &info), "H5Oget_info")
    let attributes = try (0..<info.num_attrs).map { try attribute(object, $0) }
    if !attributes.isEmpty {
      content.attributes[path] = Dictionary(uniqueKeysWithValues: attributes)
    }
    guard info.type == H5O_TYPE_GROUP else {
      content.datasets[path] = try dataset(object)
      return
    }
    content.groups.append(path)
    var group = H5G_info_t()
    try checked(H5Gget_info(object, &group), "H5Gget_info")
    for index in 0..<group.nlinks {
      let name = try text { buffer, size in
        H5Lget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, size, 0)
      }
      let child = try checked(H5Oopen(object, name, 0), "H5Oopen \(name)")
      try read(child, path == "/" ? name : "\(path)/\(name)", into: &content)
    }
  }

  private func attribute(_ object: hid_t, _ index: hsize_t) throws -> (String, [UInt8]) {
    let id = try checked(
      H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, 0, 0), "H5Aopen_by_idx")
    let name = try text { buffer, size in H5Aget_name(id, size, buffer) }
    let type = H5Aget_type(id)
    var bytes = [UInt8](repeating: 0, count: H5Tget_size(type))
    try checked(H5Aread(id, type, &bytes), "H5Aread")
    return (name, bytes)
  }

  private func text(_ fill: (UnsafeMutablePointer<CChar>?, Int) -> Int) throws -> String {
    var characters = [CChar](repeating: 0, count: try checked(fill(nil, 0), "name") + 1)
    _ = fill(&characters, characters.count)
    return String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func dataset(_ id: hid_t) throws -> HDF5Dataset {
    let (type, space, creation) = (H5Dget_type(id), H5Dget_space(id), H5Dget_create_plist(id))
    var extents = [hsize_t](repeating: 0, count: Int(H5Sget_simple_extent_ndims(space)))
    H5Sget_simple_extent_dims(space, &extents, nil)
    let shape = extents.map { Int($0) }
    let elements: HDF5Elements
    if H5Pget_layout(creation) == H5D_COMPACT {
      var bytes = [UInt8](repeating: 0, count: shape.reduce(H5Tget_size(type), *))
      try checked(H5Dread(id, type, 0, 0, 0, &bytes), "H5Dread")
      elements = .inHeader(bytes)
    } else {
      let chunks = try chunks(id, space, rank: shape.count)
      elements = H5Pget_nfilters(creation) == 1 ? .inFile(chunks[0]) : .compressed(chunks)
    }
    return HDF5Dataset(type: try self.type(type), shape: shape, elements: elements)
  }

  /// The stored chunks in order of their offsets.
  private func chunks(_ id: hid_t, _ space: hid_t, rank: Int) throws -> [Range<Int>] {
    var count: hsize_t = 0
    try checked(H5Dget_num_chunks(id, space, &count), "H5Dget_num_chunks")
    return try (0..<count).map { index in
      var offset = [hsize_t](repeating: 0, count: rank)
      var (mask, address, size): (UInt32, haddr_t, hsize_t) = (0, 0, 0)
      try checked(
        H5Dget_chunk_info(id, space, index, &offset, &mask, &address, &size), "H5Dget_chunk_info")
      return (offset[0], Int(address)..<Int(address) + Int(size))
    }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// A type by its class, size, sign and exponent.
  private func type(_ id: hid_t) throws -> HDF5Type {
    let (size, kind) = (H5Tget_size(id), H5Tget_class(id))
    switch kind {
    case H5T_STRING: return .text(length: size)
    case H5T_INTEGER where H5Tget_order(id) == H5T_ORDER_LE || size == 1:
      let prefix = H5Tget_sign(id) == H5T_SGN_NONE ? "u" : "i"
      if let type = ElementType(rawValue: "\(prefix)\(size * 8)") { return .number(type) }
    case H5T_FLOAT where H5Tget_order(id) == H5T_ORDER_LE:
      let prefix = size == 2 && H5Tget_ebias(id) == 127 ? "bf" : "f"
      if let type = ElementType(rawValue: "\(prefix)\(size * 8)") { return .number(type) }
    default: break
    }
    throw OracleError(call: "a type of class \(kind)")
  }

  @discardableResult
  private func checked<Value: SignedInteger>(_ result: Value, _ call: String) throws -> Value {
    guard result >= 0 else { throw OracleError(call: call) }
    return result
  }
}

/// What libhdf5 could not do, or what this reader has no words for.
public struct OracleError: Error {
  /// The call.
  public let call: String
}
