"""IDX files of two pictures of 2 x 3 pixels and of their labels, plain and gzip-ed."""

import struct
import zlib

SHAPE = (2, 2, 3)
PIXELS = bytes([0, 1, 127, 128, 254, 255, 9, 8, 7, 6, 5, 4])
LABELS = bytes([1, 0])


def idx(shape, elements, kind=8, zeros=0, rank=None):
    return struct.pack(f">HBB{len(shape)}I", zeros, kind, len(shape) if rank is None else rank, *shape) + elements


PICTURES = idx(SHAPE, PIXELS)


def deflated(data):
    """One stored block, so that no version of zlib decides its bytes."""
    return struct.pack("<BHH", 1, len(data), 0xFFFF - len(data)) + data


def squeezed(data, stream=None, name=b"", crc=None, cut=0):
    """A gzip member, with the name of the file in its header if there is one."""
    head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + b"\0\0\0\0\0\x03" + (name + b"\0" if name else b"")
    tail = struct.pack("<II", zlib.crc32(data) if crc is None else crc, len(data))
    whole = head + (deflated(data) if stream is None else stream) + tail
    return whole[:len(whole) - cut]


def zeros(count):
    """A stream of `count` zeros, 1 and a multiple of 258: one literal, then copies of the byte before."""
    bits = ["1", "10", "00110000"] + ["11000101" + "00000"] * ((count - 1) // 258) + ["0000000"]
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[place:place + 8][::-1], 2) for place in range(0, len(text), 8))


BOMB = 1 + 258 * 8200

REFUSED = [
    ("idx-magic.empty-idx3-ubyte", "nothing", b""),
    ("idx-magic.cut-idx3-ubyte", "three bytes", PICTURES[:3]),
    ("idx-magic.text-idx3-ubyte", "text", b"no pictures at all"),
    ("idx-magic.first-byte-idx3-ubyte", "a first byte that is not zero", idx(SHAPE, PIXELS, zeros=0x100)),
    ("idx-magic.second-byte-idx1-ubyte", "a second byte that is not zero", idx((2,), LABELS, zeros=1)),
    ("idx-magic.gzip-of-text-idx3-ubyte.gz", "text, compressed", squeezed(b"no pictures at all")),
    ("idx-element-type.integers-idx1-ubyte", "labels of four bytes", idx((2,), bytes(8), kind=12)),
    ("idx-element-type.floats-idx3-ubyte", "pictures of floats", idx(SHAPE, bytes(48), kind=13)),
    ("idx-element-type.signed-idx3-ubyte", "signed bytes", idx(SHAPE, PIXELS, kind=9)),
    ("idx-element-type.unknown-idx3-ubyte", "type 10, which is none", idx(SHAPE, PIXELS, kind=10)),
    ("idx-dimensions.labels-idx3-ubyte", "labels where pictures are wanted", idx((2,), LABELS)),
    ("idx-dimensions.pictures-idx1-ubyte", "pictures where labels are wanted", PICTURES),
    ("idx-dimensions.four-idx3-ubyte", "pictures with channels", idx((2, 1, 2, 3), PIXELS)),
    ("idx-dimensions.none-idx1-ubyte", "no dimension", idx((), LABELS)),
    ("idx-extents.no-picture-idx3-ubyte", "no picture", idx((0, 2, 3), b"")),
    ("idx-extents.no-label-idx1-ubyte", "no label", idx((0,), b"")),
    ("idx-extents.no-column-idx3-ubyte", "pictures of two rows and no column", idx((2, 2, 0), b"")),
    ("idx-extents.wrap-idx3-ubyte", "extents whose product is 0 modulo 2^64", idx((2**31, 2**31, 4), b"")),
    ("idx-extents.largest-idx3-ubyte", "the largest extents", idx((2**32 - 1,) * 3, PIXELS)),
    ("idx-extents.above-the-limit-idx1-ubyte", "2^30 + 1 labels", idx((2**30 + 1,), LABELS)),
    ("idx-size.header-idx3-ubyte", "the end inside of the extents", PICTURES[:15]),
    ("idx-size.no-extent-idx1-ubyte", "the end before the extent", idx((2,), b"")[:4]),
    ("idx-size.short-idx3-ubyte", "a pixel too few", PICTURES[:-1]),
    ("idx-size.long-idx3-ubyte", "a pixel too many", PICTURES + b"\0"),
    ("idx-size.more-labels-idx1-ubyte", "2^30 labels of which two are there", idx((2**30,), LABELS)),
    ("idx-size.short-gzip-idx3-ubyte.gz", "a pixel too few, compressed", squeezed(PICTURES[:-1])),
    ("idx-compression.start-idx3-ubyte.gz", "two bytes of a gzip stream", b"\x1f\x8b"),
    ("idx-compression.method-idx3-ubyte.gz", "a method of compression that is none",
     b"\x1f\x8b\x07" + squeezed(PICTURES)[3:]),
    ("idx-compression.cut-idx3-ubyte.gz", "the end inside of the stream", squeezed(PICTURES, cut=12)),
    ("idx-compression.no-size-idx3-ubyte.gz", "the end inside of the checksum and the size",
     squeezed(PICTURES, cut=3)),
    ("idx-compression.checksum-idx3-ubyte.gz", "a checksum of other bytes", squeezed(PICTURES, crc=1)),
    ("idx-compression.behind-idx3-ubyte.gz", "a byte behind the stream", squeezed(PICTURES) + b"\0"),
    ("idx-compression.two-members-idx3-ubyte.gz", "the pictures in two gzip members",
     squeezed(PICTURES[:20]) + squeezed(PICTURES[20:])),
    ("idx-compression.bomb-idx1-ubyte.gz", "two million zeros in 13 KB",
     squeezed(bytes(BOMB), stream=zeros(BOMB))),
]

FACTS = {"shape": list(SHAPE), "elements": PIXELS.hex()}

ACCEPTED = [
    ("pictures-idx3-ubyte", "two pictures", PICTURES, FACTS),
    ("pictures-idx3-ubyte.gz", "the same compressed", squeezed(PICTURES), FACTS),
    ("named-idx3-ubyte.gz", "with a name in the header, as published files have",
     squeezed(PICTURES, name=b"t10k-images-idx3-ubyte"), FACTS),
    ("labels-idx1-ubyte", "their labels", idx((2,), LABELS), {"shape": [2], "elements": LABELS.hex()}),
    ("labels-idx1-ubyte.gz", "the same compressed", squeezed(idx((2,), LABELS)),
     {"shape": [2], "elements": LABELS.hex()}),
]


def write_all(corrupt, accepted):
    for name, idea, data in REFUSED:
        corrupt("idx", name, idea, data)
    for name, idea, data, facts in ACCEPTED:
        accepted("idx", name, idea, data, facts)
