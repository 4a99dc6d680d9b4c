"""Time to open a checkpoint until every tensor can be used, beside safetensors' memory map.

    swift build -c release --package-path Benchmarks --product open-benchmark
    QKZOO=.build/release/qkzoo python Benchmarks/open_checkpoint.py [--repeat 50] [-o RECORD.json]

Needs the peer environment (`scripts/setup --peers`, `scripts/peer-python`). The same 434 tensors of HST-10-384
(66 MB, random) as `.qkz.h5` in layout `mapped` and as `.safetensors`; both files are in the page cache, nothing is
verified on either side. Each time is taken inside one process, the reading programs running in turn.
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
    return {"median_ms": round(statistics.median(times) * 1e3, 3), "least_ms": round(min(times) * 1e3, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=50)
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain, checkpoint = f"{folder}/model.safetensors", f"{folder}/model.qkz.h5"
        save_file(tensors(), plain)
        subprocess.run([QKZOO, "convert", plain, "--preset", PRESET, "-o", checkpoint], check=True,
                       stdout=subprocess.DEVNULL)
        ours, theirs = [], []
        for _ in range(5):
            # The first time of a process warms up its allocator and is left out.
            ours += seconds([OPEN, checkpoint, str(arguments.repeat + 1)])[1:]
            theirs += seconds([sys.executable, "-c", SAFETENSORS, plain, str(arguments.repeat + 1)])[1:]
        sizes = os.path.getsize(checkpoint), os.path.getsize(plain)
    ratio = statistics.median(ours) / statistics.median(theirs)
    record = {
        "benchmark": "open_checkpoint",
        "command": f"python Benchmarks/open_checkpoint.py --repeat {arguments.repeat}",
        "machine": machine(),
        "preset": PRESET,
        "weights": "random",
        "bytes": {"qkz.h5": sizes[0], "safetensors": sizes[1]},
        "qkzoo": summary(ours),
        "safetensors_load_file": summary(theirs),
        "ratio_of_medians": round(ratio, 3),
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")


main()
