"""Size and speed of layout `compact` beside its peers, on named weights.

    swift build -c release --package-path Benchmarks --product codec-benchmark
    make -C Benchmarks peers
    ~/.cache/qkzoo/benchmarks/python/bin/python Benchmarks/codec.py NAME=TENSORS.safetensors... [-o RECORD.json]

Sizes: ZipNN over all tensors in one buffer (its best case), zTensor with zstd frames, HDF5 with shuffle and zstd 3 as
hdf5plugin writes it, and ours. Speed: coding against ZipNN, decoding the same file against h5py with hdf5plugin, from the
page cache into new memory. Programs run in turn, so that all suffer alike from what else runs; each repeats within its
process, and the first time is left out. MB is 10^6 bytes of tensors.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from machine import machine

CODEC = pathlib.Path(__file__).parent / ".build/release/codec-benchmark"
ROUNDS, REPEAT = 5, 3

COMMON = """
import sys, time
import numpy as np
from safetensors.numpy import load_file
def tensors(path):
    return {name: tensor for name, tensor in sorted(load_file(path).items()) if tensor.shape}
def repeat(body):
    for _ in range(int(sys.argv[2])):
        print(*body())
"""

# ZipNN writes into the buffer that it is given, so each time gets a copy; copying is not measured.
ZIPNN_ENCODE = COMMON + """
from zipnn import ZipNN
data = b"".join(t.astype(np.float32).tobytes() for t in tensors(sys.argv[1]).values())
codec = ZipNN(bytearray_dtype="float32", input_format="byte", threads=int(sys.argv[3]))
def body():
    copy = bytearray(data)
    start = time.perf_counter()
    coded = codec.compress(copy)
    return time.perf_counter() - start, len(coded)
repeat(body)
"""

ZIPNN_DECODE = COMMON + """
from zipnn import ZipNN
data = b"".join(t.astype(np.float32).tobytes() for t in tensors(sys.argv[1]).values())
codec = ZipNN(bytearray_dtype="float32", input_format="byte", threads=int(sys.argv[3]))
coded = codec.compress(bytearray(data))
assert codec.decompress(coded) == data
def body():
    start = time.perf_counter()
    decoded = codec.decompress(coded)
    return time.perf_counter() - start, len(decoded)
repeat(body)
"""

H5PY_DECODE = COMMON + """
import h5py, hdf5plugin
def body():
    start = time.perf_counter()
    with h5py.File(sys.argv[1]) as file:
        found = {name: file[name][...] for name in file}
    return time.perf_counter() - start, sum(t.nbytes for t in found.values())
repeat(body)
"""

ZTENSOR_WRITE = COMMON + """
from ztensor.numpy import save_file
save_file(tensors(sys.argv[1]), sys.argv[2], compression=len(sys.argv) > 3)
"""

ZTENSOR_DECODE = COMMON + """
import ztensor
def body():
    start = time.perf_counter()
    file = ztensor.open(sys.argv[1])
    found = [file[name].tobytes() for name in file]
    return time.perf_counter() - start, sum(map(len, found))
