"""An exported NIR graph, read by nir and run by NIR's own definitions, makes the released code's spikes.

The evaluator knows NIR and the metadata of the file and nothing else of us. What a part reads, and what it must
give, comes from the spikes that the released code recorded (Tests/Vectors).
"""

import json
import os
import subprocess
import unittest

import nir
import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from support import FOLDER, SETS, digits, exit_code, qkzoo, report, vector_set


class Evaluator:
    """Runs a NIR graph step by step. Sums of edges; forward Euler, or the exact solution for a constant input."""

    def __init__(self, graph, exact=False):
        self.nodes, self.edges, self.exact = graph.nodes, graph.edges, exact
        self.dt = np.float32(graph.metadata["qkzoo.dt"])
        self.sources = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
        self.order = self.sorted()

    def sorted(self):
        order = []
        while len(order) < len(self.nodes):
            ready = [n for n in self.nodes if n not in order and set(self.sources[n]) <= set(order)]
            assert ready, "a cycle"
            order += ready
        return order

    def run(self, inputs, recorded=None):
        """The values of every node, `[T, ...]`, and of neurons also H and X. Recorded spikes go on instead of ours."""
        values, charged, currents = {}, {}, {}
        for name in self.order:
            node = self.nodes[name]
            x = inputs if isinstance(node, nir.Input) else sum(values[source] for source in self.sources[name])
            if isinstance(node, nir.LIF):
                spikes, charged[name], currents[name] = *self.neurons(node, x), x
                values[name] = spikes if recorded is None else recorded[name]
                charged[name] = (spikes, charged[name])
            else:
                values[name] = self.stateless(node, x)
        return values, charged, currents

    @staticmethod
    def stateless(node, x):
        if isinstance(node, (nir.Input, nir.Output)):
            return x
        if isinstance(node, nir.Affine):
            return x @ node.weight.T + node.bias
        assert isinstance(node, nir.Conv2d), type(node)
        return torch.conv2d(
            torch.from_numpy(x), torch.from_numpy(node.weight), torch.from_numpy(node.bias),
            tuple(map(int, node.stride)), tuple(map(int, node.padding)), tuple(map(int, node.dilation)),
            int(node.groups)).numpy()

    def neurons(self, node, x):
        v, spikes, charged = node.v_reset.copy(), [], []
        share = self.dt / node.tau if not self.exact else 1 - np.exp(-self.dt / node.tau)
        for current in x:
            v = v + share * (node.v_leak - v + node.r * current)
            charged.append(v)
            spikes.append((v > node.v_threshold).astype(np.float32))
            v = np.where(v > node.v_threshold, node.v_reset, v)
        return np.stack(spikes), np.stack(charged)


def groups(model, tensors):
    """Every neuron group of a model: path, upstream name, shape of one sample at one step."""
    probe, spikes = FOLDER / "nir-probe.safetensors", FOLDER / "nir-spikes.json"
    save_file({"input": tensors["input"][:1]}, probe)
    qkzoo("run", model, "--input", probe, "--force", "--record-spikes", spikes)
    return json.loads(spikes.read_text())["groups"]


