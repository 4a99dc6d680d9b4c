"""The recipes: the data files are what the export scripts write, and the model is the released one."""

import argparse
import contextlib
import io
import json
import subprocess
import sys
import unittest

import numpy as np
import torch
from safetensors.numpy import load_file
from support import ENTRIES, FOLDER, RECIPES, SETS, load_pth
from dump_reference import run, run_alone
from export_digits_dvs import event_frames
from qkformer import QKFormer
from training import configuration, train


class Data(unittest.TestCase):
    def test_exports_write_the_same_bytes(self):
        for script, path in (("export_digits.py", "qkformer-digits/digits-test.safetensors"),
                             ("export_mnist5k.py", "qkformer-mnist5k/mnist5k-test.safetensors"),
                             ("export_digits_dvs.py", "qkformer-digits-dvs/digits-dvs-test.safetensors")):
            with self.subTest(script):
                again = FOLDER / "again.safetensors"
                subprocess.run([sys.executable, RECIPES / script, "-o", again], check=True)
                self.assertEqual(again.read_bytes(), (ENTRIES / path).read_bytes())

    def test_the_splits_share_no_image(self):
        for name, count in (("mnist5k", 5000), ("digits", 1797)):
            module = __import__(f"export_{name}")
            train, test = getattr(module, f"{name}_split")()
            self.assertEqual(sorted([*train["index"], *test["index"]]), list(range(count)))
            for part in (train, test):
                counts = np.bincount(part["labels"])
                self.assertLessEqual(counts.max() - counts.min(), 0.07 * counts.max())

    def test_a_bright_pixel_leaves_events_along_the_saccade(self):
        image = np.zeros((1, 1, 8, 8), np.uint8)
        image[..., 3, 4] = 16
        frames = event_frames(image)[0]
        self.assertEqual((frames.shape, frames.max()), ((16, 2, 32, 32), 1))
        # The enlarged pixel's middle lies at row 2 + 10, column 13; the first step moves it to (13, 14).
        rows, columns = [12], [13]
        for down, right in [(1, 1)] * 4 + [(-1, 1)] * 4 + [(0, -1)] * 8:
            rows.append(rows[-1] + down)
            columns.append(columns[-1] + right)
        self.assertEqual((rows[-1], columns[-1]), (12, 13))
        for step, (off, on) in enumerate(frames):
            for channel in (off, on):
                around = channel[rows[step] - 4:rows[step] + 5, columns[step] - 4:columns[step] + 5]
                self.assertEqual(around.sum(), channel.sum(), "events only where the pixel is or was")
                self.assertGreater(channel.sum(), 0)
            self.assertFalse((off & on).any())
        # The sixteenth step arrives from the right: brighter on the left, darker on the right.
        off, on = frames[15]
        self.assertLess(np.argwhere(on)[:, 1].mean(), np.argwhere(off)[:, 1].mean())


class Stopped(Exception):
    """What ends a training in the middle of an epoch."""


class Training(unittest.TestCase):
    EPOCHS, BATCHES = 3, 4

    def setUp(self):
        generator = torch.Generator().manual_seed(0)
        self.samples = torch.rand(32, 1, 8, 8, generator=generator), torch.randint(10, (32,), generator=generator)
        self.calls = 0
        for path in FOLDER.glob("training*"):
            path.unlink()

    def train(self, name, stop_at=None, **changes):
        """The checkpoint and what was said; training stops at the augmentation number `stop_at`."""
        def augmented(images):
            self.calls += 1
            if self.calls == stop_at:
                raise Stopped
            return images + 0.01 * torch.rand_like(images)

        self.calls = 0
        options = dict(scope="sample", epochs=self.EPOCHS, batch_size=8, lr=2e-3, weight_decay=0.05, smoothing=0.1,
                       seed=0, threads=1, state=str(FOLDER / f"training-{name}.state"), no_test=False,
                       output=str(FOLDER / "training.pth"))
        model = configuration("cifar", "direct", (1, 8, 8), 2, [(8, 1, 2, "qkta", 1), (16, 1, 2, "ssa", 1)], "sample")
        with contextlib.redirect_stdout(io.StringIO()) as said:
            train(argparse.Namespace(**options | changes), model, self.samples, self.samples, augmented,
                  with_optimizer=True, held_out=self.samples)
        return load_pth(FOLDER / "training.pth")[1], said.getvalue()

    def same(self, one, other):
        """Whether two values are equal to the bit, tensors in dicts and lists included."""
        if isinstance(one, torch.Tensor):
            return torch.equal(one, other)
        if isinstance(one, dict):
            return one.keys() == other.keys() and all(self.same(one[key], other[key]) for key in one)
        if isinstance(one, (list, tuple)):
            return len(one) == len(other) and all(map(self.same, one, other))
        return one == other

    def test_a_training_that_was_stopped_goes_on_to_the_same_bits(self):
        whole, _ = self.train("whole")
        # In the middle of the first, second and last epoch, and before the second's first batch.
        for stop_at, done in ((2, 0), (self.BATCHES + 3, 1), (2 * self.BATCHES + 4, 2), (self.BATCHES + 1, 1)):
            with self.subTest(stop_at=stop_at):
                name = f"stopped-{stop_at}"
                with self.assertRaises(Stopped):
                    self.train(name, stop_at)
                resumed, said = self.train(name)
                self.assertEqual(self.calls, (self.EPOCHS - done) * self.BATCHES)
                self.assertEqual(f"{done} epochs are done" in said, done > 0)
                for part in ("state_dict", "optimizer", "metric"):
                    self.assertTrue(self.same(whole[part], resumed[part]), part)
        another, _ = self.train("another", seed=1)
        self.assertFalse(self.same(whole["state_dict"], another["state_dict"]))

    def test_a_state_of_another_recipe_is_refused(self):
        with self.assertRaises(Stopped):
            self.train("other", self.BATCHES + 1)
        before = (FOLDER / "training-other.state").read_bytes()
        for changes in ({"seed": 1}, {"epochs": 4}, {"threads": 2}, {"lr": 1e-3}):
            with self.subTest(changes), self.assertRaises(SystemExit) as refusal:
                self.train("other", **changes)
            self.assertIn(f"another {next(iter(changes))};", str(refusal.exception))
        self.assertEqual((FOLDER / "training-other.state").read_bytes(), before)

    def test_choosing_a_recipe_tests_nothing(self):
        with self.assertRaises(FileNotFoundError):
            self.train("choice", no_test=True)


class Model(unittest.TestCase):
    def test_gives_the_released_models_spikes(self):
        # The recipes train QKFormer; MS-QKFormer has other vectors.
        sets = (path for path in SETS if not path.parent.name.startswith("ms-"))
        for path in (path for path in sets if "borderline" not in path.parent.name):
            known = load_file(path.parent / "spikes.safetensors")
            inputs = torch.from_numpy(load_file(path.parent / "io.safetensors")["input"])
            state, _ = load_pth(path.parent / "checkpoint.pth")
            configuration = json.loads(path.read_text())
            for kind, scope, evaluate in (("batch", "batch", run), ("single", "sample", run_alone)):
                with self.subTest(path.parent.name, kind=kind):
                    model = QKFormer(configuration, scope).eval()
                    model.load_state_dict(state, strict=True)
                    _, spikes = evaluate(model, inputs)
                    for name, bits in spikes.items():
                        packed = np.packbits(bits.reshape(-1), bitorder="little")
                        np.testing.assert_array_equal(packed, known[f"{kind}/{name}"], name)


if __name__ == "__main__":
    unittest.main()
