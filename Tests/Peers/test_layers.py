"""Traces open in stock NumPy and h5py; a folder of layers and NumPy alone give the spikes of a trace."""

import csv
import hashlib
import json
import re
import unittest

import h5py
import numpy as np
from safetensors import safe_open
from support import (DIGITS, DIGITS_BATCH, DIGITS_DVS, FOLDER, MNIST5K, ROOT, SETS, convert, exit_code, qkzoo, report,
                     validator, vector_set)

KINDS = ["spikes", "input", "current", "charged", "membrane"]


def documented():
    """The names that docs/hardware.md defines."""
    text = (ROOT / "docs" / "hardware.md").read_text()
    names = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(code, "docs/hardware.md", "exec"), names)
    return names


def channel_attention():
    """A model with Q-K channel attention: its tensors are those of token attention."""
    source = next(path for path in SETS if path.parent.name == "cifar-tiny")
    configuration = json.loads(source.read_text())
    for stage in configuration["stages"]:
        stage["mixer"] = "qkca" if stage["mixer"] == "qkta" else stage["mixer"]
    file = FOLDER / "qkca.json"
    file.write_text(json.dumps(configuration))
    return convert(source.parent / "checkpoint.pth", "qkca", "--config", file), source.parent / "io.safetensors"


def models():
    """(name, checkpoint, file with tensor `input`)"""
    for folder in (DIGITS, DIGITS_BATCH, DIGITS_DVS, MNIST5K):
        yield folder.name, folder / f"{folder.name}.qkz.h5", folder / "reference.safetensors"
    for configuration in SETS:
        yield configuration.parent.name, vector_set(configuration), configuration.parent / "io.safetensors"
    yield ("qkca", *channel_attention())


def small_input(name, path, configuration, batch=2):
    """Some samples of an input, and a file that holds them."""
    with safe_open(path, "np") as file:
        x = file.get_tensor("input")[:batch]
    np.save(FOLDER / f"{name}.npy", np.ascontiguousarray(x))
    frames = x[None] if configuration["input"]["coding"] == "direct" else x.swapaxes(0, 1)
    return FOLDER / f"{name}.npy", frames


