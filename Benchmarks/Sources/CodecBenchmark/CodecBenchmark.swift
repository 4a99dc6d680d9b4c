import Concurrency
import FileAccess
import HDF5Storage
import HDF5Subset
import SpikeTensors
import TensorFiles

/// Codes tensors as layout `compact` does, in memory and on all cores, again and again.
///
///     codec-benchmark write  TENSORS.safetensors OUTPUT.h5     an HDF5 file with every tensor compressed
///     codec-benchmark encode TENSORS.safetensors REPETITIONS   seconds of coding every chunk
///     codec-benchmark decode FILE.h5 REPETITIONS               seconds of opening it and decoding every dataset
///
/// One line for each repetition. `codec.py` starts it, and the peers, in turn.
@main struct CodecBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments
    let (verb, path, last) = (arguments[1], arguments[2], arguments[3])
    switch verb {
    case "write": try write(path, to: last)
    case "encode": try encode(path, Int(last) ?? 1)
    default: try decode(path, Int(last) ?? 1)
    }
  }

  /// The tensors of a file, by name.
  private static func tensors(_ path: String) throws -> [(String, Tensor)] {
    let file = try SafetensorsFile(ByteRegion(try MappedFile(path: path)), at: path)
    return file.tensors.sorted { $0.key < $1.key }.filter { !$0.value.shape.isEmpty }
  }

  private static func write(_ path: String, to output: String) throws {
    let writer = try HDF5Writer(path: output)
    for (name, tensor) in try tensors(path) { try writer.writeCompressed(tensor, to: name) }
    try writer.close()
  }

  private static func encode(_ path: String, _ repetitions: Int) throws {
    let chunks = try tensors(path).flatMap { _, tensor in
      let codec = ChunkCodec(width: tensor.elementType.byteCount, shape: tensor.shape)
      return (0..<codec.count).map { (codec, $0, tensor.bytes) }
    }
    for _ in 0..<repetitions {
      try printSeconds {
        try chunks.concurrentMap { codec, chunk, bytes in
          try bytes.withBytes { try codec.encode(chunk, of: $0) }
        }.reduce(0) { $0 + $1.count }
      }
    }
  }

  private static func decode(_ path: String, _ repetitions: Int) throws {
    for _ in 0..<repetitions {
      try printSeconds {
        let file = try MappedFile(path: path)
        let datasets = try StrictHDF5Reader().content(of: file).datasets
        return try Array(datasets).concurrentMap { name, dataset in
          guard case .compressed(let chunks) = dataset.elements else { return [UInt8]() }
          return try ChunkCodec(width: dataset.type.byteCount, shape: dataset.shape)
            .decode(chunks.map { ByteRegion(file, in: $0) }, at: name)
        }.reduce(0) { $0 + $1.count }
      }
    }
  }

  /// Seconds, and the bytes that came out.
  private static func printSeconds(_ body: () throws -> Int) rethrows {
    let clock = ContinuousClock()
    let start = clock.now
    let bytes = try body()
    print((clock.now - start) / .seconds(1), bytes)
  }
}
