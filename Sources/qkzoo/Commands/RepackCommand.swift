import ArgumentParser
import CanonicalJSON
import CheckpointFormat
import Digests
import FileAccess

/// Storage changes, values do not.
struct RepackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repack",
    abstract: "Store a checkpoint's tensors another way; its identities stay.",
    discussion: """
      Layout mapped is raw and used in place; layout compact is compressed, and read by stock h5py \
      with hdf5plugin.

      EXAMPLES
        qkzoo repack model.qkz.h5 --layout compact -o small.qkz.h5
      """)

  @Argument(help: "A checkpoint, or an entry's name.")
  var input: String

  @Option(help: "mapped (raw) or compact (zstd).")
  var layout: CheckpointLayout

  @Option(name: [.short, .long], help: "Where to write; must end in .qkz.h5.")
  var output: String

  @OptionGroup var zoo: ZooOptions
  @OptionGroup var rule: OutputRule
  @OptionGroup var format: OutputOptions

  func validate() throws {
    try OutputRule.refuse(output, files: [])
    guard output.hasSuffix(".qkz.h5") else { throw ValidationError("-o must end in .qkz.h5") }
  }

  func run() throws {
    let path = try zoo.locate(input).path
    if !Files.areSame(path, output) { try rule.admit(output) }
    let file = try CheckpointFile.openVerified(path)
    // Before the output, which may replace it.
    let before = try Files.stamp(of: file.path).size
    let identity = try CheckpointWriter.write(
      try file.checkpoint(), to: output, layout: layout)
    let sizes = [before, try Files.stamp(of: output).size]
    var table = TextTable()
    table.add("from", "\(file.path), \(file.layout.rawValue), \(sizes[0].grouped) bytes")
    table.add("to", "\(output), \(layout.rawValue), \(sizes[1].grouped) bytes")
    table.add("model-id", identity.modelID.hex)
    format.print(
      Report(
        "repack",
        [
          "input": .string(file.path), "output": .string(output),
          "input_layout": .string(file.layout.rawValue), "layout": .string(layout.rawValue),
          "input_bytes": .integer(sizes[0]), "bytes": .integer(sizes[1]),
          "model_id": .string(identity.modelID.hex), "weights_id": .string(identity.weightsID.hex),
        ], text: table.text))
  }
}
