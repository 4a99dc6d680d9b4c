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
    file.create_dataset("x", data=["a", "b"], dtype=h5py.string_dtype())
with new("hdf5-element-type.reference") as file:
    file.create_dataset("x", data=file.ref, dtype=h5py.ref_dtype)
with new("hdf5-element-type.attribute") as file:
    file.attrs["numbers"] = numpy.arange(4)
with new("hdf5-object-kind.named-type") as file:
    file["t"] = numpy.dtype("<f4")
with new("hdf5-limit.shape-bomb") as file:
    file.create_dataset("x", shape=(1 << 40,), dtype="<f4", chunks=(1 << 20,), fletcher32=True)
with new("hdf5-limit.empty") as file:
    file.create_dataset("x", shape=(0,), dtype="<f4")
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
(HERE / "not-an-hdf5-file.text.h5").write_bytes(b"this is not an HDF5 file\n")
(HERE / "not-an-hdf5-file.user-block.h5").write_bytes(bytes(512) + data)
start = data.index(b"OHDR", 60)
(HERE / "hdf5-checksum.object-header.h5").write_bytes(
    data[: start + 20] + bytes([data[start + 20] ^ 1]) + data[start + 21 :]
)
