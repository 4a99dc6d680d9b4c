public import Diagnostics

/// The ways in which a container of tensors can be refused.
public enum TensorFileFailureCode: String, FailureCode {
  // Zip.
  /// The end record is missing, misplaced or followed by other bytes.
  case zipEnd = "zip-end-record"
  /// A record breaks the format.
  case zipRecord = "zip-record"
  /// An entry is compressed.
  case zipCompressed = "zip-compressed-entry"
  /// An entry is encrypted or uses a feature beyond plain storage.
  case zipFlags = "zip-unsupported-flags"
  /// Two entries have one name.
  case zipDuplicateName = "zip-duplicate-name"
  /// An entry's name is not plain.
  case zipName = "zip-entry-name"
  /// The central directory and a local header disagree.
  case zipDisagreement = "zip-headers-disagree"
  /// Entries overlap, leave a gap, or something precedes the first.
  case zipLayout = "zip-layout"
  /// An entry's bytes do not have the recorded CRC-32.
  case zipChecksum = "zip-checksum"
  /// A deflated entry does not decode to its size.
  case zipDeflate = "zip-deflate"
  /// What is to be written needs sizes or offsets of more than 32 bits.
  case zipSize = "zip-too-large"
  // Safetensors.
  /// The length of the header is out of range.
  case safetensorsHeader = "safetensors-header-length"
  /// A member of the header is wrong.
  case safetensorsMember = "safetensors-member"
  /// Tensors overlap, leave holes, are misaligned, or bytes follow the last.
  case safetensorsLayout = "safetensors-layout"
  // NumPy.
  /// Not a NumPy array file, or one beyond version 3.
  case numpyHeader = "npy-header"
  /// An element type or memory order that is not supported.
  case numpyType = "npy-type"
  // All.
  /// The container has more tensors than any model.
  case tooManyTensors = "too-many-tensors"
  /// The container has no tensor of that name.
  case noSuchTensor = "no-such-tensor"
  /// The suffix names no known container.
  case unknownContainer = "unknown-container"

  /// All of them are faults of the data, but for a name that was asked for.
  public var kind: FailureKind { self == .noSuchTensor ? .noInput : .badData }
}

/// A refused container.
public typealias TensorFileFailure = Failure<TensorFileFailureCode>
