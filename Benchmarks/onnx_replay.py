"""What ONNX export costs for HST-10-384, and whether ONNX Runtime computes the same model.

    python Benchmarks/peers/generate.py --work DIR --model HST-10-384 --batch 64
    QKZOO=.build/release/qkzoo python Benchmarks/onnx_replay.py --work DIR [-o RECORD.json]

Needs the peer environment (`scripts/setup --peers`, `scripts/peer-python`). The goals: an export of less than ten
seconds, a file of at most the weights plus 10 %, and every spike that ONNX Runtime makes on 64 inputs within the replay
rule (docs/numerics.md), as `verify` judges it.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime
from machine import machine
from safetensors.numpy import save_file

QKZOO = os.environ.get("QKZOO", ".build/release/qkzoo")
PRESET = "HST-10-384"
CHUNK = 8
SECONDS_LIMIT = 10
SIZE_LIMIT = 1.1


def report(*arguments):
    run = subprocess.run([QKZOO, *map(str, arguments), "--json"], stdout=subprocess.PIPE, text=True)
    if not run.stdout:
        raise SystemExit(run.returncode)
    return json.loads(run.stdout)


def exported(model, target, repeat=5):
    """Seconds of each export, and what the command says."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        found = report("export", model, "--to", "onnx", "--force", "-o", target)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds), found


def run(path, probe):
    """Logits, and packed spikes by group, of ONNX Runtime; samples in chunks so that memory stays small."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    parts = {name: [] for name in names}
    for start in range(0, len(probe), CHUNK):
        outputs = session.run(None, {"input": probe[start:start + CHUNK]})
        for name, value in zip(names, outputs):
            parts[name].append(value)
    return {name: np.concatenate(values, axis=1 if name != "logits" else 0) for name, values in parts.items()}


def reference(path, groups, probe, outputs):
    """A file that `verify --reference` reads."""
    tensors = {"input": probe, "logits": outputs.pop("logits")}
    for name in list(outputs):
        spikes = outputs.pop(name)
        spikes = spikes.reshape(*spikes.shape[:2], -1).astype(bool)
        tensors[f"spikes/{groups[name.removeprefix('spikes/')]}"] = np.packbits(spikes, axis=2, bitorder="little")
    origin = {"tool": f"ONNX Runtime {onnxruntime.__version__}", "precision": "float32"}
    metadata = {"qkzoo.reference": json.dumps({"version": 1, "origin": origin, "scope": "sample"})}
    save_file(tensors, path, metadata)


def replayed(model, folder, probe):
    """What `verify` says of ONNX Runtime's spikes."""
    spiking = folder / "spikes.onnx"
    report("export", model, "--to", "onnx", "--with-spikes", "--batch", "dynamic", "--force", "-o", spiking)
    save_file({"input": probe[:1]}, folder / "one.safetensors")
    report("run", model, "--input", folder / "one.safetensors", "--force", "--record-spikes", folder / "spikes.json")
    groups = {group["path"]: group["upstream_name"]
              for group in json.loads((folder / "spikes.json").read_text())["groups"]}
    reference(folder / "reference.safetensors", groups, probe, run(spiking, probe))
    return report(
        "verify", model, "--reference", folder / "reference.safetensors", "--require", "behaviour=independent")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--rates", default="published")
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    source = arguments.work / arguments.rates / PRESET
    probe = np.load(source / "input.npy")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        configuration = json.loads(subprocess.run(
            [QKZOO, "presets", "--show", PRESET], check=True, stdout=subprocess.PIPE).stdout)
        (folder / "sample.json").write_text(json.dumps(configuration | {"ssa_projection_scope": "sample"}))
        model = folder / "model.qkz.h5"
        converted = report("convert", source / "weights.pth", "--config", folder / "sample.json", "--force", "-o", model)
        seconds, found = exported(model, folder / "model.onnx")
        verified = replayed(model, folder, probe)
    behaviour = next(rung for rung in verified["rungs"] if rung["rung"] == "behaviour")
    weights = converted["bytes"]
    holds = (seconds[-1] < SECONDS_LIMIT and found["bytes"] <= weights * SIZE_LIMIT and verified["holds"])
    record = {
        "benchmark": "onnx_replay", "preset": PRESET, "machine": machine(),
        "command": f"python Benchmarks/onnx_replay.py --work DIR --rates {arguments.rates}",
        "weights": f"random, rates {arguments.rates}", "inputs": len(probe),
        "export_seconds": {"median": round(seconds[len(seconds) // 2], 3), "least": round(seconds[0], 3),
                           "most": round(seconds[-1], 3)},
        "bytes": found["bytes"], "weight_bytes": weights, "bytes_by_weights": round(found["bytes"] / weights, 4),
        "nodes": found["nodes"], "tool": f"ONNX Runtime {onnxruntime.__version__}",
        "verdict": behaviour, "within_goals": holds,
    }
    text = json.dumps(record, indent=2)
    print(text)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text + "\n")
    if not holds:
        raise SystemExit("onnx_replay: a goal is not reached")


main()
