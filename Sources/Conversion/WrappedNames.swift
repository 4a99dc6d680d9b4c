import SpikeTensors

/// What wrappers of PyTorch put around the tensors of the model that they hold.
enum WrappedNames {
  /// Of `DataParallel`, `DistributedDataParallel` and `AveragedModel`; of `torch.compile`; of the
  /// usual member of a training class.
  private static let prefixes = ["module.", "_orig_mod.", "model."]
  /// Nobody puts more wrappers into each other; each round copies every name.
  private static let mostPrefixes = 8
  /// How many models an `AveragedModel` is the mean of, beside `module.`.
  private static let averageCounter = "n_averaged"

  /// The tensors under the names that the model inside gives them, and those that belong to a wrapper.
  ///
  /// A prefix is a wrapper's if every name has it; wrappers may be in each other.
  static func unwrapped(
    _ tensors: [(name: String, tensor: Tensor)]
  ) -> (tensors: [(name: String, tensor: Tensor)], ofWrapper: [Tensor]) {
    var (rest, ofWrapper) = (tensors, [Tensor]())
    for _ in 0..<mostPrefixes {
      if let index = averageCounterIndex(rest) {
        ofWrapper.append(rest.remove(at: index).tensor)
      }
      guard let prefix = prefixes.first(where: { prefix in all(rest, have: prefix) }) else { break }
      rest = rest.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) }
    }
    return (rest, ofWrapper)
  }

  private static func all(
    _ tensors: [(name: String, tensor: Tensor)], have prefix: String
  ) -> Bool {
    !tensors.isEmpty
      && tensors.allSatisfy { $0.name.utf8.count > prefix.utf8.count && $0.name.hasPrefix(prefix) }
  }

  private static func averageCounterIndex(_ tensors: [(name: String, tensor: Tensor)]) -> Int? {
    guard let index = tensors.firstIndex(where: { $0.name == averageCounter }),
      tensors[index].tensor.shape.isEmpty, tensors.count > 1,
      tensors.indices.allSatisfy({ $0 == index || tensors[$0].name.hasPrefix(prefixes[0]) })
    else { return nil }
    return index
  }
}
