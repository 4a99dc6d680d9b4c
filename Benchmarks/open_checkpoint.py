"""Time to open a checkpoint until every tensor can be used, beside the memory maps of safetensors and zTensor.

    swift build -c release --package-path Benchmarks --product open-benchmark
    make -C Benchmarks peers
    QKZOO=.build/release/qkzoo ~/.cache/qkzoo/benchmarks/python/bin/python Benchmarks/open_checkpoint.py [--repeat 50]
        [-o RECORD.json]

The same 434 tensors of HST-10-384 (66 MB, random) as `.qkz.h5` in layout `mapped`, as `.safetensors` and as `.zt`; the
files are in the page cache, nothing is verified on any side. Each time is taken inside one process, the reading
programs running in turn.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import ztensor.numpy
from machine import machine
from safetensors.numpy import save_file

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
OPEN = pathlib.Path(__file__).parent / ".build/release/open-benchmark"
PRESET = "HST-10-384"

# Opening is what `load_file` does on the way to tensors over the mapped file.
SAFETENSORS = """
import sys, time
from safetensors.torch import load_file
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    tensors = load_file(sys.argv[1])
    print(time.perf_counter() - start)
    del tensors
"""

ZTENSOR = """
import sys, time
from ztensor.numpy import load_file
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    tensors = load_file(sys.argv[1])
    print(time.perf_counter() - start)
    del tensors
"""


def tensors():
    """Random tensors under the upstream names and shapes of the preset."""
    listing = subprocess.run(
        [QKZOO, "presets", "--show", PRESET, "--tensors"], check=True, stdout=subprocess.PIPE, text=True).stdout
    generator = np.random.default_rng(0)
    found = {}
    for line in listing.splitlines():
        name, shape, role = line.split()
        shape = [int(extent) for extent in shape.strip("[]").split(",") if extent]
        if role == "batch_count":
            found[name] = np.array(1000)
        else:
            found[name] = (generator.random(shape, dtype=np.float32) + 0.5) * 0.1
    return found


def seconds(command):
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(line) for line in output.split()]


def summary(times):
    quartiles = statistics.quantiles(times, n=4)
    return {"median_ms": round(statistics.median(times) * 1e3, 3), "least_ms": round(min(times) * 1e3, 3),
            "quartiles_ms": [round(quartiles[0] * 1e3, 3), round(quartiles[2] * 1e3, 3)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=50)
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain, page, checkpoint = f"{folder}/model.safetensors", f"{folder}/model.zt", f"{folder}/model.qkz.h5"
        save_file(tensors(), plain)
        ztensor.numpy.save_file(tensors(), page)
        subprocess.run([QKZOO, "convert", plain, "--preset", PRESET, "-o", checkpoint], check=True,
                       stdout=subprocess.DEVNULL)
        again = str(arguments.repeat + 1)
        commands = {
            "qkzoo": [OPEN, checkpoint, again],
            "safetensors_load_file": [sys.executable, "-c", SAFETENSORS, plain, again],
            "ztensor_load_file": [sys.executable, "-c", ZTENSOR, page, again],
        }
        times = {name: [] for name in commands}
        for _ in range(5):
            for name, command in commands.items():
                # The first time of a process warms up its allocator and is left out.
                times[name] += seconds(command)[1:]
        sizes = {os.path.splitext(path)[1][1:]: os.path.getsize(path) for path in (plain, page, checkpoint)}
    medians = {name: statistics.median(values) for name, values in times.items()}
    record = {
        "benchmark": "open_checkpoint",
        "command": f"python Benchmarks/open_checkpoint.py --repeat {arguments.repeat}",
        "machine": machine(),
        "preset": PRESET,
        "weights": "random",
        "bytes": sizes,
        **{name: summary(values) for name, values in times.items()},
        "ratio_of_medians": round(medians["qkzoo"] / medians["safetensors_load_file"], 3),
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")


main()
