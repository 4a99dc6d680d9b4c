import Glibc
import Synchronization

/// Threads that stay, for work that comes in many short pieces.
///
/// A waiting thread looks for work for some microseconds before it sleeps, because the next piece
/// usually follows at once. Which thread does which item is open; what is computed must not depend
/// on it. One caller at a time.
public final class WorkerPool: Sendable {
  /// Threads that take part, the caller's included.
  public let threads: Int
  private let shared = SharedWork()
  private let helpers: [Thread]

  /// Starts `threads - 1` threads, or as many as the system allows; the caller's own takes part.
  public init(threads: Int) {
    let shared = shared
    var helpers: [Thread] = []
    while helpers.count < threads - 1 {
      let worker = helpers.count + 1
      guard let thread = Thread({ shared.serve(worker) }) else { break }
      helpers.append(thread)
    }
    self.helpers = helpers
    self.threads = helpers.count + 1
  }

  deinit {
    shared.stop()
    for thread in helpers { thread.join() }
  }

  /// Calls `body` with every item below `count` and the number of the worker that does it;
  /// returns when all are done.
  public func perform(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    guard threads > 1, count > 1 else {
      for item in 0..<count { body(item, 0) }
      return
    }
    shared.perform(count, helpers: threads - 1, body)
  }

  /// Calls `body` once on every thread of the pool.
  public func onEveryThread(_ body: (_ worker: Int) -> Void) {
    guard threads > 1 else { return body(0) }
    // An item waits until all others are taken, so that no thread takes two.
    let taken = Atomic(0)
    shared.perform(threads, helpers: threads - 1) { _, worker in
      taken.add(1, ordering: .sequentiallyConsistent)
      while taken.load(ordering: .sequentiallyConsistent) < threads { sched_yield() }
      body(worker)
    }
  }
}

/// What the threads of a pool see of each other.
private final class SharedWork: Sendable {
  /// Counts the pieces of work; a change is the signal to start.
  private let generation = Atomic(0)
  private let next = Atomic(0)
  private let count = Atomic(0)
  /// Helpers that have not finished the current piece.
  private let busy = Atomic(0)
  private let stopped = Atomic(false)
  private let sleepers = Atomic(0)
  /// The current piece; lives on the caller's stack until all helpers have finished.
  private let body = Atomic<UInt>(0)
  private let bell = Bell()

  typealias Body = (Int, Int) -> Void

  func perform(_ count: Int, helpers: Int, _ body: Body) {
    withoutActuallyEscaping(body) { escaping in
      var piece = escaping
      unsafe withUnsafePointer(to: &piece) { pointer in
        self.body.store(UInt(bitPattern: pointer), ordering: .relaxed)
        self.count.store(count, ordering: .relaxed)
        next.store(0, ordering: .relaxed)
        busy.store(helpers, ordering: .relaxed)
        generation.add(1, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { bell.ring() }
        work(worker: 0, escaping)
        var turns = 0
        while busy.load(ordering: .acquiring) > 0 {
          turns += 1
          if turns > Self.patience { sched_yield() } else { pause() }
        }
      }
    }
  }

  /// Looks this often before sleeping or yielding: some tens of microseconds.
  private static let patience = 4000

  func serve(_ worker: Int) {
    var seen = 0
    while true {
      seen = nextGeneration(after: seen)
      if stopped.load(ordering: .acquiring) { return }
      // SAFETY: `perform` keeps the closure in place until `busy` has come down to 0.
      if let pointer = unsafe UnsafePointer<Body>(bitPattern: body.load(ordering: .relaxed)) {
        work(worker: worker, unsafe pointer.pointee)
      }
      busy.subtract(1, ordering: .releasing)
    }
  }

  private func work(worker: Int, _ body: Body) {
    let count = count.load(ordering: .relaxed)
    while true {
      let item = next.add(1, ordering: .relaxed).oldValue
      guard item < count else { return }
      body(item, worker)
    }
  }

  private func nextGeneration(after seen: Int) -> Int {
    for _ in 0..<Self.patience {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
      pause()
    }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    return bell.wait {
      let now = generation.load(ordering: .sequentiallyConsistent)
      return now == seen ? nil : now
    }
  }

  func stop() {
    stopped.store(true, ordering: .sequentiallyConsistent)
    generation.add(1, ordering: .sequentiallyConsistent)
    bell.ring()
  }

  private func pause() { _ = stopped.load(ordering: .relaxed) }
}

/// A mutex and a condition to sleep on.
@safe
private final class Bell: @unchecked Sendable {
  // SAFETY: both live as long as the object, at a fixed address, and only pthread touches them.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  func ring() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Sleeps until `ready` gives a value; it is asked again after every ring.
  func wait(_ ready: () -> Int?) -> Int {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let value = ready() { return value }
      unsafe pthread_cond_wait(condition, mutex)
    }
  }
}
