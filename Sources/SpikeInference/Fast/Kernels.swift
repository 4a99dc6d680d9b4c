import CSpikeKernels
import Diagnostics

/// The inner loops for one instruction set; one that this processor cannot run cannot be made.
@safe
public struct SpikeKernels: Sendable, CustomStringConvertible {
  // SAFETY: points at a constant of the C module, which is never freed and never written.
  nonisolated(unsafe) let table: qkz_kernels
  /// `scalar`, `avx2`, `avx512` or `neon`.
  public let name: String

  /// The kernels of a name; `nil` where this processor or this build lacks them.
  public init?(named name: String) {
    guard let table = unsafe qkz_kernels_named(name) else { return nil }
    unsafe self.table = unsafe table.pointee
    self.name = name
  }

  /// Every name there is, fastest first, whether it can run here or not.
  public static let names = ["avx512", "avx2", "neon", "scalar"]

  /// All that this processor can run, fastest first.
  public static var available: [SpikeKernels] { names.compactMap(SpikeKernels.init(named:)) }

  /// What an engine uses: the fastest, or the one that `QKZOO_KERNEL` names.
  ///
  /// - Throws: `InferenceFailure` if the named one does not exist or cannot run here.
  public static func chosen(forced name: String?) throws -> SpikeKernels {
    guard let name else { return available[0] }
    guard let kernels = SpikeKernels(named: name) else {
      throw InferenceFailure(
        .kernel, at: "QKZOO_KERNEL",
        expected: "one of " + available.map(\.name).joined(separator: ", "), found: name)
    }
    return kernels
  }

  /// The name.
  public var description: String { name }

  /// The processors that this process may use.
  public static var processors: Int { Int(qkz_processors()) }
}

/// Sizes that the kernels fix.
enum KernelShape {
  /// Output channels of a tile.
  static let tile = Int(qkz_tile)
  /// Channels of a word.
  static let wordChannels = 64
  /// Input channels of a group.
  static let groupChannels = 4
  /// The most groups of a block.
  static let groups = Int(qkz_groups)
  /// Floats of one block's tables, for one plane.
  static let tableCount = groups * Int(qkz_patterns) * tile
  /// The most planes of an input.
  static let planes = Int(qkz_planes)
  /// The most lookups of a position in a block.
  static let mostLookups = Int(qkz_most_lookups)
  /// Entries that a run may write too far.
  static let spareEntries = Int(qkz_spare)

  /// Tiles that hold some output channels.
  static func tiles(_ channels: Int) -> Int { (channels + tile - 1) / tile }
  /// Words that hold some channels.
  static func words(_ channels: Int) -> Int { (channels + wordChannels - 1) / wordChannels }
  /// Groups that hold some input channels.
  static func groups(_ channels: Int) -> Int { (channels + groupChannels - 1) / groupChannels }
}
