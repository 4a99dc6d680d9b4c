import CFuzz
import FileAccess
import Glibc

// What libFuzzer calls. One program holds all targets; an environment variable chooses one.

/// The target that this process runs.
private let target: FuzzTarget = {
  let name = getenv("QKZOO_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    let names = FuzzTarget.all.map(\.name).joined(separator: " ")
    fatalError("QKZOO_FUZZ_TARGET must name one of: \(names)")
  }
  return target
}()

/// Starts the watch; with QKZOO_FUZZ_SEEDS, writes the target's own seeds into that folder and ends.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer
) -> CInt {
  if let folder = getenv("QKZOO_FUZZ_SEEDS").map({ String(cString: $0) }) {
    for (index, seed) in target.seeds().enumerated() {
      guard let file = fopen("\(folder)/made-\(index)", "w") else { exit(74) }
      fwrite(seed, 1, seed.count, file)
      fclose(file)
    }
    exit(0)
  }
  fuzz_watch()
  return 0
}

/// Runs the target once.
@_cdecl("LLVMFuzzerTestOneInput")
public func runOnce(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  fuzz_begin(
    2 * size + target.allocationLimit,
    target.totalFactor * size + target.totalLimit)
  defer { fuzz_end() }
  do {
    try target.run(bytes)
  } catch {
    // Refusing is an answer; saying why must not fail either.
    require(!"\(error)".isEmpty, "a failure has words")
  }
  return 0
}

/// Changes an input, and then mostly repairs the checksums and lengths that the change broke.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ limit: Int, _ seed: CUnsignedInt
) -> Int {
  let size = LLVMFuzzerMutate(data, size, limit)
  guard let repair = target.repair, seed % 16 != 0 else { return size }
  var bytes = Array(UnsafeBufferPointer(start: data, count: size))
  repair(&bytes, Int(seed / 16))
  guard bytes.count <= limit else { return size }
  for (index, byte) in bytes.enumerated() { data[index] = byte }
  return bytes.count
}

/// What a target holds to be always true.
func require(_ condition: Bool, _ words: @autoclosure () -> String) {
  if !condition { fatalError(words()) }
}
