"""The exported .pth serves PyTorch as the original did, and every container gives the same model back."""

import unittest

import torch
from support import DIGITS, DIGITS_BATCH, FOLDER, SPLIT, digits, digits_batch, every_checkpoint, load_pth, qkzoo, report
from dump_reference import load_samples
from qkformer import QKFormer


def export(path):
    target = FOLDER / f"{path.name}.pth"
    qkzoo("convert", path, "-o", target)
    return target


def state_dict(path):
    """The state dict of an exported file, read in PyTorch's safe mode."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    member = next(name for name in ("model", "state_dict") if name in content)
    return content[member]


class TorchExport(unittest.TestCase):
    def test_equals_the_original(self):
        for pth, path in every_checkpoint():
            with self.subTest(path.name):
                state, original = load_pth(pth)
                exported = state_dict(export(path))
                self.assertEqual(set(exported), set(state))
                self.assertIsInstance(exported, type(torch.nn.Linear(1, 1).state_dict()))
                for name, tensor in state.items():
                    self.assertEqual(exported[name].dtype, tensor.dtype)
                    self.assertEqual(exported[name].shape, tensor.shape)
                    self.assertEqual(exported[name].numpy().tobytes(), tensor.contiguous().numpy().tobytes(), name)

    def test_mapped(self):
        path = export(digits())
        mapped = torch.load(path, mmap=True, weights_only=True)["state_dict"]
        for name, tensor in state_dict(path).items():
            self.assertEqual(mapped[name].numpy().tobytes(), tensor.numpy().tobytes(), name)

    def test_strict_load_and_same_logits(self):
        images, _ = load_samples(SPLIT)
        for folder, path in ((DIGITS, digits()), (DIGITS_BATCH, digits_batch())):
            with self.subTest(path.name), torch.no_grad():
                state, checkpoint = load_pth(folder / "checkpoint.pth")
                logits = []
                for tensors in (state, state_dict(export(path))):
                    model = QKFormer(checkpoint["args"].qkzoo_configuration).eval()
                    model.load_state_dict(tensors, strict=True)
                    logits.append(model.run(images[::9]))
                self.assertEqual(logits[0].numpy().tobytes(), logits[1].numpy().tobytes())

    def test_saved_again_by_pytorch(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name):
                again = FOLDER / f"again-{path.name}.pth"
                torch.save(torch.load(export(path), weights_only=True), again)
                back = FOLDER / f"again-{path.name}"
                qkzoo("convert", again, "-o", back)
                self.assertEqual(report("show", path)["model_id"], report("show", back)["model_id"])


if __name__ == "__main__":
    unittest.main()
