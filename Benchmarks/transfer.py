"""Throughput of a transfer with a SHA-256 from nginx on loopback, beside curl without any digest.

    "$(scripts/peer-python)" Benchmarks/transfer.py [--folder DIR] [--repeat N] [--jobs N]

curl writes to a file as the transfer does, but neither hashes it nor waits for the disk. In a folder of memory
(/dev/shm) waiting for the disk costs nothing, so that is the comparison; another --folder shows what it costs.
"""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "Peers"))

from machine import machine  # noqa: E402
from nginx import nginx  # noqa: E402

SIZE = 512 << 20


def seconds(command):
    begun = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--probe", default=ROOT / ".build/release/transfer-probe")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="qkzoo-transfer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "www").mkdir()
        content = os.urandom(1 << 20)
        digest = hashlib.sha256()
        with open(folder / "www" / "file", "wb") as file:
            for _ in range(SIZE >> 20):
                file.write(content)
                digest.update(content)
        times = {"curl": [], "transfer": []}
        with nginx(folder) as root:
            for _ in range(options.repeat + 1):
                times["curl"].append(seconds(["curl", "-sS", "-o", folder / "curl", f"{root}/file"]))
                (folder / "curl").unlink()
                times["transfer"].append(seconds(
                    [options.probe, "--cache", folder / "cache", "--sha256", digest.hexdigest(), "--size", SIZE,
                     "--jobs", options.jobs, f"{root}/file"]))
                shutil.rmtree(folder / "cache")
    # The first round warms up.
    medians = {key: statistics.median(values[1:]) for key, values in times.items()}
    record = {
        "benchmark": "transfer",
        "command": "python Benchmarks/transfer.py "
                   f"--folder {options.folder} --repeat {options.repeat} --jobs {options.jobs}",
        "machine": machine(),
        "curl": subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout.split("\n")[0],
        "bytes": SIZE,
        "seconds_median": {key: round(value, 3) for key, value in medians.items()},
        "seconds_spread": {key: [round(min(v[1:]), 3), round(max(v[1:]), 3)] for key, v in times.items()},
        "mebibytes_per_second": {key: round((SIZE >> 20) / value) for key, value in medians.items()},
        "transfer_over_curl": round(medians["curl"] / medians["transfer"], 3),
        "goal": 0.8,
    }
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
