import FileAccess

@testable import Datasets
@testable import Pictures

extension FuzzTarget {
  /// JPEG and PNG: pictures of up to 16,384 pixels are decoded, and made grey and small.
  static let pictures = FuzzTarget(
    name: "pictures", allocationLimit: 1 << 22, totalLimit: 1 << 24,
    repair: { bytes, choice in PictureRepair.repair(&bytes, choice) },
    run: { bytes in
      if let codec = codec(of: bytes), let header = try? codec.header(of: bytes.span.bytes) {
        // Large pictures are allowed, and only slow.
        guard header.width.multipliedReportingOverflow(by: header.height).partialValue <= 1 << 14
        else { return }
      }
      let picture = try Picture(decoding: bytes, at: "input")
      require(picture.pixels.count == picture.width * picture.height * picture.channels, "pixels")
      require(picture.grey.channels == 1 && picture.rgb.channels == 3, "both kinds")
      let square = picture.resizedSquare(shorterSide: 9, side: 8)
      require(square.width == 8 && square.height == 8, "a square, whatever the shape")
    })

  private static func codec(of bytes: [UInt8]) -> PictureCodec? {
    switch bytes.first {
    case 0xFF: .jpeg
    case 0x89: .png
    default: nil
    }
  }

  /// Event files of both formats: 2.0 takes any bytes, 3.1 is told by its first line.
  static let events = FuzzTarget(name: "events") { bytes in
    let file = ByteRegion(bytes)
    if bytes.starts(with: Array("#!AER-DAT3".utf8)) {
      let events = try AEDAT3(file, at: "input").events(from: 0, to: .max)
      require(events.count <= bytes.count / 8, "eight bytes for each event")
    } else {
      let events = try AEDAT2.events(file, at: "input")
      require(events.count <= bytes.count / 8, "eight bytes for each event")
      require(events.allSatisfy { $0.x < 128 && $0.y < 128 }, "every event in the frame")
    }
  }

  /// The development kit's table of classes: numbers and names are of one another.
  static let mat = FuzzTarget(
    name: "mat", allocationLimit: 1 << 22, totalFactor: 512,
    totalLimit: 1 << 23,
    run: { bytes in
      let kit = try DevelopmentKit(bytes, at: "input")
      require(kit.classIndex.names.count <= kit.identifiers.count, "a class for each name")
    })

  /// IDX: pictures or labels, as the last byte says, plain or gzip-ed.
  static let idx = FuzzTarget(
    name: "idx", allocationLimit: 1 << 21, totalLimit: 1 << 23
  ) { bytes in
    guard let choice = bytes.last else { return }
    let rank = choice.isMultiple(of: 2) ? 3 : 1
    let file = try IDXFile(ByteRegion(bytes.dropLast()), rank: rank, at: "input")
    require(file.shape.count == rank && file.shape.allSatisfy { $0 > 0 }, "an extent for each axis")
    require(file.shape.reduce(1, *) == file.elements.count, "a byte for each element")
  }

  /// Tar: members are disjoint parts of the file.
  static let tar = FuzzTarget(
    name: "tar", repair: { bytes, choice in TarRepair.repair(&bytes, choice) },
    run: { bytes in
      let archive = try TarArchive(ByteRegion(bytes), at: "input")
      require(archive.members.map(\.bytes.count).reduce(0, +) <= bytes.count, "no byte twice")
      require(Set(archive.members.map(\.name)).count == archive.members.count, "names are unique")
    })
}
