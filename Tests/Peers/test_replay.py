"""PyTorch and SpikingJelly, run now on the whole digits split, confirm our forward pass."""

import subprocess
import sys
import unittest

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file
from support import DIGITS, DIGITS_BATCH, FOLDER, RECIPES, SPLIT, digits, digits_batch, qkzoo, report


class Replay(unittest.TestCase):
    def confirm(self, folder, checkpoint, scope):
        reference = FOLDER / f"{folder.name}-{scope}.safetensors"
        subprocess.run([sys.executable, RECIPES / "dump_reference.py", folder / "checkpoint.pth", "--images", SPLIT,
                        "--samples", "0:360", "--scope", scope, "-o", reference], check=True)
        value = report("verify", checkpoint, "--reference", reference, "--require", "behaviour=independent")
        rung = [r for r in value["rungs"] if r["rung"] == "behaviour"][-1]
        self.assertTrue(rung["independent"])
        self.assertTrue(rung["detail"].startswith("confirmed by PyTorch"), rung["detail"])
        return reference

    def test_scope_sample(self):
        reference = self.confirm(DIGITS, digits(), "sample")
        ours = FOLDER / "logits.safetensors"
        qkzoo("run", digits(), "--input", f"{reference}:input", "-o", ours)
        difference = np.abs(load_file(ours)["logits"] - load_file(reference)["logits"]).max()
        self.assertLessEqual(difference, 1e-4)

    def test_scope_batch_as_one_batch(self):
        self.confirm(DIGITS_BATCH, digits_batch(), "batch")

    def test_scope_batch_alone(self):
        self.confirm(DIGITS_BATCH, digits_batch(), "sample")

    def test_another_models_spikes_do_not_confirm(self):
        with safe_open(DIGITS_BATCH / "reference.safetensors", "numpy") as file:
            self.assertIn("qkzoo.reference", file.metadata())
        qkzoo("verify", digits(), "--reference", DIGITS_BATCH / "reference.safetensors", code=1)


if __name__ == "__main__":
    unittest.main()
