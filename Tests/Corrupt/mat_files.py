"""MAT-files of level 5 with one structure array, as the development kit of ImageNet has one."""

import struct
import zlib

FIELDS = ("ILSVRC2012_ID", "WNID", "num_children")
ROWS = [(2, "n01440764", 0), (1, "n01443537", 0), (3, "n00001740", 2)]


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(kind, extents, name, *parts):
    return element(14, element(6, struct.pack("<II", kind, 0))
                   + element(5, struct.pack(f"<{len(extents)}i", *extents))
                   + element(1, name) + b"".join(parts))


def cell(value):
    if isinstance(value, str):
        return matrix(4, (1, len(value)), b"", element(16, value.encode()))
    return matrix(6, (1, 1), b"", element(9, struct.pack("<d", value)))


def structures(rows=ROWS, fields=FIELDS, extents=None, length=None):
    names = b"".join(field.encode().ljust(32, b"\0") for field in fields)
    return matrix(2, extents or (len(rows), 1), b"synsets", length or element(5, struct.pack("<i", 32)),
                  element(1, names), *(cell(value) for row in rows for value in row))


def file(variable):
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x100, 0x4D49) + variable


def squeezed(variable):
    data = zlib.compress(variable, 9)
    return file(struct.pack("<II", 15, len(data)) + data)


REFUSED = [
    ("fields-twice", "a field twice: more numbers than rows",
     file(structures([row[:1] + row for row in ROWS], FIELDS[:1] + FIELDS))),
    ("long-name", "names of 2^63 - 1 bytes",
     file(structures(length=element(12, struct.pack("<q", 2**63 - 1))))),
    ("extents-wrap", "extents whose product is 0 modulo 2^64",
     file(structures(extents=(2**30, 2**30, 16)))),
    ("negative-extents", "-3 times -1 structures", file(structures(extents=(-3, -1)))),
    ("no-field", "no number of children", file(structures([row[:2] for row in ROWS], FIELDS[:2]))),
    ("number-twice", "a class number twice", file(structures(ROWS + [(1, "n09999999", 0)]))),
    ("cut", "the end inside of the structures", file(structures())[:-70]),
    ("header", "nothing but a header", file(b"")),
    ("text", "a text instead of structures", file(cell("synsets"))),
    ("stream", "a stream that is not one", file(struct.pack("<II", 15, 4) + b"\x78\x9c\xff\xff")),
    ("many-fields", "1,025 fields of one structure",
     squeezed(structures([ROWS[0] + (0,) * 1022], FIELDS + tuple(f"f{i}" for i in range(1022))))),
    ("zeros", "16 MiB of zeros behind the structures, in a stream of 16 KB",
     squeezed(structures() + bytes(16 << 20))),
    ("bomb", "2^30 structures in a few bytes", file(structures(extents=(2**15, 2**15)))),
]


def write_all(corrupt, accepted):
    for name, idea, data in REFUSED:
        corrupt("mat", f"dataset-file.{name}.mat", idea, data)
    classes = {"classes": [name for _, name, children in ROWS if not children]}
    accepted("mat", "plain.mat", "three structures, two of them classes", file(structures()), classes)
    accepted("mat", "compressed.mat", "the same in a zlib stream, as MATLAB writes it",
             squeezed(structures()), classes)
