import SpikingModels

/// How one convolution is cut into pieces of work for an input of some shape.
///
/// A strip is a rectangle of images and output rows; its accumulators, for one tile of 32 output
/// channels, stay in a core's cache. They stand as `[image][row][column][step]` with one row and
/// one column of padding between, which catch what a 3x3 kernel adds outside the image.
struct ConvolutionGeometry {
  /// Rows and columns of the kernel. A row of three taps over few channels is read as one tap over
  /// three times as many, so that the accumulators are visited less often.
  let kernelRows: Int
  let kernelColumns: Int
  let stride: Int
  let pools: Bool
  /// Channels of the input, of three pixels where it is widened.
  let inChannels: Int
  let batch: Int
  /// Steps that are convolved: one where the first unit sees the same image at each step.
  let steps: Int
  let inputSize: SpatialSize
  /// After the convolution.
  let size: SpatialSize
  /// After the pooling.
  let outputSize: SpatialSize
  /// Planes of the input; 0 where it is real.
  let planes: Int
  let imagesPerStrip: Int
  /// Output rows.
  let rowsPerStrip: Int

  /// Slots of a strip that fit a core's second cache beside the rest: 400 kB.
  private static let stripPositions = 3072
  /// Pooled rows of a strip, at least: neighbouring strips compute one row twice.
  private static let pooledRows = 4
  /// The most channels of an input that is widened.
  private static let widenedChannels = 32
  /// Lists of one wave; the first strip is always taken.
  private static let waveBytes = 4 << 20

  /// - Parameters:
  ///   - unit: one of the units that share the input.
  ///   - units: how many they are.
  ///   - isChained: whether the samples share the neurons' states, so that a strip must hold all
  ///     of them.
  init(
    _ unit: ConvolutionUnit, units: Int = 1, batch: Int, steps: Int, inputSize: SpatialSize,
    planes: Int, isChained: Bool, threads: Int
  ) {
    precondition(
      unit.kernel == 1 || (unit.kernel == 3 && (unit.stride == 1 || planes == 0)),
      "a kernel that no QKFormer has")
    let widens =
      unit.kernel == 3 && planes > 0 && unit.inChannels <= Self.widenedChannels
      && unit.inChannels % KernelShape.groupChannels == 0
    kernelRows = unit.kernel
    kernelColumns = widens ? 1 : unit.kernel
    stride = unit.stride
    pools = unit.pools
    inChannels = widens ? unit.inChannels * 3 : unit.inChannels
    self.batch = batch
    self.steps = steps
    self.inputSize = inputSize
    self.planes = planes
    size = unit.convolvedSize(inputSize)
    outputSize = unit.outputSize(inputSize)
    let row = size.width * steps * (unit.pools ? 2 : 1)
    let height = outputSize.height
    var images = isChained ? batch : 1
    var rows = height
    if !isChained, row * height <= Self.stripPositions * 4 / 3 {
      images = min(batch, max(1, Self.stripPositions / (row * height)))
    } else {
      rows = min(height, max(pools ? Self.pooledRows : 1, Self.stripPositions / (row * images)))
    }
    let tiles = KernelShape.tiles(unit.outChannels) * units
    func strips() -> Int { (batch + images - 1) / images * ((height + rows - 1) / rows) }
    while strips() * tiles < 2 * threads, images * rows * row > 512 {
      if images > 1, !isChained {
        images = (images + 1) / 2
      } else if rows > 1 {
        rows = (rows + 1) / 2
      } else {
        break
      }
    }
    imagesPerStrip = images
    // The same number of strips, but evenly filled.
    let rowStrips = (height + rows - 1) / rows
    rowsPerStrip = (height + rowStrips - 1) / rowStrips
  }

  // MARK: Strips

  struct Strip {
    let images: Range<Int>
    /// Output rows.
    let rows: Range<Int>
    /// Rows of the convolution that they need.
    let convolved: Range<Int>
  }

  private var imageStrips: Int { (batch + imagesPerStrip - 1) / imagesPerStrip }
  private var rowStrips: Int { (outputSize.height + rowsPerStrip - 1) / rowsPerStrip }
  var strips: Int { imageStrips * rowStrips }

  func strip(_ index: Int) -> Strip {
    let image = index / rowStrips * imagesPerStrip
    let row = index % rowStrips * rowsPerStrip
    let rows = row..<min(row + rowsPerStrip, outputSize.height)
    let convolved =
      pools
      ? max(0, rows.lowerBound * 2 - 1)..<min(size.height, rows.upperBound * 2) : rows
    return Strip(
      images: image..<min(image + imagesPerStrip, batch), rows: rows, convolved: convolved)
  }

  // MARK: Slots

  var widens: Bool { kernelColumns < kernelRows }
  var taps: Int { kernelRows * kernelColumns }
  /// Rows of padding, on each side.
  var rowPadding: Int { kernelRows / 2 }
  /// Columns of padding, on each side.
  var columnPadding: Int { kernelColumns / 2 }
  /// Slots from one column to the next, from one row to the next, from one image to the next.
  var columnSlots: Int { steps }
  var rowSlots: Int { (size.width + columnPadding) * steps }
  func imageSlots(_ strip: Strip) -> Int { (strip.convolved.count + rowPadding) * rowSlots }

  /// The slot of the first step of a position of the convolution.
  func slot(_ strip: Strip, image: Int, row: Int, column: Int) -> Int {
    image * imageSlots(strip) + (row - strip.convolved.lowerBound + rowPadding) * rowSlots
      + (column + columnPadding) * columnSlots
  }

  func slots(_ strip: Strip) -> Int {
    strip.images.count * imageSlots(strip) + rowPadding * rowSlots + columnPadding * columnSlots
  }

  /// Slots of the largest strip.
  var mostSlots: Int {
    let rows = min(size.height, pools ? rowsPerStrip * 2 + 1 : rowsPerStrip)
    return imagesPerStrip * (rows + rowPadding) * rowSlots + rowPadding * rowSlots
      + columnPadding * columnSlots
  }

  // MARK: Blocks

  /// Groups of a block. The tables of all planes share the first cache, so that blocks are smaller
  /// where there are several.
  var blockGroups: Int { KernelShape.groups }
  private var groups: Int { KernelShape.groups(inChannels) }
  var blocks: Int { (groups + blockGroups - 1) / blockGroups }

  /// Groups of one block.
  func groups(block: Int) -> Int { min(blockGroups, groups - block * blockGroups) }
  /// The first input channel of a block.
  func channel(block: Int) -> Int { block * blockGroups * KernelShape.groupChannels }

  // MARK: Segments

  /// Whether lists are made for single rows, which neighbouring strips share; else for strips.
  var listsRows: Bool { kernelRows > 1 && rowsPerStrip < outputSize.height }

  /// Positions of the largest segment.
  var segmentPositions: Int {
    let rows = min(size.height, pools ? rowsPerStrip * 2 + 1 : rowsPerStrip)
    return (listsRows ? 1 : imagesPerStrip * rows) * size.width * steps
  }

  /// Bytes of one segment's lists.
  var segmentBytes: Int {
    LookupList.bytes(positions: segmentPositions, planes: planes)
      * blocks
  }

  /// Strips whose lists are made together.
  var stripsPerWave: Int {
    if listsRows {
      let images = max(1, Self.waveBytes / (segmentBytes * size.height))
      return min(strips, images * rowStrips)
    }
    return min(strips, max(1, Self.waveBytes / segmentBytes))
  }

  /// Segments of a wave.
  var segmentsPerWave: Int {
    listsRows ? stripsPerWave / rowStrips * size.height : stripsPerWave
  }
}
