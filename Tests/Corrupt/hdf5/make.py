"""Makes the HDF5 files of this folder: each is refused with the error that its name begins with.

Needs h5py (zoo/recipes/requirements.lock). The files are committed; this is how they came to be.
"""
import pathlib

import h5py
import numpy

HERE = pathlib.Path(__file__).resolve().parent


def new(name):
    return h5py.File(HERE / f"{name}.h5", "w", libver=("v110", "v110"))


def good(group, name="x"):
    return group.create_dataset(
        name, data=numpy.arange(16, dtype="<f4"), chunks=(16,), fletcher32=True
    )


with new("hdf5-link-not-hard.soft") as file:
    good(file)
    file["y"] = h5py.SoftLink("/x")
with new("hdf5-link-not-hard.soft-in-path") as file:
    good(file.create_group("a"))
    file["b"] = h5py.SoftLink("/a")
with new("hdf5-link-not-hard.external") as file:
    file["y"] = h5py.ExternalLink("other.h5", "/x")
with new("hdf5-object-linked-twice.dataset") as file:
    file["y"] = good(file)
with new("hdf5-object-linked-twice.cycle") as file:
    group = file.create_group("a")
    group["b"] = file["/"]
with new("hdf5-external-storage.absolute") as file:
    file.create_dataset("x", shape=(16,), dtype="u1", external=[("/etc/hostname", 0, 16)])
with new("hdf5-layout.virtual") as file:
    layout = h5py.VirtualLayout(shape=(16,), dtype="<f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(16,))
    file.create_virtual_dataset("x", layout)
with new("hdf5-layout.contiguous") as file:
    file.create_dataset("x", data=numpy.arange(16, dtype="<f4"))
with new("hdf5-layout.two-chunks") as file:
    file.create_dataset("x", data=numpy.arange(16, dtype="<f4"), chunks=(8,), fletcher32=True)
with new("hdf5-layout.resizable") as file:
    file.create_dataset(
        "x", data=numpy.arange(16, dtype="<f4"), chunks=(16,), maxshape=(None,), fletcher32=True
    )
with new("hdf5-filter.deflate") as file:
    file.create_dataset("x", data=numpy.arange(16, dtype="<f4"), chunks=(16,), compression="gzip")
with new("hdf5-filter.shuffle-and-checksum") as file:
    file.create_dataset(
        "x", data=numpy.arange(16, dtype="<f4"), chunks=(16,), shuffle=True, fletcher32=True
    )
with new("hdf5-filter.none") as file:
    file.create_dataset("x", data=numpy.arange(16, dtype="<f4"), chunks=(16,))
with new("hdf5-element-type.big-endian") as file:
    file.create_dataset("x", data=numpy.arange(16, dtype=">f4"), chunks=(16,), fletcher32=True)
with new("hdf5-element-type.variable-text") as file:
    file.create_dataset("x", data=["a", "b"], dtype=h5py.string_dtype(), chunks=(2,))
with new("hdf5-element-type.reference") as file:
    file.create_dataset("x", data=[file.ref], dtype=h5py.ref_dtype, chunks=(1,))
with new("hdf5-element-type.attribute") as file:
    file.attrs["numbers"] = numpy.arange(4)
with new("hdf5-object-kind.named-type") as file:
    file["t"] = numpy.dtype("<f4")
with new("hdf5-limit.shape-bomb") as file:
    file.create_dataset("x", shape=(1 << 40,), dtype="<f4", chunks=(1 << 20,), fletcher32=True)
with new("hdf5-layout.empty") as file:
    file.create_dataset("x", shape=(0,), dtype="<f4")
with new("hdf5-limit.depth") as file:
    good(file.create_group("/".join("a" * 20)))
with new("hdf5-link-name.not-ascii") as file:
    good(file, "größe")
with h5py.File(HERE / "hdf5-layout.old-superblock.h5", "w", libver=("earliest", "v108")) as file:
    good(file)
with new("hdf5-limit.attributes") as file:
    for index in range(9):
        file.attrs.create(f"a{index}", "x", dtype=h5py.string_dtype(length=1))
with new("hdf5-layout.chunk-never-written") as file:
    file.create_dataset("x", shape=(16,), dtype="<f4", chunks=(16,), fletcher32=True)

whole = HERE / "whole.tmp"
with h5py.File(whole, "w", libver=("v110", "v110")) as file:
    good(file)
data = whole.read_bytes()
whole.unlink()
(HERE / "hdf5-unreadable.truncated.h5").write_bytes(data[: len(data) - 40])
(HERE / "hdf5-checksum.superblock.h5").write_bytes(data[:12] + b"\x01" + data[13:])


def lookup3(data):
    """Jenkins' lookup3, hashlittle: the checksum of HDF5's metadata."""
    mask = 0xFFFFFFFF

    def rotate(value, bits):
        return ((value << bits) | (value >> (32 - bits))) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    words = list(data)
    while len(words) > 12:
        part, words = bytes(words[:12]), words[12:]
        a = (a + int.from_bytes(part[0:4], "little")) & mask
        b = (b + int.from_bytes(part[4:8], "little")) & mask
        c = (c + int.from_bytes(part[8:12], "little")) & mask
        a = (a - c) & mask; a ^= rotate(c, 4); c = (c + b) & mask
        b = (b - a) & mask; b ^= rotate(a, 6); a = (a + c) & mask
        c = (c - b) & mask; c ^= rotate(b, 8); b = (b + a) & mask
        a = (a - c) & mask; a ^= rotate(c, 16); c = (c + b) & mask
        b = (b - a) & mask; b ^= rotate(a, 19); a = (a + c) & mask
        c = (c - b) & mask; c ^= rotate(b, 4); b = (b + a) & mask
    if not words:
        return c
    part = bytes(words) + bytes(12 - len(words))
    a = (a + int.from_bytes(part[0:4], "little")) & mask
    b = (b + int.from_bytes(part[4:8], "little")) & mask
    c = (c + int.from_bytes(part[8:12], "little")) & mask
    for left, right, bits in (("c", "b", 14), ("a", "c", 11), ("b", "a", 25), ("c", "b", 16),
                              ("a", "c", 4), ("b", "a", 14), ("c", "b", 24)):
        values = {"a": a, "b": b, "c": c}
        values[left] ^= values[right]
        values[left] = (values[left] - rotate(values[right], bits)) & mask
        a, b, c = values["a"], values["b"], values["c"]
    return c


root = data.index(b"OHDR")
flags = data[root + 5]
head = root + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
width = 1 << (flags & 3)
end = head + width + int.from_bytes(data[head : head + width], "little")
assert lookup3(data[root:end]) == int.from_bytes(data[end : end + 4], "little")
link = data.index(b"\x01x", root, end)
patched = bytearray(data)
patched[link + 1] = ord("/")
patched[end : end + 4] = lookup3(bytes(patched[root:end])).to_bytes(4, "little")
(HERE / "hdf5-link-name.slash.h5").write_bytes(patched)
(HERE / "not-an-hdf5-file.text.h5").write_bytes(b"this is not an HDF5 file\n")
(HERE / "not-an-hdf5-file.user-block.h5").write_bytes(bytes(512) + data)
(HERE / "hdf5-unreadable.trailing-bytes.h5").write_bytes(data + b"trailing")
start = data.index(b"OHDR", 60)
(HERE / "hdf5-checksum.object-header.h5").write_bytes(
    data[: start + 20] + bytes([data[start + 20] ^ 1]) + data[start + 21 :]
)
