"""The code in docs/python.md does what it says."""

import json
import re
import unittest

import h5py
import torch
from support import DIGITS, FOLDER, ROOT, digits, every_checkpoint, load_pth, qkzoo
from qkformer import QKFormer


def documented():
    """The names that the document's code defines."""
    text = (ROOT / "docs" / "python.md").read_text()
    names = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(code, "docs/python.md", "exec"), names)
    return names


class PythonDocument(unittest.TestCase):
    def setUp(self):
        self.read_checkpoint = documented()["read_checkpoint"]

    def test_state_dicts(self):
        for pth, path in every_checkpoint():
            with self.subTest(path.name):
                state, _ = self.read_checkpoint(path)
                expected, _ = load_pth(pth)
                self.assertEqual(set(state), set(expected))
                for name, tensor in expected.items():
                    self.assertEqual(state[name].dtype, tensor.dtype)
                    self.assertTrue(torch.equal(state[name], tensor), name)

    def test_model_loads(self):
        state, configuration = self.read_checkpoint(digits())
        QKFormer(configuration).load_state_dict(state, strict=True)

    def test_compact(self):
        qkzoo("repack", digits(), "--layout", "compact", "--force", "-o", FOLDER / "doc-compact.qkz.h5")
        state, _ = self.read_checkpoint(digits())
        compact, _ = self.read_checkpoint(FOLDER / "doc-compact.qkz.h5")
        self.assertEqual(set(state), set(compact))
        for name, tensor in state.items():
            self.assertTrue(torch.equal(compact[name], tensor), name)

    def test_half_precision(self):
        state, checkpoint = load_pth(DIGITS / "checkpoint.pth")
        half = {n: t.bfloat16() if t.is_floating_point() else t for n, t in state.items()}
        torch.save(half, FOLDER / "doc.pth")
        (FOLDER / "doc.json").write_text(json.dumps(checkpoint["args"].qkzoo_configuration))
        qkzoo("convert", FOLDER / "doc.pth", "--config", FOLDER / "doc.json", "--force", "-o", FOLDER / "doc.qkz.h5")
        qkzoo("repack", FOLDER / "doc.qkz.h5", "--layout", "compact", "--force", "-o", FOLDER / "doc-half.qkz.h5")
        for path in ("doc.qkz.h5", "doc-half.qkz.h5"):
            read, _ = self.read_checkpoint(FOLDER / path)
            for name, tensor in half.items():
                self.assertTrue(read[name].dtype == tensor.dtype and torch.equal(read[name], tensor), name)

    def test_damage_is_noticed(self):
        data = bytearray(digits().read_bytes())
        with h5py.File(digits()) as file:
            chunk = file["parameters/head/weight"].id.get_chunk_info(0)
        data[chunk.byte_offset] ^= 1
        (FOLDER / "doc-damaged.qkz.h5").write_bytes(data)
        with self.assertRaises(OSError):
            self.read_checkpoint(FOLDER / "doc-damaged.qkz.h5")


if __name__ == "__main__":
    unittest.main()
