import Diagnostics

/// What the environment says of parts.
struct ShardVariables {
  private let variable: (String) -> String?

  init(_ variable: @escaping (String) -> String?) { self.variable = variable }

  /// Ours: both, or the number of parts beside an array's index.
  func own() throws -> ShardDetection? {
    guard variable("QKZOO_SHARD") != nil else { return nil }
    return try pair("QKZOO_SHARD", "QKZOO_SHARDS")
  }

  /// The index may go in steps. Where it has other holes, as when some tasks run again, only
  /// `QKZOO_SHARDS` can tell how many there are; then the index counts from 0. All other variables
  /// are of one submission: an array that runs some tasks again counts these alone.
  func slurmArray() throws -> ShardDetection? {
    let name = "SLURM_ARRAY_TASK_ID"
    guard let id = try number(name) else { return nil }
    if let count = try number("QKZOO_SHARDS") {
      return try make(id, of: count, name, counter: "QKZOO_SHARDS")
    }
    guard let least = try number("SLURM_ARRAY_TASK_MIN"),
      let most = try number("SLURM_ARRAY_TASK_MAX"),
      let count = try number("SLURM_ARRAY_TASK_COUNT")
    else { throw missing(name, "SLURM_ARRAY_TASK_MIN, _MAX and _COUNT") }
    let even = count > 1 ? (most - least) / (count - 1) : 1
    let step = try count > 1 ? number("SLURM_ARRAY_TASK_STEP") ?? even : 1
    let array = ArrayIndices(first: least, last: most, step: step)
    guard array.count == count, array.isWhole, array.place(of: id) != nil else {
      throw EvaluationFailure(
        .shard, at: name,
        expected: "an array without holes, --shard, or QKZOO_SHARDS with indices from 0",
        found: "\(id) in \(count) tasks from \(least) to \(most)")
    }
    return try make(
      id, in: array, name, counter: "SLURM_ARRAY_TASK_COUNT", firstTasks: [0, 1])
  }

  /// Indices from SGE_TASK_FIRST in steps; "undefined" outside arrays.
  func gridEngine() throws -> ShardDetection? {
    let name = "SGE_TASK_ID"
    guard variable(name) != "undefined", let id = try number(name) else { return nil }
    guard let first = try number("SGE_TASK_FIRST"), let last = try number("SGE_TASK_LAST"),
      let step = try number("SGE_TASK_STEPSIZE")
    else { throw missing(name, "SGE_TASK_FIRST, _LAST and _STEPSIZE") }
    let array = ArrayIndices(first: first, last: last, step: step)
    guard array.place(of: id) != nil else {
      throw EvaluationFailure(
        .shard, at: name, expected: "SGE_TASK_FIRST to SGE_TASK_LAST in steps",
        found: "\(id) in \(first) to \(last) in steps of \(step)")
    }
    return try make(id, in: array, name, counter: "SGE_TASK_LAST", firstTasks: [1])
  }

  /// Indices from 1, perhaps in steps; 0 outside arrays. LSF tells the last index and the step but
  /// not the first one, so only `QKZOO_SHARDS` can tell how many there are, and an array that ends
  /// behind them does not begin at 1. One that ends before may be of tasks that run again.
  func lsfArray() throws -> ShardDetection? {
    let name = "LSB_JOBINDEX"
    guard let id = try number(name), id > 0 else { return nil }
    guard let count = try number("QKZOO_SHARDS") else { throw missing(name, "QKZOO_SHARDS") }
    let step = try number("LSB_JOBINDEX_STEP") ?? 1
    let end = try number("LSB_JOBINDEX_END") ?? id
    let array = ArrayIndices(first: 1, last: max(id, end), step: step)
    guard let index = array.place(of: id), let most = array.count, most <= count else {
      throw EvaluationFailure(
        .shard, at: name, expected: "indices from 1, in steps, for QKZOO_SHARDS, or --shard",
        found: "\(id) of an array to \(end) in steps of \(step), for \(count) shards")
    }
    return try make(index, of: count, name, counter: "QKZOO_SHARDS")
  }

