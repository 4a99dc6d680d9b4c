/// One parser under test.
struct FuzzTarget: Sendable {
  /// The name by which scripts/fuzz knows it; its dictionary has the same.
  let name: String
  /// No single allocation is larger than twice the input and this many bytes.
  var allocationLimit = 1 << 16
  /// No more than this many times the input and `totalLimit` bytes are taken at one time.
  var totalFactor = 64
  /// See `totalFactor`.
  var totalLimit = 1 << 20
  /// Makes checksums and lengths right after a change; the number chooses between ways.
  var repair: (@Sendable (_ bytes: inout [UInt8], _ choice: Int) -> Void)?
  /// Inputs that no file of the repository holds.
  var seeds: @Sendable () -> [[UInt8]] = { [] }
  /// Parses an input; throws what the parser throws, and ends the process if a rule is broken.
  let run: @Sendable (_ bytes: [UInt8]) throws -> Void

  /// Every target.
  static let all: [FuzzTarget] = [
    json, manifest, safetensors, zip, pickle, torch, hdf5, zstd, numpy, pictures, events, tar, mat,
    idx, signature, key,
  ]
}
