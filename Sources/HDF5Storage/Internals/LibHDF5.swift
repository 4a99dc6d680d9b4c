// C functions keep their own names here.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CHDF5
import Diagnostics
import HDF5Subset

/// The functions of libhdf5 that the writer uses, each wrapped once under its own name.
///
/// A negative result becomes an `HDF5Failure` in `checked` and nowhere else. `place` is the path
/// of the file or of the object in it.
enum LibHDF5 {
  // MARK: Library

  /// Version of the library, as in `1.10.8`.
  static func H5get_libversion() -> String {
    _ = outlivesExit
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    _ = unsafe CHDF5.H5get_libversion(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }

  /// Keeps the library from closing at exit what is still open: after a write that failed for want of
  /// room, version 1.10 reads through a null pointer there. What matters has been closed by then.
  private static let outlivesExit: Void = { _ = CHDF5.H5dont_atexit() }()

  /// Stops the library from printing errors itself and from loading plugins.
  static func quiet() {
    _ = outlivesExit
    _ = CHDF5.H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil)
    _ = CHDF5.H5PLset_loading_state(0)
  }

  // MARK: Files

  static func H5Fcreate(_ path: String, _ creation: Identifier, _ access: Identifier) throws
    -> Identifier
  {
    let id = unsafe CHDF5.H5Fcreate(path, qkz_h5f_acc_trunc(), creation.id, access.id)
    return Identifier(try checked(id, "H5Fcreate", path), .file)
  }

  static func H5Fclose(_ file: Identifier, _ place: String) throws {
    _ = try checked(CHDF5.H5Fclose(file.release()), "H5Fclose", place)
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
    _ = try checked(result, "H5Zregister", "filter \(filter)")
  }

  static func H5Pset_fill_time(_ creation: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER), "H5Pset_fill_time",
      "property list")
  }

  /// Room for a dataset is made when it is created.
  static func H5Pset_alloc_time(_ creation: Identifier) throws {
    _ = try checked(
      CHDF5.H5Pset_alloc_time(creation.id, H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time",
      "property list")
  }

  static func H5Pset_fill_value(
    _ creation: Identifier, _ type: Identifier, _ value: Float
  ) throws {
    // SAFETY: the library copies as many bytes as the type has: four.
    let result = unsafe withUnsafeBytes(of: value) {
      unsafe CHDF5.H5Pset_fill_value(creation.id, type.id, $0.baseAddress)
    }
    _ = try checked(result, "H5Pset_fill_value", "property list")
  }

  // MARK: Groups and links

  static func H5Gcreate2(_ file: Identifier, _ path: String, _ creation: Identifier) throws {
    let id = unsafe CHDF5.H5Gcreate2(file.id, path, 0, creation.id, 0)
    _ = Identifier(try checked(id, "H5Gcreate2", path), .object)
  }

  // MARK: Objects

  static func H5Oopen(_ group: Identifier, _ name: String, _ place: String) throws -> Identifier {
    let id = unsafe CHDF5.H5Oopen(group.id, name, 0)
    return Identifier(try checked(id, "H5Oopen", place), .object)
  }

  // MARK: Attributes

  static func H5Acreate2(
    _ object: Identifier, _ name: String, _ type: Identifier, _ space: Identifier
  ) throws -> Identifier {
    let id = unsafe CHDF5.H5Acreate2(object.id, name, type.id, space.id, 0, 0)
    return Identifier(try checked(id, "H5Acreate2", name), .attribute)
  }

  static func H5Awrite(_ attribute: Identifier, _ type: Identifier, _ bytes: [UInt8]) throws {
    // SAFETY: `bytes` has the size of the type, which the caller made from it.
    let result = unsafe CHDF5.H5Awrite(attribute.id, type.id, bytes)
    _ = try checked(result, "H5Awrite", "attribute")
  }

  // MARK: Datasets

  static func H5Dcreate2(
    _ file: Identifier, _ path: String, _ type: Identifier, _ space: Identifier,
    _ creation: Identifier
  ) throws -> Identifier {
    let id = unsafe CHDF5.H5Dcreate2(file.id, path, type.id, space.id, 0, creation.id, 0)
    return Identifier(try checked(id, "H5Dcreate2", path), .object)
  }

  static func H5Dwrite(
    _ dataset: Identifier, _ type: Identifier, _ bytes: RawSpan, _ place: String
  ) throws {
    // SAFETY: the caller has checked that `bytes` is as long as the dataset.
    let result = unsafe bytes.withUnsafeBytes {
      unsafe CHDF5.H5Dwrite(dataset.id, type.id, hid_t(H5S_ALL), hid_t(H5S_ALL), 0, $0.baseAddress)
    }
    _ = try checked(result, "H5Dwrite", place)
  }

  /// Writes the stored bytes of one chunk, as they are.
  static func H5Dwrite_chunk(
    _ dataset: Identifier, offset: [Int], _ stored: [UInt8], _ place: String
  ) throws {
    let offset = offset.map { hsize_t($0) }
    let result = unsafe CHDF5.H5Dwrite_chunk(
      dataset.id, 0, 0, offset, stored.count, stored)
    _ = try checked(result, "H5Dwrite_chunk", place)
  }

  /// Bytes that the chunks of a dataset take in the file.
  static func H5Dget_storage_size(_ dataset: Identifier) -> Int {
    Int(CHDF5.H5Dget_storage_size(dataset.id))
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

  /// Where in the file the elements of a dataset in one piece start.
  static func H5Dget_offset(_ dataset: Identifier, _ place: String) throws -> Int {
    let offset = CHDF5.H5Dget_offset(dataset.id)
    return try checked(Int(bitPattern: offset), "H5Dget_offset", place)
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

  // MARK: Results

  private static func checked<Value: SignedInteger>(
    _ result: Value, _ call: String, _ place: String
  ) throws -> Value {
    guard result < 0 else { return result }
    throw HDF5Failure(
      .write, at: place, expected: "\(call) to succeed", found: ErrorStack.rootCause())
  }
}
