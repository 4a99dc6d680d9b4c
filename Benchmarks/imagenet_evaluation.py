"""An evaluation shaped like ImageNet's, beside the bare forward pass.

    QKZOO=.build/release/qkzoo python Benchmarks/imagenet_evaluation.py [--images 2000] [-o RECORD.json]

Needs the peer environment (`scripts/setup --peers`, `scripts/peer-python`) and the weights of the forward benchmark
(`make -C Benchmarks weights MODELS=HST-10-384`). Draws JPEG pictures of ImageNet's sizes into 1,000 class folders, then
evaluates HST-10-384 on them by `per-image`: reading, decoding, resizing, the forward pass, exact counts and records.
The bare forward pass is that of `forward-benchmark serve` on samples in memory, before and after; build it by
`swift build -c release --package-path Benchmarks --product forward-benchmark`, or name it by FORWARD_BENCHMARK.

The goal: at least 85 % of the bare throughput, and a peak of memory that does not grow with the number of pictures.
The pictures are noise of many scales: as hard to decode as photographs of that size. The weights are random with
published firing rates, so the answers mean nothing.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from machine import machine
from PIL import Image
from safetensors.numpy import save_file

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
WORK = pathlib.Path(os.environ.get("WORK", pathlib.Path.home() / ".cache/qkzoo/benchmarks"))
FORWARD = os.environ.get("FORWARD_BENCHMARK", pathlib.Path(__file__).parent / ".build/release/forward-benchmark")
GOAL = 0.85
MOST_GROWTH = 32 << 20
# Width and height, and how often: the usual shapes of the validation set.
SIZES = [((500, 375), 12), ((375, 500), 4), ((500, 333), 4), ((500, 500), 1), ((1024, 768), 1), ((400, 300), 1)]


def wordnet_ids():
    """The names of ImageNet's 1,000 folders, which `eval run` requires."""
    source = pathlib.Path(__file__).parents[1] / "Sources/Datasets/ImageNetClasses.swift"
    numbers = re.findall(r"\b\d{8}\b", source.read_text().split('"""')[1])
    assert len(numbers) == 1000, len(numbers)
    return [f"n{number}" for number in numbers]


def pictures(root, count):
    """`count` JPEG files in 1,000 folders; files of one size differ in a strip, which is cheap to make."""
    chance = np.random.default_rng(0)
    classes = wordnet_ids()
    shapes = [shape for shape, often in SIZES for _ in range(often)]
    grounds = {shape: ground(chance, *shape) for shape in dict(SIZES)}
    total = 0
    for index in range(count):
        folder = root / classes[index % 1000]
        folder.mkdir(exist_ok=True)
        width, height = shapes[index % len(shapes)]
        pixels = np.roll(grounds[width, height], int(chance.integers(width)), axis=1)
        path = folder / f"{index:05}.JPEG"
        Image.fromarray(pixels).save(path, quality=90)
        total += path.stat().st_size
    return total


def ground(chance, width, height):
    """Noise of many scales, about 110 kB as a JPEG of 500 x 375."""
    total = np.zeros((height, width, 3))
    for scale in (2, 4, 8, 16, 64, 256):
        small = chance.normal(0, 1, (height // scale + 2, width // scale + 2, 3))
        total += np.kron(small, np.ones((scale, scale, 1)))[:height, :width] * scale**0.5
    return np.clip(128 + total * 12, 0, 255).astype(np.uint8)


# A child's ru_maxrss starts at that of the process it was forked from, so a small process launches.
LAUNCHER = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss * 1024)
sys.exit(status != 0)
"""


def measured(command):
    """Wall seconds and peak resident bytes of a command."""
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *map(str, command)]
    seconds, peak = subprocess.run(launcher, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(seconds), int(peak)


class Bare:
    """The forward pass alone, on inputs in memory, with nobody watching: `forward-benchmark serve`."""

    def __init__(self, model, folder, samples):
        path = folder / "input.npy"
        np.save(path, np.random.default_rng(1).normal(0, 1, (samples, 3, 224, 224)).astype(np.float32))
        self.samples = samples
        self.process = subprocess.Popen([FORWARD, "serve", model, "--input", path, "--batch", str(samples)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def rate(self, passes=9):
        """Samples in a second: the median of some passes."""
        seconds = []
        for _ in range(passes):
            self.process.stdin.write("run\n")
            self.process.stdin.flush()
            seconds.append(json.loads(self.process.stdout.readline())["seconds"])
        return self.samples / statistics.median(seconds)

    def end(self):
        self.process.communicate("quit\n")


def evaluate(model, root, out, limit=None):
    shutil.rmtree(out, ignore_errors=True)
    options = ["--limit", limit] if limit else []
    seconds, peak = measured([QKZOO, "eval", "run", model, "--dataset", "imagenet-1k", "--data", root, "--protocol",
                              "per-image", "--out", out, *options])
    session = json.loads((out / "environment.json").read_text())["sessions"][0]
    return {"images": session["samples"], "images_per_second": round(session["samples"] / session["seconds"], 3),
            "seconds_of_command": round(seconds, 1), "peak_bytes": peak}


def prepare(folder, count):
    """The checkpoint and the pictures, unless they are there; the bytes of all pictures."""
    weights = WORK / "published" / "HST-10-384" / "weights.pth"
    model, root, size = folder / "model.qkz.h5", folder / "val", folder / "bytes"
    if not size.exists():
        root.mkdir(exist_ok=True)
        subprocess.run([QKZOO, "convert", weights, "--preset", "HST-10-384", "-o", model], check=True,
                       stdout=subprocess.DEVNULL)
        size.write_text(str(pictures(root, count)))
    return model, root, int(size.read_text())


def measure(folder, images, limit):
    model, root, size = prepare(folder, images)
    few = evaluate(model, root, folder / "few", 32)
    bare = [Bare(model, folder, samples) for samples in (4, 5)]
    rates = [max(one.rate() for one in bare)]
    every = evaluate(model, root, folder / "all", limit)
    rates.append(max(one.rate() for one in bare))
    for one in bare:
        one.end()
    share = every["images_per_second"] / statistics.mean(rates)
    growth = every["peak_bytes"] - few["peak_bytes"]
    return {
        "pictures": images, "classes": 1000, "jpeg_bytes_mean": round(size / images),
        "bare_images_per_second": [round(rate, 3) for rate in rates], "few": few, "evaluation": every,
        "share_of_bare": round(share, 4), "peak_growth_bytes": growth,
        "holds": share >= GOAL and growth < MOST_GROWTH,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000, help="a multiple of 1,000")
    parser.add_argument("--folder", type=pathlib.Path, help="where checkpoint and pictures are, or are made and kept")
    parser.add_argument("--limit", type=int, help="evaluate so many of them, spread over the classes (default: all)")
    parser.add_argument("--prepare", action="store_true", help="only make them")
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.prepare:
        return prepare(arguments.folder, arguments.images)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        result = measure(folder, arguments.images, arguments.limit)
    record = {
        "benchmark": "imagenet_evaluation",
        "command": f"python Benchmarks/imagenet_evaluation.py --images {arguments.images}"
        + (f" --limit {arguments.limit}" if arguments.limit else ""),
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "machine": machine(),
        "model": "HST-10-384, T=4, 224 x 224, random weights with published firing rates", "protocol": "per-image",
        "goal_share": GOAL, "result": result,
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")
    if not result["holds"]:
        raise SystemExit("imagenet_evaluation: a goal is missed")


main()
