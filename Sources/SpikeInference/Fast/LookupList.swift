import CSpikeKernels

/// The lookups of one segment in one block of channels, in the workspace.
@safe
struct LookupList {
  // SAFETY: the parts of one range of the arena, as large as `bytes` says.
  nonisolated(unsafe) var lookups: qkz_lookups

  init(_ start: UnsafeMutableRawPointer, positions: Int, planes: Int) {
    let sizes = Self.sizes(positions: positions, planes: planes)
    let runs = unsafe start.bindMemory(to: qkz_run.self, capacity: KernelShape.mostLookups + 1)
    let slots = unsafe (start + sizes.runs).bindMemory(to: UInt32.self, capacity: positions)
    let entries = unsafe (start + sizes.runs + sizes.slots).bindMemory(
      to: UInt16.self, capacity: sizes.entries / 2)
    let channels = unsafe (start + sizes.runs + sizes.slots + sizes.entries).bindMemory(
      to: UInt64.self, capacity: KernelShape.planes)
    unsafe lookups = qkz_lookups(runs: runs, slots: slots, entries: entries, channels: channels)
  }

  /// Bytes of the list of a segment.
  static func bytes(positions: Int, planes: Int) -> Int {
    let sizes = sizes(positions: positions, planes: planes)
    return sizes.runs + sizes.slots + sizes.entries
      + Arena.bytes(UInt64.self, KernelShape.planes)
  }

  private static func sizes(
    positions: Int, planes: Int
  ) -> (runs: Int, slots: Int, entries: Int) {
    (
      Arena.bytes(qkz_run.self, KernelShape.mostLookups + 1),
      Arena.bytes(UInt32.self, positions),
      Arena.bytes(
        UInt16.self,
        positions * KernelShape.groups * planes
          + (KernelShape.mostLookups + 1) * KernelShape.spareEntries)
    )
  }
}
