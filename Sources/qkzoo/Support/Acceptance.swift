import BlobCache
import CanonicalJSON
import CheckpointFormat
import Conversion
import Diagnostics
import Digests
import FileAccess
import ModelZoo

/// A file that was brought for an entry, judged and turned into a checkpoint in the cache.
struct Acceptance {
  let entry: ZooEntry
  let zoo: LocalZoo
  /// Which state dict, if a file has several.
  let weights: String?
  /// Whether the first copy is trusted where nothing is known that could recognise the weights.
  let trustsFirstUse: Bool
  /// Where the file is from, for errors.
  let place: String

  /// A model read from a file that may be any container.
  private enum Opened {
    case checkpoint(Checkpoint)
    case foreign(ModelAssembly)
  }

  /// Accepts a file as the entry's, converts it if need be, and remembers it.
  ///
  /// - Throws: `ZooFailure` if it is not the entry's, and what opening and converting throw.
  func accept(_ path: String, name: String) throws -> Witness {
    let digests = try FileDigests(ofFile: path)
    // By digest first: what is recognised so is parsed only after that.
    if let match = try match(digests, nil) {
      return try keep(path, name, digests, match, open(path, digests))
    }
    let opened = try open(path, digests)
    let weightsID = try weightsID(opened)
    if let match = try match(digests, weightsID) {
      return try keep(path, name, digests, match, opened)
    }
    guard !isRecognisable else { throw refusal(digests, weightsID) }
    guard trustsFirstUse else { throw unknown }
    return try keep(path, name, digests, nil, opened)
  }

  // MARK: - Judging

  private func match(_ digests: FileDigests, _ weightsID: Digest?) throws -> EntryMatch? {
    try zoo.match(entry, digests: digests, weightsID: weightsID)
  }

  /// Whether anything is known that a copy could match.
  private var isRecognisable: Bool {
    entry.isRecognisable || (try? zoo.witness(of: entry)) != nil
  }

  private func refusal(_ digests: FileDigests, _ weightsID: Digest) -> ZooFailure {
    ZooFailure(
      .digest, at: place, expected: "a copy of \(entry.name): \(entry.accepted)",
      found:
        "MD5 \(digests.md5?.hex ?? "unknown"), SHA-256 \(digests.sha256), weights-id \(weightsID)")
  }

  private var unknown: ZooFailure {
    ZooFailure(
      .unproven, at: place,
      expected: "a published digest of \(entry.name), or --trust-first-use to take this copy as it",
      found: "no digest of the weights is known")
  }

  // MARK: - Opening and converting

  private func open(_ path: String, _ digests: FileDigests) throws -> Opened {
    guard ModelFile.isCheckpoint(path) else {
      return .foreign(try ModelAssembly(path: path, weights: weights, digests: digests))
    }
    return .checkpoint(try CheckpointFile.openVerified(path).checkpoint())
  }

  private func weightsID(_ opened: Opened) throws -> Digest {
    switch opened {
    case .checkpoint(let checkpoint): try checkpoint.identity().weightsID
    case .foreign(let assembly): try assembly.tensors.weightsID()
    }
  }

  /// The model under the entry's configuration.
  private func model(_ opened: Opened, _ grounds: Witness.Grounds) throws -> Checkpoint {
    switch opened {
    case .checkpoint(let checkpoint):
      try entry.configuration.require(checkpoint, at: entry.name)
      return checkpoint
    case .foreign(let assembly):
      return try assembly.checkpoint(
        ConfigurationChoice(
          configuration: entry.configuration,
          source: "zoo entry \(entry.name) (\(grounds.rawValue))"),
        licences: { [entry] in entry.licencesJSON })
    }
  }

  /// Keeps the copy; without a match it is the first, which is trusted.
  private func keep(
    _ path: String, _ name: String, _ digests: FileDigests, _ match: EntryMatch?,
    _ opened: Opened
  ) throws -> Witness {
    let grounds = match?.grounds ?? .firstUse
    let checkpoint = try model(opened, grounds)
    let identity = try checkpoint.identity()
    try entry.requireModelID(identity.modelID, at: place)
    let blob =
      try present(identity.modelID) ?? stored(path, name, checkpoint, opened).record.sha256
    let role: ZooEntry.File.Role = if case .checkpoint = opened { .checkpoint } else { .upstream }
    // A copy that an earlier one vouches for rests on what that was accepted by.
    let witness =
      match?.witness?.with(checkpoint: blob)
      ?? Witness(
        of: entry,
        file: ZooEntry.File(
          role: role, name: name, size: digests.size, sha256: digests.sha256, md5: digests.md5),
        grounds: grounds, weightsID: identity.weightsID, modelID: identity.modelID,
        checkpoint: blob)
    try zoo.keep(witness)
    return witness
  }

  /// The checkpoint of the model that the entry's name leads to already: a second one would be of no
  /// use.
  private func present(_ modelID: Digest) throws -> Digest? {
    if entry.modelID == modelID, let file = entry.file(.checkpoint), let sha256 = file.sha256,
      (try? zoo.path(of: file, in: entry)) != nil
    {
      return sha256
    }
    guard let witness = try zoo.witness(of: entry), witness.modelID == modelID,
      let sha256 = witness.checkpoint, (try? zoo.cache.blob(sha256: sha256)) != nil
    else { return nil }
    return sha256
  }

  /// Puts the model into the cache: a checkpoint as it is, another container as one.
  private func stored(
    _ path: String, _ name: String, _ checkpoint: Checkpoint, _ opened: Opened
  ) throws -> CachedBlob {
    if case .checkpoint = opened {
      return try zoo.cache.keep(file: path, name: name, source: path)
    }
    return try zoo.cache.keep(name: "\(entry.name).qkz.h5", source: name) { temporary in
      _ = try CheckpointWriter.write(checkpoint, to: temporary, layout: .mapped)
    }
  }
}

extension ZooEntry {
  /// What a copy can be recognised by, in words.
  var accepted: String {
    let digests = files.compactMap { file in
      file.digestText.map { file.sha256 == nil ? "\($0) (\(file.name))" : $0 }
    }
    let all = digests + (weightsID.map { ["weights-id \($0)"] } ?? [])
    return all.joined(separator: " or ")
  }
}