repeat(body)
"""

H5PY_WRITE = COMMON + """
import h5py, hdf5plugin
with h5py.File(sys.argv[2], "w") as file:
    for name, tensor in tensors(sys.argv[1]).items():
        rows = max(1, (1 << 20) // max(1, tensor.nbytes // tensor.shape[0]))
        file.create_dataset(name, data=tensor, chunks=(min(rows, tensor.shape[0]), *tensor.shape[1:]), shuffle=True,
                            compression=hdf5plugin.Zstd(clevel=3))
"""


def python(script, *arguments):
    return [sys.executable, "-c", script, *map(str, arguments)]


def measured(commands, rounds=ROUNDS):
    """{name: (seconds, bytes)} of commands that print one such pair for each repetition."""
    found = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\n")
            found[name] += [tuple(map(float, line.split())) for line in lines[1:] if line]
    return found


def summary(times, weights):
    seconds = sorted(time for time, _ in times)
    quartiles = statistics.quantiles(seconds, n=4)
    return {"ms_median": round(statistics.median(seconds) * 1e3, 2),
            "ms_quartiles": [round(quartiles[0] * 1e3, 2), round(quartiles[2] * 1e3, 2)],
            "MB_per_second": round(weights / statistics.median(seconds) / 1e6)}


def benchmark(name, path, folder, threads, timed):
    weights = int(subprocess.run(
        python(COMMON + "print(sum(t.nbytes for t in tensors(sys.argv[1]).values()))", path),
        check=True, stdout=subprocess.PIPE, text=True).stdout)
    ours, theirs = folder / "ours.h5", folder / "h5py.h5"
    plain, packed = folder / "plain.zt", folder / "packed.zt"
    for command in ([CODEC, "write", path, ours], python(H5PY_WRITE, path, theirs),
                    python(ZTENSOR_WRITE, path, plain), python(ZTENSOR_WRITE, path, packed, "zstd")):
        subprocess.run(command, check=True)
    encoders = {
        "qkzoo encode": [CODEC, "encode", path, str(REPEAT + 1)],
        "ZipNN encode": python(ZIPNN_ENCODE, path, REPEAT + 1, threads),
    }
    times = measured(encoders | {
        "qkzoo decode": [CODEC, "decode", ours, str(REPEAT + 1)],
        "h5py decode": python(H5PY_DECODE, ours, REPEAT + 1),
        "ZipNN decode": python(ZIPNN_DECODE, path, REPEAT + 1, threads),
        "zTensor zstd decode": python(ZTENSOR_DECODE, packed, REPEAT + 1),
    }) if timed else measured(encoders, rounds=1)
    coded, zipnn = int(times["qkzoo encode"][0][1]), int(times["ZipNN encode"][0][1])
    sizes = {"qkzoo chunks": coded, "ZipNN": zipnn, "qkzoo file": ours.stat().st_size,
             "HDF5 shuffle, zstd 3": theirs.stat().st_size, "zTensor": plain.stat().st_size,
             "zTensor zstd": packed.stat().st_size}
    result = {
        "weights": name, "tensor_bytes": weights, "bytes": sizes,
        "ratio": {key: round(weights / size, 4) for key, size in sizes.items()},
        "size_over_zipnn": round(coded / zipnn, 4),
    }
    return result | compared(times, weights) if timed else result


def compared(times, weights):
    speed = {key: summary(value, weights) for key, value in times.items()}
    median = {key: value["ms_median"] for key, value in speed.items()}
    return {
        "speed": speed,
        "encode_times_zipnn": round(median["ZipNN encode"] / median["qkzoo encode"], 2),
        "decode_times_h5py": round(median["h5py decode"] / median["qkzoo decode"], 2),
    }


def versions():
    names = ["zipnn", "ztensor", "h5py", "hdf5plugin", "safetensors", "numpy"]
    return dict(line.split("==") for line in subprocess.run(
        [sys.executable, "-m", "pip", "freeze"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        if line.split("==")[0] in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", nargs="+", metavar="NAME=TENSORS.safetensors")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of ZipNN")
    parser.add_argument("--sizes", action="store_true", help="only sizes, which need no quiet machine")
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    results = []
    for weights in arguments.weights:
        name, path = weights.split("=", 1)
        with tempfile.TemporaryDirectory() as folder:
            results.append(benchmark(name, path, pathlib.Path(folder), arguments.threads, not arguments.sizes))
        print(json.dumps(results[-1], indent=2), flush=True)
    record = {
        "benchmark": "codec",
        "command": "python Benchmarks/codec.py " + "--sizes " * arguments.sizes + " ".join(
            f"{weights.split('=')[0]}=..." for weights in arguments.weights),
        "machine": machine(), "threads": arguments.threads, "versions": versions(), "results": results,
    }
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps(record, indent=2) + "\n")


main()
