import FileAccess
import SpikeTensors
import TensorFiles

@testable import Conversion

extension FuzzTarget {
  /// What the machine's budget lets a few bytes of pickle grow to: less than 4 bytes for each step.
  private static let pickleLimit = 4 * PickleMachine.Limits.steps

  /// One pickle: what it builds is counted and let go.
  static let pickle = FuzzTarget(
    name: "pickle", allocationLimit: pickleLimit, totalFactor: 1024,
    totalLimit: 4 * pickleLimit,
    run: { bytes in
      let document = try PickleMachine.read(ByteRegion(bytes), at: "input")
      try withExtendedLifetime(document) {
        var budget = 20_000
        _ = document.root.json(budget: &budget)
        try readTensors(of: document.root)
      }
    })

  /// A view of a storage that is not there must be refused, not computed.
  private static func readTensors(of root: PickleValue) throws {
    for (_, value) in root.dict?.members ?? [] {
      guard let tensor = value.tensor else { continue }
      require(tensor.shape.allSatisfy { $0 >= 0 }, "extents are not negative")
      require(tensor.strides.allSatisfy { $0 >= 0 }, "strides are not negative")
    }
  }

  /// A whole checkpoint by PyTorch, of either format: every state dict, and every tensor's bytes.
  static let torch = FuzzTarget(
    name: "torch", allocationLimit: pickleLimit, totalFactor: 1024,
    totalLimit: 4 * pickleLimit,
    repair: { bytes, choice in
      if bytes.starts(with: [0x50, 0x4B]) { ZipRepair.repair(&bytes, choice) }
    },
    run: { bytes in
      let file = try TorchImport.open(ByteRegion(bytes), "input")
      for (_, fact) in file.facts { require(!fact.canonicalText.isEmpty, "a fact has a text") }
      let names = file.stateDictNames.isEmpty ? [nil] : file.stateDictNames.map(Optional.some)
      for name in names {
        guard let tensors = try? file.tensors(of: name) else { continue }
        for tensor in tensors.values {
          require(
            tensor.bytes.count == tensor.count * tensor.elementType.byteCount,
            "bytes for every element")
          require(tensor.bytes.count <= bytes.count, "no tensor is larger than its file")
        }
      }
    })
}
