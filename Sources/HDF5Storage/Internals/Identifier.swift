import CHDF5

/// An open HDF5 object; closed when the last reference goes.
final class Identifier {
  /// Which function closes it.
  enum Kind { case file, object, attribute, list, space, type }

  private(set) var id: hid_t
  private let kind: Kind

  init(_ id: hid_t, _ kind: Kind) {
    self.id = id
    self.kind = kind
  }

  /// Hands the object over to a caller that closes it.
  func release() -> hid_t {
    defer { id = -1 }
    return id
  }

  deinit {
    guard id >= 0 else { return }
    switch kind {
    case .file: H5Fclose(id)
    case .object: H5Oclose(id)
    case .attribute: H5Aclose(id)
    case .list: H5Pclose(id)
    case .space: H5Sclose(id)
    case .type: H5Tclose(id)
    }
  }
}
