"""What the peer tests of pictures and datasets share: the tool that prints what our libraries read."""

import hashlib
import importlib.util
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

_folder = tempfile.TemporaryDirectory(prefix="qkzoo-samples-")
FOLDER = Path(_folder.name)


def run(*arguments):
    binary = os.environ.get("QKZOO")
    if not binary:
        raise unittest.SkipTest("QKZOO names no binary")
    command = [Path(binary).parent / "qkzoo-samples", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def report(*arguments):
    """The JSON that the tool prints."""
    process = run(*arguments)
    if process.returncode != 0:
        raise AssertionError(f"{arguments}: {process.returncode}\n{process.stdout}{process.stderr[-400:]}")
    return json.loads(process.stdout)


def refusal(*arguments):
    """The name of the failure in which the tool ends, and its exit code."""
    process = run(*arguments)
    return process.stdout.split(": ")[1] if process.returncode > 0 else process.stdout, process.returncode


def digest(array):
    """SHA-256 of an array's bytes as they are in memory, float32 or bytes."""
    array = array.numpy() if isinstance(array, torch.Tensor) else array
    assert array.dtype in (np.float32, np.uint8), array.dtype
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def photographs():
    """Real pictures that the peers' packages ship; the packages are not imported."""
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        root = Path(importlib.util.find_spec(package).submodule_search_locations[0]) / folder
        yield from sorted(p for p in root.iterdir() if p.suffix in (".png", ".jpg"))
