import Diagnostics

/// Which part of an evaluation a process is to do, as the system that started it says.
public struct ShardDetection: Sendable, Equatable {
  /// The part.
  public let shard: Shard
  /// What said so: an option or a variable.
  public let source: String

  /// Looks in this order: the option, `QKZOO_SHARD` of `QKZOO_SHARDS`, job arrays (Slurm, SGE, AWS
  /// Batch, Kubernetes, PBS, LSF), torchrun, MPI, srun; `nil` if nothing says anything.
  ///
  /// - Parameters:
  ///   - option: as in `3/8`, from 0.
  ///   - variable: the value of an environment variable, `nil` if unset or empty.
  /// - Throws: `EvaluationFailure` where one half is missing or the numbers do not fit.
  public static func find(
    option: String?, _ variable: @escaping (String) -> String?
  ) throws -> ShardDetection? {
    if let option { return try ofOption(option) }
    let environment = ShardVariables(variable)
    let questions = [
      environment.own, environment.slurmArray, environment.gridEngine, environment.otherArrays,
      environment.torchrun, environment.messagePassing, environment.slurmStep,
    ]
    for question in questions {
      if let found = try question() { return found }
    }
    return nil
  }

  private static func ofOption(_ text: String) throws -> ShardDetection {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1],
      let shard = Shard(index: index, count: count)
    else {
      throw EvaluationFailure(
        .shard, at: "--shard", expected: "I/N with 0 <= I < N", found: text)
    }
    return ShardDetection(shard: shard, source: "--shard")
  }
}

/// What the environment says of parts.
private struct ShardVariables {
  private let variable: (String) -> String?

  init(_ variable: @escaping (String) -> String?) { self.variable = variable }

  /// Ours: both, or the number of parts beside an array's index.
  func own() throws -> ShardDetection? {
    guard variable("QKZOO_SHARD") != nil else { return nil }
    return try pair("QKZOO_SHARD", "QKZOO_SHARDS")
  }

  /// The index may start anywhere and go in steps. Where it has other holes, as when some tasks run
  /// again, only `QKZOO_SHARDS` can tell how many there are; then the index counts from 0.
  func slurmArray() throws -> ShardDetection? {
    let name = "SLURM_ARRAY_TASK_ID"
    guard let id = try number(name) else { return nil }
    if let count = try number("QKZOO_SHARDS") { return try make(id, count, name) }
    guard let least = try number("SLURM_ARRAY_TASK_MIN"),
      let most = try number("SLURM_ARRAY_TASK_MAX"),
      let count = try number("SLURM_ARRAY_TASK_COUNT")
    else { throw missing(name, "SLURM_ARRAY_TASK_MIN, _MAX and _COUNT") }
    let even = count > 1 ? (most - least) / (count - 1) : 1
    let step = try count > 1 ? number("SLURM_ARRAY_TASK_STEP") ?? even : 1
    guard step > 0, least + step * (count - 1) == most, (id - least).isMultiple(of: step) else {
      throw EvaluationFailure(
        .shard, at: name,
        expected: "an array without holes, --shard, or QKZOO_SHARDS with indices from 0",
        found: "\(count) tasks from \(least) to \(most)")
    }
    return try make((id - least) / step, count, name)
  }

  /// Indices from SGE_TASK_FIRST in steps; "undefined" outside arrays.
  func gridEngine() throws -> ShardDetection? {
    let name = "SGE_TASK_ID"
    guard variable(name) != "undefined", let id = try number(name) else { return nil }
    guard let first = try number("SGE_TASK_FIRST"), let last = try number("SGE_TASK_LAST"),
      let step = try number("SGE_TASK_STEPSIZE"), step > 0
    else { throw missing(name, "SGE_TASK_FIRST, _LAST and _STEPSIZE") }
    return try make((id - first) / step, (last - first) / step + 1, name)
  }

  /// Arrays that count from 0, and those that do not say how many tasks they have.
  func otherArrays() throws -> ShardDetection? {
    if let found = try pair("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE") {
      return found
    }
    for name in ["JOB_COMPLETION_INDEX", "PBS_ARRAY_INDEX", "LSB_JOBINDEX"] {
      guard let index = try number(name) else { continue }
      // LSF has the variable in every job; outside arrays it is 0.
      if name == "LSB_JOBINDEX" && index == 0 { continue }
      guard let count = try number("QKZOO_SHARDS") else { throw missing(name, "QKZOO_SHARDS") }
      return try make(index, count, name)
    }
    return nil
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
    case (let part?, let parts?): return try make(part, parts, index)
    case (nil, _): throw missing(count, index)
    case (_, nil): throw missing(index, count)
    }
  }

  private func make(_ index: Int, _ count: Int, _ source: String) throws -> ShardDetection {
    guard let shard = Shard(index: index, count: count) else {
      throw EvaluationFailure(
        .shard, at: source, expected: "an index from 0 to below the number of parts",
        found: "\(index) of \(count)")
    }
    return ShardDetection(shard: shard, source: source)
  }

  private func number(_ name: String) throws -> Int? {
    guard let text = variable(name) else { return nil }
    guard let number = Int(text) else {
      throw EvaluationFailure(.shard, at: name, expected: "a whole number", found: text)
    }
    return number
  }

  private func missing(_ present: String, _ absent: String) -> EvaluationFailure {
    EvaluationFailure(
      .shard, at: present, expected: "\(absent) beside it, or --shard I/N", found: "nothing")
  }
}
