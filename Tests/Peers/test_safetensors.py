"""The exported .safetensors serves PyTorch as the .pth did."""

import json
import unittest

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from support import DIGITS, DIGITS_BATCH, FOLDER, SPLIT, digits, digits_batch, every_checkpoint, load_pth, qkzoo, report
from dump_reference import load_samples
from qkformer import QKFormer


def export(path):
    target = FOLDER / f"{path.name}.safetensors"
    qkzoo("convert", path, "--force", "-o", target)
    return target


class Safetensors(unittest.TestCase):
    def test_equals_the_pth(self):
        for pth, path in every_checkpoint():
            with self.subTest(path.name):
                state, _ = load_pth(pth)
                exported = load_file(export(path))
                self.assertEqual(set(exported), set(state))
                for name, tensor in state.items():
                    self.assertEqual(exported[name].dtype, tensor.dtype)
                    self.assertEqual(exported[name].shape, tensor.shape)
                    self.assertEqual(exported[name].numpy().tobytes(), tensor.contiguous().numpy().tobytes(), name)

    def test_metadata(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name), safe_open(export(path), "pt") as file:
                shown = report("show", path)
                metadata = file.metadata()
                self.assertEqual(json.loads(metadata["qkzoo.configuration"]), shown["configuration"])
                self.assertEqual(metadata["qkzoo.model_id"], shown["model_id"])
                self.assertEqual(metadata["qkzoo.weights_id"], shown["weights_id"])

    def test_back_again(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name):
                back = FOLDER / f"back-{path.name}"
                qkzoo("convert", export(path), "--force", "-o", back)
                first, second = report("show", path), report("show", back)
                self.assertEqual(first["model_id"], second["model_id"])

    def test_same_logits_in_pytorch(self):
        images, _ = load_samples(SPLIT)
        for folder, path in ((DIGITS, digits()), (DIGITS_BATCH, digits_batch())):
            with self.subTest(path.name), torch.no_grad():
                state, checkpoint = load_pth(folder / "checkpoint.pth")
                logits = []
                for tensors in (state, load_file(export(path))):
                    model = QKFormer(checkpoint["args"].qkzoo_configuration).eval()
                    model.load_state_dict(tensors, strict=True)
                    logits.append(model.run(images[::9]))
                self.assertEqual(logits[0].numpy().tobytes(), logits[1].numpy().tobytes())


if __name__ == "__main__":
    unittest.main()
