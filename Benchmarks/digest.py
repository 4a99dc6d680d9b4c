"""Time to compute SHA-256 of a whole checkpoint, tensor by tensor, beside `sha256sum` and `openssl` of the file.

    QKZOO=.build/release/qkzoo python Benchmarks/digest.py [--repeat 15] [-o RECORD.json]

Needs NumPy and safetensors; both environments have them. HST-10-768 with random weights (260 MB, page cache). `verify
--level bytes` computes the digest of every dataset and HDF5's checksum of every chunk, on all cores, and compares them
with the manifest; the others compute one digest on one, `openssl` with the processor's SHA instructions where coreutils
has none. Whole processes, in turn. The goal is the speed of `sha256sum` times the cores.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from machine import machine
from safetensors.numpy import save_file

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
PRESET = "HST-10-768"


def tensors():
    """Random tensors under the upstream names and shapes of the preset."""
    listing = subprocess.run(
        [QKZOO, "presets", "--show", PRESET, "--tensors"], check=True, stdout=subprocess.PIPE, text=True).stdout
    generator = np.random.default_rng(0)
    for line in listing.splitlines():
        name, shape, role = line.split()
        shape = [int(extent) for extent in shape.strip("[]").split(",") if extent]
        yield name, np.array(1000) if role == "batch_count" else generator.random(shape, np.float32) * 0.1 + 0.05


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain, checkpoint = f"{folder}/model.safetensors", f"{folder}/model.qkz.h5"
        save_file(dict(tensors()), plain)
        subprocess.run([QKZOO, "convert", plain, "--preset", PRESET, "-o", checkpoint], check=True,
                       stdout=subprocess.DEVNULL)
        commands = {
            "qkzoo": [QKZOO, "verify", checkpoint, "--level", "bytes"],
            "sha256sum": ["sha256sum", checkpoint],
            "openssl": ["openssl", "dgst", "-sha256", checkpoint],
        }
        times = {name: [] for name in commands}
        for _ in range(arguments.repeat + 1):
            for name, command in commands.items():
                times[name].append(seconds(command))
        size = os.path.getsize(checkpoint)
    # The first round warms up.
    times = {name: values[1:] for name, values in times.items()}
    medians = {name: statistics.median(values) for name, values in times.items()}
    record = {
        "benchmark": "digest",
        "command": f"python Benchmarks/digest.py --repeat {arguments.repeat}",
        "machine": machine(),
        "bytes": size,
        "seconds_median": {name: round(value, 4) for name, value in medians.items()},
        "seconds_spread": {name: [round(min(v), 4), round(max(v), 4)] for name, v in times.items()},
        "MB_per_second": {name: round(size / value / 1e6) for name, value in medians.items()},
        "times_sha256sum": round(medians["sha256sum"] / medians["qkzoo"], 2),
        "times_openssl": round(medians["openssl"] / medians["qkzoo"], 2),
        "goal": os.cpu_count(),
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")


main()
