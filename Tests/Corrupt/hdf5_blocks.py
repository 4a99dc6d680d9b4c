"""HDF5 files block by block: superblock 3, object headers 2, fixed arrays.

Everything is right unless an argument makes it a lie. `hdf5_files.py` says which lies there are.
"""

import struct

UNDEFINED = 2**64 - 1
SPACE, LINK_INFO, TYPE, FILL, LINK, EXTERNAL, LAYOUT = 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08
GROUP_INFO, FILTERS, ATTRIBUTE, CONTINUATION, ATTRIBUTE_INFO = 0x0A, 0x0B, 0x0C, 0x10, 0x15
EMPTY = 0x00


# Checksums. ------------------------------------------------------------------------------------


def rotate(value, bits):
    return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF


def lookup3(data):
    """Jenkins' lookup3, hashlittle: the checksum of HDF5's structure."""
    mask = 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + len(data)) & mask
    while len(data) > 12:
        x, y, z = struct.unpack("<III", data[:12])
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        a = ((a - c) & mask) ^ rotate(c, 4); c = (c + b) & mask
        b = ((b - a) & mask) ^ rotate(a, 6); a = (a + c) & mask
        c = ((c - b) & mask) ^ rotate(b, 8); b = (b + a) & mask
        a = ((a - c) & mask) ^ rotate(c, 16); c = (c + b) & mask
        b = ((b - a) & mask) ^ rotate(a, 19); a = (a + c) & mask
        c = ((c - b) & mask) ^ rotate(b, 4); b = (b + a) & mask
        data = data[12:]
    if not data:
        return c
    x, y, z = struct.unpack("<III", data + bytes(12 - len(data)))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    c = ((c ^ b) - rotate(b, 14)) & mask
    a = ((a ^ c) - rotate(c, 11)) & mask
    b = ((b ^ a) - rotate(a, 25)) & mask
    c = ((c ^ b) - rotate(b, 16)) & mask
    a = ((a ^ c) - rotate(c, 4)) & mask
    b = ((b ^ a) - rotate(a, 14)) & mask
    return ((c ^ b) - rotate(b, 24)) & mask


def fold(total):
    return (total & 0xFFFF) + (total >> 16)


def fletcher32(data):
    """HDF5's filter 3; an odd last byte is the upper half of a word."""
    one = two = 0
    for (word,) in struct.iter_unpack(">H", data + bytes(len(data) % 2)):
        one = fold(one + word)
        two = fold(two + one)
    return struct.pack("<I", two << 16 | one)


def sealed(data, flip=0):
    """A block and its checksum, wrong in the bits of `flip`."""
    return data + struct.pack("<I", lookup3(data) ^ flip)


# Messages. -------------------------------------------------------------------------------------


FLAGS = {TYPE: 1, FILL: 1, GROUP_INFO: 1, FILTERS: 1, ATTRIBUTE_INFO: 4}


def message(kind, body, flags=None, size=None):
    flags = FLAGS.get(kind, 0) if flags is None else flags
    return struct.pack("<BHB", kind, len(body) if size is None else size, flags) + body


def space(*shape, maxima=None, version=2, kind=None, flags=None, message_flags=None):
    kind = (1 if shape else 0) if kind is None else kind
    axes = (1 if shape else 0) if flags is None else flags
    body = bytes([version, len(shape), axes, kind]) + struct.pack(f"<{len(shape)}Q", *shape)
    return message(SPACE, body + struct.pack(f"<{len(shape)}Q", *(maxima or shape)), message_flags)


F32 = bytes.fromhex("11201f00040000000000200017080017 7f000000")
I64 = bytes.fromhex("100800000800000000004000")


def text_type(length, bits=0x11):
    return bytes([0x13, bits, 0, 0]) + struct.pack("<I", length)


def filters(*stages, optional=(2,), name=b""):
    """Stages are (number, *parameters); libhdf5 says of shuffle that it is optional."""
    body = bytes([2, len(stages)])
    for number, *parameters in stages:
        body += struct.pack("<H", number) + (struct.pack("<H", len(name)) if number > 255 else b"")
        body += struct.pack("<HH", number in optional, len(parameters)) + (name if number > 255 else b"")
        body += struct.pack(f"<{len(parameters)}I", *parameters)
    return message(FILTERS, body)


