"""The recipes: the data files are what the export scripts write, and the model is the released one."""

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
