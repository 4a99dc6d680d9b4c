import CHDF5
import Diagnostics
import HDF5Subset

/// The functions of libhdf5 that this project uses, each wrapped once under its own name.
///
/// A negative result becomes an `HDF5Failure` in `checked` and nowhere else. `place` is the path
/// of the file or of the object in it.
enum LibHDF5 {
  // MARK: Library

  /// Version of the library, as in `1.10.8`.
  static func H5get_libversion() -> String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    _ = unsafe CHDF5.H5get_libversion(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }

  /// Stops the library from printing errors itself and from loading plugins.
  static func quiet() {
    _ = CHDF5.H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
    _ = CHDF5.H5PLset_loading_state(0)
    _ = CHDF5.H5Lunregister(H5L_TYPE_EXTERNAL)
  }

  // MARK: Files

  static func H5Fcreate(_ path: String, _ creation: Identifier, _ access: Identifier) throws
    -> Identifier
  {
    let id = unsafe CHDF5.H5Fcreate(path, qkz_h5f_acc_trunc(), creation.id, access.id)
    return Identifier(try checked(id, "H5Fcreate", path, writing: true), .file)
  }

  static func H5Fopen(_ path: String, _ access: Identifier) throws -> Identifier {
    let id = unsafe CHDF5.H5Fopen(path, qkz_h5f_acc_rdonly(), access.id)
    return Identifier(try checked(id, "H5Fopen", path), .file)
  }

  static func H5Fclose(_ file: Identifier, _ place: String) throws {
    _ = try checked(CHDF5.H5Fclose(file.release()), "H5Fclose", place, writing: true)
  }

  // MARK: Property lists

  static func H5Pcreate(_ listClass: hid_t) throws -> Identifier {
    Identifier(try checked(CHDF5.H5Pcreate(listClass), "H5Pcreate", "property list"), .list)
  }