  /// Arrays that count from 0, and those that do not say how many tasks they have.
  func otherArrays() throws -> ShardDetection? {
    if let found = try pair("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE") {
      return found
    }
    for name in ["JOB_COMPLETION_INDEX", "PBS_ARRAY_INDEX"] {
      guard let index = try number(name) else { continue }
      guard let count = try number("QKZOO_SHARDS") else { throw missing(name, "QKZOO_SHARDS") }
      return try make(index, of: count, name, counter: "QKZOO_SHARDS")
    }
    return nil
  }

  /// Ours, a number of parts that nothing before could use.
  func ownWithoutIndex() throws -> ShardDetection? {
    guard variable("QKZOO_SHARDS") != nil else { return nil }
    throw missing("QKZOO_SHARDS", "QKZOO_SHARD or the index of a job array")
  }

  func torchrun() throws -> ShardDetection? { try pair("RANK", "WORLD_SIZE") }

  /// Open MPI, MPICH and its relatives, MVAPICH2.
  func messagePassing() throws -> ShardDetection? {
    for family in ["OMPI_COMM_WORLD", "PMI", "MV2_COMM_WORLD"] {
      if let found = try pair("\(family)_RANK", "\(family)_SIZE") { return found }
    }
    return nil
  }

  /// A task of `srun`; a shell of `salloc` and the script of `sbatch` are none.
  func slurmStep() throws -> ShardDetection? {
    // The largest numbers stand for such shells and scripts.
    guard let step = try number("SLURM_STEP_ID"), step < 0xFFFF_FFF0 else { return nil }
    return try variable("SLURM_STEP_NUM_TASKS") == nil
      ? pair("SLURM_PROCID", "SLURM_NTASKS") : pair("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")
  }

  /// Two variables that only mean something together.
  func pair(_ index: String, _ count: String) throws -> ShardDetection? {
    switch (try number(index), try number(count)) {
    case (nil, nil): return nil
    case (let part?, let parts?): return try make(part, of: parts, index, counter: count)
    case (nil, _): throw missing(count, index)
    case (_, nil): throw missing(index, count)
    }
  }

  /// A task of an array. One task alone, or a first one that no array begins with, may be tasks of a
  /// larger array that run again.
  private func make(
    _ task: Int, in array: ArrayIndices, _ source: String, counter: String, firstTasks: [Int]
  ) throws -> ShardDetection {
    let (index, count) = (array.place(of: task) ?? -1, array.count ?? 0)
    let found = try make(index, of: count, source, counter: counter)
    let isWhole = count > 1 && (firstTasks + [array.step]).contains(array.first)
    return ShardDetection(
      found.shard, source: source, counter: counter, task: task, firstTasks: firstTasks,
      partialArray: isWhole ? nil : array.words)
  }

  private func make(
    _ index: Int, of count: Int, _ source: String, counter: String
  ) throws -> ShardDetection {
    guard let shard = Shard(index: index, count: count) else {
      throw EvaluationFailure(
        .shard, at: source, expected: "an index from 0 to below the number of parts",
        found: "\(index) of \(count)")
    }
    return ShardDetection(shard, source: source, counter: counter, task: index)
  }

  /// Indices, counts and steps; no system has more than 32 bits.
  private func number(_ name: String) throws -> Int? {
    guard let text = variable(name) else { return nil }
    guard let number = UInt32(text) else {
      throw EvaluationFailure(
        .shard, at: name, expected: "a whole number from 0 to \(UInt32.max)", found: text)
    }
    return Int(number)
  }

  private func missing(_ present: String, _ absent: String) -> EvaluationFailure {
    EvaluationFailure(
      .shard, at: present, expected: "\(absent) beside it, or --shard I/N", found: "nothing")
  }
}

/// Indices of an array's tasks, from the first to at most the last in steps.
private struct ArrayIndices {
  let first: Int
  let last: Int
  let step: Int

  /// How many there are; `nil` if none.
  var count: Int? { step > 0 && first <= last ? (last - first) / step + 1 : nil }

  /// As in `tasks 2 to 8 in steps of 2`.
  var words: String {
    count == 1
      ? "task \(first) alone"
      : "tasks \(first) to \(last)" + (step == 1 ? "" : " in steps of \(step)")
  }

  /// Whether the last index is one of them.
  var isWhole: Bool { place(of: last) != nil }

  /// Which of them an index is, from 0.
  func place(of index: Int) -> Int? {
    guard step > 0, (first...max(first, last)).contains(index),
      (index - first).isMultiple(of: step)
    else { return nil }
    return (index - first) / step
  }
}
