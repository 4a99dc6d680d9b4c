"""Files that torch.save writes: strided views, shared storage, half precision."""

import json
import unittest

import h5py
import numpy as np
import torch
from support import DIGITS, FOLDER, datasets, exit_code, load_pth, manifest, report, stored_bytes, validator
from qkformer import QKFormer
from make import sha256, tensor_line, identity_text


def raw(tensor):
    tensor = tensor.detach().resolve_neg()
    return tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.dim() else tensor.numpy().tobytes()


class TorchSave(unittest.TestCase):
    def setUp(self):
        self.state, checkpoint = load_pth(DIGITS / "checkpoint.pth")
        self.configuration = FOLDER / "digits.json"
        self.configuration.write_text(json.dumps(checkpoint["args"].qkzoo_configuration))

    def convert(self, name, state, wrapped=True, **options):
        pth = FOLDER / f"{name}.pth"
        torch.save({"state_dict": state, "epoch": 3} if wrapped else state, pth, **options)
        path = FOLDER / f"{name}.qkz.h5"
        report("convert", pth, "--config", self.configuration, "--force", "-o", path)
        with h5py.File(path) as file:
            for tensor in manifest(file)["tensors"]:
                expected = state[tensor["upstream_name"]]
                self.assertEqual(stored_bytes(file["parameters"][tensor["path"]]), raw(expected), tensor["path"])
        self.assertTrue(report("verify", path)["holds"])
        return path

    def test_strided_views(self):
        state = dict(self.state)
        weight = state["head.weight"]
        state["head.weight"] = weight.t().contiguous().t()
        self.assertFalse(state["head.weight"].is_contiguous())
        wide = torch.zeros(state["head.bias"].numel() * 3)
        wide[1::3] = state["head.bias"]
        state["head.bias"] = wide[1::3]
        conv = state["patch_embed2.proj3_conv.weight"]
        state["patch_embed2.proj3_conv.weight"] = conv.to(memory_format=torch.channels_last)
        path = self.convert("strided", state)
        plain = self.convert("plain", dict(self.state))
        self.assertEqual(report("show", path)["model_id"], report("show", plain)["model_id"])

    def negative(self):
        """A state dict with negative views: contiguous, strided, a parameter, and what a conjugate view gives."""
        state = dict(self.state)
        bias = state["head.bias"]
        state["head.bias"] = torch._neg_view(-bias)
        wide = torch.zeros(2, *state["head.weight"].shape).transpose(0, 2)
        wide[..., 1] = -state["head.weight"].t()
        state["head.weight"] = torch._neg_view(wide[..., 1].t())
        norm = "patch_embed1.proj_bn.weight"
        state[norm] = torch.nn.Parameter(torch._neg_view(-state[norm]))
        conv = "patch_embed2.proj3_conv.weight"
        state[conv] = torch.complex(torch.zeros_like(state[conv]), -state[conv]).conj().imag
        for name in ("head.bias", "head.weight", norm, conv):
            self.assertTrue(state[name].is_neg(), name)
            self.assertTrue(torch.equal(state[name].resolve_neg(), self.state[name]), name)
        return state

    def test_negative_views(self):
        plain = self.convert("plain", dict(self.state))
        for zipped in (True, False):
            with self.subTest(zip=zipped):
                path = self.convert("negative", self.negative(), _use_new_zipfile_serialization=zipped)
                self.assertEqual(report("show", path)["model_id"], report("show", plain)["model_id"])

    def test_negative_views_of_every_precision(self):
        for kind in (torch.float16, torch.bfloat16, torch.float64):
            with self.subTest(kind):
                state = {n: t.to(kind) if t.is_floating_point() else t for n, t in self.state.items()}
                values = torch.randn(10).to(kind)
                values[:3] = torch.tensor([0.0, -0.0, float("inf")])
                if kind != torch.bfloat16:  # there the sign that PyTorch gives NaN depends on its place
                    values[3] = float("nan")
                state["head.bias"] = torch._neg_view(values)
                self.convert("negative-precision", state)

    def test_a_negative_view_of_integers_is_refused(self):
        state = dict(self.state)
        name = "patch_embed1.proj_bn.num_batches_tracked"
        state[name] = torch._neg_view(state[name])
        torch.save(state, FOLDER / "negative-integers.pth")
        self.assertEqual(exit_code("convert", FOLDER / "negative-integers.pth", "--config", self.configuration, "--force", "-o",
                                   FOLDER / "negative-integers.qkz.h5"), 65)

    def test_shared_storage(self):
        state = dict(self.state)
        names = [name for name in state if name.startswith("stage3") and name.endswith("q_bn.weight")]
        state[names[1]] = state[names[0]]
        self.convert("shared", state)

    def test_expanded_view_is_refused(self):
        state = dict(self.state)
        state["head.bias"] = torch.tensor([0.25]).expand(10)
        torch.save(state, FOLDER / "expanded.pth")
        # A small file could ask for any amount of memory so.
        arguments = ("--config", self.configuration, "-o", FOLDER / "expanded.qkz.h5")
        self.assertEqual(exit_code("convert", FOLDER / "expanded.pth", *arguments), 77)

    def test_bare_and_legacy(self):
        self.convert("bare", dict(self.state), wrapped=False)
        prefixed = {f"module.{name}": tensor for name, tensor in self.state.items()}
        torch.save(prefixed, FOLDER / "prefixed.pth")
        found = report("convert", FOLDER / "prefixed.pth", "--config", self.configuration, "--force", "-o", FOLDER / "p.qkz.h5")
        self.assertEqual(found["tensors"], len(self.state))
        for protocol in (2, 3, 4, 5):
            self.convert(f"legacy-{protocol}", self.state, _use_new_zipfile_serialization=False,
                         pickle_protocol=protocol)

    def test_inside_wrappers(self):
        """The names that PyTorch's own wrappers give, and what they add."""
        checkpoint = load_pth(DIGITS / "checkpoint.pth")[1]
        model = QKFormer(checkpoint["args"].qkzoo_configuration)
        model.load_state_dict(self.state)
        averaged = torch.optim.swa_utils.AveragedModel(model)
        averaged.update_parameters(model)
        compiled = torch.compile(model)
        parallel = torch.nn.DataParallel(compiled)
        for name, wrapper, dropped in (
                ("averaged", averaged, 1), ("compiled", compiled, 0), ("parallel", parallel, 0)):
            with self.subTest(name):
                torch.save({"state": wrapper.state_dict()}, FOLDER / "wrapped.pth")
                found = report("convert", FOLDER / "wrapped.pth", "--config", self.configuration,
                               "--force", "-o", FOLDER / "wrapped.qkz.h5")
                self.assertEqual((found["tensors"], found["dropped_tensors"]), (len(self.state), dropped))
                self.assertEqual(found["weights_id"], report("identify", DIGITS / "checkpoint.pth")["weights_id"])

    def test_inert_values_beside_the_weights(self):
        for protocol in (2, 4, 5):
            with self.subTest(protocol):
                torch.save({
                    "state_dict": self.state, "short": np.int16(-3), "unsigned": np.uint64(2**63), "frozen": frozenset([1]),
                    "array": bytearray(b"abc"), "scales": [torch.zeros(3, dtype=torch.float8_e4m3fn),
                                                           torch.zeros(3, dtype=torch.uint16)],
                }, FOLDER / "inert.pth", pickle_protocol=protocol)
                path = FOLDER / "inert.qkz.h5"
                report("convert", FOLDER / "inert.pth", "--config", self.configuration, "--force", "-o", path)
                with h5py.File(path) as file:
                    provenance = json.loads(file["provenance"][0])
                self.assertEqual(provenance["facts"], {
                    "short": -3, "unsigned": "integer beyond 64 bits", "frozen": [1], "array": "3 bytes",
                    "scales": ["tensor [3]", "tensor [3]"]})
                self.assertEqual(provenance["dropped"], {"tensors": 2, "bytes": 9})

    def test_one_state_dict_of_two(self):
        """The provenance says which one was taken, and validates."""
        ema = {name: tensor.clone() for name, tensor in self.state.items()}
        torch.save({"state_dict": self.state, "model_ema": ema}, FOLDER / "two.pth")
        size = sum(tensor.numel() * tensor.element_size() for tensor in ema.values())
        for name in ("state_dict", "model_ema"):
            path = FOLDER / "one-of-two.qkz.h5"
            report("convert", FOLDER / "two.pth", "--weights", name, "--config", self.configuration, "--force", "-o", path)
            with h5py.File(path) as file:
                provenance = json.loads(file["provenance"][0])
            self.assertEqual(provenance["source"]["state_dict"], name)
            self.assertEqual(provenance["dropped"], {"tensors": len(ema), "bytes": size})
            self.assertEqual(list(validator("provenance").iter_errors(provenance)), [])

    def test_half_precision(self):
        for dtype, name, stock in ((torch.float16, "f16", "float16"), (torch.bfloat16, "bf16", "float32")):
            with self.subTest(name):
                state = {n: t.to(dtype) if t.is_floating_point() else t for n, t in self.state.items()}
                path = self.convert(name, state)
                lines = [tensor_line(name, list(t.shape), raw(t)) for n, t in state.items() if t.is_floating_point()]
                expected = sha256(identity_text("qkzoo-weights-1\n", lines).encode())
                self.assertEqual(report("show", path)["weights_id"], expected)
                with h5py.File(path) as file:
                    for tensor in manifest(file)["tensors"]:
                        dataset = file["parameters"][tensor["path"]]
                        if tensor["element_type"] == name:
                            self.assertEqual(dataset.dtype.name, stock)
                            values = torch.from_numpy(dataset[...]).float()
                            self.assertTrue(torch.equal(values, state[tensor["upstream_name"]].float()))

    def test_double_precision_is_stored(self):
        state = {n: t.double() if t.is_floating_point() else t for n, t in self.state.items()}
        path = self.convert("double", state)
        with h5py.File(path) as file:
            self.assertEqual({d.dtype.name for _, d in datasets(file["parameters"])}, {"float64", "int64"})

    def test_not_a_number_is_stored(self):
        state = dict(self.state)
        state["head.bias"] = torch.tensor([float("nan"), float("inf"), -0.0] + [0.0] * 7)
        path = self.convert("nan", state)
        probe = f"{DIGITS / 'reference.safetensors'}:input"
        self.assertEqual(exit_code("run", path, "--input", probe), 65, "the forward pass refuses it")


if __name__ == "__main__":
    unittest.main()
