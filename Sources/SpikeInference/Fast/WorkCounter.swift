import SpikingModels

/// What one part of a fast forward pass did: convolutions that share an input, or what lies between
/// the convolutions of an attention.
public struct LayerWork: Sendable {
  /// Canonical paths of the units, or of the attention.
  public let paths: [String]
  /// Multiply-accumulates of a dense computation, for all samples and steps that are convolved.
  public let denseAccumulates: Int
  /// Table rows looked up and added, each of 32 outputs.
  public let lookups: Int
  /// Binary planes of the input; 0 where it is real, or no convolution.
  public let planes: Int
  /// Wall time of the lists.
  public let listing: Duration
  /// Wall time of everything, from the input's bits to the output's.
  public let total: Duration
}

/// Counts the work of a forward pass, part by part.
final class WorkCounter {
  private(set) var layers: [LayerWork] = []
  private var start = ContinuousClock.now
  private var listing = Duration.zero
  private var listed: ContinuousClock.Instant?
  private var lookups = 0

  /// A unit begins.
  func begin() {
    start = ContinuousClock.now
    (listing, lookups) = (.zero, 0)
  }

  /// A wave's lists begin.
  func beginLists() { listed = ContinuousClock.now }

  /// A wave's lists are made.
  func add(_ lists: WaveLists, _ geometry: ConvolutionGeometry, tiles: Int) {
    if let listed { listing += listed.duration(to: ContinuousClock.now) }
    // Taps at the border are left out in row lists and land in the padding in strip lists.
    lookups += lists.lookups * geometry.taps * tiles
  }

  /// Units are done.
  func end(_ units: [ConvolutionUnit], _ geometry: ConvolutionGeometry) {
    let positions = geometry.size.count * geometry.batch * geometry.steps
    end(
      units.map(\.path), units.reduce(0) { $0 + $1.accumulatesPerPosition } * positions,
      planes: geometry.planes)
  }

  /// An attention is done, on a stream of some shape.
  func end(_ attention: AttentionPlan, _ stream: PlaneMap) {
    end(
      [attention.path],
      attention.accumulates(tokens: stream.size.count) * stream.batch * stream.timeSteps)
  }

  private func end(_ paths: [String], _ accumulates: Int, planes: Int = 0) {
    layers.append(
      LayerWork(
        paths: paths, denseAccumulates: accumulates, lookups: lookups, planes: planes,
        listing: listing, total: start.duration(to: ContinuousClock.now)))
  }
}
