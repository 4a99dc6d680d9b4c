"""The HDF5 files of Tests/Corrupt and Tests/Accepted: each corrupt one has one lie.

`make.py` calls `write_all`.
"""

import struct

from hdf5_blocks import *


def good_files():
    """(name, idea, bytes, groups, datasets) of files that must be read."""
    x = {"x": "f32 [16]"}
    deep = ["/"] + ["/".join("a" * level) for level in range(1, 17)]
    yield "one-chunk", "one dataset in one chunk", small(), ["/"], x
    yield "continued", "a link in a continuation block", continued(), ["/"], x
    yield "two-chunks", "a compressed dataset in two chunks", rows(), ["/"], {"x": "f32 [2048,256]"}
    yield "nested", "groups nested as deep as they may be", nested(16), deep, {}
    yield "attribute", "a text attribute of the root", small(root=attributes(attribute("a"))), ["/"], x
    yield "number", "a number in the header", small(
        space=space(), fill=FILL_EARLY, filters=b"", layout=message(LAYOUT, b"\x04\0\x04\0abcd"), stored=b""), [
            "/"], {"x": "f32 []"}
    yield "number-of-hdf5-2", "the same as HDF5 2.0 writes it", small(
        space=space(), fill=FILL_EARLY, filters=b"", layout=message(LAYOUT, b"\x03\0\x04\0abcd"), stored=b""), [
            "/"], {"x": "f32 []"}
    yield "group-of-h5py", "a group that says no numbers of links", small(
        group=info(LINK_INFO) + message(GROUP_INFO, b"\0\0")), ["/"], x
    yield "empty-message", "an empty message at the end of a header", small(more=message(EMPTY, bytes(9))), ["/"], x


