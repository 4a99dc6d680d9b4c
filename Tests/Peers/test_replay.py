"""PyTorch and SpikingJelly, run now on the test splits, confirm our forward pass."""

import subprocess
import sys
import unittest

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from support import (DIGITS, DIGITS_BATCH, DIGITS_DVS, FOLDER, MNIST5K, RECIPES, SPLIT, digits, digits_batch, qkzoo,
                     report)


class Replay(unittest.TestCase):
    def confirm(self, folder, checkpoint, scope, split=SPLIT, samples="0:360"):
        reference = FOLDER / f"{folder.name}-{scope}.safetensors"
        subprocess.run([sys.executable, RECIPES / "dump_reference.py", folder / "checkpoint.pth", "--images", split,
                        "--samples", samples, "--scope", scope, "-o", reference], check=True)
        value = report("verify", checkpoint, "--reference", reference, "--require", "behaviour=independent")
        rung = [r for r in value["rungs"] if r["rung"] == "behaviour"][-1]
        self.assertEqual(rung["scope"], scope)
        # Under another scope it is another model that is confirmed.
        self.assertEqual(rung["independent"], scope == value["configuration"]["ssa_projection_scope"])
        self.assertTrue(rung["detail"].startswith("confirmed by PyTorch"), rung["detail"])
        return reference

    def test_scope_sample(self):
        reference = self.confirm(DIGITS, digits(), "sample")
        ours = FOLDER / "logits.safetensors"
        qkzoo("run", digits(), "--input", f"{reference}:input", "--force", "-o", ours)
        difference = np.abs(load_file(ours)["logits"] - load_file(reference)["logits"]).max()
        self.assertLessEqual(difference, 1e-4)

    def test_scope_batch_as_one_batch(self):
        self.confirm(DIGITS_BATCH, digits_batch(), "batch")

    def test_scope_batch_alone(self):
        self.confirm(DIGITS_BATCH, digits_batch(), "sample")

    def test_other_families(self):
        for folder, data, count in ((MNIST5K, "mnist5k-test", 1000), (DIGITS_DVS, "digits-dvs-test", 360)):
            every_tenth = ",".join(map(str, range(0, count, 10)))
            for scope in ("sample", "batch"):
                with self.subTest(folder.name, scope=scope):
                    self.confirm(folder, folder / f"{folder.name}.qkz.h5", scope,
                                 folder / f"{data}.safetensors", every_tenth)

    def test_another_models_spikes_do_not_confirm(self):
        with safe_open(DIGITS_BATCH / "reference.safetensors", "numpy") as file:
            self.assertIn("qkzoo.reference", file.metadata())
        qkzoo("verify", digits(), "--reference", DIGITS_BATCH / "reference.safetensors", code=1)


if __name__ == "__main__":
    unittest.main()
