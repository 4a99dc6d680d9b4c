public import Diagnostics

/// The ways in which a PyTorch checkpoint can be refused.
public enum TorchFailureCode: String, FailureCode {
  /// A pickle names a global that is not on the list; nothing was imported or called.
  case global = "pickle-global-not-allowed"
  /// A pickle uses an opcode that is not on the list.
  case opcode = "pickle-opcode-not-allowed"
  /// A pickle applies an operation to a value that does not have it.
  case operand = "pickle-operand"
  /// A pickle asks for more values than its size can justify.
  case budget = "pickle-budget"
  /// A pickle ends in the middle of something.
  case truncated = "pickle-truncated"
  /// A tensor lies outside its storage, or a storage outside its entry.
  case storageBounds = "storage-out-of-bounds"
  /// A storage's entry is missing or has another size.
  case storage = "storage-entry"
  /// A storage has an element type that checkpoints of this project cannot hold.
  case elementType = "storage-element-type"
  /// A tensor says of itself what is not known or cannot be applied: its elements would be others than
  /// those stored.
  case metadata = "tensor-metadata"
  /// The archive is TorchScript: a program, not a checkpoint.
  case torchScript = "torchscript-archive"
  /// A file of the format before PyTorch 1.6 breaks that format.
  case stream = "torch-legacy-format"
  /// The file is not a PyTorch checkpoint.
  case foreign = "not-a-torch-checkpoint"
  /// The file was written on a big-endian machine.
  case byteOrder = "big-endian-checkpoint"
  /// No state dict, or several, were found.
  case stateDict = "state-dict"

  /// What a hostile file would need is refused as policy; the rest is bad data.
  public var kind: FailureKind {
    switch self {
    case .global, .opcode, .budget, .storageBounds, .operand: .policy
    case .stateDict: .configuration
    default: .badData
    }
  }
}

/// A refused PyTorch checkpoint.
public typealias TorchFailure = Failure<TorchFailureCode>