def bad_files():
    """(error, idea in a word, idea, bytes) of files that must be refused."""
    def x_is(*arguments, **lies):
        return lambda x: link("x", x) + link(*arguments, **lies)

    def with_more(body):
        return small(more=body)

    one = small()
    yield "not-an-hdf5-file", "text", "text", b"this is not an HDF5 file\n"
    yield "not-an-hdf5-file", "empty", "no bytes", b""
    yield "hdf5-user-block", "512", "a good file behind 512 bytes", bytes(512) + one
    yield "hdf5-user-block", "4096", "a good file behind a script", b"#!/bin/sh\n".ljust(4096, b"\n") + one

    lie = lambda **lies: small(superblock=lies)
    yield "hdf5-superblock", "version-0", "version 0: structures without checksums", lie(version=0)
    yield "hdf5-superblock", "version-2", "version 2", lie(version=2)
    yield "hdf5-superblock", "version-4", "a version that does not exist", lie(version=4)
    yield "hdf5-superblock", "offsets", "offsets of 4 bytes", lie(offsets=4)
    yield "hdf5-superblock", "open", "a writer that did not finish", lie(open=1)
    yield "hdf5-superblock", "base", "addresses count from byte 64", lie(base=64)
    yield "hdf5-superblock", "extension", "an extension, as a shared message table needs", lie(extension=64)

    yield "hdf5-file-size", "truncated", "40 bytes missing", one[:-40]
    yield "hdf5-file-size", "trailing", "bytes after the end", one + b"trailing"
    yield "hdf5-file-size", "stub", "the first 20 bytes", one[:20]

    yield "hdf5-checksum", "superblock", "a flipped bit in the superblock", lie(flip=1)
    yield "hdf5-checksum", "dataset", "one in a dataset's header", small(header_lies={"flip": 2})
    yield "hdf5-checksum", "continuation", "one in a continuation", continued(flip=4)
    yield "hdf5-checksum", "array-header", "one in the header of a fixed array", rows(flip=8)
    yield "hdf5-checksum", "array-block", "one in the block of a fixed array", rows(block_flip=16)
    yield "hdf5-checksum", "chunk", "one in a compressed chunk", frame(zeros_frame(64), flip=1)
    yield "hdf5-checksum", "root", "one in the root's header", one[:-1] + bytes([one[-1] ^ 128])

    head = lambda **lies: small(header_lies=lies)
    yield "hdf5-object-header", "version-1", "version 1: no signature, no checksum", two(
        lambda image, chunk, first: image.put(bytes([1, 0, 1, 0]) + bytes(60)))
    yield "hdf5-object-header", "version-3", "a version that does not exist", head(version=3)
    yield "hdf5-object-header", "times", "a header with times", head(flags=0x21, before=bytes(16))
    yield "hdf5-object-header", "order", "messages in an order of creation", head(flags=0x05)
    yield "hdf5-object-header", "continuation", "a continuation without signature", continued(signature=b"OHDR")
    yield "hdf5-object-header", "no-continuation", "a continuation of 4 bytes", continued(
        lambda place, size: more(place, 4))

    yield "hdf5-object-header", "wide-size", "a size in two bytes that fits one", head(flags=1)
    yield "hdf5-object-header", "empty-first", "an empty message before others", small(
        root=message(EMPTY, b"\0\0") + link("y", 64))
    yield "hdf5-object-header", "two-empty", "two empty messages in the place of one", with_more(
        message(EMPTY, bytes(5)) + message(EMPTY, b""))
    yield "hdf5-object-header", "behind-empty", "two bytes behind an empty message", with_more(
        message(EMPTY, b"") + b"\0\0")

    yield "hdf5-object-header", "cut-off", "a message longer than its header", small(
        root=message(EMPTY, bytes(8), size=900))

    yield "hdf5-message", "symbol-table", "the links of an old group", small(
        root=message(0x11, struct.pack("<QQ", 64, 64)))
    yield "hdf5-message", "shared", "a type in a table of shared messages", small(
        type=message(TYPE, b"\x03\x02" + bytes(8), flags=2))
    yield "hdf5-message", "time", "a time of modification", with_more(message(0x12, bytes(8)))
    yield "hdf5-message", "comment", "a comment", with_more(message(0x0D, b"hello\0"))
    yield "hdf5-message", "old-fill", "a fill value of old", with_more(message(0x04, bytes(4)))
    yield "hdf5-message", "unknown", "a message of number 200", with_more(message(200, b""))
    yield "hdf5-message", "too-long", "a dataspace with a byte too many", small(
        space=message(SPACE, space(16)[4:] + b"\0"))
    yield "hdf5-message", "too-short", "a dataspace with a byte too few", small(
        space=message(SPACE, space(16)[4:-1]))
    yield "hdf5-message", "two-spaces", "two dataspaces", with_more(space(16))
    yield "hdf5-message", "two-layouts", "two layouts", with_more(message(LAYOUT, b"\x04\0\x04\0abcd"))
    yield "hdf5-message", "old-space", "a dataspace of version 1", small(space=space(16, version=1))
    yield "hdf5-message", "fill-value", "a fill value", small(
        fill=message(FILL, b"\x03\x27" + struct.pack("<I", 4) + bytes(4)))
    yield "hdf5-message", "old-attribute", "an attribute of version 1", small(
        root=attribute("a", version=1))
    yield "hdf5-message", "attribute-info", "an attribute that libhdf5 does not see", small(
        root=attribute("a"))
    yield "hdf5-message", "no-type", "a dataset without a type", small(type=b"")
    yield "hdf5-message", "link-order", "a link with its order of creation", small(
        links=lambda x: message(LINK, b"\x01\x04" + bytes(8) + b"\x01x" + struct.pack("<Q", x)))

    link_is = lambda head: small(links=lambda x: message(LINK, head + b"\x01x" + struct.pack("<Q", x)))
    yield "hdf5-message", "link-letters", "a link that says its character set", link_is(b"\x01\x10\x00")
    yield "hdf5-message", "link-width", "a link whose name has a length of two bytes", small(
        links=lambda x: message(LINK, b"\x01\x01\x01\0x" + struct.pack("<Q", x)))
    yield "hdf5-message", "link-kind", "a hard link that says that it is one", link_is(b"\x01\x08\x00")
    yield "hdf5-message", "link-bits", "a link with a bit that means nothing", link_is(b"\x01\x40")
    yield "hdf5-message", "link-in-dataset", "a link in a dataset", with_more(link("y", 64))
    yield "hdf5-message", "group-info-in-dataset", "numbers of links in a dataset", with_more(
        message(GROUP_INFO, b"\0\0"))
    yield "hdf5-message", "no-group-info", "a group that lacks a message", small(group=info(LINK_INFO))
    yield "hdf5-message", "filters-in-group", "filters of a group", small(root=CHECKSUM)
    yield "hdf5-message", "no-fill", "a dataset that lacks a message", small(fill=b"")
    yield "hdf5-message", "no-attributes", "attribute info without attributes", small(root=info(ATTRIBUTE_INFO))
    yield "hdf5-message", "constant", "a dataspace that says that it is constant", small(
        space=space(16, message_flags=1))
    yield "hdf5-message", "type-flags", "a type that does not", small(type=message(TYPE, F32, flags=0))
    yield "hdf5-message", "unknown-flags", "a fill value that fails a reader who does not know it", small(
        fill=message(FILL, b"\x03\x07", flags=0x81))
    yield "hdf5-message", "reserved-flags", "filters with a bit that is reserved", small(
        filters=message(FILTERS, CHECKSUM[4:], flags=0x41))
    yield "hdf5-message", "info-flags", "attribute info that may be shared", small(
        root=message(ATTRIBUTE_INFO, info(ATTRIBUTE_INFO)[4:], flags=0) + attribute("a"))
    yield "hdf5-message", "continuation-flags", "a constant continuation", continued(
        lambda place, size: more(place, size, flags=1))
    yield "hdf5-message", "group-text", "text in the place of numbers of links", small(
        group=info(LINK_INFO) + message(GROUP_INFO, b"\0\1text"))
    yield "hdf5-message", "group-estimate", "a guess of the number of links", small(
        group=info(LINK_INFO) + message(GROUP_INFO, b"\0\2\4\0\x08\0"))
    yield "hdf5-message", "fill-time", "a fill value that is written if it is set", small(
        fill=message(FILL, b"\x03\x0b"))
    yield "hdf5-message", "fill-bits", "a fill value message with a bit that means nothing", small(
        fill=message(FILL, b"\x03\x47"))
    yield "hdf5-message", "fill-early", "room made early for a chunk", small(fill=FILL_EARLY)
    yield "hdf5-message", "fill-late", "room made chunk by chunk for a number in the header", small(
        space=space(), filters=b"", layout=message(LAYOUT, b"\x04\0\x04\0abcd"), stored=b"")
    yield "hdf5-message", "space-flags", "a number whose extent may say its maximum", small(space=space(flags=1))
    yield "hdf5-message", "space-maximum", "an extent that does not say its maximum", small(
        space=message(SPACE, b"\2\1\0\1" + struct.pack("<Q", 16)))
    yield "hdf5-message", "attribute-letters", "an attribute whose name is UTF-8", small(
        root=attributes(attribute("a", letters=1)))

    yield "hdf5-dense-storage", "links", "links in a fractal heap", two(
        lambda image, chunk, first: image.put(header(info(LINK_INFO, 64))))
    yield "hdf5-dense-storage", "attributes", "attributes in a fractal heap", with_more(
        info(ATTRIBUTE_INFO, 64))

    yield "hdf5-link-not-hard", "soft", "a soft link", small(links=x_is("y", 0, kind=1, target=b"/x"))
    yield "hdf5-link-not-hard", "soft-out", "a soft link to a path of the machine", small(
        links=x_is("y", 0, kind=1, target=b"../../../etc/passwd"))
    yield "hdf5-link-not-hard", "soft-in-path", "a soft link in the place of a group", small(
        links=lambda x: link("g", 0, kind=1, target=b"/") + link("x", x))
    yield "hdf5-link-not-hard", "external", "a link to an object of another file", small(
        links=x_is("z", 0, kind=64, target=b"\0/etc/other.h5\0/x\0"))
    yield "hdf5-link-not-hard", "user-defined", "a link that a plugin resolves", small(
        links=x_is("y", 0, kind=80, target=b"anything"))

    name = lambda text: small(links=lambda x: link(text, x))
    yield "hdf5-name", "slash", "a name that is a path", name("a/x")
    yield "hdf5-name", "dots", "the name `..`", name("..")
    yield "hdf5-name", "dot", "the name `.`", name(".")
    yield "hdf5-name", "empty", "no name", name("")
    yield "hdf5-name", "null", "a name with a null byte", name(b"x\0y")
    yield "hdf5-name", "not-ascii", "a name that is not ASCII", name("größe")
    yield "hdf5-name", "escape", "a name that colours the terminal", name("\x1b[31m")
    yield "hdf5-name", "twice", "two links of one name", small(
        links=lambda x: link("x", x) + link("x", x))
    yield "hdf5-name", "attribute", "an attribute with a space in its name", small(root=attribute("a b"))
    yield "hdf5-name", "attribute-twice", "two attributes of one name", small(
        root=attribute("a") + attribute("a", value=b"y"))

    yield "hdf5-object-linked-twice", "dataset", "a dataset under two names", small(
        links=lambda x: link("x", x) + link("y", x))
    yield "hdf5-object-linked-twice", "count", "a dataset that says how many links it has", with_more(
        message(0x16, struct.pack("<BI", 0, 2)))
    yield "hdf5-object-linked-twice", "root", "a group that holds the root", cycle(True)
    yield "hdf5-object-linked-twice", "itself", "a group that holds itself", cycle(False)

    yield "hdf5-object-kind", "named-type", "a type with a name", two(
        lambda image, chunk, first: image.put(header(message(TYPE, F32))))
    yield "hdf5-object-kind", "nothing", "a header without messages", two(
        lambda image, chunk, first: image.put(header(b"")))
    yield "hdf5-object-kind", "both", "a dataset with links", small(more=info(LINK_INFO))
    image = Image()
    yield "hdf5-object-kind", "root", "a dataset in the place of the root", image.file(
        image.put(header(dataset(image.put(CHUNK)))))

    kind = lambda data: small(type=message(TYPE, bytes.fromhex(data)))
    yield "hdf5-element-type", "big-endian", "big-endian floats", kind(
        "11211f00040000000000200017080017 7f000000")
    yield "hdf5-element-type", "big-endian-integer", "big-endian integers", kind("100900000400000000002000")
    yield "hdf5-element-type", "short-precision", "integers of 24 bits in 4 bytes", kind(
        "100800000400000000001800")
    yield "hdf5-element-type", "odd-float", "floats with the sign below", kind(
        "112000000400000000002000180801187f000000")
    yield "hdf5-element-type", "variable-text", "text of any length, in a heap", kind(
        "190111001000000013000000 01000000")
    yield "hdf5-element-type", "variable-numbers", "lists of any length, in a heap", kind(
        "19000000100000001008000004000000 00002000")
    yield "hdf5-element-type", "reference", "references to objects", kind("1700000008000000")
    yield "hdf5-element-type", "region", "references to regions", kind("170100000c000000")
    yield "hdf5-element-type", "compound", "a compound of one float", kind(
        "360100000400000061000011201f000400000000002000170800177f000000")
    yield "hdf5-element-type", "enumeration", "booleans", kind(
        "380200000100000010080000010000000000080046414c53450054525545000001")
    yield "hdf5-element-type", "opaque", "opaque bytes", kind("1500000004000000")
    yield "hdf5-element-type", "array", "arrays of floats", kind(
        "3a0000000800000001020000001120 1f000400000000002000170800177f000000")
    yield "hdf5-element-type", "latin-text", "text that is not UTF-8", small(
        type=message(TYPE, text_type(4, 0x01)))
    yield "hdf5-element-type", "attribute", "an attribute that is a number", small(
        root=attribute("a", I64, bytes(8)))
    yield "hdf5-element-type", "attributes", "an attribute of two texts", small(
        root=attribute("a", shape=space(2)[4:], value=b"xy", kind=text_type(1)))

    yield "hdf5-extent", "empty", "an axis of nothing", small(space=space(0))
    yield "hdf5-extent", "growing", "an axis that can grow", small(space=space(16, maxima=(32,)))
    yield "hdf5-extent", "unlimited", "an axis without end", small(space=space(16, maxima=(UNDEFINED,)))
    yield "hdf5-extent", "null", "a dataspace without elements", small(space=space(kind=2))
    yield "hdf5-extent", "long-axis", "an axis of 2^63 elements", small(space=space(2**63))

    contiguous = message(LAYOUT, b"\x04\x01" + struct.pack("<QQ", 64, 64))
    yield "hdf5-external-storage", "absolute", "elements in /etc/hostname", small(
        layout=message(LAYOUT, b"\x04\x01" + struct.pack("<QQ", UNDEFINED, 64)),
        filters=message(EXTERNAL, struct.pack("<B3xHHQQQQ", 1, 1, 1, 64, 0, 0, 64)))
    yield "hdf5-virtual-dataset", "other-file", "a dataset made of those of other files", small(
        layout=message(LAYOUT, b"\x04\x03" + struct.pack("<QI", 64, 1)), filters=b"")

    yield "hdf5-layout", "contiguous", "elements without a checksum", small(layout=contiguous, filters=b"")
    yield "hdf5-layout", "version-1", "a layout of version 1", small(layout=message(LAYOUT, b"\x01\x02\x01" + bytes(8)))
    yield "hdf5-layout", "version-5", "a layout of HDF5 2.0", small(layout=single(64, 68, version=5))
    yield "hdf5-layout", "old-chunks", "chunks of version 3, in a B-tree", small(
        layout=message(LAYOUT, b"\x03\x02\x02" + struct.pack("<QII", 64, 16, 4)))
    yield "hdf5-layout", "class", "a class that does not exist", small(layout=message(LAYOUT, b"\x04\x09"))
    yield "hdf5-layout", "in-header", "16 numbers in the header", small(
        layout=message(LAYOUT, b"\x04\x00" + struct.pack("<H", 64) + VALUES), filters=b"")
    yield "hdf5-layout", "in-header-size", "a number of 8 bytes, of which the header has 4", small(
        space=space(), type=message(TYPE, I64), filters=b"", layout=message(LAYOUT, b"\x04\0\x04\0abcd"))
    yield "hdf5-layout", "number-in-chunk", "a single number in a chunk", small(space=space())
    yield "hdf5-layout", "chunk-extent", "a chunk larger than the dataset", small(layout=single(64, 68, (32, 4)))
    yield "hdf5-layout", "chunk-element", "a chunk of elements of another size", small(
        layout=single(64, 68, (16, 8)))
    yield "hdf5-layout", "several", "two chunks with filter 3", small(
        layout=chunked((8, 4), b"\x03\x0a" + struct.pack("<Q", 64)))
    yield "hdf5-layout", "rows", "compressed chunks of another number of rows", rows(chunk=(512, 256, 4))

    yield "hdf5-layout", "extent-width", "extents in two bytes that fit one", small(layout=single(64, 68, wider=1))

    stages = lambda *list: small(filters=filters(*list))
    yield "hdf5-filter", "deflate", "deflate", stages((1, 6))
    yield "hdf5-filter", "szip", "szip", stages((4, 1, 2, 3, 4))
    yield "hdf5-filter", "plugin", "a filter that a plugin would bring", stages((32004,))
    yield "hdf5-filter", "private", "a filter with a private number", stages((40000,))
    yield "hdf5-filter", "none", "a chunk without filters", small(
        filters=b"", layout=chunked((16, 4), b"\x01" + struct.pack("<Q", 64)))
    yield "hdf5-filter", "unnamed", "a filtered chunk whose filters are not listed", small(filters=b"")
    yield "hdf5-filter", "shuffle", "shuffle and checksum", stages((2, 4), (3,))
    yield "hdf5-filter", "twice", "the checksum twice", stages((3,), (3,))
    yield "hdf5-filter", "parameter", "a checksum with a parameter", stages((3, 1))
    yield "hdf5-filter", "shuffle-width", "shuffle of 2 bytes, elements of 4", stages((2, 2), (32015,), (3,))
    yield "hdf5-filter", "order", "zstd before shuffle", stages((32015,), (2, 4), (3,))
    yield "hdf5-filter", "unchecked", "a compressed chunk without a checksum", stages((2, 4), (32015,))
    yield "hdf5-filter", "name", "a text in the place of a filter's name", small(
        filters=filters((2, 4), (32015,), (3,), name=b"hidden\0\0"))
    yield "hdf5-filter", "optional", "a checksum that may be left out", small(filters=filters((3,), optional=(3,)))
    yield "hdf5-filter", "shuffle-mandatory", "a shuffle that may not", small(
        filters=filters((2, 4), (32015,), (3,), optional=()))
    yield "hdf5-filter", "compressed-text", "compressed text", small(
        type=message(TYPE, text_type(4)), filters=COMPRESSED)

    index = lambda *rest: small(filters=COMPRESSED, layout=chunked((16, 4), bytes(rest) + struct.pack("<Q", 64)))
    yield "hdf5-chunk-index", "implicit", "chunks one behind the other", index(2)
    yield "hdf5-chunk-index", "extensible", "an extensible array", index(4, 32, 4, 4, 16, 10)
    yield "hdf5-chunk-index", "tree", "a B-tree", index(5, 0, 0, 2, 0, 0, 0, 0)
    yield "hdf5-chunk-index", "count", "a list of three chunks for two", rows(count=3)
    yield "hdf5-chunk-index", "entry", "entries of another size", rows(entry=20)
    yield "hdf5-chunk-index", "pages", "a list in pages", rows(layout_bits=0, bits=0)
    yield "hdf5-chunk-index", "page-bits", "page bits that the dataset does not have", rows(layout_bits=9)
    yield "hdf5-chunk-index", "back", "a block of another list", rows(back=64)
    yield "hdf5-chunk-index", "signature", "something else in the place of the block", rows(signature=b"FAHD")

    yield "hdf5-chunk", "never-written", "a chunk that was never written", small(layout=single(UNDEFINED, 68))
    yield "hdf5-chunk", "mask", "a chunk without its checksum", small(layout=single(64, 68, mask=1))
    yield "hdf5-chunk", "short", "a chunk 4 bytes short", small(layout=single(64, 64))
    yield "hdf5-chunk", "long", "a chunk that takes more", small(layout=single(64, 100))

    yield "hdf5-outside-file", "chunk", "a chunk behind the end", small(layout=single(1 << 20, 68))
    yield "hdf5-outside-file", "chunk-end", "a chunk that ends behind the end", small(
        layout=single(len(one) - 60, 68))
    yield "hdf5-outside-file", "wrapped", "a chunk that would end at 2^64 + 4", small(
        layout=single(2**64 - 64, 68))
    yield "hdf5-outside-file", "object", "an object behind the end", small(links=x_is("y", 1 << 40))
    yield "hdf5-outside-file", "root", "a root that is nowhere", Image().file(UNDEFINED)
    yield "hdf5-outside-file", "header-size", "a header of 2^64 - 1 bytes", two(
        lambda image, chunk, first: image.put(b"OHDR\x02\x03" + b"\xff" * 8))
    yield "hdf5-outside-file", "header-end", "a header that ends behind the end", two(
        lambda image, chunk, first: image.put(b"OHDR\x02\x02" + struct.pack("<I", 1 << 30)))
    yield "hdf5-outside-file", "continuation", "a continuation behind the end", continued(
        lambda place, size: more(1 << 40, size))
    yield "hdf5-outside-file", "array", "a list of chunks behind the end", rows(block=1 << 40)

    def y_with(chunk_of):
        return two(lambda image, chunk, first: image.put(header(dataset(chunk_of(image, chunk, first)))))
    yield "hdf5-overlap", "same-chunk", "two datasets with one chunk", y_with(lambda image, chunk, first: chunk)
    yield "hdf5-overlap", "half-chunk", "a chunk that begins inside another", y_with(
        lambda image, chunk, first: chunk + 64)
    yield "hdf5-overlap", "header-in-chunk", "a chunk over an object header", y_with(
        lambda image, chunk, first: first)
    yield "hdf5-overlap", "superblock", "a chunk over the superblock", y_with(lambda image, chunk, first: 0)
    yield "hdf5-overlap", "compressed", "one compressed chunk twice", rows(same=True)
    yield "hdf5-overlap", "loop", "a continuation that continues itself", continued(
        block=lambda image: continuation(more(image.end, 28)))
    yield "hdf5-overlap", "two-loops", "two continuations that continue each other", continued(
        block=lambda image: continuation(more(image.put(continuation(more(image.end + 64, 28))), 28)))
    whole = len(one) + -len(one) % 4
    count = (whole - 4) // 4
    yield "hdf5-overlap", "everything", "a chunk over the whole file", small(
        space=space(count), layout=single(0, whole, (count, 4)), tail=bytes(whole - len(one)))

    def moved(*places):
        """One dataset for each place; between them only zeros."""
        image = Image()
        for place in places:
            image.put(CHUNK, place)
        made = [image.put(header(dataset(place))) for place in places]
        return image.file(image.put(header(GROUP + b"".join(link(f"x{i}", x) for i, x in enumerate(made)))))
    yield "hdf5-alignment", "chunk", "a chunk that starts at byte 72", moved(72)
    yield "hdf5-alignment", "header", "a header that starts at no multiple of 64", two(
        lambda image, chunk, first: image.put(header(dataset(image.put(CHUNK))), image.end + 8))
    yield "hdf5-alignment", "hole", "a hole between two chunks", moved(64, 256)
    yield "hdf5-alignment", "header-hole", "a hole between two headers", two(
        lambda image, chunk, first: image.put(header(GROUP), image.end + 64))

    yield "hdf5-gap", "between", "a byte between two blocks", small(stored=CHUNK + b"\x01")
    yield "hdf5-gap", "payload", "a script between two blocks", small(stored=CHUNK + b"\n#!/bin/sh\nid\n")
    yield "hdf5-gap", "at-end", "a byte before the end of the file", small(tail=b"\0\0\x01")
    yield "hdf5-gap", "in-header", "bytes behind the messages", small(header_lies={"gap": b"\0\x01"})
    yield "hdf5-gap", "in-message", "bytes in an empty message", with_more(message(EMPTY, b"\0\0hidden"))

    yield "hdf5-limit", "shape-bomb", "2^62 bytes", small(space=space(2**31, 2**29))
    yield "hdf5-limit", "wrapped-shape", "extents whose product is 0 in 64 bits", small(
        space=space(*[2**16] * 4))
    yield "hdf5-limit", "4-gib", "4 GiB", small(space=space(2**30))
    yield "hdf5-limit", "zip-bomb", "chunks of a mebibyte in 30 bytes", rows(sizes=(200, 30))
    yield "hdf5-limit", "rank", "9 axes", small(space=space(*[1] * 9))
    yield "hdf5-limit", "attributes", "9 attributes", small(
        root=b"".join(attribute(f"a{i}") for i in range(9)))
    yield "hdf5-limit", "attribute-bytes", "an attribute of 5,000 bytes", small(
        root=attribute("a", value=b"x" * 5000))
    yield "hdf5-limit", "depth", "groups nested 17 deep", nested(17)
    yield "hdf5-limit", "path", "a path of 2,000 bytes", nested(10, "a" * 200)
    yield "hdf5-limit", "gap", "70,000 bytes of nothing", small(tail=bytes(70_000))

    yield "zstd-frame", "bomb", "a frame of a gibibyte in the place of 64 bytes", frame(
        zeros_frame(64, claimed=1 << 30))
    yield "zstd-frame", "larger", "a frame that decodes to more than it says", frame(
        zeros_frame(1 << 20, claimed=64))
    yield "zstd-frame", "checksum", "a frame whose checksum is not right", frame(zeros_frame(64))
    yield "zstd-frame", "after", "bytes after the frame", frame(zeros_frame(64, after=b"more"))
    yield "zstd-frame", "none", "no frame", frame(b"\x07" * 64)


def write_all(corrupt, accepted):
    for error, word, idea, data in bad_files():
        corrupt("hdf5", f"{error}.{word}.h5", idea, data)
    for word, idea, data, groups, datasets in good_files():
        accepted("hdf5", f"{word}.h5", idea, data, {"groups": groups, "datasets": datasets})
