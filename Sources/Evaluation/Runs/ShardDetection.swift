import Diagnostics

/// Which part of an evaluation a process is to do, as the system that started it says.
public struct ShardDetection: Sendable, Equatable {
  /// The part.
  public let shard: Shard
  /// What said which part it is: an option or a variable.
  public let source: String
  /// What said how many parts there are.
  public let counter: String
  /// The number that `source` states; a task that is submitted again keeps it.
  public let task: Int
  /// The numbers that the first task of an array has in this system.
  public let firstTasks: [Int]
  /// The tasks of an array that may be some of a larger one, as in `tasks 2 to 3`; `nil` if it looks
  /// whole, or is no array.
  public let partialArray: String?

  init(
    _ shard: Shard, source: String, counter: String, task: Int, firstTasks: [Int] = [0],
    partialArray: String? = nil
  ) {
    self.shard = shard
    self.source = source
    self.counter = counter
    self.task = task
    self.firstTasks = firstTasks
    self.partialArray = partialArray
  }

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
      environment.own, environment.slurmArray, environment.gridEngine, environment.lsfArray,
      environment.otherArrays, environment.ownWithoutIndex, environment.torchrun,
      environment.messagePassing, environment.slurmStep,
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
    return ShardDetection(shard, source: "--shard", counter: "--shard", task: index)
  }
}
