import QKFormerModel

/// What one convolution of a fast forward pass did.
public struct LayerWork: Sendable {
  /// Canonical paths of the units that share an input.
  public let paths: [String]
  /// Multiply-accumulates of a dense computation, for all samples and steps that are convolved.
  public let denseAccumulates: Int
  /// Tables rows looked up and added, each of 32 outputs.
  public let lookups: Int
  /// Wall time of the lists.
  public let listing: Duration
  /// Wall time of everything, from the input's bits to the output's.
  public let total: Duration
}

/// Counts the work of a forward pass, layer by layer.
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

  /// A unit is done.
  func end(_ units: [ConvolutionUnit], _ geometry: ConvolutionGeometry) {
    let positions = geometry.size.count * geometry.batch * geometry.steps
    layers.append(
      LayerWork(
        paths: units.map(\.path),
        denseAccumulates: units.reduce(0) { $0 + $1.accumulatesPerPosition } * positions,
        lookups: lookups, listing: listing, total: start.duration(to: ContinuousClock.now)))
  }
}
