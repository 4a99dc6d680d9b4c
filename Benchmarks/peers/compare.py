"""The forward pass of qkzoo beside PyTorch, ONNX Runtime and OpenVINO: same weights, same input, same threads.

    python compare.py --work DIR --model HST-10-384 [--rates published] [--batch 1 | --batch best] -o RECORD.json

Every runtime is a server. They are asked in turn, A B C A B C, in one run; whoever is not asked is stopped (SIGSTOP),
so that idle threads disturb nobody. A turn is one pass that does not count and `--runs` that do. Memory is the peak
of resident bytes after loading and a first pass. `--batch best` first looks for each runtime's best batch size.

The record holds a result for each (model, rates, batch); a later run replaces its own.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile

import numpy

from model import CONFIGURATIONS

HERE = pathlib.Path(__file__).resolve().parent
FORWARD = HERE.parent / ".build/release/forward-benchmark"
PEERS = ("torch", "torch-folded", "torch-compile", "onnxruntime", "openvino")
BATCHES = (1, 2, 4, 8, 16)


class Server:
    def __init__(self, name, arguments, batch):
        self.name, self.batch = name, batch
        folder = arguments.work / arguments.rates / arguments.model
        if name == "qkzoo":
            command = [
                FORWARD, "serve", folder / "weights.pth", "--preset", CONFIGURATIONS[arguments.model]["preset"],
                "--input", folder / "input.npy", "--batch", str(batch), "--threads", str(arguments.threads)]
        else:
            command = [
                sys.executable, HERE / "serve.py", name, "--model", arguments.model, "--folder", folder,
                "--batch", str(batch), "--threads", str(arguments.threads)]
        environment = os.environ | {"OMP_NUM_THREADS": str(arguments.threads)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.version = self.answer()["version"]
        self.pause()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {self.process.wait()}")
        return json.loads(line)

    def ask(self, request):
        print(request, file=self.process.stdin, flush=True)
        return self.answer()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def turn(self, runs):
        """Seconds of each pass."""
        self.process.send_signal(signal.SIGCONT)
        self.ask("run")
        seconds = [self.ask("run")["seconds"] for _ in range(runs)]
        self.pause()
        return seconds

    def finish(self):
        """Peak memory and logits; the server ends."""
        self.process.send_signal(signal.SIGCONT)
        memory = self.ask("memory")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "logits.npy"
            self.ask(f"logits {path}")
            logits = numpy.load(path)
        print("quit", file=self.process.stdin, flush=True)
        self.process.wait()
        return memory, logits


def best_batch(name, arguments):
    """The batch size with the least time for each sample."""
    times = {}
    for batch in arguments.batches:
        server = Server(name, arguments, batch)
        times[batch] = statistics.median(server.turn(2)) / batch
        server.finish()
    return min(times, key=times.get), times


def compare(arguments):
    scans = {}
    if arguments.batch == "best":
        scans = {name: best_batch(name, arguments) for name in arguments.runtime}
    servers = []
    for name in arguments.runtime:
        try:
            servers.append(Server(name, arguments, scans[name][0] if scans else int(arguments.batch)))
        except RuntimeError as error:
            print(f"compare: left out: {error}", file=sys.stderr)
    seconds = {server.name: [] for server in servers}
    for _ in range(arguments.rounds):
        for server in servers:
            seconds[server.name] += server.turn(arguments.runs)
    results, reference = [], None
    for server in servers:
        memory, logits = server.finish()
        reference = logits if reference is None else reference
        shared = min(len(logits), len(reference))
        low, middle, high = (
            value / server.batch for value in statistics.quantiles(seconds[server.name], n=4))
        results.append({
            "runtime": server.name, "version": server.version, "batch": server.batch,
            "seconds_per_sample": round(middle, 5), "quartiles": [round(low, 5), round(high, 5)],
            "passes": len(seconds[server.name]),
            "peak_bytes": memory["peak"], "peak_bytes_loading": memory["loading"],
            "logits_differ_from_first": float(numpy.abs(logits[:shared] - reference[:shared]).max()),
            "same_answers_as_first": int((logits[:shared].argmax(1) == reference[:shared].argmax(1)).sum()),
            "samples": shared,
        } | ({"scan_seconds_per_sample": {k: round(v, 5) for k, v in scans[server.name][1].items()}} if scans else {}))
    return results


def ratios(results):
    """How many times the fastest peer's time and the least PyTorch memory are ours."""
    ours = next(r for r in results if r["runtime"] == "qkzoo")
    peers = [r for r in results if r is not ours]
    if not peers:
        return {}
    fastest = min(peers, key=lambda r: r["seconds_per_sample"])
    torch = [r["peak_bytes"] for r in peers if r["runtime"].startswith("torch")]
    return {
        "fastest_peer": fastest["runtime"],
        "times_faster": round(fastest["seconds_per_sample"] / ours["seconds_per_sample"], 2),
        "memory_of_pytorch": round(ours["peak_bytes"] / min(torch), 3) if torch else None,
    }


def machine():
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "")
    sets = [name for name in ("avx2", "avx512f") if f" {name} " in flags]
    return f"{model}, {os.cpu_count()} processors, {' '.join(sets)}, Linux {platform.release()}"


def inputs_rates(arguments):
    rates = json.loads((arguments.work / arguments.rates / arguments.model / "rates.json").read_text()).values()
    return {
        "mean_input": round(statistics.mean(r["mean"] for r in rates), 3),
        "nonzero_input": round(statistics.mean(r["nonzero"] for r in rates), 3),
        "largest_input": max(r["largest"] for r in rates),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--model", required=True, choices=CONFIGURATIONS)
    parser.add_argument("--rates", default="published")
    parser.add_argument("--batch", default="1")
    parser.add_argument("--batches", type=int, nargs="*", default=BATCHES)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--runtime", nargs="*", default=["qkzoo", *PEERS])
    parser.add_argument("-o", "--output", type=pathlib.Path)
    arguments = parser.parse_args()
    results = compare(arguments)
    summary = ratios(results)
    for result in results:
        print(
            f"{result['runtime']:14} batch {result['batch']:2}  {1e3 * result['seconds_per_sample']:8.1f} ms"
            f"  [{1e3 * result['quartiles'][0]:.1f}, {1e3 * result['quartiles'][1]:.1f}]"
            f"  {result['peak_bytes'] / 2**20:6.0f} MiB  logits differ by {result['logits_differ_from_first']:.2g}")
    print(summary)
    if arguments.output:
        record = json.loads(arguments.output.read_text()) if arguments.output.exists() else {}
        record |= {"benchmark": "forward", "machine": machine(), "threads": arguments.threads}
        key = f"{arguments.model}, {arguments.rates} rates, batch {arguments.batch}"
        record.setdefault("results", {})[key] = {
            "date": datetime.date.today().isoformat(),
            "command": "python " + " ".join(
                ["compare.py", "--work DIR", "--model", arguments.model, "--rates", arguments.rates, "--batch",
                 arguments.batch, "--rounds", str(arguments.rounds)]),
            "weights": f"random, seed 0, {arguments.rates} rates", "inputs": inputs_rates(arguments),
            **summary, "runtimes": results}
        arguments.output.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
