import CSpikeKernels
import Concurrency
import SpikingModels

/// The lookups of a wave of strips, for every segment and block of channels.
@safe
struct WaveLists {
  let geometry: ConvolutionGeometry
  let strips: Range<Int>
  // SAFETY: as many bytes as `segmentsPerWave` segments need; each list is written by one worker.
  private let memory: UnsafeMutableRawPointer

  init(
    _ geometry: ConvolutionGeometry, strips: Range<Int>, memory: UnsafeMutableRawPointer
  ) {
    self.geometry = geometry
    self.strips = strips
    unsafe self.memory = memory
  }

  private var blocks: Int { geometry.blocks }
  private var firstImage: Int { geometry.strip(strips.lowerBound).images.lowerBound }
  private var segments: Int {
    guard geometry.listsRows else { return strips.count }
    let images = geometry.strip(strips.upperBound - 1).images.upperBound - firstImage
    return images * geometry.size.height
  }

  /// The segment of a row, where lists are made for rows.
  func segment(image: Int, row: Int) -> Int { (image - firstImage) * geometry.size.height + row }
  /// The segment of a strip, where lists are made for strips.
  func segment(strip: Int) -> Int { strip - strips.lowerBound }

  /// The list of a segment in a block.
  func withList(
    _ segment: Int, _ block: Int, _ body: (UnsafePointer<qkz_lookups>) -> Void
  ) {
    var lookups = unsafe list(segment, block).lookups
    unsafe withUnsafePointer(to: &lookups) { unsafe body($0) }
  }

  private func list(_ segment: Int, _ block: Int) -> LookupList {
    let bytes = LookupList.bytes(
      positions: geometry.segmentPositions, planes: geometry.planes)
    return unsafe LookupList(
      memory + (segment * blocks + block) * bytes, positions: geometry.segmentPositions,
      planes: geometry.planes)
  }

  /// The channels of a block that are set anywhere in the wave, one word for each plane.
  func channels(_ block: Int) -> UnsafePointer<UInt64> {
    unsafe UnsafePointer(list(0, block).lookups.channels)
  }

  /// Rows that one tap and tile looks up.
  var lookups: Int {
    var sum = 0
    for segment in 0..<segments {
      for block in 0..<blocks {
        unsafe withList(segment, block) { list in
          guard var run = unsafe list.pointee.runs else { return }
          while unsafe run.pointee.positions > 0 {
            sum += unsafe Int(run.pointee.positions) * Int(run.pointee.lookups)
            unsafe run += 1
          }
        }
      }
    }
    return sum
  }

  /// Makes all lists.
  func make(_ input: PlaneMap, _ engine: EngineParts) {
    let blocks = blocks
    engine.pool.perform(segments * blocks) { item, worker in
      let (segment, block) = (item / blocks, item % blocks)
      let channel = geometry.channel(block: block)
      var positions = self.positions(segment, input)
      let words =
        unsafe input.words + self.origin(segment, input)
        + channel / KernelShape.wordChannels
      unsafe withList(segment, block) { list in
        unsafe engine.kernels.table.list(
          words, input.planeCount, geometry.planes, channel % KernelShape.wordChannels,
          geometry.groups(block: block), &positions, engine.scratch[worker].counts, list)
      }
    }
    // One table serves every segment of the wave.
    for block in 0..<blocks {
      let union = unsafe list(0, block).lookups.channels
      for segment in 1..<max(segments, 1) {
        let other = unsafe list(segment, block).lookups.channels
        for plane in 0..<geometry.planes {
          unsafe union?[plane] |= unsafe other?[plane] ?? 0
        }
      }
    }
  }

  /// The word of a segment's first position.
  private func origin(_ segment: Int, _ input: PlaneMap) -> Int {
    let (image, row) = first(segment)
    let token = row * geometry.stride * input.size.width
    return input.position(image, token, 0) * input.stride
  }

  private func first(_ segment: Int) -> (image: Int, row: Int) {
    if geometry.listsRows {
      return (firstImage + segment / geometry.size.height, segment % geometry.size.height)
    }
    let strip = geometry.strip(strips.lowerBound + segment)
    return (strip.images.lowerBound, strip.convolved.lowerBound)
  }

  /// Where a segment's positions are read, and which slots they would have as outputs.
  private func positions(_ segment: Int, _ input: PlaneMap) -> qkz_positions {
    let step = input.stride
    let pixel = step * input.timeSteps * geometry.stride
    let row = pixel * input.size.width
    let image = step * input.timeSteps * input.size.count
    var images = 1
    var rows = 1
    var imageSlots = 0
    var corner = 0
    if !geometry.listsRows {
      let strip = geometry.strip(strips.lowerBound + segment)
      images = strip.images.count
      rows = strip.convolved.count
      imageSlots = geometry.imageSlots(strip)
      corner = geometry.slot(strip, image: 0, row: strip.convolved.lowerBound, column: 0)
    }
    return qkz_positions(
      extent: (images, rows, geometry.size.width, geometry.steps),
      source: (image, row, pixel, step),
      slot: (imageSlots, geometry.rowSlots, geometry.columnSlots, 1), first: corner)
  }
}
