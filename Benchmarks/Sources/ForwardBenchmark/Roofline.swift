import CRoofline
import Concurrency

/// The machine's limits, measured on all threads at once.
struct Roofline: Encodable {
  /// Instruction set measured.
  let kernel: String
  let threads: Int
  /// Multiply-accumulates a second, all threads together; so all rates below.
  let fma: Double
  /// Bytes a second by sequential loads from 16 KiB and from 512 KiB.
  let l1Load: Double
  let l2Load: Double
  /// Rows of 128 bytes a second: what the loads of the first cache allow, in order from 16 KiB.
  var rowsAtL1Load: Double { l1Load / 128 }
  /// Rows a second in random order, by the planes of an input: tables of 16 groups take 32 KiB
  /// for each plane.
  let rows: [Int: Double]

  /// `nil` where neither AVX-512 nor AVX2 is there.
  static func measure(kernel: String?, threads: Int) -> Roofline? {
    let names = kernel.map { [$0] } ?? ["avx512", "avx2"]
    guard let limits = names.lazy.compactMap({ roofline_named($0)?.pointee }).first else {
      return nil
    }
    let pool = WorkerPool(threads: threads)
    let tables = (0..<threads).map { _ in Table() }
    func total(_ body: @escaping (Table) -> Double) -> Double {
      nonisolated(unsafe) var rates = [Double](repeating: 0, count: threads)
      rates.withUnsafeMutableBufferPointer { rates in
        nonisolated(unsafe) let rates = rates
        pool.onEveryThread { rates[$0] = body(tables[$0]) }
      }
      return rates.reduce(0, +)
    }
    return Roofline(
      kernel: String(cString: limits.name), threads: threads, fma: total { _ in limits.fma() },
      l1Load: total { limits.load($0.floats, 16 << 10) },
      l2Load: total { limits.load($0.floats, 512 << 10) },
      rows: Dictionary(
        uniqueKeysWithValues: [1, 2, 4].map { planes in
          (planes, total { limits.rows($0.floats, $0.entries(planes: planes), Table.count) })
        }))
  }

  /// Memory of one thread.
  private final class Table {
    static let count = 4096
    let floats: UnsafeMutablePointer<Float>
    private let order = UnsafeMutablePointer<UInt16>.allocate(capacity: Table.count)

    init() {
      let bytes = 512 << 10
      floats = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        .bindMemory(to: Float.self, capacity: bytes / 4)
      floats.update(repeating: 0, count: bytes / 4)
    }

    /// Random rows of the tables of some planes, in units of 8 bytes.
    func entries(planes: Int) -> UnsafePointer<UInt16> {
      var state: UInt32 = 1
      for index in 0..<Self.count {
        state = state &* 1_664_525 &+ 1_013_904_223
        order[index] = UInt16((Int(state >> 8) % (256 * planes)) * 16)
      }
      return UnsafePointer(order)
    }
  }
}
