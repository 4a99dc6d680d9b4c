import Diagnostics

/// The command that converts a file, for a message to tell: whatever the file is called, a shell takes
/// its name as a name.
struct ConversionCommand: Sendable {
  let path: String
  /// Which state dict was asked for.
  let weights: String?
  /// Options that say which zoo it is, whose entries the other options may name.
  let zoo: [String]

  /// A line to paste.
  ///
  /// - Parameter options: those that say what the configuration is.
  func line(_ options: [String], _ matching: TensorMatching) -> PrintedText {
    var words = ["qkzoo", "convert", ShellWord.path(path)] + (options + zoo).map(ShellWord.quoted)
    if let weights { words += ["--weights", ShellWord.quoted(weights)] }
    if matching != .name { words += ["--match", matching.rawValue] }
    return "  \((words + ["-o", "OUT.qkz.h5"]).joined(separator: " "))"
  }
}
