"""`diff --on`: the answers of two models to the same samples, recomputed from their logits."""

import unittest

import numpy as np
from safetensors.numpy import load_file, save_file
from support import DIGITS, DIGITS_DVS, FOLDER, MNIST5K, SPLIT, digits, digits_batch, exit_code, qkzoo, report

from dump_reference import load_samples  # noqa: E402 (support makes the recipes importable)


def answers(model):
    """The answers to all samples, by `run`, each sample alone."""
    images, labels = load_samples(SPLIT)
    probe, logits = FOLDER / "diff-probe.npy", FOLDER / "diff-logits.safetensors"
    np.save(probe, images.numpy())
    qkzoo("run", model, "--input", probe, "--scope", "sample", "--force", "-o", logits)
    return load_file(logits)["logits"].argmax(1), np.asarray(labels)


class Answers(unittest.TestCase):
    def test_two_models(self):
        found = report("diff", digits(), digits_batch(), "--on", SPLIT, code=1)["answers"]
        (first, labels), (second, _) = answers(digits()), answers(digits_batch())
        self.assertEqual(found["n"], len(labels))
        self.assertEqual(found["correct"], [int((given == labels).sum()) for given in (first, second)])
        self.assertEqual(found["answers"],
                         [{"sample": f"digits-test:{i}", "class": int(labels[i]),
                           "answers": [int(first[i]), int(second[i])]} for i in np.flatnonzero(first != second)])
        gained, lost = ((first != labels) & (second == labels)).sum(), ((first == labels) & (second != labels)).sum()
        self.assertAlmostEqual(found["difference"], (gained - lost) / len(labels))
        up, down = (gained + 1) / (len(labels) + 2), (lost + 1) / (len(labels) + 2)
        half = 1.96 * np.sqrt((up + down - (up - down) ** 2) / (len(labels) + 2))
        np.testing.assert_allclose(found["interval"], [up - down - half, up - down + half], rtol=1e-12)

    def test_the_same_model(self):
        found = report("diff", digits(), DIGITS / "checkpoint.pth", "--on", SPLIT)
        self.assertFalse(found["differs"])
        self.assertEqual((found["answers"]["answers"], found["answers"]["difference"]), ([], 0))

    def test_event_frames(self):
        model = DIGITS_DVS / "qkformer-digits-dvs.qkz.h5"
        found = report("diff", model, model, "--on", DIGITS_DVS / "digits-dvs-test.safetensors")["answers"]
        self.assertEqual((found["n"], found["correct"]), (360, [357, 357]))

    def test_data_that_does_not_fit(self):
        mnist = MNIST5K / "qkformer-mnist5k.qkz.h5"
        self.assertEqual(exit_code("diff", mnist, mnist, "--on", FOLDER / "nothing"), 66)
        tensors = load_file(SPLIT)
        tensors["labels"][3] = 77
        save_file(tensors, FOLDER / "wrong.safetensors", {"preprocessing": "x / 16"})
        self.assertEqual(exit_code("diff", digits(), digits(), "--on", FOLDER / "wrong.safetensors"), 65)


if __name__ == "__main__":
    unittest.main()
