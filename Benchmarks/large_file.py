"""A checkpoint of more than 4 GiB, written, verified and read by stock h5py; and a tensor of 4 GiB, refused by name.

    QKZOO=.build/release/qkzoo "$(scripts/peer-python)" Benchmarks/large_file.py [--folder DIR] [-o RECORD.json]

The tiny CIFAR network of the tests made wider, with a million classes: its classifier alone needs 4.2 GB, or more than
4 GiB. That input is sparse, but for marks at both ends of each tensor. Needs 10 GB in the folder and a few minutes; run
by hand.
"""
import argparse
import json
import math
import os
import pathlib
import struct
import subprocess
import tempfile
import time

import h5py
import hdf5plugin  # noqa: F401  (registers filter 32015)
import torch
from machine import machine

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
TINY = pathlib.Path(__file__).resolve().parents[1] / "Tests/Vectors/cifar-tiny"
CLASSES = 1_000_000
# How many times wider: below, and above, 4 GiB of float32 in the classifier's weight.
FITS, TOO_LARGE = 16.5, 17


def shapes(scale):
    """Name, type and shape of every tensor of the wider network."""
    state = torch.load(TINY / "checkpoint.pth", map_location="cpu", weights_only=False)["state_dict"]
    types = {torch.float32: "F32", torch.int64: "I64"}
    for name, tensor in state.items():
        # Channels are the first two axes; three are the colours', and the rest is the kernel's.
        shape = [extent if axis > 1 or (axis == 1 and extent == 3) else int(extent * scale)
                 for axis, extent in enumerate(tensor.shape)]
        if name.startswith("head."):
            shape[0] = CLASSES
        yield name, types[tensor.dtype], shape


def sparse(path, scale):
    """The wider network as safetensors, zero but for 0.5 and -0.25 at the ends of each float32 tensor."""
    header, marks, offset = {}, {}, 0
    for name, kind, shape in sorted(shapes(scale), key=lambda item: item[1] != "I64"):
        end = offset + (8 if kind == "I64" else 4) * math.prod(shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, end]}
        if kind == "F32":
            marks[offset], marks[end - 4] = struct.pack("<f", 0.5), struct.pack("<f", -0.25)
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)
        for place, mark in marks.items():
            file.seek(8 + len(text) + place)
            file.write(mark)


def configuration(path, scale):
    value = json.loads((TINY / "configuration.json").read_text())
    value["classes"] = CLASSES
    for stage in value["stages"]:
        stage["channels"] = int(stage["channels"] * scale)
    path.write_text(json.dumps(value))


def run(*arguments, code=0):
    start = time.perf_counter()
    result = subprocess.run([QKZOO, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != code:
        raise SystemExit(f"large_file: exit code {result.returncode}: {result.stderr}")
    return round(time.perf_counter() - start, 1), result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder")
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        folder = pathlib.Path(folder)
        plain, config = folder / "large.safetensors", folder / "configuration.json"
        mapped, compact = folder / "large.qkz.h5", folder / "compact.qkz.h5"
        sparse(plain, FITS)
        configuration(config, FITS)
        seconds, models = {}, set()
        seconds["convert"], _ = run("convert", plain, "--config", config, "-o", mapped)
        sizes = {"mapped": mapped.stat().st_size}
        for layout, path in (("mapped", mapped), ("compact", compact)):
            if layout == "compact":
                seconds["repack"], _ = run("repack", mapped, "--layout", layout, "-o", path)
                sizes[layout] = path.stat().st_size
            seconds[f"verify {layout}"], result = run("verify", path, "--level", "structure", "--json")
            models.add(json.loads(result.stdout)["model_id"])
            with h5py.File(path) as file:
                weight, bias = file["parameters/head/weight"], file["parameters/head/bias"]
                ends = [float(weight[0, 0]), float(weight[-1, -1]), float(bias[0]), float(bias[-1])]
                assert weight.nbytes < 1 << 32 and ends == [0.5, -0.25] * 2, ends
        assert len(models) == 1 and sizes["mapped"] > 1 << 32, (models, sizes)
        mapped.unlink()
        sparse(plain, TOO_LARGE)
        configuration(config, TOO_LARGE)
        seconds["refused"], result = run("convert", plain, "--config", config, "-o", mapped, code=65)
        assert not mapped.exists()
    record = {
        "benchmark": "large_file", "command": "python Benchmarks/large_file.py", "machine": machine(),
        "versions": {"h5py": h5py.__version__, "HDF5": h5py.version.hdf5_version},
        "file_bytes": sizes, "seconds": seconds, "model_id": models.pop(),
        "refusal": result.stderr.strip().split("/")[-1],
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")


main()