class Layers(unittest.TestCase):
    def test_blocks_in_numpy(self):
        """Every embedding and block of every kind, each from the folder and what it reads, spike by spike."""
        names = documented()
        kinds = set()
        for name, checkpoint, source in models():
            configuration = report("show", checkpoint)["configuration"]
            file, frames = small_input(name, source, configuration)
            folder, target = FOLDER / f"{name}-layers", FOLDER / f"{name}-trace.npz"
            qkzoo("export", checkpoint, "--to", "layers", "--input", file, "--force", "-o", folder)
            qkzoo("trace", checkpoint, "--input", file, "--what", ",".join(KINDS), "--force", "-o", target)
            rows = names["read_rows"](folder)
            blocks = {"/".join(path.split("/")[:2]) for path in rows if path.startswith("stage")}
            with np.load(target) as trace:
                for block in sorted(blocks):
                    with self.subTest(name, block=block):
                        self.check_block(names, folder, trace, block, configuration["time_steps"], {"input": frames})
                self.check_potentials(names, rows, trace)
            kinds |= {(configuration["family"], configuration["residual"])}
            kinds |= {stage["mixer"] for stage in configuration["stages"]}
        both = ("spike_addition", "membrane_shortcut")
        wanted = {(family, residual) for family in ("imagenet", "cifar", "dvs") for residual in both}
        self.assertEqual(kinds, wanted | {"qkta", "qkca", "ssa"})

    def check_block(self, names, folder, trace, block, time_steps, given):
        rows, results = names["read_rows"](folder), names["replay"](folder, trace, block, time_steps, given)
        spikes = names["differing"](trace, results)
        self.assertEqual(set(spikes), {path for path in results if rows[path]["op"] == "neurons"})
        self.assertFalse(any(spikes.values()), spikes)
        # What the block gives to neurons, its own and later ones, to the last bit.
        compared = set()
        for path, row in rows.items():
            if row["op"] == "mean_membrane" and row["reads"] in results:
                results[path] = names["compute"](folder, row, [results[row["reads"]]], time_steps)
            if row["op"] == "neurons" and row["reads"] in results:
                self.assertEqual(results[row["reads"]].tobytes(), trace[f"current/{path}"].tobytes(), path)
            if row["op"] == "convolution" and row["reads"] in results:
                self.assertEqual(results[row["reads"]].tobytes(), trace[f"input/{path}"].tobytes(), path)
            if set(row["reads"].split()) & set(results):
                compared |= set(row["reads"].split())
        self.assertLessEqual(set(results) - {"head/mean_tokens"}, compared)

    def check_potentials(self, names, rows, trace):
        for row in rows.values():
            if row["op"] != "neurons":
                continue
            with self.subTest(row["path"]):
                charged, spikes, membrane = names["neurons"](row, trace["current/" + row["path"]])
                for kind, value in (("charged", charged), ("spikes", spikes), ("membrane", membrane)):
                    self.assertEqual(trace[f"{kind}/{row['path']}"].tobytes(), value.tobytes(), kind)

    def test_table(self):
        checkpoint, source = DIGITS / "qkformer-digits.qkz.h5", DIGITS / "reference.safetensors"
        folder = FOLDER / "table"
        found = report("export", checkpoint, "--to", "layers", "--input", source, "--fold-bn", "--force", "-o", folder)
        with open(folder / "layers.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), found["layers"])
        stats = report("stats", checkpoint, "--input", source)
        rates = {one["path"]: one for one in stats["neurons"]}
        layers = {one["path"]: one for one in stats["layers"]}
        seen = {"input"}
        for row in rows:
            self.assertLessEqual(set(row["reads"].split()), seen, "a row reads what stands before it")
            seen.add(row["path"])
            if row["op"] == "neurons":
                counts = np.load(folder / row["path"] / "spike_counts.npy")
                self.assertEqual(counts.sum(1).tolist(), rates[row["path"]]["spikes"])
                self.assertEqual(float(row["firing_rate"]), rates[row["path"]]["firing_rate"])
                channel_rates = np.load(folder / row["path"] / "firing_rates.npy")
                self.assertAlmostEqual(channel_rates.mean(dtype=float), float(row["firing_rate"]), places=6)
            if row["op"].endswith("convolution"):
                layer = layers[row["path"]]
                self.assertEqual(int(row["macs"]), layer["accumulates_per_step"])
                weight, scale = (np.load(folder / row["path"] / f"{part}.npy") for part in ("weight", "scale"))
                folded = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
                self.assertEqual(np.load(folder / row["path"] / "folded_weight.npy").tobytes(), folded.tobytes())
            if row["op"] == "convolution":
                histogram = np.load(folder / row["path"] / "input_histogram.npy")
                self.assertEqual(len(histogram) - 1, layer["input"]["largest"])
                self.assertEqual(int(row["largest_input"]), layer["input"]["largest"])
                self.assertEqual(float(row["density"]), layer["input"]["density"])
                self.assertEqual(float(row["mean_input"]), layer["input"]["mean_count"])
        paths = [path for path in folder.rglob("*") if path.is_file()]
        self.assertEqual((len(paths), sum(p.stat().st_size for p in paths)), (found["files"], found["bytes"]))

    def test_without_input(self):
        folder = FOLDER / "bare"
        found = report("export", DIGITS / "qkformer-digits.qkz.h5", "--to", "layers", "--force", "-o", folder)
        self.assertIsNone(found["samples"])
        measured = [p.name for p in folder.rglob("*.npy") if p.stem not in ("weight", "scale", "shift", "bias")]
        self.assertEqual(measured, [])
        self.assertIn("Nothing was measured", (folder / "README.md").read_text())

    def test_folders_are_never_replaced(self):
        folder = FOLDER / "taken"
        folder.mkdir()
        (folder / "mine").write_text("mine")
        qkzoo("export", DIGITS / "qkformer-digits.qkz.h5", "--to", "layers", "--force", "-o", folder, code=77)
        self.assertEqual([path.name for path in folder.iterdir()], ["mine"])
        self.assertEqual([path.name for path in FOLDER.glob("taken*")], ["taken"])


class Traces(unittest.TestCase):
    def test_stock_readers(self):
        """NumPy and h5py read the same elements, those that the report hashed, from both engines' files."""
        for name, checkpoint, source in models():
            with self.subTest(name):
                file, _ = small_input(name, source, report("show", checkpoint)["configuration"], batch=3)
                reports, contents = {}, {}
                for suffix in ("npz", "h5"):
                    for engine in ("fast", "reference"):
                        target = FOLDER / f"{name}-{engine}.{suffix}"
                        reports[suffix] = report("trace", checkpoint, "--input", file, "--what", ",".join(KINDS),
                                                 "--engine", engine, "--force", "-o", target)
                        contents.setdefault(suffix, set()).add(target.read_bytes())
                    self.assertEqual(len(contents[suffix]), 1, "both engines write the same bytes")
                self.assertEqual(reports["npz"]["tensors"], reports["h5"]["tensors"])
                with np.load(FOLDER / f"{name}-fast.npz") as npz, h5py.File(FOLDER / f"{name}-fast.h5") as hdf5:
                    about = json.loads(npz["about.json"])
                    self.assertTrue(validator("trace-file").is_valid(about))
                    self.assertEqual(json.loads(hdf5["about"][0]), about)
                    for tensor in reports["npz"]["tensors"]:
                        array = npz[tensor["name"]]
                        self.assertEqual(list(array.shape), tensor["shape"])
                        self.assertEqual(hashlib.sha256(array.tobytes()).hexdigest(), tensor["sha256"])
                        stored = hdf5[tensor["name"]]
                        self.assertEqual(stored.dtype, array.dtype)
                        self.assertEqual(stored[...].tobytes(), array.tobytes())

    def test_packed(self):
        file, _ = small_input("packed", DIGITS / "reference.safetensors", {"input": {"coding": "direct"}})
        model = DIGITS / "qkformer-digits.qkz.h5"
        qkzoo("trace", model, "--input", file, "--force", "-o", FOLDER / "plain.npz")
        found = report("trace", model, "--input", file, "--pack", "--force", "-o", FOLDER / "packed.npz")
        with np.load(FOLDER / "plain.npz") as plain, np.load(FOLDER / "packed.npz") as packed:
            for tensor in found["tensors"]:
                count = int(np.prod(tensor["layer_shape"]))
                bits = np.unpackbits(packed[tensor["name"]], axis=2, count=count, bitorder="little")
                self.assertEqual(bits.tobytes(), plain[tensor["name"]].tobytes())

    def test_reference(self):
        """The spikes are those that PyTorch recorded."""
        with safe_open(DIGITS / "reference.safetensors", "np") as file:
            recorded = {name: file.get_tensor(name) for name in file.keys()}
        qkzoo("trace", DIGITS / "qkformer-digits.qkz.h5", "--input", DIGITS / "reference.safetensors", "--pack", "--force", "-o",
              FOLDER / "reference.npz")
        upstream = {group["path"]: group["upstream_name"] for group in self.groups()}
        self.assertGreater(len(upstream), 20)
        with np.load(FOLDER / "reference.npz") as trace:
            for path, name in upstream.items():
                self.assertEqual(trace[f"spikes/{path}"].tobytes(), recorded[f"spikes/{name}"].tobytes(), path)

    def groups(self):
        spikes = FOLDER / "groups.json"
        qkzoo("run", DIGITS / "qkformer-digits.qkz.h5", "--input", DIGITS / "reference.safetensors", "--force", "--record-spikes",
              spikes)
        return json.loads(spikes.read_text())["groups"]

    def test_refusals(self):
        model, x = DIGITS / "qkformer-digits.qkz.h5", DIGITS / "reference.safetensors"
        target = FOLDER / "refused.npz"
        for code, options in (
                (66, ["--layers", "stage9"]), (64, ["--layers", "stage1/speds/unit0", "--what", "input"]),
                (64, ["--what", "voltage"]), (64, ["--what", "input", "--pack"]), (64, ["--batch", "0"])):
            with self.subTest(options):
                self.assertEqual(exit_code("trace", model, "--input", x, "--force", "-o", target, *options), code)
                self.assertFalse(target.exists())
        for name in ("x.npy", "x.qkz.h5", "x"):
            self.assertEqual(exit_code("trace", model, "--input", x, "--force", "-o", FOLDER / name), 64)
        self.assertEqual(exit_code("trace", model, "--input", x, "--force", "-o", FOLDER / "no" / "x.npz"), 74)
        self.assertEqual(exit_code("trace", model, "--force", "-o", target), 64)


if __name__ == "__main__":
    unittest.main()
