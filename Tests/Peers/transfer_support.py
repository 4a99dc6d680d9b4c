"""What the tests of transfers share: the probe, what must hold of a cache after any end, and random content."""

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import unittest
from pathlib import Path

ENDS = {1, 65, 66, 69, 74, 75, 77}
"""How a transfer may fail."""


def probe():
    binary = os.environ.get("QKZOO")
    if not binary:
        raise unittest.SkipTest("QKZOO names no binary")
    path = Path(binary).parent / "transfer-probe"
    if not path.exists():
        raise AssertionError(f"no {path}: swift build -c release --product transfer-probe")
    return path


def command(cache, sources, *, content=None, md5=False, sha256=True, size=True, **options):
    arguments = [str(probe()), "--cache", str(cache), "--pause", "5", "--patience", "400", "--journal", "20",
                 "--share", "0"]
    if content is not None:
        if sha256:
            arguments += ["--sha256", hashlib.sha256(content).hexdigest()]
        if md5:
            arguments += ["--md5", hashlib.md5(content).hexdigest()]
        if size:
            arguments += ["--size", str(len(content))]
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
    return arguments + [str(source) for source in sources]


def clean_environment(**variables):
    """This process's variables without proxies, and some others."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return kept | variables


def start(arguments, file_limit=None, **variables):
    def limit():
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=clean_environment(**variables), preexec_fn=limit)


def run(arguments, timeout=60, **options):
    process = start(arguments, **options)
    output, _ = process.communicate(timeout=timeout)
    return process.returncode, output


class TransferCase(unittest.TestCase):
    def assert_sound(self, cache):
        """Whatever happened, every blob is the file of its name, read-only, and every record is of a blob."""
        blobs = Path(cache) / "blobs"
        for blob in blobs.iterdir() if blobs.exists() else ():
            self.assertEqual(hashlib.sha256(blob.read_bytes()).hexdigest(), blob.name)
            self.assertEqual(blob.stat().st_mode & 0o777, 0o444)
        records = Path(cache) / "records"
        for path in records.glob("*.json") if records.exists() else ():
            record = json.loads(path.read_text())
            blob = blobs / record["sha256"]
            self.assertEqual((path.stem, record["size"]), (record["sha256"], blob.stat().st_size))

    def assert_fetched(self, cache, code, output, content):
        self.assertEqual(code, 0, output)
        blob = Path(cache) / "blobs" / hashlib.sha256(content).hexdigest()
        self.assertEqual(output.splitlines()[-1], str(blob))
        self.assertEqual(blob.read_bytes(), content)
        self.assert_sound(cache)
        self.assertEqual(remains(cache), [])

    def assert_failed(self, cache, code, output, expected=ENDS):
        """One line that names the failure, and its exit code."""
        self.assertIn(code, expected if isinstance(expected, (set, tuple)) else {expected}, output)
        lines = output.strip().splitlines()
        self.assertEqual(len(lines), 1, output)
        self.assertRegex(lines[0], r"^.+: [a-z-]+: expected .+, found .+$")
        self.assert_sound(cache)


def remains(cache):
    """What is in `incoming`."""
    folder = Path(cache) / "incoming"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def random_bytes(seed, size):
    return random.Random(seed).randbytes(size)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()
