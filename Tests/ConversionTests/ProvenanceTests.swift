import CanonicalJSON
import CheckpointFormat
import Conversion
import FileAccess
import SpikeTensors
import TensorFiles
import TestSupport
import Testing

/// What a checkpoint says of the file that it was made of.
@Suite struct ProvenanceTests {
  private func reimported(_ path: String) throws -> Checkpoint {
    let assembly = try ModelAssembly(path: path)
    return try assembly.checkpoint(try assembly.choose(explicit: nil, entries: []))
  }

  @Test func `the first file stays named through any number of conversions`() throws {
    let folder = try ScratchFolder()
    var checkpoint = try Golden("cifar-tiny").checkpoint
    let first = try #require(try checkpoint.provenance["source"])
    for (index, suffix) in [".pth", ".safetensors", ".pth"].enumerated() {
      let path = folder.file("\(index)\(suffix)")
      if suffix == ".pth" {
        try TorchExport.write(checkpoint, to: path)
      } else {
        try SafetensorsExport.write(checkpoint, to: path)
      }
      checkpoint = try reimported(path)
      let provenance = try checkpoint.provenance
      #expect(provenance["source"]?["name"]?.string == "\(index)\(suffix)")
      #expect(provenance["derived_from"]?["source"] == first)
      #expect(provenance["derived_from"]?["derived_from"] == nil)
    }
  }

  @Test(arguments: [#"{"licences":[1,2]}"#, #"{"licences":{"weights":1}}"#, "{}", "[]"])
  func `licences that a file carries are taken if they are texts`(_ former: String) throws {
    let folder = try ScratchFolder()
    let checkpoint = TinyModel.checkpoint()
    try SafetensorsExport.write(checkpoint, to: folder.file("x.safetensors"))
    let file = try SafetensorsFile(
      ByteRegion(try MappedFile(path: folder.file("x.safetensors"))), at: "x")
    var metadata = file.metadata
    metadata["qkzoo.provenance"] = former
    try SafetensorsWriter.write(
      file.tensors, metadata: metadata, to: folder.file("y.safetensors"))
    let found = try reimported(folder.file("y.safetensors")).provenance["licences"]
    #expect(found == ["code": "none stated", "weights": "none stated"])
  }
}
