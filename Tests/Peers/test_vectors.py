"""The published vectors are what their generator writes, what h5py computes, and what we compute."""

import json
import re
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np
import torch
from support import DIGITS, DIGITS_BATCH, FOLDER, VECTORS, digits, exit_code, report, rewrite, sha256


def vectors(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


class Vectors(unittest.TestCase):
    def test_generator_writes_them(self):
        folder = FOLDER / "a" / "b" / "vectors"
        folder.mkdir(parents=True)
        for name in ("make.py", "identity.json"):
            shutil.copy(VECTORS / name, folder / name)
        subprocess.run([sys.executable, folder / "make.py"], check=True)
        for path in VECTORS.glob("*.json"):
            self.assertEqual((folder / path.name).read_text(), path.read_text(), path.name)

    def test_fletcher32_is_hdf5s(self):
        known = vectors("fletcher32")
        for case in known["bytes"] + known["repeated"]:
            data = bytes.fromhex(case["bytes"]) if "bytes" in case else bytes.fromhex(case["unit"]) * case["times"]
            with h5py.File("memory", "w", driver="core", backing_store=False) as file:
                values = np.frombuffer(data, "u1")
                dataset = file.create_dataset("x", data=values, chunks=values.shape, fletcher32=True)
                file.flush()
                self.assertEqual(dataset.id.read_direct_chunk((0,))[1][-4:].hex(), case["stored"], case)

    def test_tiny_model(self):
        tiny = vectors("identity")["tiny"]
        types = {"f32": "<f4", "i64": "<i8"}
        state = {}
        for tensor in tiny["tensors"]:
            values = np.frombuffer(bytes.fromhex(tensor["bytes"]), types[tensor["element_type"]])
            state[tensor["upstream_name"]] = torch.from_numpy(values.copy()).reshape(tensor["shape"])
        torch.save(state, FOLDER / "tiny.pth")
        configuration = FOLDER / "tiny.json"
        configuration.write_text(json.dumps(tiny["configuration"]))
        path = FOLDER / "tiny.qkz.h5"
        found = report("convert", FOLDER / "tiny.pth", "--config", configuration, "--force", "-o", path)
        self.assertEqual(found["weights_id"], tiny["weights_id"])
        self.assertEqual(found["model_id"], tiny["model_id"])
        tensors = report("show", path, "--tensors")["tensors"]
        self.assertEqual([t["path"] for t in tensors], [t["path"] for t in tiny["tensors"]])
        self.assertEqual([t["upstream_name"] for t in tensors], [t["upstream_name"] for t in tiny["tensors"]])
        self.assertEqual([t["sha256"] for t in tensors], [t["line"].split()[-1] for t in tiny["tensors"]])

    def test_real_models(self):
        real = {model["name"]: model for model in vectors("identity")["real"]}
        for folder in (DIGITS, DIGITS_BATCH):
            model = real[folder.name]
            self.assertEqual(sha256((folder / "checkpoint.pth").read_bytes()), model["source_sha256"])
            found = report("convert", folder / "checkpoint.pth", "--force", "-o", FOLDER / "real.qkz.h5")
            self.assertEqual((found["weights_id"], found["model_id"]), (model["weights_id"], model["model_id"]))

    def test_spike_digests(self):
        for train in vectors("spike-digests")["trains"]:
            for sample in (sample for step in train["steps"] for sample in step):
                bits = np.zeros(int(np.prod(train["shape"])), bool)
                bits[sample["spikes"]] = True
                packed = np.packbits(bits, bitorder="little").tobytes()
                self.assertEqual((packed.hex(), sha256(packed)), (sample["packed"], sample["sha256"]))


class CanonicalJSON(unittest.TestCase):
    """A text goes into a checkpoint as its provenance, digests and all: it is accepted if and only if canonical."""

    def accepts(self, text):
        path = FOLDER / "provenance.qkz.h5"
        shutil.copy(digits(), path)
        data = text.encode("utf-8", "surrogatepass")
        with h5py.File(path, "r+", libver=("v110", "v110")) as file:
            manifest = file["manifest"][0]
            recorded = re.search(rb'"provenance":"([0-9a-f]{64})"', manifest)[1]
            self.replace(file, "provenance", data)
            self.replace(file, "manifest", manifest.replace(recorded, sha256(data).encode()))
        clean = rewrite(path, FOLDER / "provenance-rewritten.qkz.h5")
        code = exit_code("verify", clean, "--level", "structure")
        self.assertIn(code, (0, 65), text)
        return code == 0

    @staticmethod
    def replace(file, name, data):
        attributes = dict(file[name].attrs)
        del file[name]
        dataset = file.create_dataset(name, (1,), h5py.string_dtype("utf-8", len(data)), chunks=(1,), fletcher32=True,
                                   fill_time="never")
        dataset[0] = data
        for key, text in attributes.items():
            dataset.attrs.create(key, text, dtype=h5py.string_dtype("utf-8", len(text)))

    def test_pairs(self):
        for pair in vectors("canonical-json")["pairs"]:
            with self.subTest(pair["text"]):
                self.assertTrue(self.accepts(pair["canonical"]))
                if pair["text"] != pair["canonical"]:
                    self.assertFalse(self.accepts(pair["text"]))

    def test_refused(self):
        for case in vectors("canonical-json")["refused"]:
            if case["text"]:
                with self.subTest(case["text"]):
                    self.assertFalse(self.accepts(case["text"]))

    def test_depth(self):
        self.assertTrue(self.accepts(vectors("canonical-json")["depth_accepted"]))


if __name__ == "__main__":
    unittest.main()
