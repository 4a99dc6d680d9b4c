"""What somebody with h5py and patience could try: every change says what, where, expected and found."""

import hashlib
import json
import os
import subprocess
import unittest

import numpy as np
import test_refusals
from support import FOLDER, digits, sha256
from test_refusals import attribute, text

PATH = "stage2/block0/mlp/expansion/lif"


def rewrite(file, recorded, path, values):
    """New values of a dataset, with the manifest brought along."""
    values = np.ascontiguousarray(values)
    file[path][...] = values
    recorded["datasets"][path] = sha256(values.tobytes())


class Forgeries(unittest.TestCase):
    outcome = test_refusals.Refusals.outcome

    def finding(self, edit, level="behaviour"):
        """The messages about a changed file, which must end with exit code 1."""
        code, message = self.outcome(edit, level)
        self.assertEqual(code, 1, message)
        self.assertIn("expected", message)
        self.assertIn("found", message)
        return message

    def test_renamed_tensor(self):
        def edit(file, recorded):
            file.move("parameters/head/bias", "parameters/head/prejudice")
        message = self.finding(edit)
        self.assertIn("parameters head/bias: structure: expected f32", message)
        self.assertIn("parameters head/prejudice: structure: expected no such tensor", message)

    def test_renamed_tensor_in_the_manifest_too(self):
        def edit(file, recorded):
            file.move("parameters/head/bias", "parameters/head/prejudice")
            for entry in recorded["tensors"]:
                entry["path"] = entry["path"].replace("head/bias", "head/prejudice")
        self.assertIn("head/bias: structure", self.finding(edit))

    def test_swapped_tensors(self):
        def edit(file, recorded):
            q, k = ("parameters/stage1/block0/attention/%s/conv/weight" % name for name in "qk")
            values = file[q][...], file[k][...]
            file[q][...], file[k][...] = values[1], values[0]
        self.assertIn("attention/q/conv/weight: digest", self.finding(edit))

    def test_swapped_tensors_in_the_manifest_too(self):
        def edit(file, recorded):
            paths = ["stage1/block0/attention/%s/conv/weight" % name for name in "qk"]
            values = [file["parameters/" + path][...] for path in paths]
            for path, value in zip(paths, reversed(values)):
                file["parameters/" + path][...] = value
                for entry in recorded["tensors"]:
                    if entry["path"] == path:
                        entry["sha256"] = sha256(value.tobytes())
        # Every byte agrees with the manifest; the behaviour does not.
        self.assertIn("lif: digest: expected", self.finding(edit))

    def test_missing_attribute(self):
        def edit(file, recorded):
            del file.attrs["numerics_version"]
            del recorded["attributes"]["/"]["numerics_version"]
        self.assertIn("/@numerics_version: structure: expected `1`, found none", self.finding(edit))

    def test_changed_attribute(self):
        def edit(file, recorded):
            attribute(file["parameters"], "encoding_version", b"1.1")
        message = self.finding(edit)
        self.assertIn("parameters@encoding_version: digest: expected SHA-256", message)

    def test_text_among_the_parameters(self):
        def edit(file, recorded):
            text(file, "parameters/evil", b"unhashed")
        self.assertIn("parameters/evil: structure: expected no such dataset", self.finding(edit))

    def test_listed_stranger(self):
        def edit(file, recorded):
            text(file, "stranger", b"hashed")
            recorded["datasets"]["stranger"] = sha256(b"hashed")
        self.assertIn("stranger: structure", self.finding(edit))

    def test_spike_off_by_one(self):
        def edit(file, recorded):
            path = "references/0/spikes/" + PATH
            spikes = file[path][...]
            spikes[1, 2, 3] ^= 8
            file[path][...] = spikes
        self.assertIn(f"references/0/spikes/{PATH}: digest: expected SHA-256", self.finding(edit))

    def test_spike_off_by_one_in_the_manifest_too(self):
        def edit(file, recorded):
            path = "references/0/spikes/" + PATH
            spikes = file[path][...]
            spikes[1, 2, 3] ^= 8
            rewrite(file, recorded, path, spikes)
        # The record's own counts disagree with its spikes.
        self.assertIn(f"{PATH} step 1 sample 2: digest: expected", self.finding(edit))

    def test_count_off_by_one(self):
        def edit(file, recorded):
            counts = file["references/0/spike_counts"][...]
            counts[5, 1, 2] += 1
            rewrite(file, recorded, "references/0/spike_counts", counts)
        message = self.finding(edit)
        self.assertIn("step 1 sample 2: digest: expected", message)

    def test_consistent_spike_off_by_one(self):
        """Spikes, counts, digests and manifest all agree: the replay rule still sees it."""
        def edit(file, recorded):
            names = self.neurons()
            index = names.index(PATH)
            path = "references/0/spikes/" + PATH
            spikes = file[path][...]
            spikes[1, 2, 3] ^= 8
            rewrite(file, recorded, path, spikes)
            counts = file["references/0/spike_counts"][...]
            counts[index, 1, 2] = int(np.unpackbits(spikes[1, 2]).sum())
            rewrite(file, recorded, "references/0/spike_counts", counts)
            digests = file["references/0/spike_digests"][...]
            digests[index, 1, 2] = np.frombuffer(hashlib.sha256(spikes[1, 2].tobytes()).digest(), "u1")
            rewrite(file, recorded, "references/0/spike_digests", digests)
        message = self.finding(edit)
        self.assertIn(f"{PATH}: digest: expected differences only within the bound", message)

    def test_logits_that_are_no_numbers(self):
        for value in (np.nan, np.inf, -np.inf):
            def edit(file, recorded):
                logits = file["references/0/logits"][...]
                logits[1, 2] = value
                rewrite(file, recorded, "references/0/logits", logits)
            with self.subTest(value):
                self.assertIn("logits sample 1 class 2: digest: expected", self.finding(edit))

    def test_one_tensor_listed_twice(self):
        def edit(file, recorded):
            recorded["tensors"].append(recorded["tensors"][0])
        code, message = self.outcome(edit)
        self.assertEqual(code, 65, message)
        self.assertIn("manifest tensors: manifest: expected each path once, found one twice", message)

    def test_attribute_where_there_is_none(self):
        def edit(file, recorded):
            attribute(file["parameters/head/bias"], "encoding_version", b"1.0")
            recorded["attributes"]["parameters/head/bias"] = {"encoding_version": sha256(b"1.0")}
        self.assertIn("parameters/head/bias@encoding_version: structure: expected no such attribute",
                      self.finding(edit))

    def neurons(self):
        """Neuron paths in the order of the forward pass, as `run` prints them."""
        spikes = FOLDER / "spikes.json"
        subprocess.run(
            [os.environ["QKZOO"], "run", digits(), "--input",
             "zoo/entries/qkformer-digits/reference.safetensors:input", "--force", "--record-spikes", spikes],
            check=True, stdout=subprocess.DEVNULL)
        return [group["path"] for group in json.loads(spikes.read_text())["groups"]]


if __name__ == "__main__":
    unittest.main()
