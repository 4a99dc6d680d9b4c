"""Prints what SpikingJelly 2.0's counters count on samples, each alone, as JSON: totals by sample.

    PYTHONPATH=<spikingjelly 2> python spikingjelly_operations.py CHECKPOINT INPUTS.pt

A process of its own, because two versions of SpikingJelly cannot be imported into one.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "zoo" / "recipes"))

import torch
from spikingjelly.activation_based import neuron, op_counter
from torch import nn

_LIFNode = neuron.LIFNode
# Version 2 has one implementation, and no option to choose.
neuron.LIFNode = lambda backend, **options: _LIFNode(**options)

from dump_reference import load_model  # noqa: E402 (after the change above)


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    model, _ = load_model(sys.argv[1], "sample")
    totals = []
    for sample in torch.load(sys.argv[2], weights_only=True):
        synapses = op_counter.SynOpCounter()
        dense = op_counter.MACCounter(extra_ignore_modules=[nn.BatchNorm1d, nn.BatchNorm2d])
        with op_counter.DispatchCounterMode([synapses, dense]):
            model.run(sample[None])
        totals.append([synapses.get_total(), dense.get_total()])
    json.dump(totals, sys.stdout)


main()
