"""Every convention of `stats` counts what the package that defines it counts: same weights, same samples, one by one.

What a package computes in float32 is compared with a tolerance that says so; integers are compared exactly.
"""

import contextlib
import copy
import functools
import io
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

import torch
from safetensors.torch import save_file
from support import DIGITS, DIGITS_DVS, FOLDER, MNIST5K, qkzoo, report  # noqa: F401 (makes the recipes importable)

from dump_reference import load_model, load_samples

SAMPLES = 6
CASES = {
    # name: (entry, checkpoint, the test split)
    "digits": (DIGITS, "digits-test"),
    "mnist5k": (MNIST5K, "mnist5k-test"),
    "digits-dvs": (DIGITS_DVS, "digits-dvs-test"),
}
FLOAT32 = 1e-6  # sums of a package in float32, whose integers end at 2^24


class Case:
    """A model, some samples, and what qkzoo counts on them."""

    def __init__(self, name):
        self.entry, split = CASES[name]
        self.checkpoint = self.entry / "checkpoint.pth"
        inputs, _ = load_samples(self.entry / f"{split}.safetensors")
        self.inputs = inputs[:: len(inputs) // SAMPLES][:SAMPLES].contiguous()
        self.path = FOLDER / f"operations-{name}.safetensors"
        save_file({"input": self.inputs}, self.path)
        self.stats = report("stats", self.entry / f"{self.entry.name}.qkz.h5", "--input", f"{self.path}:input",
                            "--scope", "sample")
        self.measured = {one["convention"]: one for one in self.stats["energy"]}

    def model(self):
        return load_model(self.checkpoint, "sample")[0]

    @property
    def macs(self):
        """Multiply-accumulates of a layer at one step, by path."""
        return {layer["path"]: layer["accumulates_per_step"] for layer in self.stats["layers"]}


@functools.cache
def case(name):
    return Case(name)


class Operations(unittest.TestCase):
    def assert_counts(self, case, convention, accumulates, multiply_accumulates, tolerance=0.0):
        """Compares means over the samples; a tolerance is relative."""
        measured = case.measured[convention]
        for key, expected in (("accumulates", accumulates), ("multiply_accumulates", multiply_accumulates)):
            self.assertGreaterEqual(expected, 0, key)
            self.assertLessEqual(abs(measured[key] - expected), tolerance * expected + 1e-9 * expected,
                                 f"{convention} {key}: {measured[key]}, not {expected}")
        energy = 0.9 * measured["accumulates"] + 4.6 * measured["multiply_accumulates"]
        self.assertAlmostEqual(measured["millijoules"] / (energy * 1e-9), 1, places=12)

    def test_the_same_spikes(self):
        # Equal counts of operations mean something only if the spikes are the same.
        for name in CASES:
            with self.subTest(name):
                this = case(name)
                model, counts = this.model(), {}
                for module_name, module in model.named_modules():
                    if type(module).__name__ == "LIFNode":
                        module.register_forward_hook(
                            lambda _, __, out, key=module_name: counts.__setitem__(
                                key, counts.get(key, 0) + int(out.sum())))
                with torch.no_grad():
                    for sample in this.inputs:
                        model.run(sample[None])
                self.assertEqual(sorted(counts.values()),
                                 sorted(sum(group["spikes"]) for group in this.stats["neurons"]))

    def test_neurobench(self):
        from neurobench.metrics.utils.layers import single_layer_MACs
        from neurobench.metrics.workload import SynapticOperations
        from neurobench.models import TorchModel

        for name in CASES:
            with self.subTest(name):
                this = case(name)
                model = this.model()
                layers = [m for m in model.modules() if isinstance(m, (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Linear))]
                wrapped, metric, exact = TorchModel(model), SynapticOperations(), [0, 0]
                from neurobench.hooks.layer import LayerHook
                wrapped.connection_hooks = [LayerHook(layer) for layer in layers]
                with torch.no_grad():
                    for sample in this.inputs:
                        logits = model.run(sample[None])
                        for hook in wrapped.connection_hooks:
                            for (inputs,) in hook.inputs:
                                count, spiking = single_layer_MACs(
                                    inputs.double(), copy.deepcopy(hook.layer).double())
                                exact[0 if spiking else 1] += count
                        result = metric(wrapped, logits, (sample[None], None))
                        for hook in wrapped.connection_hooks:
                            hook.reset()
                # The package's own function with sums in float64 is exact; the metric itself sums in float32.
                self.assert_counts(this, "neurobench", *(count / SAMPLES for count in exact))
                self.assert_counts(this, "neurobench", result["Effective_ACs"], result["Effective_MACs"], FLOAT32)

    def test_syops(self):
        from spikingjelly.activation_based import neuron
        from syops import get_model_complexity_info
        from syops.ops import LIF_syops_counter_hook

        for name in CASES:
            with self.subTest(name):
                this = case(name)
                loader = [(sample[None], None) for sample in this.inputs]
                # The package knows the neurons of SpikingJelly's older module only.
                with contextlib.redirect_stderr(io.StringIO()):
                    counts, _ = get_model_complexity_info(
                        this.model(), tuple(this.inputs.shape[1:]), loader, as_strings=False,
                        print_per_layer_stat=False, custom_modules_hooks={neuron.LIFNode: LIF_syops_counter_hook})
                self.assert_counts(this, "syops", counts[1], counts[2], FLOAT32)

    def test_spikingformer(self):
        # The tool cannot be installed. It is syops with another rule for spikes, with a neuron's rate over all steps,
        # and with its own sum over layers and attentions, which are written down here.
        from spikingjelly.activation_based import neuron
        from syops import engine, ops

        def spike_rate(inputs):
            values = inputs.unique()
            spikes = len(values) <= 31 and inputs.max() <= 30 and inputs.min() >= 0
            return spikes, inputs.mean().item() if spikes else 1

        def lif_hook(module, _, outputs):
            module.__syops__[3] += outputs.mean().item() * 100

        for name in CASES:
            with self.subTest(name), mock.patch.object(ops, "spike_rate", spike_rate), \
                    mock.patch.object(engine, "CUSTOM_MODULES_MAPPING", {neuron.LIFNode: lif_hook}):
                this = case(name)
                model = engine.add_syops_counting_methods(this.model())
                model.start_syops_count(ost=None, verbose=False, ignore_list=[])
                with torch.no_grad():
                    for sample in this.inputs:
                        model.run(sample[None])
                cost = {key: module.__syops__ / SAMPLES for key, module in model.named_modules()
                        if hasattr(module, "__syops__")}
                accumulates = multiply_accumulates = 0
                for key, (_, ac, mac, rate) in cost.items():
                    if "conv" in key or "head" in key:
                        if abs(rate - 100) < 1e-4:
                            multiply_accumulates += mac
                        else:
                            accumulates += ac
                steps = model.time_steps
                for key, module in model.named_modules():
                    if hasattr(module, "v_lif"):
                        query, keys, values = (cost[f"{key}.{part}_lif"][3] / 100 for part in "qkv")
                        # T * heads * N * d * d; the first product's macs are half of those of both.
                        base = self.product_macs(this, key) / 2 * steps
                        accumulates += base * (min(keys, values) + query)
                self.assert_counts(this, "spikingformer", accumulates, multiply_accumulates, FLOAT32)

    @staticmethod
    def product_macs(case, module):
        stage, block = module.split(".")[0:2]
        return case.macs[f"{stage}/block{block}/attention"]

    def test_spikingjelly(self):
        environment = os.environ | {"PYTHONPATH": str(Path(sys.prefix) / "spikingjelly-2")}
        script = Path(__file__).with_name("spikingjelly_operations.py")
        for name in CASES:
            with self.subTest(name):
                this = case(name)
                inputs = FOLDER / f"operations-{name}.pt"
                torch.save(this.inputs, inputs)
                run = subprocess.run([sys.executable, script, this.checkpoint, inputs], env=environment,
                                     capture_output=True, text=True)
                self.assertEqual(run.returncode, 0, run.stderr)
                totals = json.loads(run.stdout)
                self.assert_counts(this, "spikingjelly", *(sum(column) / SAMPLES for column in zip(*totals)))


if __name__ == "__main__":
    unittest.main()
