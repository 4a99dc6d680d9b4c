import CheckpointFormat
public import Datasets
import Diagnostics
public import Digests
import FileAccess
public import SpikeInference
import SpikeTensors
import SpikingModels

/// Evaluates a model over its part of a dataset, batch by batch, into a folder.
public struct EvaluationRun: Sendable {
  /// How far a run is.
  public struct Progress: Sendable {
    /// Samples that are done, those of earlier runs included.
    public let done: Int
    /// Samples of this part.
    public let total: Int
    /// Samples that this run did.
    public let own: Int
    /// Seconds since this run began to compute.
    public let seconds: Double
    /// Right answers so far.
    public let correct: Int

    /// Samples in each second of this run.
    public var rate: Double { seconds > 0 ? Double(own) / seconds : 0 }
  }

  /// What is evaluated.
  public let header: EvaluationHeader
  /// Which samples form which batch, of all shards.
  public let plan: BatchPlan
  private let loader: SampleLoader

  /// Prepares an evaluation.
  ///
  /// - Parameters:
  ///   - model: what is run, with its identities.
  ///   - file: the SHA-256 of the file that holds the samples, if one does.
  ///   - classes: the classes by index, where folders name them.
  /// - Throws: `EvaluationFailure` if a label is no class of the model, or the shard is empty.
  public init(
    _ rules: EvaluationProtocol, model: EvaluationHeader.Model, _ loader: SampleLoader,
    file: Digest?, classes: [String] = [], limit: Int? = nil, shard: Shard = .whole
  ) throws {
    let samples = loader.dataset.samples
    if let wrong = samples.first(where: { !(0..<model.configuration.classes).contains($0.label) }) {
      throw EvaluationFailure(
        .fit, at: wrong.name, expected: "a label below \(model.configuration.classes)",
        found: "\(wrong.label)")
    }
    plan = BatchPlan(labels: samples.map(\.label), rules: rules, limit: limit)
    guard plan.batches.count >= shard.count else {
      throw EvaluationFailure(
        .shard, at: rules.recordedDataset,
        expected: "at most as many shards as batches, \(plan.batches.count)",
        found: "\(shard.count)")
    }
    self.loader = loader.inputs(of: model.configuration.graph, size: rules.size)
    header = EvaluationHeader(
      rules: rules, model: model,
      data: .init(
        count: samples.count, samples: loader.dataset.digest, file: file, classes: classes),
      part: .init(
        shard: shard, limit: limit, batches: plan.batches.count, samples: plan.samples),
      notes: loader.dataset.notes)
  }

  /// Runs what is not done yet.
  ///
  /// - Parameters:
  ///   - folder: is made, or holds the beginning of the same evaluation.
  ///   - machine: in words, for `environment.json`.
  ///   - isStopped: asked after each batch; if it says so, what is done stays.
  /// - Throws: `EvaluationFailure`, `.interrupted` if stopped; `InferenceFailure`, what reading
  ///   samples throws, `FileFailure`.
  public func run(
    _ engine: some ForwardPass, into folder: String, machine: String,
    isStopped: () -> Bool = { false }, progress: (Progress) -> Void = { _ in }
  ) throws -> EvaluationResult {
    let output = try EvaluationFolder(
      folder, for: header, planned: PlannedSamples(plan, loader.dataset.samples))
    var session = Session(output.done, header.part, plan)
    let began = WallClock.seconds
    defer { try? note(session, began, machine, in: folder) }
    let lists = ActivityLists(header)
    let rest = Array(plan.batches[session.next..<header.part.ownBatches.upperBound])
    try stoppable(session, isStopped, folder)
    try loader.forEachBatch(rest, includingEmpty: true) { batch in
      let (evaluated, tally) = try evaluate(batch, engine)
      let line = EvaluatedBatch(
        session.next, tally, evaluated,
        excluded: batch.excluded.map(EvaluatedBatch.Exclusion.init), lists: lists)
      try output.append(line, evaluated)
      session.add(evaluated)
      progress(session.progress)
      if !session.isDone { try stoppable(session, isStopped, folder) }
    }
    try note(session, began, machine, in: folder)
    session.isNoted = true
    return try EvaluationResult(folder: folder)
  }

  private func stoppable(_ session: Session, _ isStopped: () -> Bool, _ folder: String) throws {
    guard isStopped() else { return }
    throw EvaluationFailure(
      .interrupted, at: folder,
      expected: "\(session.progress.total) samples; the same command goes on from here",
      found: "\(session.progress.done) when a signal came")
  }

  private func evaluate(
    _ batch: SampleLoader.Batch, _ engine: some ForwardPass
  ) throws -> ([EvaluatedSample], ActivityTally) {
    guard !batch.indices.isEmpty else { return ([], ActivityTally()) }
    let input = try InputBatch(
      batch.input, for: engine.graph, name: loader.dataset.name)
    let units = try engine.run(
      input, batchSize: input.batch, observer: { _ in ActivityTally() })
    let tally = ActivityTally.total(units.map(\.observer))
    let logits = units.flatMap(\.logits)
    let inputs = batch.input.sampleDigests()
    let evaluated = batch.indices.enumerated().map { position, index in
      let sample = loader.dataset.samples[index]
      let scores = logits[position]
      return EvaluatedSample(
        index: index, file: sample.name, label: sample.label,
        top5: Classification.best(5, of: scores).map(\.label),
        loss: SoftmaxLoss.loss(scores, label: sample.label),
        logits: SHA256.digest(of: Tensor([scores.count], scores).bytes), input: inputs[position],
        spikes: tally.perSample[position])
    }
    return (evaluated, tally)
  }

  private func note(
    _ session: Session, _ began: Int, _ machine: String, in folder: String
  ) throws {
    guard !session.isNoted, session.own > 0 else { return }
    var environment = try EvaluationEnvironment(in: folder)
    environment.sessions.append(
      .init(
        software: "qkzoo \(FormatVersion.software)", machine: machine, began: began,
        seconds: session.progress.seconds, samples: session.own))
    try environment.write(in: folder)
  }
}

/// What one run of the command has done.
private struct Session {
  /// The number of the next batch.
  var next: Int
  var own = 0
  var isNoted = false
  private var done: EvaluationFolder.Done
  private let end: Int
  private let total: Int
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  init(_ done: EvaluationFolder.Done, _ part: EvaluationHeader.Part, _ plan: BatchPlan) {
    self.done = done
    next = part.ownBatches.lowerBound + done.batches
    end = part.ownBatches.upperBound
    total = plan.batches[part.ownBatches].reduce(0) { $0 + $1.count }
    start = clock.now
  }

  var isDone: Bool { next == end }

  mutating func add(_ samples: [EvaluatedSample]) {
    next += 1
    own += samples.count
    done.samples += samples.count
    done.correct += samples.count { $0.isCorrect }
  }

  var progress: EvaluationRun.Progress {
    let elapsed = start.duration(to: clock.now).components
    return .init(
      done: done.samples, total: total, own: own,
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18,
      correct: done.correct)
  }
}

extension EvaluatedBatch.Exclusion {
  /// A sample that the loader left out; the reason names no place, which differs by machine.
  fileprivate init(_ exclusion: SampleLoader.Exclusion) {
    let failure = exclusion.failure
    self.init(
      index: exclusion.index, file: exclusion.name,
      reason: "\(failure.name): expected \(failure.expected), found \(failure.found)")
  }
}
