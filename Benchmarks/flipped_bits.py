"""How many flipped bits a reader notices: 300 in tensors and 300 in everything else of one model's file.

    QKZOO=.build/release/qkzoo python Benchmarks/flipped_bits.py [--flips 300] [-o RECORD.json]

Needs the peer environment (`scripts/setup --peers`, `scripts/peer-python`). The digits model of the zoo as its `.pth`,
as safetensors, as plain HDF5, and as checkpoint in both layouts. A flip is noticed if reading all tensors ends in an
error. Checkpoints are read by `qkzoo verify --level bytes`, and their tensors by stock h5py too.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import zipfile

import h5py
import hdf5plugin  # noqa: F401  (registers filter 32015)
import safetensors.torch
import torch
from machine import machine

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
DIGITS = pathlib.Path(__file__).resolve().parents[1] / "zoo/entries/qkformer-digits"


def read_pth(path):
    torch.load(path, map_location="cpu", weights_only=False)


def read_safetensors(path):
    safetensors.torch.load(path.read_bytes())


def read_hdf5(path):
    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            item[()]
    with h5py.File(path) as file:
        file.visititems(visit)


def read_checkpoint(path):
    run = subprocess.run([QKZOO, "verify", path, "--level", "bytes"], capture_output=True, text=True)
    if run.returncode not in (0, 1, 65, 77):
        raise SystemExit(f"flipped_bits: exit code {run.returncode}: {run.stderr}")
    if run.returncode:
        raise ValueError(run.stderr)


def pth_tensors(path):
    """The entries of the archive that hold storages."""
    ranges = []
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for entry in archive.infolist():
            if "/data/" in entry.filename:
                file.seek(entry.header_offset + 26)
                name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
                start = entry.header_offset + 30 + name + extra
                ranges.append(range(start, start + entry.file_size))
    return ranges


def safetensors_tensors(path):
    data = path.read_bytes()
    return [range(8 + int.from_bytes(data[:8], "little"), len(data))]


def hdf5_tensors(path):
    ranges = []

    def visit(name, item):
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu" or not item.shape:
            return
        if name.startswith(("references", "records")):
            return
        if item.chunks is None:
            ranges.append(range(item.id.get_offset(), item.id.get_offset() + item.nbytes))
            return
        for index in range(item.id.get_num_chunks()):
            chunk = item.id.get_chunk_info(index)
            ranges.append(range(chunk.byte_offset, chunk.byte_offset + chunk.size))
    with h5py.File(path) as file:
        file.visititems(visit)
    return ranges


def noticed(content, places, flips, read, path):
    generator = random.Random(0)
    count = 0
    for _ in range(flips):
        damaged = bytearray(content)
        damaged[generator.choice(places)] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        try:
            read(path)
        except Exception:
            count += 1
    return count


def model(folder):
    """(what it is, file, where the tensors are, {reader: function})"""
    stock = {"h5py": read_hdf5}
    both = {"qkzoo": read_checkpoint, "h5py": read_hdf5}
    pth = DIGITS / "checkpoint.pth"
    yield "PyTorch .pth", pth, pth_tensors, {"torch.load": read_pth}
    plain = folder / "model.safetensors"
    subprocess.run([QKZOO, "convert", pth, "-o", plain], check=True, stdout=subprocess.DEVNULL)
    yield "safetensors", plain, safetensors_tensors, {"safetensors": read_safetensors}
    hdf5 = folder / "plain.h5"
    with h5py.File(hdf5, "w") as file:
        for name, tensor in safetensors.torch.load_file(plain).items():
            file[name] = tensor.numpy()
    yield "plain HDF5", hdf5, hdf5_tensors, stock
    for layout in ("mapped", "compact"):
        path = folder / f"{layout}.qkz.h5"
        source = DIGITS / "qkformer-digits.qkz.h5"
        subprocess.run(
            [QKZOO, "repack", source, "--layout", layout, "-o", path], check=True, stdout=subprocess.DEVNULL)
        yield f".qkz.h5, {layout}", path, hdf5_tensors, both


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, path, tensors, readers in model(folder):
            content = path.read_bytes()
            inside = [place for places in tensors(path) for place in places]
            outside = sorted(set(range(len(content))) - set(inside))
            for reader, read in readers.items():
                damaged = folder / ("damaged" + "".join(path.suffixes))
                results.append({
                    "file": name, "reader": reader, "flips": arguments.flips,
                    "noticed_in_tensors": noticed(content, inside, arguments.flips, read, damaged),
                    "noticed_elsewhere": noticed(content, outside, arguments.flips, read, damaged)})
                print(results[-1], flush=True)
    record = {
        "benchmark": "flipped_bits",
        "command": f"python Benchmarks/flipped_bits.py --flips {arguments.flips}",
        "machine": machine(),
        "versions": {"torch": torch.__version__, "h5py": h5py.__version__, "HDF5": h5py.version.hdf5_version,
                     "hdf5plugin": hdf5plugin.version, "safetensors": safetensors.__version__},
        "results": results,
    }
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps(record, indent=2) + "\n")


main()
