"""ONNX Runtime computes what the model computes, judged by the replay rule on its own spikes."""

import json
import os
import unittest

import numpy as np
import onnx
import onnxruntime
from safetensors import safe_open
from safetensors.numpy import save_file
from support import DIGITS, DIGITS_BATCH, FOLDER, SETS, SPLIT, digits, digits_batch, qkzoo, report, vector_set
from dump_reference import load_samples


def export(path, *options):
    target = FOLDER / f"{path.name}{'-'.join(('', *options))}.onnx"
    return target, report("export", path, "--to", "onnx", "--force", "-o", target, *options)


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def vectors(configuration):
    """The probe of a set of Tests/Vectors."""
    with safe_open(configuration.parent / "io.safetensors", "np") as file:
        return file.get_tensor("input")


def models():
    """(checkpoint, its configuration, a probe)"""
    images = load_samples(SPLIT)[0].numpy()
    for path in (digits(), digits_batch()):
        yield path, report("show", path)["configuration"], np.ascontiguousarray(images[::6][:64])
    for configuration in SETS:
        yield vector_set(configuration), json.loads(configuration.read_text()), vectors(configuration)


def reference(path, shown, probe, outputs):
    """What ONNX Runtime did, as a file that `convert --reference` reads; one scope for all."""
    groups = {group["path"]: group["upstream_name"] for group in shown}
    tensors = {"input": probe, "logits": outputs.pop("logits")}
    for name, spikes in outputs.items():
        steps, batch = spikes.shape[:2]
        bits = np.packbits(spikes.reshape(steps, batch, -1).astype(bool), axis=2, bitorder="little")
        tensors[f"spikes/{groups[name.removeprefix('spikes/')]}"] = bits
    origin = {"tool": f"ONNX Runtime {onnxruntime.__version__}", "precision": "float32"}
    metadata = {"qkzoo.reference": json.dumps({"version": 1, "origin": origin, "scope": "sample"})}
    save_file(tensors, path, metadata)


class ONNX(unittest.TestCase):
    def test_checker(self):
        for path, _, _ in models():
            with self.subTest(path.name):
                target, found = export(path, "--with-spikes")
                model = onnx.load(target)
                onnx.checker.check_model(model, full_check=True)
                self.assertGreaterEqual(model.opset_import[0].version, 17)
                self.assertFalse({"Loop", "Scan", "If"} & {node.op_type for node in model.graph.node})
                self.assertEqual(found["nodes"], len(model.graph.node))
                self.assertEqual(found["bytes"], os.path.getsize(target))
                metadata = {entry.key: entry.value for entry in model.metadata_props}
                self.assertEqual(metadata["qkzoo.model_id"], found["model_id"])

    def test_size(self):
        for path in (digits(), digits_batch()):
            target, _ = export(path)
            weights = report("show", path)["parameters"] * 4
            self.assertLess(os.path.getsize(target), weights * 1.1 + 500_000)

    def test_replay_rule(self):
        for path, configuration, probe in models():
            with self.subTest(path.name):
                # The graph has scope sample, whatever the model's own is.
                single = FOLDER / f"{path.name}.json"
                single.write_text(json.dumps(configuration | {"ssa_projection_scope": "sample"}))
                pth = FOLDER / f"onnx-{path.name}.safetensors"
                qkzoo("convert", path, "--force", "-o", pth)
                sample = FOLDER / f"onnx-{path.name}"
                qkzoo("convert", pth, "--config", single, "--force", "-o", sample)
                target, _ = export(sample, "--with-spikes", "--batch", "dynamic")
                runner = session(target)
                names = [output.name for output in runner.get_outputs()]
                outputs = dict(zip(names, runner.run(None, {"input": probe})))
                spikes = FOLDER / "spikes.json"
                save_file({"input": probe}, FOLDER / "probe.safetensors")
                qkzoo("run", sample, "--input", FOLDER / "probe.safetensors", "--force", "--record-spikes", spikes)
                shown = json.loads(spikes.read_text())["groups"]
                self.assertEqual(names, ["logits"] + [f"spikes/{group['path']}" for group in shown])
                recorded = FOLDER / "onnx-reference.safetensors"
                reference(recorded, shown, probe, outputs)
                verified = report("verify", sample, "--reference", recorded, "--require", "behaviour=independent")
                self.assertTrue(verified["holds"], verified)

    def test_batch(self):
        path = digits()
        images = load_samples(SPLIT)[0].numpy()[:5]
        dynamic = session(export(path, "--batch", "dynamic")[0])
        together = dynamic.run(["logits"], {"input": images})[0]
        alone = session(export(path)[0])
        for index, image in enumerate(images):
            logits = alone.run(["logits"], {"input": image[None]})[0]
            np.testing.assert_allclose(logits[0], together[index], atol=1e-4)

    def test_same_bytes(self):
        first = export(digits())[0].read_bytes()
        self.assertEqual(export(digits())[0].read_bytes(), first)


if __name__ == "__main__":
    unittest.main()
