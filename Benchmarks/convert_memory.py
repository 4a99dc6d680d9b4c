"""Peak memory and speed of `qkzoo convert` on checkpoints of real size, beside a copy of the file.

    QKZOO=.build/release/qkzoo python Benchmarks/convert_memory.py [--repeat 5] [-o RECORD.json]

Needs the peer environment (`scripts/setup --peers`, `scripts/peer-python`). Makes checkpoints with random
weights as the released training script saves them: HST-10-384 with the training state of some tensors
(89 MB), and HST-10-768 with all of AdamW's (780 MB). The goals: a peak of at most the weights plus 64 MiB,
and at least half the speed of `cp` of the same file.

Both sides end on the disk: `convert` syncs what it wrote, and the copy is `cp` and `sync` of the copy. Where
there is a file system in memory the same is measured there, where syncing costs nothing. Runs alternate, and
a target is removed before it is written. Every page of the mapped files that is resident counts: the figure
is the kernel's ru_maxrss.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from machine import machine

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
ALLOWANCE = 64 << 20
MEMORY = "/dev/shm"


def state_dict(preset):
    """Random tensors under the names and shapes of a preset."""
    listing = subprocess.run(
        [QKZOO, "presets", "--show", preset, "--tensors"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    generator = torch.Generator().manual_seed(0)
    state = {}
    for line in listing.splitlines():
        name, shape, role = line.split()
        shape = [int(extent) for extent in shape.strip("[]").split(",") if extent]
        if role == "batch_count":
            state[name] = torch.tensor(1000)
        elif role == "norm_variance":
            state[name] = torch.rand(shape, generator=generator) + 0.5
        else:
            state[name] = torch.randn(shape, generator=generator) * 0.05
    return state


def training_state(state, limit):
    """What AdamW keeps: two moments for each trained tensor, the last layers first, up to some bytes."""
    trained = []
    for name, tensor in reversed(state.items()):
        size = 2 * tensor.numel() * tensor.element_size()
        if "running_" not in name and "num_batches" not in name and size <= limit:
            limit -= size
            trained.append(tensor)
    moments = {
        index: {"step": torch.tensor(1.0), "exp_avg": tensor * 0.1, "exp_avg_sq": tensor.square()}
        for index, tensor in enumerate(trained)
    }
    return {"state": moments, "param_groups": [{"lr": 1e-3, "params": list(range(len(trained)))}]}


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
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *command]
    seconds, peak = subprocess.run(
        launcher, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(seconds), int(peak)


def pair(preset, source, folder):
    """One conversion and one copy: (seconds, peak bytes) of the first, seconds of the second."""
    target, copy = folder / "model.qkz.h5", folder / "copy"
    converted = measured([QKZOO, "convert", str(source), "--preset", preset, "--force", "-o", str(target)])
    target.unlink()
    copied = measured(["sh", "-c", 'cp "$0" "$1" && sync "$1"', str(source), str(copy)])
    copy.unlink()
    return converted, copied[0]


def spread(values):
    return {"median": round(statistics.median(values), 3), "least": round(min(values), 3),
            "most": round(max(values), 3)}


def benchmark(preset, limit, place, repeat):
    state = state_dict(preset)
    weights = sum(t.numel() * t.element_size() for t in state.values())
    with tempfile.TemporaryDirectory(dir=place) as folder:
        folder = pathlib.Path(folder)
        source = folder / "checkpoint.pth"
        torch.save({"model": state, "epoch": 199, "optimizer": training_state(state, limit)}, source)
        size = source.stat().st_size
        pair(preset, source, folder)
        runs = [pair(preset, source, folder) for _ in range(repeat)]
    peak = max(converted[1] for converted, _ in runs)
    return {
        "preset": preset,
        "file_system": "memory" if place == MEMORY else "disk",
        "input_bytes": size,
        "weight_bytes": weights,
        "peak_bytes": peak,
        "limit_bytes": weights + ALLOWANCE,
        "within_limit": peak <= weights + ALLOWANCE,
        "convert_seconds": spread([converted[0] for converted, _ in runs]),
        "copy_seconds": spread([copied for _, copied in runs]),
        "share_of_copy_speed": spread([copied / converted[0] for converted, copied in runs]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    results = []
    places = [None] + ([MEMORY] if pathlib.Path(MEMORY).is_dir() else [])
    for preset, limit in (("HST-10-384", 23 << 20), ("HST-10-768", 1 << 40)):
        results += [benchmark(preset, limit, place, arguments.repeat) for place in places]
    record = {
        "benchmark": "convert_memory",
        "command": "python Benchmarks/convert_memory.py --repeat %d" % arguments.repeat,
        "machine": machine(),
        "weights": "random",
        "synced": "both: convert by itself, the copy by sync",
        "results": results,
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")
    if not all(result["within_limit"] for result in results):
        raise SystemExit("convert_memory: a peak is above the limit")


main()
