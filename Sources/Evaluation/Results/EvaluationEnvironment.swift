public import CanonicalJSON
import Diagnostics
import FileAccess

/// Where and when an evaluation ran; nothing of it changes a result.
///
/// Corresponds to `environment.json` in the folder of an evaluation.
public struct EvaluationEnvironment: Sendable, Equatable {
  /// One run of the command, from its start to its end.
  public struct Session: Sendable, Equatable {
    /// Name and version of the software.
    public let software: String
    /// The machine and how its processor was used, in words.
    public let machine: String
    /// When it began, in seconds since 1970.
    public let began: Int
    /// How long it ran.
    public let seconds: Double
    /// Samples that it ran.
    public let samples: Int

    /// Describes a run.
    public init(software: String, machine: String, began: Int, seconds: Double, samples: Int) {
      self.software = software
      self.machine = machine
      self.began = began
      self.seconds = seconds
      self.samples = samples
    }
  }

  /// The runs, first to last; a run that was killed has left none.
  public var sessions: [Session]

  /// Bundles runs.
  public init(sessions: [Session] = []) { self.sessions = sessions }

  /// Samples in each second of the runs that are known.
  public var rate: Double? {
    let seconds = sessions.reduce(0) { $0 + $1.seconds }
    let rate = sessions.reduce(0) { $0 + Double($1.samples) } / seconds
    return rate.isFinite ? rate : nil
  }

  /// The runs as JSON.
  public var json: JSON {
    [
      "schema": "qkzoo.evaluation-environment/1",
      "sessions": .array(
        sessions.map {
          [
            "software": .string($0.software), "machine": .string($0.machine),
            "began": .integer($0.began), "seconds": .number($0.seconds),
            "samples": .integer($0.samples),
          ]
        }),
    ]
  }

  /// Reads the file in an evaluation's folder; none if there is no file yet.
  ///
  /// - Throws: `EvaluationFailure`, `JSONFailure`, `FileFailure`.
  init(in folder: String) throws {
    let path = Files.join(folder, EvaluationFiles.environment)
    guard Files.exists(path) else {
      self.init()
      return
    }
    let json = try JSON(parsing: try Files.read(path, limit: 16 << 20), at: path)
    let sessions = json["sessions"]?.array ?? []
    self.init(sessions: sessions.compactMap(Session.init))
    guard self.json == json else { throw EvaluationFailure.header(path, "sessions") }
  }

  /// Writes the file in an evaluation's folder.
  func write(in folder: String) throws {
    try AtomicFile.replace(
      Files.join(folder, EvaluationFiles.environment), with: json.canonicalBytes + [0x0A])
  }
}

extension EvaluationEnvironment.Session {
  /// No run is longer.
  private static let mostSeconds = 1e12

  fileprivate init?(_ json: JSON) {
    guard let software = json["software"]?.string, let machine = json["machine"]?.string,
      let began = json["began"]?.int, let seconds = json["seconds"]?.double,
      (0...Self.mostSeconds).contains(seconds), let samples = json["samples"]?.int, samples >= 0
    else { return nil }
    self.init(
      software: software, machine: machine, began: began, seconds: seconds, samples: samples)
  }
}