class Recording:
    """What the released code recorded of one sample, by our paths, `[T, C, H, W]`."""

    def __init__(self, configuration, sample=0):
        folder = configuration.parent
        self.configuration = json.loads(configuration.read_text())
        self.model, self.sample = vector_set(configuration), sample
        self.steps = self.configuration["time_steps"]
        tensors = load_file(folder / "io.safetensors")
        self.count = len(tensors["input"])
        self.logits = tensors["logits_single"][sample]
        direct = self.configuration["input"]["coding"] == "direct"
        image = tensors["input"][sample]
        self.input = np.stack([image] * self.steps) if direct else image
        self.bits = load_file(folder / "spikes.safetensors")
        self.groups = {group["path"]: group for group in groups(self.model, tensors)}

    def spikes(self, path):
        group = self.groups[path]
        shape = (self.steps, self.count, *group["shape"])
        bits = np.unpackbits(self.bits[f"single/{group['upstream_name']}"], bitorder="little")
        return bits[: int(np.prod(shape))].reshape(shape)[:, self.sample].astype(np.float32)

    def maps(self, path):
        """The same with tokens as rows and columns."""
        spikes = self.spikes(path)
        if spikes.ndim == 4:
            return spikes
        extent = self.groups[f"{path.split('/')[0]}/speds/shortcut/lif"]["shape"][1:]
        return spikes.reshape(self.steps, -1, *extent)

    def stage(self, number):
        """The stream behind an embedding."""
        speds = f"stage{number}/speds"
        last = max(path for path in self.groups if path.startswith(f"{speds}/unit"))
        return self.spikes(last) + self.spikes(f"{speds}/shortcut/lif")

    def stream(self, stage, block=None):
        """The stream that a block reads; behind the last block without one."""
        x = self.stage(stage)
        for number in range(self.configuration["stages"][stage - 1]["blocks"]):
            if number == block:
                return x
            x = x + self.maps(f"stage{stage}/block{number}/attention/projection/lif")
            x = x + self.spikes(f"stage{stage}/block{number}/mlp/contraction/lif")
        return x

    def reads(self, part):
        """What a part of QKFormer reads."""
        names = part.split("/")
        if names == ["head"]:
            return self.stream(len(self.configuration["stages"])).mean((0, 2, 3))[None]
        stage = int(names[0].removeprefix("stage"))
        before = self.input if stage == 1 else self.stream(stage - 1)
        if names[1] == "speds":
            if len(names) == 2 or names[2] == "unit0":
                return before
            if names[2] == "shortcut":
                start = {"dvs": 2}.get(self.configuration["family"], 1) if stage == 1 else 0
                return self.spikes(f"stage1/speds/unit{start - 1}/lif") if start else before
            return self.spikes(f"stage{stage}/speds/unit{int(names[2][4:]) - 1}/lif")
        block = int(names[1].removeprefix("block"))
        path, x = "/".join(names[:2]), self.stream(stage, block)
        if names[2:] in (["attention", "q"], ["attention", "k"], ["attention", "v"]):
            return x
        if names[2:] == ["attention", "projection"]:
            return self.attended(f"{path}/attention", self.configuration["stages"][stage - 1])
        if names[2:] == ["mlp", "contraction"]:
            return self.maps(f"{path}/mlp/expansion/lif")
        return x + self.maps(f"{path}/attention/projection/lif")

    def attended(self, path, stage):
        inner, keys = self.spikes(f"{path}/lif"), self.maps(f"{path}/k/lif")
        if stage["mixer"] == "ssa":
            return self.maps(f"{path}/lif")
        if stage["mixer"] == "qkca":
            return keys * inner[:, :, None, None]
        mask = np.repeat(inner, keys.shape[1] // inner.shape[1], axis=1)
        return keys * mask.reshape(keys.shape)


def export(model, part):
    target = FOLDER / "part.nir"
    found = report("export", model, "--to", "nir", "--part", part, "--force", "-o", target)
    return nir.read(target), found, target


def parts(model):
    return report("export", model, "--to", "nir", "--list-parts")["parts"]


def replay(case, evaluator, inputs, recorded):
    """Every neuron makes the recorded spikes, but within rounding of its threshold; the values of all nodes."""
    values, charged, currents = evaluator.run(inputs, recorded)
    for name, (spikes, h) in charged.items():
        bound = 2.0**-16 * (1 + np.abs(currents[name]).max(0))
        threshold = evaluator.nodes[name].v_threshold
        excluded = np.zeros(threshold.shape, bool)
        for step in range(len(h)):
            wrong = (spikes[step] != recorded[name][step]) & ~excluded
            case.assertTrue((np.abs(h[step] - threshold)[wrong] <= bound[wrong]).all(), f"{name} at step {step}")
            excluded |= wrong
        case.assertLess(excluded.mean(), 1e-3, name)
    return values


class NIR(unittest.TestCase):
    def test_parts_are_the_model(self):
        checked = set()
        for configuration in SETS:
            if configuration.parent.name.startswith("ms-"):
                continue
            recording = Recording(configuration)
            for part in parts(recording.model):
                if not part["expressible"]:
                    continue
                path = part["path"]
                with self.subTest(configuration.parent.name, part=path):
                    graph, found, target = export(recording.model, path)
                    names = {g.replace("/", "."): g for g in recording.groups}
                    recorded = {n: recording.maps(names[n]) for n, node in graph.nodes.items()
                                if isinstance(node, nir.LIF)}
                    values = replay(self, Evaluator(graph), recording.reads(path), recorded)
                    self.assertEqual(found["nodes"], len(graph.nodes))
                    self.assertEqual(found["edges"], len(graph.edges))
                    self.assertEqual(found["neurons"], sum(r[0].size for r in recorded.values()))
                    self.assertEqual(found["bytes"], target.stat().st_size)
                    self.assertEqual(graph.metadata["qkzoo.model_id"], found["model_id"])
                    self.assertEqual(graph.metadata["qkzoo.part"], path)
                    if path == "head":
                        np.testing.assert_allclose(values["output"].mean(0), recording.logits, atol=1e-4)
                    elif path.endswith("speds"):
                        np.testing.assert_array_equal(values["output"], recording.stage(int(path[5])))
                    checked.add((configuration.parent.name, path.split("/")[-1]))
        self.assertLessEqual({("cifar-tiny", "speds"), ("cifar-tiny", "mlp"), ("dvs-tiny", "projection"),
                              ("imagenet-tiny", "mlp"), ("imagenet-tiny", "head"),
                              ("imagenet-tiny", "shortcut")}, checked)

    def test_membrane_models(self):
        """Neurons that read the picture's currents directly, and the shortcut inside the first embedding."""
        configuration = next(c for c in SETS if c.parent.name == "ms-cifar-tiny")
        recording = Recording(configuration)
        graph, _, _ = export(recording.model, "stage1/speds")
        recorded = {n: recording.maps(n.replace(".", "/")) for n, node in graph.nodes.items()
                    if isinstance(node, nir.LIF)}
        values = replay(self, Evaluator(graph), recording.input, recorded)
        # The membrane that comes out is what the next neurons fire on.
        lif = next(node for node in graph.nodes.values() if isinstance(node, nir.LIF))
        first = recording.spikes("stage1/block0/attention/input/lif")
        half = (values["output"][0] / 2 > lif.v_threshold.flat[0]).astype(np.float32)
        self.assertGreater((half == first[0]).mean(), 0.9999)

    def test_every_part_is_read(self):
        for configuration in SETS:
            model = vector_set(configuration)
            listed = parts(model)
            self.assertEqual(listed[0]["path"], "model")
            for part in listed:
                with self.subTest(configuration.parent.name, part=part["path"]):
                    if part["expressible"]:
                        graph = export(model, part["path"])[0]
                        self.assertIsInstance(graph, nir.NIRGraph)
                        self.assertEqual([*graph.inputs, *graph.outputs], ["input", "output"])
                    else:
                        refusal = refused(model, "--part", part["path"])
                        self.assertIn(f"{part['obstacle']['node']}: not-expressible", refusal)
                        self.assertIn(part["obstacle"]["reason"], refusal)

    def test_refusals(self):
        model = digits()
        whole = refused(model)
        self.assertIn("not-expressible", whole)
        self.assertIn("max pooling", refused(model, "--part", "stage2/speds"))
        self.assertIn("product", refused(model, "--part", "stage1/block0/attention"))
        self.assertIn("matrix products", refused(model, "--part", "stage3/block0"))
        target = FOLDER / "never.nir"
        self.assertEqual(exit_code("export", model, "--to", "nir", "--part", "stage9", "--force", "-o", target), 64)
        self.assertEqual(exit_code("export", model, "--to", "nir", "--list-parts", "--part", "head"), 64)
        self.assertFalse(target.exists())

    def test_integration_matters(self):
        """With the exact solution of the differential equation the spikes are others: the metadata says which."""
        recording = Recording(next(c for c in SETS if c.parent.name == "imagenet-tiny"))
        graph, _, _ = export(recording.model, "stage1/block0/mlp")
        self.assertIn("forward Euler", graph.metadata["qkzoo.integration"])
        inputs, lif = recording.reads("stage1/block0/mlp"), "stage1.block0.mlp.expansion.lif"
        euler, exact = (Evaluator(graph, exact).run(inputs)[0][lif] for exact in (False, True))
        np.testing.assert_array_equal(euler, recording.spikes(lif.replace(".", "/")))
        self.assertGreater((exact != euler).mean(), 0.01)

    def test_threshold(self):
        """NIR fires above its threshold, the model at it: the graph's is the next smaller number."""
        graph, _, _ = export(digits(), "stage1/block0/mlp")
        for node in graph.nodes.values():
            if isinstance(node, nir.LIF):
                self.assertEqual(set(node.v_threshold.flat), {np.nextafter(np.float32(1), np.float32(0))})
                self.assertEqual({*node.v_leak.flat, *node.v_reset.flat}, {0})
                self.assertEqual({*(node.tau / np.float32(1e-4)).flat}, {2})

    def test_same_bytes(self):
        first = export(digits(), "stage1/block0/mlp")[2].read_bytes()
        self.assertEqual(export(digits(), "stage1/block0/mlp")[2].read_bytes(), first)


def refused(model, *options):
    """The line that a refused export prints."""
    command = [os.environ["QKZOO"], "export", model, "--to", "nir", *options, "--force", "-o", FOLDER / "never.nir"]
    run = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert run.returncode == 65, run
    return run.stderr


if __name__ == "__main__":
    unittest.main()
