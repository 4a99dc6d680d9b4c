"""What the peer tests share: the binary under test, the repository's files, and temporary checkpoints.

A test imports this module before `make` (the vectors' generator) and the modules of the recipes, which it makes
importable. The tests need the packages of `zoo/recipes/requirements.txt` and the environment variable QKZOO.
"""

import argparse
import faulthandler
import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import torch
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "zoo" / "recipes"
SCHEMAS = ROOT / "schemas" / "v1"
VECTORS = SCHEMAS / "vectors"
ENTRIES = ROOT / "zoo" / "entries"
DIGITS = ENTRIES / "qkformer-digits"
DIGITS_BATCH = ENTRIES / "qkformer-digits-batch"
MNIST5K = ENTRIES / "qkformer-mnist5k"
DIGITS_DVS = ENTRIES / "qkformer-digits-dvs"
SPLIT = DIGITS / "digits-test.safetensors"
SETS = sorted((ROOT / "Tests" / "Vectors").glob("*/configuration.json"))

sys.path[:0] = [str(RECIPES), str(VECTORS)]
torch.set_num_threads(1)

# A run takes ten minutes; one that hangs ends here, red, with the place where every thread stands.
faulthandler.dump_traceback_later(45 * 60, exit=True)

_folder = tempfile.TemporaryDirectory(prefix="qkzoo-peers-")
FOLDER = Path(_folder.name)


def qkzoo(*arguments, code=0):
    """Runs the binary under test; its standard output."""
    binary = os.environ.get("QKZOO")
    if not binary:
        raise unittest.SkipTest("QKZOO names no binary")
    run = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode != code:
        raise AssertionError(f"qkzoo {' '.join(map(str, arguments))}: {run.returncode}, not {code}\n{run.stderr}")
    return run.stdout


def report(*arguments, code=0):
    """The object that a command prints with --json."""
    return json.loads(qkzoo(*arguments, "--json", code=code))


def exit_code(*arguments):
    return subprocess.run([os.environ["QKZOO"], *map(str, arguments)], capture_output=True).returncode


def load_pth(path):
    """(state dict, everything) of a .pth, as PyTorch reads it."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # our own test files with objects that PyTorch's safe mode refuses
            checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    for name in ("state_dict", "model"):
        if name in checkpoint:
            return checkpoint[name], checkpoint
    return checkpoint, checkpoint


@functools.cache
def digits():
    """The digits model with its reference and records."""
    return convert(DIGITS / "checkpoint.pth", "digits", "--reference", DIGITS / "reference.safetensors",
                   "--records", DIGITS / "records-pytorch.json")


@functools.cache
def digits_batch():
    return convert(DIGITS_BATCH / "checkpoint.pth", "digits-batch", "--reference",
                   DIGITS_BATCH / "reference.safetensors", "--records", DIGITS_BATCH / "records-pytorch.json")


@functools.cache
def vector_set(configuration):
    """The checkpoint of a set of Tests/Vectors."""
    folder = configuration.parent
    return convert(folder / "checkpoint.pth", folder.name, "--config", configuration)


def convert(source, name, *options):
    path = FOLDER / f"{name}.qkz.h5"
    qkzoo("convert", source, "--force", "-o", path, *options)
    return path


def every_checkpoint():
    """(the .pth, the checkpoint made of it)"""
    yield DIGITS / "checkpoint.pth", digits()
    yield DIGITS_BATCH / "checkpoint.pth", digits_batch()
    for folder in (DIGITS, DIGITS_BATCH, MNIST5K, DIGITS_DVS):
        yield folder / "checkpoint.pth", folder / f"{folder.name}.qkz.h5"
    for configuration in SETS:
        yield configuration.parent / "checkpoint.pth", vector_set(configuration)


def create(path, libver=("v110", "v110")):
    """A new file of the subset: every object starts at a multiple of 64 bytes."""
    return h5py.File(path, "w", libver=libver, alignment_threshold=1, alignment_interval=64)


def rewrite(source, target):
    """Copies a checkpoint object by object, as stock h5py does: no space of deleted objects is left."""
    with h5py.File(source) as old, create(target) as new:
        for name in old.attrs:
            new.attrs.create(name, old.attrs[name], dtype=old.attrs.get_id(name).dtype)
        copied = {}
        for name in old:
            link = old.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                new[name] = link
                continue
            address = h5py.h5o.get_info(old[name].id).addr
            if address in copied:
                new[name] = new[copied[address]]
            else:
                old.copy(old[name], new, name=name)
                copied[address] = name
    return target


def manifest(file):
    return json.loads(file["manifest"][0])


def datasets(file):
    """(path, dataset) of every dataset."""
    found = []
    file.visititems(lambda name, item: found.append((name, item)) if isinstance(item, h5py.Dataset) else None)
    return found


def stored_bytes(dataset):
    """The elements as stored, checked by HDF5 and stripped of its checksum."""
    if dataset.shape == ():
        return dataset[()].tobytes()
    dataset[...]
    return dataset.id.read_direct_chunk((0,) * dataset.ndim)[1][:-4]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@functools.cache
def _registry():
    return Registry().with_resources(
        (path.as_uri(), Resource.from_contents(json.loads(path.read_text())))
        for path in SCHEMAS.rglob("*.schema.json"))


@functools.cache
def validator(name):
    """The validator of a schema, as in `commands/run`."""
    return Draft202012Validator({"$ref": (SCHEMAS / f"{name}.schema.json").as_uri()}, registry=_registry())
