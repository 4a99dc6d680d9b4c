"""The exported .pth serves PyTorch as the original did, and every container gives the same model back."""

import json
import unittest

import torch
from safetensors.numpy import load_file, save_file
from support import (
    DIGITS, DIGITS_BATCH, DIGITS_DVS, FOLDER, SETS, SPLIT, digits, digits_batch, every_checkpoint, load_pth, qkzoo,
    report, vector_set)
from dump_reference import load_samples
from qkformer import QKFormer


def export(path):
    target = FOLDER / f"{path.name}.pth"
    qkzoo("convert", path, "--force", "-o", target)
    return target


def state_dict(path):
    """The state dict of an exported file, read in PyTorch's safe mode."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    member = next(name for name in ("model", "state_dict") if name in content)
    return content[member]


class TorchExport(unittest.TestCase):
    def test_matched_by_order(self):
        """Exported, imported by position and exported again, it is the same state dict."""
        for configuration in SETS:
            with self.subTest(configuration.parent.name):
                path = vector_set(configuration)
                back = FOLDER / "by-order.qkz.h5"
                qkzoo("convert", export(path), "--match", "order", "--force", "-o", back)
                self.assertEqual(report("show", back)["model_id"], report("show", path)["model_id"])

    def test_equals_the_original(self):
        for pth, path in every_checkpoint():
            with self.subTest(path.name):
                state, original = load_pth(pth)
                exported = state_dict(export(path))
                self.assertEqual(set(exported), set(state))
                # Our own recipe registers every embedding first, also where the released code does not.
                if pth.parent != DIGITS_DVS:
                    self.assertEqual(list(exported), list(state), "the order of the original")
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

    def test_same_logits_of_the_vectors(self):
        for configuration in SETS:
            if configuration.parent.name.startswith("ms-"):
                continue
            with self.subTest(configuration.parent.name), torch.no_grad():
                images = torch.from_numpy(load_file(configuration.parent / "io.safetensors")["input"])
                logits = []
                for tensors in (load_pth(configuration.parent / "checkpoint.pth")[0],
                                state_dict(export(vector_set(configuration)))):
                    model = QKFormer(json.loads(configuration.read_text())).eval()
                    model.load_state_dict(tensors, strict=True)
                    logits.append(model.run(images).numpy().tobytes())
                self.assertEqual(logits[0], logits[1])

    def test_identities_of_every_container(self):
        for configuration in SETS:
            with self.subTest(configuration.parent.name):
                mapped = vector_set(configuration)
                first = report("show", mapped)
                compact, tensors = FOLDER / "compact.qkz.h5", FOLDER / "identities.safetensors"
                qkzoo("repack", mapped, "--layout", "compact", "--force", "-o", compact)
                qkzoo("convert", compact, "--force", "-o", tensors)
                bare = FOLDER / "bare.safetensors"
                save_file(load_file(tensors), bare)
                self.assertEqual(report("show", compact)["model_id"], first["model_id"])
                for path in (configuration.parent / "checkpoint.pth", export(compact), tensors, bare):
                    self.assertEqual(report("identify", path)["weights_id"], first["weights_id"], path)
                    again = report("convert", path, "--config", configuration, "--force", "-o", FOLDER / "again.qkz.h5")
                    self.assertEqual(again["model_id"], first["model_id"], path)

    def test_saved_again_by_pytorch(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name):
                again = FOLDER / f"again-{path.name}.pth"
                torch.save(torch.load(export(path), weights_only=True), again)
                back = FOLDER / f"again-{path.name}"
                qkzoo("convert", again, "--force", "-o", back)
                self.assertEqual(report("show", path)["model_id"], report("show", back)["model_id"])


if __name__ == "__main__":
    unittest.main()
