import ArgumentParser
import Diagnostics
import FileAccess
import TensorFiles

/// The one rule for outputs of every command that writes (docs/outputs.md): what is there already stays,
/// unless `--force` says otherwise, and that is said before anything is computed.
struct OutputRule: ParsableArguments {
  @Flag(help: "Replace what the output's name has already.")
  var force = false

  /// Requires that an output can be written: nothing has its name, or it may be replaced.
  ///
  /// - Throws: `FileFailure`.
  func admit(_ outputs: String?...) throws {
    for output in outputs.compactMap(\.self) {
      try AtomicFile.requireReplaceable(output, asFolder: Files.isDirectory(output))
      guard !force, let found = try Self.what(output) else { continue }
      throw FileFailure(
        .exists, at: output, expected: "a name that nothing has; --force replaces what is there",
        found: found)
    }
  }

  /// What has a name, in words; `nil` if nothing has it, or an empty folder.
  private static func what(_ path: String) throws -> String? {
    guard Files.exists(path) || Files.isLink(path) else { return nil }
    guard Files.isDirectory(path) else {
      return try "a file of \(Files.stamp(of: path).size.of("byte"))"
    }
    let count = try Files.repairedNames(in: path).count
    return count == 0 ? nil : "a folder of \(count.of("name"))"
  }

  /// Refuses an output that is one of the inputs, however either is spelled, `--force` or not: what is
  /// written holds less than what was read.
  ///
  /// - Parameters:
  ///   - option: the one that named the output.
  ///   - files: what the command reads.
  ///   - tensors: inputs as in `file[:tensor]`.
  static func refuse(
    _ output: String?, _ option: String = "-o", files: [String?], tensors: [String?] = []
  ) throws {
    guard let output else { return }
    guard output != "-" else {
      throw ValidationError(
        "\(option) -: this output goes to a file; name one (./- for a file of that name)")
    }
    let inputs = files.compactMap(\.self) + tensors.compactMap(\.self).map(TensorSource.path(of:))
    guard let input = inputs.first(where: { Files.areSame($0, output) }) else { return }
    throw ValidationError(
      "\(option) \(output) would replace \(input), which this command reads; name another file")
  }
}