CHECKSUM = filters((3,))
COMPRESSED = filters((2, 4), (32015,), (3,))


def chunked(chunk, rest, flags=0, version=4, wider=0):
    """`chunk` ends with the element size; `rest` is index type and what follows."""
    # As many bytes for each extent as the largest needs: HDF5 2.0 takes no other number.
    width = max((max(extent, 1).bit_length() + 7) // 8 for extent in chunk) + wider
    body = bytes([version, 2, flags, len(chunk), width])
    return message(LAYOUT, body + b"".join(extent.to_bytes(width, "little") for extent in chunk) + rest)


def single(address, size, chunk=(16, 4), mask=0, flags=2, version=4, wider=0):
    return chunked(chunk, b"\x01" + struct.pack("<QIQ", size, mask, address), flags, version, wider)


def link(name, address, **lies):
    """A link; `kind` makes it another than a hard one, with `target` for its value."""
    name = name if isinstance(name, bytes) else name.encode()
    kind, target = lies.get("kind"), lies.get("target", b"")
    head = bytes([1, 0 if kind is None else 8]) + (b"" if kind is None else bytes([kind]))
    value = struct.pack("<Q", address) if kind is None else struct.pack("<H", len(target)) + target
    return message(LINK, head + bytes([len(name)]) + name + value)


def attribute(name, kind=None, value=b"x", version=3, shape=b"\x02\0\0\0", letters=0):
    kind = text_type(len(value)) if kind is None else kind
    name = name.encode() + b"\0"
    sizes = struct.pack("<BBHHHB", version, 0, len(name), len(kind), len(shape), letters)
    return message(ATTRIBUTE, sizes + name + kind + shape + value)


def info(kind, heap=UNDEFINED):
    """Link info or attribute info."""
    return message(kind, struct.pack("<BBQQ", 0, 0, heap, heap))


def attributes(*messages):
    return info(ATTRIBUTE_INFO) + b"".join(messages)


GROUP = info(LINK_INFO) + message(GROUP_INFO, b"\0\1\xff\xff\0\0")
FILL_NEVER, FILL_EARLY = message(FILL, b"\x03\x07"), message(FILL, b"\x03\x05")


# Blocks. ---------------------------------------------------------------------------------------


def header(messages, version=2, flags=None, before=b"", gap=b"", flip=0):
    flags = int(len(messages + gap) > 255) if flags is None else flags
    size = struct.pack("<H", len(messages + gap)) if flags & 3 == 1 else bytes([len(messages + gap)])
    return sealed(b"OHDR" + bytes([version, flags]) + before + size + messages + gap, flip)


def continuation(messages, signature=b"OCHK", flip=0):
    return sealed(signature + messages, flip)


def more(address, size, flags=0):
    return message(CONTINUATION, struct.pack("<QQ", address, size), flags)


class Image:
    """A file that grows: blocks at multiples of 64 bytes, zeros between."""

    def __init__(self):
        self.data = bytearray(64)

    def put(self, block, at=None):
        """Writes a block; its address."""
        address = self.end if at is None else at
        self.data += bytes(max(0, address + len(block) - len(self.data)))
        self.data[address : address + len(block)] = block
        return address

    @property
    def end(self):
        return -(-len(self.data) // 64) * 64

    def file(self, root, **lies):
        get = lies.get
        end = get("end", len(self.data))
        block = bytes.fromhex("894844460d0a1a0a") + bytes(
            [get("version", 3), get("offsets", 8), 8, get("open", 0)])
        block += struct.pack("<QQQQ", get("base", 0), get("extension", UNDEFINED), end, root)
        self.data[:48] = sealed(block, get("flip", 0))
        return bytes(self.data)


VALUES = struct.pack("<16f", *range(16))
CHUNK = VALUES + fletcher32(VALUES)


def dataset(chunk=None, **parts):
    """The messages of a dataset of 16 numbers, with parts replaced."""
    get = parts.get
    return (get("space", space(16)) + get("type", message(TYPE, F32)) + get("fill", FILL_NEVER)
            + get("filters", CHECKSUM) + (get("layout") or single(chunk, len(CHUNK))) + get("more", b""))


def small(header_lies={}, root=b"", links=None, superblock={}, stored=CHUNK, tail=b"", group=GROUP, **parts):
    """A file with one dataset `x`; `links(x)` replaces the root's links."""
    image = Image()
    chunk = image.put(stored)
    x = image.put(header(dataset(chunk, **parts), **header_lies))
    names = link("x", x) if links is None else links(x)
    address = image.put(header(group + names + root))
    image.data += tail
    return image.file(address, **superblock)


def zeros_frame(size, claimed=None, after=b""):
    """A zstd frame of zeros that says it holds `claimed` bytes; its checksum is not right."""
    frame = bytes.fromhex("28b52ffda4") + struct.pack("<I", size if claimed is None else claimed)
    while size > 0:
        piece = min(size, 1 << 17)
        size -= piece
        frame += struct.pack("<I", piece << 3 | 2 | (size == 0))[:3] + b"\0"
    return frame + bytes(4) + after


def fixed_array(image, entries, entry_bytes=13, **lies):
    """The header's address of a fixed array; entries are (address, size)."""
    get = lies.get
    place = image.end
    block_place = place + 64
    width = entry_bytes - 12
    rows = b"".join(struct.pack("<Q", a) + s.to_bytes(width, "little") + bytes(4) for a, s in entries)
    head = b"FAHD" + bytes([0, 1, get("entry", entry_bytes), get("bits", 10)])
    head += struct.pack("<QQ", get("count", len(entries)), get("block", block_place))
    image.put(sealed(head, get("flip", 0)))
    body = get("signature", b"FADB") + bytes([0, 1]) + struct.pack("<Q", get("back", place)) + rows
    image.put(sealed(body, get("block_flip", 0)), block_place)
    return place


ROWS = (2048, 256)  # two chunks of 1,024 rows


def rows(chunk=(1024, 256, 4), layout_bits=10, sizes=(200, 200), same=False, **lies):
    """A file whose `x` is compressed in two chunks."""
    image = Image()
    chunks = []
    for size in sizes:
        chunks.append((chunks[0][0] if same and chunks else image.put(bytes(size)), size))
    place = fixed_array(image, chunks, 16, **lies)
    layout = chunked(chunk, bytes([3, layout_bits]) + struct.pack("<Q", place))
    x = image.put(header(dataset(space=space(*ROWS), filters=COMPRESSED, layout=layout)))
    return image.file(image.put(header(GROUP + link("x", x))))


def frame(stored, flip=0):
    """A file whose `x` is one compressed chunk of 16 numbers."""
    image = Image()
    checksum = fletcher32(stored)
    stored += bytes([checksum[0] ^ flip]) + checksum[1:]
    layout = single(image.put(stored), len(stored))
    x = image.put(header(dataset(filters=COMPRESSED, layout=layout)))
    return image.file(image.put(header(GROUP + link("x", x))))


def nested(levels, name="a"):
    image = Image()
    address = image.put(header(GROUP))
    for _ in range(levels):
        address = image.put(header(GROUP + link(name, address)))
    return image.file(address)


def continued(first_lies=None, block=None, **lies):
    """A root whose link stands in a continuation; `first_lies(address, size)` are other messages."""
    image = Image()
    x = image.put(header(dataset(image.put(CHUNK))))
    block = continuation(link("x", x), **lies) if block is None else block(image)
    place = image.put(block)
    first = (first_lies or more)(place, len(block))
    return image.file(image.put(header(GROUP + first)))


def cycle(back_to_root):
    image = Image()
    x = image.put(header(dataset(image.put(CHUNK))))
    group = image.end
    root = group + 192
    target = root if back_to_root else group
    image.put(header(GROUP + link("back", target)), group)
    return image.file(image.put(header(GROUP + link("a", group) + link("x", x)), root))


def two(second):
    """Two datasets; `second(image, chunk, first)` makes the header of the other."""
    image = Image()
    chunk = image.put(CHUNK)
    first = image.put(header(dataset(chunk)))
    return image.file(image.put(header(GROUP + link("x", first) + link("y", second(image, chunk, first)))))
