"""One picture, cold process to answer: `qkzoo classify` beside PyTorch.

    python cold_start.py --work DIR [--rates published] [--runs 9] -o RECORD.json

HST-10-384 with the weights of `generate.py`. Every run is a new process, A B A B; files are in the page cache. Python
does what the released code's users do: import torch, load the state dict, preprocess the picture with Pillow, one
forward pass (batch norm folded, so that PyTorch is at its best). qkzoo verifies every tensor's SHA-256 besides.
"""
import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from compare import machine

HERE = pathlib.Path(__file__).resolve().parent
QKZOO = os.environ.get("QKZOO", str(HERE.parents[1] / ".build/release/qkzoo"))

PYTHON = """
import sys
import numpy
import torch
from PIL import Image
sys.path.insert(0, sys.argv[1])
from model import CONFIGURATIONS, QKFormer, folded
torch.set_num_threads(int(sys.argv[4]))
model = QKFormer(**CONFIGURATIONS["HST-10-384"]).eval()
model.load_state_dict(torch.load(sys.argv[2], mmap=True))
model = folded(model, in_place=True)
picture = Image.open(sys.argv[3]).convert("RGB").resize((256, 256), Image.Resampling.BICUBIC).crop((16, 16, 240, 240))
x = numpy.asarray(picture, numpy.float32) / 255
x = (x - numpy.float32([0.485, 0.456, 0.406])) / numpy.float32([0.229, 0.224, 0.225])
x = torch.from_numpy(x).permute(2, 0, 1).unsqueeze(0).contiguous(memory_format=torch.channels_last)
with torch.inference_mode():
    print(model(x).argmax(1).item())
"""


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def summary(times):
    low, middle, high = statistics.quantiles(times, n=4)
    return {"median_seconds": round(middle, 4), "quartiles": [round(low, 4), round(high, 4)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--rates", default="published")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    weights = arguments.work / arguments.rates / "HST-10-384/weights.pth"
    with tempfile.TemporaryDirectory() as folder:
        import PIL.Image
        import skimage.data

        picture = f"{folder}/astronaut.jpg"
        PIL.Image.fromarray(skimage.data.astronaut()).save(picture, quality=95)
        checkpoint = f"{folder}/model.qkz.h5"
        subprocess.run(
            [QKZOO, "convert", weights, "--preset", "HST-10-384", "-o", checkpoint], check=True,
            stdout=subprocess.DEVNULL)
        commands = {
            "qkzoo classify": [QKZOO, "classify", checkpoint, picture, "--threads", str(arguments.threads)],
            "qkzoo classify, unverified": [
                QKZOO, "classify", checkpoint, picture, "--threads", str(arguments.threads), "--no-verify"],
            "PyTorch": [sys.executable, "-c", PYTHON, HERE, weights, picture, str(arguments.threads)],
        }
        times = {name: [] for name in commands}
        for run in range(arguments.runs + 1):
            for name, command in commands.items():
                elapsed = seconds(command)
                if run > 0:
                    times[name].append(elapsed)
    record = {
        "benchmark": "cold_start", "date": datetime.date.today().isoformat(), "machine": machine(),
        "threads": arguments.threads,
        "command": f"python cold_start.py --work DIR --rates {arguments.rates} --runs {arguments.runs}",
        "weights": f"HST-10-384, random, seed 0, {arguments.rates} rates",
        **{name: summary(values) for name, values in times.items()},
        "part_of_pytorch": round(
            statistics.median(times["qkzoo classify"]) / statistics.median(times["PyTorch"]), 3),
    }
    text = json.dumps(record, indent=1)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
