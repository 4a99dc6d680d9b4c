import ArgumentParser
import FileAccess
import TensorFiles

/// An output must not take the place of what the same command reads: what is written holds less than
/// what was read.
enum Overwriting {
  /// Refuses an output that is one of the inputs, however either is spelled.
  ///
  /// - Parameters:
  ///   - tensors: inputs as in `file[:tensor]`.
  ///   - option: the one that named the output.
  static func refuse(
    _ output: String?, _ option: String = "-o", files: [String?], tensors: [String?] = []
  ) throws {
    guard let output else { return }
    let inputs = files.compactMap(\.self) + tensors.compactMap(\.self).map(TensorSource.path(of:))
    guard let input = inputs.first(where: { Files.areSame($0, output) }) else { return }
    throw ValidationError(
      "\(option) \(output) would replace \(input), which this command reads; name another file")
  }
}
