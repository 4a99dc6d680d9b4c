import FileAccess
import SpikeTensors

/// Logits of many samples in a file that has no name and goes with this value.
final class LogitStore {
  private let file: RandomAccessFile
  private let classes: Int

  init(in folder: String, classes: Int) throws {
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    let path = Files.join(folder, "qkzoo-logits.\(suffix)")
    file = try RandomAccessFile(creating: path)
    Files.remove(path)
    self.classes = classes
  }

  private var width: Int { 4 * classes }

  func keep(_ logits: [Float], of index: Int) throws {
    try Tensor([classes], logits).bytes.withBytes { try file.write($0, at: index * width) }
  }

  func logits(of index: Int) throws -> [Float] {
    var bytes = [UInt8](repeating: 0, count: width)
    _ = try file.read(index * width..<(index + 1) * width, through: &bytes) { _ in }
    return try Tensor(.f32, [classes], ByteRegion(bytes), name: "logits").floats(name: "logits")
  }
}
