"""QKFormers of SpikingJelly 2.0: its state dicts in, every spike judged, its state dicts out."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from support import FOLDER, qkzoo, report

SCRIPT = Path(__file__).with_name("spikingjelly_qkformer.py")
CASES = ("token", "channel", "token-deep", "channel-deep")


def in_spikingjelly(*arguments):
    environment = os.environ | {"PYTHONPATH": str(Path(sys.prefix) / "spikingjelly-2")}
    run = subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], env=environment, capture_output=True, text=True)
    if run.returncode:
        raise AssertionError(run.stderr)


class QKFormers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folders = {name: FOLDER / f"spikingjelly-{name}" for name in CASES}
        for name, folder in cls.folders.items():
            folder.mkdir()
            in_spikingjelly("make", name, folder)

    def converted(self, name, *options):
        folder = self.folders[name]
        output = folder / "model.qkz.h5"
        value = report("convert", folder / "state.pth", "--config", folder / "configuration.json", "--force",
                       "--reference", folder / "reference.safetensors", "-o", output, *options)
        return value, output

    def test_every_spike_is_judged(self):
        for name in CASES:
            with self.subTest(name):
                value, model = self.converted(name)
                self.assertEqual(value["matched"]["naming"], "spikingjelly")
                for options in ([], ["--both-engines"]):
                    verified = report("verify", model, "--require", "behaviour=independent", *options)
                    self.assertTrue(verified["holds"])
                spikes = load_file(self.folders[name] / "reference.safetensors")
                fired = [key for key, bits in spikes.items() if key.startswith("spikes/") and bits.any()]
                self.assertGreater(len(fired), 0.9 * sum(key.startswith("spikes/") for key in spikes))

    def test_the_state_dict_comes_back_and_loads_strictly(self):
        for name in CASES:
            with self.subTest(name):
                folder, (value, model) = self.folders[name], self.converted(name)
                state = torch.load(folder / "state.pth", weights_only=True)
                for suffix in (".pth", ".safetensors"):
                    out = folder / f"out{suffix}"
                    # The parts of a module counted together.
                    back = report("convert", model, "--naming", "spikingjelly", "--force", "-o", out)
                    self.assertEqual(back["model_id"], value["model_id"])
                    again = report("convert", out, "--force", "-o", folder / "again.qkz.h5")
                    self.assertEqual((again["model_id"], again["weights_id"]), (value["model_id"], value["weights_id"]))
                    self.assertEqual(report("identify", out)["weights_id"], value["weights_id"])
                written = torch.load(folder / "out.pth", weights_only=True)["state_dict"]
                self.assertEqual(list(written), list(state))
                for key, tensor in state.items():
                    self.assertTrue(torch.equal(written[key], tensor), key)
                in_spikingjelly("load", name, folder, folder / "out.pth")
                np.testing.assert_array_equal(np.load(folder / "loaded.npy"), np.load(folder / "logits.npy"))

    def test_ids_are_those_of_parts(self):
        """A file whose modules are taken apart, under canonical shapes, has the same weights-id."""
        folder, (value, model) = self.folders["token"], self.converted("token")
        self.assertEqual(report("identify", folder / "state.pth")["weights_id"], value["weights_id"])
        self.assertEqual(report("identify", model)["weights_id"], value["weights_id"])
        plain = {key: tensor.numpy() for key, tensor in torch.load(folder / "state.pth", weights_only=True).items()}
        save_file(plain, folder / "plain.safetensors")
        self.assertEqual(report("identify", folder / "plain.safetensors")["weights_id"], value["weights_id"])

    def test_a_code_base_without_these_tensors_is_refused(self):
        _, model = self.converted("token")
        for naming in ("released", "step"):
            run = subprocess.run([os.environ["QKZOO"], "convert", model, "--naming", naming, "--force", "-o",
                                  FOLDER / "no.pth"], capture_output=True, text=True)
            self.assertEqual(run.returncode, 78, run.stderr)
            self.assertIn("stage1/speds/unit0/conv/bias", run.stderr)
            self.assertIn("/attention/projection/conv/bias", run.stderr)

    def test_parts_that_counted_differently_do_not_join(self):
        folder, (_, model) = self.folders["token"], self.converted("token")
        state = torch.load(folder / "state.pth", weights_only=True)
        apart = folder / "apart.safetensors"
        config = json.loads((folder / "configuration.json").read_text())
        self.assertEqual(config["biases"], ["embedding", "mlp"])
        # A module whose rows are no multiple of its parts is no module of parts.
        state["stage1.0.attn.qk_conv_bn.0.weight"] = state["stage1.0.attn.qk_conv_bn.0.weight"][:-1]
        save_file({key: tensor.contiguous().numpy() for key, tensor in state.items()}, apart)
        run = subprocess.run([os.environ["QKZOO"], "convert", apart, "--config", folder / "configuration.json", "--force",
                              "-o", FOLDER / "no.qkz.h5"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn("stage1.0.attn.qk_conv_bn.0.weight", run.stderr)

    def test_onnx_has_the_same_answers(self):
        import onnxruntime
        for name in ("token", "channel"):
            folder, (_, model) = self.folders[name], self.converted(name)
            qkzoo("export", model, "--to", "onnx", "--batch", "dynamic", "--force", "-o", folder / "m.onnx")
            session = onnxruntime.InferenceSession(folder / "m.onnx", providers=["CPUExecutionProvider"])
            logits = session.run(None, {session.get_inputs()[0].name: np.load(folder / "input.npy")})[0]
            np.testing.assert_allclose(logits, np.load(folder / "logits.npy"), atol=1e-3)


if __name__ == "__main__":
    unittest.main()
