import CHDF5
import Diagnostics
import HDF5Subset
import SpikeTensors

/// The library's types for the ones that checkpoints use.
enum Datatypes {
  static func make(_ type: HDF5Type) throws -> Identifier {
    switch type {
    case .number(let element): try number(element)
    case .text(let length): try text(length)
    }
  }

  private static func number(_ type: ElementType) throws -> Identifier {
    switch type {
    case .f32: try LibHDF5.H5Tcopy(qkz_h5t_ieee_f32le())
    case .f64: try LibHDF5.H5Tcopy(qkz_h5t_ieee_f64le())
    case .f16: try shortFloat(exponent: (10, 5), bias: 15)
    case .bf16: try shortFloat(exponent: (7, 8), bias: 127)
    case .i64: try LibHDF5.H5Tcopy(qkz_h5t_std_i64le())
    case .i32: try LibHDF5.H5Tcopy(qkz_h5t_std_i32le())
    case .i16: try LibHDF5.H5Tcopy(qkz_h5t_std_i16le())
    case .i8: try LibHDF5.H5Tcopy(qkz_h5t_std_i8le())
    case .u8: try LibHDF5.H5Tcopy(qkz_h5t_std_u8le())
    case .u64: try LibHDF5.H5Tcopy(qkz_h5t_std_u64le())
    case .bool:
      throw HDF5Failure(.type, at: "type", expected: "numbers", found: "bool")
    }
  }

  /// A 16-bit float: float32 with narrower fields. Other readers widen it exactly.
  private static func shortFloat(
    exponent: (position: Int, size: Int), bias: Int
  ) throws -> Identifier {
    let type = try LibHDF5.H5Tcopy(qkz_h5t_ieee_f32le())
    try LibHDF5.H5Tset_fields(type, exponent: exponent, mantissa: exponent.position)
    try LibHDF5.H5Tset_size(type, 2)
    try LibHDF5.H5Tset_ebias(type, bias)
    return type
  }

  private static func text(_ length: Int) throws -> Identifier {
    let type = try LibHDF5.H5Tcopy(qkz_h5t_c_s1())
    try LibHDF5.H5Tset_size(type, length)
    try LibHDF5.H5Tset_cset(type)
    try LibHDF5.H5Tset_strpad(type)
    return type
  }
}