  static func H5Pset_libver_bounds(_ access: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_libver_bounds(access.id, H5F_LIBVER_V110, H5F_LIBVER_V110),
      "H5Pset_libver_bounds", "property list")
  }

  static func H5Pset_alignment(_ access: Identifier, _ bytes: Int) throws {
    _ = try checked(
      CHDF5.H5Pset_alignment(access.id, 1, hsize_t(bytes)), "H5Pset_alignment", "property list")
  }

  static func H5Pset_fclose_degree(_ access: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG), "H5Pset_fclose_degree",
      "property list")
  }

  static func H5Pset_file_locking(_ access: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_file_locking(access.id, false, true), "H5Pset_file_locking", "property list")
  }

  static func H5Pset_obj_track_times(_ creation: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_obj_track_times(creation.id, false), "H5Pset_obj_track_times", "property list")
  }

  static func H5Pset_link_phase_change(_ creation: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_link_phase_change(creation.id, 65_535, 0), "H5Pset_link_phase_change",
      "property list")
  }

  static func H5Pset_layout(_ creation: Identifier, _ layout: H5D_layout_t) throws {
    _ = try checked(CHDF5.H5Pset_layout(creation.id, layout), "H5Pset_layout", "property list")
  }

  static func H5Pset_chunk(_ creation: Identifier, _ shape: [Int]) throws {
    let extents = shape.map { hsize_t($0) }
    _ = try checked(
      unsafe CHDF5.H5Pset_chunk(creation.id, Int32(extents.count), extents), "H5Pset_chunk",
      "property list")
  }

  static func H5Pset_fletcher32(_ creation: Identifier) throws {
    _ = try checked(CHDF5.H5Pset_fletcher32(creation.id), "H5Pset_fletcher32", "property list")
  }

  static func H5Pset_shuffle(_ creation: Identifier) throws {
    _ = try checked(CHDF5.H5Pset_shuffle(creation.id), "H5Pset_shuffle", "property list")
  }

  static func H5Pset_filter(_ creation: Identifier, _ filter: Int) throws {
    _ = try checked(
      CHDF5.H5Pset_filter(
        creation.id, H5Z_filter_t(filter), UInt32(H5Z_FLAG_MANDATORY), 0, nil),
      "H5Pset_filter", "property list")
  }

  /// Makes the library accept a filter whose work this project does itself.
  static func H5Zregister(_ filter: Int) throws {
    // SAFETY: the library copies the description. It would keep a pointer to a name, so there is none.
    var description = unsafe H5Z_class2_t(
      version: H5Z_CLASS_T_VERS, id: H5Z_filter_t(filter), encoder_present: 1,
      decoder_present: 1, name: nil, can_apply: nil, set_local: nil,
      filter: { _, _, _, _, _, _ in 0 })
    let result = unsafe CHDF5.H5Zregister(&description)
    _ = try checked(result, "H5Zregister", "filter \(filter)", writing: true)
  }

  static func H5Pset_fill_time(_ creation: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER), "H5Pset_fill_time",
      "property list")
  }

  static func H5Pget_layout(_ creation: Identifier) -> H5D_layout_t {
    CHDF5.H5Pget_layout(creation.id)
  }

  static func H5Pget_external_count(_ creation: Identifier, _ place: String) throws -> Int {
    Int(try checked(CHDF5.H5Pget_external_count(creation.id), "H5Pget_external_count", place))
  }

  /// The filters of a pipeline, by number.
  static func H5Pget_filter2(_ creation: Identifier, _ place: String) throws -> [Int] {
    let count = try checked(CHDF5.H5Pget_nfilters(creation.id), "H5Pget_nfilters", place)
    return try (0..<UInt32(count)).map { index in
      var (flags, values, config): (UInt32, Int, UInt32) = (0, 0, 0)
      let id = unsafe CHDF5.H5Pget_filter2(
        creation.id, index, &flags, &values, nil, 0, nil, &config)
      return Int(try checked(id, "H5Pget_filter2", place))
    }
  }

  static func H5Pget_chunk(_ creation: Identifier, rank: Int, _ place: String) throws -> [Int] {
    var extents = [hsize_t](repeating: 0, count: rank)
    let count = try checked(
      unsafe CHDF5.H5Pget_chunk(creation.id, Int32(rank), &extents), "H5Pget_chunk", place)
    return extents.prefix(Int(count)).map { Int(clamping: $0) }
  }

  // MARK: Groups and links

  static func H5Gcreate2(_ file: Identifier, _ path: String, _ creation: Identifier) throws {
    let id = unsafe CHDF5.H5Gcreate2(file.id, path, 0, creation.id, 0)
    _ = Identifier(try checked(id, "H5Gcreate2", path, writing: true), .object)
  }

  static func H5Gget_info(_ group: Identifier, _ place: String) throws -> Int {
    var info = H5G_info_t()
    _ = try checked(unsafe CHDF5.H5Gget_info(group.id, &info), "H5Gget_info", place)
    return Int(clamping: info.nlinks)
  }

  static func H5Lget_name_by_idx(_ group: Identifier, _ index: Int, _ place: String) throws
    -> String
  {
    let length = unsafe CHDF5.H5Lget_name_by_idx(
      group.id, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), nil, 0, 0)
    var name = [CChar](repeating: 0, count: try checked(length, "H5Lget_name_by_idx", place) + 1)
    _ = try checked(
      unsafe CHDF5.H5Lget_name_by_idx(
        group.id, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), &name, name.count, 0),
      "H5Lget_name_by_idx", place)
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether a link is a hard link.
  static func H5Lget_info(_ group: Identifier, _ name: String, _ place: String) throws -> Bool {
    var info = H5L_info_t()
    _ = try checked(unsafe CHDF5.H5Lget_info(group.id, name, &info, 0), "H5Lget_info", place)
    return info.type == H5L_TYPE_HARD
  }

  // MARK: Objects

  static func H5Oopen(_ group: Identifier, _ name: String, _ place: String) throws -> Identifier {
    let id = unsafe CHDF5.H5Oopen(group.id, name, 0)
    return Identifier(try checked(id, "H5Oopen", place), .object)
  }

  /// Address, kind and number of attributes of an object.
  static func H5Oget_info(
    _ object: Identifier, _ place: String
  ) throws -> (address: UInt64, kind: H5O_type_t, attributes: Int) {
    var info = H5O_info_t()
    _ = try checked(unsafe CHDF5.H5Oget_info1(object.id, &info), "H5Oget_info", place)
    return (UInt64(info.addr), info.type, Int(clamping: info.num_attrs))
  }

  // MARK: Attributes

  static func H5Acreate2(
    _ object: Identifier, _ name: String, _ type: Identifier, _ space: Identifier
  ) throws -> Identifier {
    let id = unsafe CHDF5.H5Acreate2(object.id, name, type.id, space.id, 0, 0)
    return Identifier(try checked(id, "H5Acreate2", name, writing: true), .attribute)
  }

  static func H5Awrite(_ attribute: Identifier, _ type: Identifier, _ bytes: [UInt8]) throws {
    // SAFETY: `bytes` has the size of the type, which the caller made from it.
    let result = unsafe CHDF5.H5Awrite(attribute.id, type.id, bytes)
    _ = try checked(result, "H5Awrite", "attribute", writing: true)
  }

  static func H5Aopen_by_idx(_ object: Identifier, _ index: Int, _ place: String) throws
    -> Identifier
  {
    let id = unsafe CHDF5.H5Aopen_by_idx(
      object.id, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), 0, 0)
    return Identifier(try checked(id, "H5Aopen_by_idx", place), .attribute)
  }

  static func H5Aget_name(_ attribute: Identifier, _ place: String) throws -> String {
    let length = CHDF5.H5Aget_name(attribute.id, 0, nil)
    var name = [CChar](repeating: 0, count: try checked(length, "H5Aget_name", place) + 1)
    _ = unsafe CHDF5.H5Aget_name(attribute.id, name.count, &name)
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func H5Aget_type(_ attribute: Identifier, _ place: String) throws -> Identifier {
    Identifier(try checked(CHDF5.H5Aget_type(attribute.id), "H5Aget_type", place), .type)
  }

  static func H5Aget_space(_ attribute: Identifier, _ place: String) throws -> Identifier {
    Identifier(try checked(CHDF5.H5Aget_space(attribute.id), "H5Aget_space", place), .space)
  }

  static func H5Aread(
    _ attribute: Identifier, _ type: Identifier, count: Int, _ place: String
  ) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the attribute is a scalar of this type, whose size is `count`.
    _ = try checked(unsafe CHDF5.H5Aread(attribute.id, type.id, &bytes), "H5Aread", place)
    return bytes
  }

  // MARK: Datasets

  static func H5Dcreate2(
    _ file: Identifier, _ path: String, _ type: Identifier, _ space: Identifier,
    _ creation: Identifier
  ) throws -> Identifier {
    let id = unsafe CHDF5.H5Dcreate2(file.id, path, type.id, space.id, 0, creation.id, 0)
    return Identifier(try checked(id, "H5Dcreate2", path, writing: true), .object)
  }

  static func H5Dwrite(
    _ dataset: Identifier, _ type: Identifier, _ bytes: RawSpan, _ place: String
  ) throws {
    // SAFETY: the caller has checked that `bytes` is as long as the dataset.
    let result = unsafe bytes.withUnsafeBytes {
      unsafe CHDF5.H5Dwrite(dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), 0, $0.baseAddress)
    }
    _ = try checked(result, "H5Dwrite", place, writing: true)
  }

  /// Writes the stored bytes of one chunk, as they are.
  static func H5Dwrite_chunk(
    _ dataset: Identifier, offset: [Int], _ stored: [UInt8], _ place: String
  ) throws {
    let offset = offset.map { hsize_t($0) }
    let result = unsafe CHDF5.H5Dwrite_chunk(
      dataset.id, 0, 0, offset, stored.count, stored)
    _ = try checked(result, "H5Dwrite_chunk", place, writing: true)
  }

  static func H5Dread(
    _ dataset: Identifier, _ type: Identifier, count: Int, _ place: String
  ) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the caller computed `count` from the dataset's own type and extent.
    let result = unsafe CHDF5.H5Dread(
      dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), 0, &bytes)
    _ = try checked(result, "H5Dread", place)
    return bytes
  }

  static func H5Dget_create_plist(_ dataset: Identifier, _ place: String) throws -> Identifier {
    let id = CHDF5.H5Dget_create_plist(dataset.id)
    return Identifier(try checked(id, "H5Dget_create_plist", place), .list)
  }

  static func H5Dget_type(_ dataset: Identifier, _ place: String) throws -> Identifier {
    Identifier(try checked(CHDF5.H5Dget_type(dataset.id), "H5Dget_type", place), .type)
  }

  static func H5Dget_space(_ dataset: Identifier, _ place: String) throws -> Identifier {
    Identifier(try checked(CHDF5.H5Dget_space(dataset.id), "H5Dget_space", place), .space)
  }

  static func H5Dget_num_chunks(
    _ dataset: Identifier, _ space: Identifier, _ place: String
  ) throws -> Int {
    var count: hsize_t = 0
    _ = try checked(
      unsafe CHDF5.H5Dget_num_chunks(dataset.id, space.id, &count), "H5Dget_num_chunks", place)
    return Int(clamping: count)
  }

  /// First index, address, stored size and skipped filters of a chunk.
  static func H5Dget_chunk_info(
    _ dataset: Identifier, _ space: Identifier, _ index: Int, rank: Int, _ place: String
  ) throws -> (offset: [Int], address: UInt64, size: UInt64, mask: UInt32) {
    var offset = [hsize_t](repeating: 0, count: rank)
    var (mask, address, size): (UInt32, haddr_t, hsize_t) = (0, 0, 0)
    _ = try checked(
      unsafe CHDF5.H5Dget_chunk_info(
        dataset.id, space.id, hsize_t(index), &offset, &mask, &address, &size),
      "H5Dget_chunk_info", place)
    return (offset.map { Int(clamping: $0) }, UInt64(address), UInt64(size), mask)
  }

  // MARK: Spaces

  /// A space of some extent; rank 0 is a scalar.
  static func H5Screate_simple(_ shape: [Int]) throws -> Identifier {
    let extents = shape.map { hsize_t($0) }
    let id =
      shape.isEmpty
      ? CHDF5.H5Screate(H5S_SCALAR)
      : unsafe CHDF5.H5Screate_simple(Int32(extents.count), extents, nil)
    return Identifier(try checked(id, "H5Screate_simple", "space"), .space)
  }

  /// The extent of a space and whether it can grow.
  static func H5Sget_simple_extent_dims(
    _ space: Identifier, _ place: String
  ) throws -> (shape: [Int], grows: Bool) {
    let rank = try checked(
      CHDF5.H5Sget_simple_extent_ndims(space.id), "H5Sget_simple_extent_ndims", place)
    var extents = [hsize_t](repeating: 0, count: Int(rank) + 1)
    var maxima = extents
    _ = try checked(
      unsafe CHDF5.H5Sget_simple_extent_dims(space.id, &extents, &maxima),
      "H5Sget_simple_extent_dims", place)
    return (extents.prefix(Int(rank)).map { Int(clamping: $0) }, extents != maxima)
  }

  // MARK: Types

  static func H5Tcopy(_ type: hid_t) throws -> Identifier {
    Identifier(try checked(CHDF5.H5Tcopy(type), "H5Tcopy", "type"), .type)
  }

  static func H5Tset_fields(
    _ type: Identifier, exponent: (position: Int, size: Int), mantissa: Int
  ) throws {
    _ = try checked(
      CHDF5.H5Tset_fields(
        type.id, exponent.position + exponent.size, exponent.position, exponent.size, 0, mantissa),
      "H5Tset_fields", "type")
  }

  static func H5Tset_size(_ type: Identifier, _ size: Int) throws {
    _ = try checked(CHDF5.H5Tset_size(type.id, size), "H5Tset_size", "type")
  }

  static func H5Tset_ebias(_ type: Identifier, _ bias: Int) throws {
    _ = try checked(CHDF5.H5Tset_ebias(type.id, bias), "H5Tset_ebias", "type")
  }

  static func H5Tset_cset(_ type: Identifier) throws {
    _ = try checked(CHDF5.H5Tset_cset(type.id, H5T_CSET_UTF8), "H5Tset_cset", "type")
  }

  static func H5Tset_strpad(_ type: Identifier) throws {
    _ = try checked(CHDF5.H5Tset_strpad(type.id, H5T_STR_NULLPAD), "H5Tset_strpad", "type")
  }

  static func H5Tget_class(_ type: Identifier) -> H5T_class_t { CHDF5.H5Tget_class(type.id) }

  static func H5Tget_size(_ type: Identifier) -> Int { CHDF5.H5Tget_size(type.id) }

  static func H5Tis_variable_str(_ type: Identifier) -> Bool {
    CHDF5.H5Tis_variable_str(type.id) > 0
  }

  static func H5Tequal(_ left: Identifier, _ right: Identifier) -> Bool {
    CHDF5.H5Tequal(left.id, right.id) > 0
  }

  // MARK: Results

  private static func checked<Value: SignedInteger>(
    _ result: Value, _ call: String, _ place: String, writing: Bool = false
  ) throws -> Value {
    guard result < 0 else { return result }
    let cause = ErrorStack.rootCause()
    let code: HDF5FailureCode =
      writing ? .write : cause.contains("checksum") ? .damaged : .unreadable
    throw HDF5Failure(code, at: place, expected: "\(call) to succeed", found: cause)
  }
}
