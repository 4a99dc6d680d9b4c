"""Peak memory and time of `qkzoo convert` on checkpoints of real size.

    QKZOO=.build/release/qkzoo python Benchmarks/convert_memory.py [--repeat 3] [-o RECORD.json]

Needs the peer environment (`scripts/setup --peers`, `scripts/peer-python`). Makes two checkpoints with
random weights as the released training script saves them: HST-10-384 without training state (66 MB) and
HST-10-768 with AdamW's (780 MB). The goal is a peak of at most the weights plus 64 MiB.

Every page of the mapped files that is resident counts: the figure is the kernel's ru_maxrss.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from machine import machine

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
ALLOWANCE = 64 << 20


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


def training_state(state):
    """What AdamW keeps: two moments for each trained tensor."""
    trained = [t for n, t in state.items() if "running_" not in n and "num_batches" not in n]
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


def copied(source, target):
    start = time.perf_counter()
    shutil.copyfile(source, target)
    return time.perf_counter() - start


def benchmark(preset, with_training_state, folder, repeat):
    state = state_dict(preset)
    weights = sum(t.numel() * t.element_size() for t in state.values())
    content = {"model": state, "epoch": 199}
    if with_training_state:
        content["optimizer"] = training_state(state)
    source = folder / "checkpoint.pth"
    torch.save(content, source)
    target = folder / "model.qkz.h5"
    runs = [
        (*measured([QKZOO, "convert", str(source), "--preset", preset, "-o", str(target)]),
         copied(source, folder / "copy"))
        for _ in range(repeat)
    ]
    seconds, peaks, copies = zip(*runs)
    return {
        "preset": preset,
        "training_state": with_training_state,
        "input_bytes": source.stat().st_size,
        "weight_bytes": weights,
        "peak_bytes": max(peaks),
        "limit_bytes": weights + ALLOWANCE,
        "within_limit": max(peaks) <= weights + ALLOWANCE,
        "seconds_median": round(statistics.median(seconds), 3),
        "seconds_spread": [round(min(seconds), 3), round(max(seconds), 3)],
        "copy_seconds_median": round(statistics.median(copies), 3),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    results = []
    for preset, with_training_state in (("HST-10-384", False), ("HST-10-768", True)):
        with tempfile.TemporaryDirectory() as folder:
            results.append(
                benchmark(preset, with_training_state, pathlib.Path(folder), arguments.repeat))
    record = {
        "benchmark": "convert_memory",
        "command": "python Benchmarks/convert_memory.py --repeat %d" % arguments.repeat,
        "machine": machine(),
        "weights": "random",
        "results": results,
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")
    if not all(result["within_limit"] for result in results):
        raise SystemExit("convert_memory: a peak is above the limit")


main()
