"""Runs a checkpoint in PyTorch (float32, CPU) and writes what other implementations are compared with.

The reference (-o) holds the chosen samples' inputs, their logits and every spike of every LIF neuron:

  input                  f32 [B, C, H, W], or event frames [B, T, C, H, W]
  logits                 f32 [B, classes]
  spikes/<module name>   u8 [T, B, ceil(n/8)], the n outputs of a sample at a step, flattened in C order and packed
                         least significant bit first

Scope "sample" runs every sample alone; scope "batch" runs the chosen samples as one batch, through the membrane that
leaks along it. The records (--records) cover the whole image file, every image run alone.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from export_digits import write_safetensors
from qkformer import QKFormer, lif_modules

TOOL = f"PyTorch {torch.__version__.split('+')[0]}, SpikingJelly {version('spikingjelly')}"


def load_model(path, scope=None):
    """(model in evaluation mode, its scope)"""
    with torch.serialization.safe_globals([argparse.Namespace]):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    configuration = checkpoint["args"].qkzoo_configuration
    model = QKFormer(configuration, scope)
    model.load_state_dict(checkpoint["state_dict"])
    return model.eval(), scope or configuration["ssa_projection_scope"]


def load_samples(path):
    """(inputs f32 [N, C, H, W] or [N, T, C, H, W], labels) of a file that an export script wrote."""
    with safe_open(path, "numpy") as file:
        labels = file.get_tensor("labels")
        if "frames" in file.keys():
            frames = np.unpackbits(file.get_tensor("frames"), axis=-1, bitorder="little")
            return torch.from_numpy(frames).float(), labels
        preprocessing = file.metadata().get("preprocessing", "")
        if not preprocessing.startswith("x / "):
            raise ValueError(f"{path}: expected a preprocessing 'x / D'")
        return torch.from_numpy(file.get_tensor("images")).float() / float(preprocessing[4:]), labels


def sample_list(text):
    """"3:7" or "0,45,90" to a slice or a list of indices"""
    if ":" in text:
        first, end = text.split(":")
        return slice(int(first), int(end))
    return [int(index) for index in text.split(",")]


@torch.no_grad()
def run(model, inputs):
    """(logits [B, classes], {LIF name: spikes bool [T, B, n]}) of one batch, from resting neurons"""
    spikes = {}

    def record(name):
        def hook(_, __, output):  # [T, B, ...], or [T*B, ...] behind a leaking membrane
            spikes[name] = output.reshape(model.time_steps, len(inputs), -1).numpy() != 0
        return hook

    hooks = [lif.register_forward_hook(record(name)) for name, lif in lif_modules(model)]
    logits = model.run(inputs).numpy()
    for hook in hooks:
        hook.remove()
    return logits, spikes


def run_alone(model, inputs):
    """As `run`, every sample in a batch of its own."""
    runs = [run(model, sample[None]) for sample in inputs]
    return (np.concatenate([logits for logits, _ in runs]),
            {name: np.concatenate([spikes[name] for _, spikes in runs], axis=1) for name in runs[0][1]})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--images", required=True, help="safetensors file written by an export script")
    parser.add_argument("--samples", type=sample_list, required=True, help="A:B or a comma list of positions")
    parser.add_argument("--scope", choices=("sample", "batch"), help="default: the checkpoint's")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--records", help="also write answers and spike counts of the whole image file")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    model, scope = load_model(arguments.checkpoint, arguments.scope)
    images, labels = load_samples(arguments.images)

    inputs = images[arguments.samples]
    logits, spikes = (run if scope == "batch" else run_alone)(model, inputs)
    reference = {"version": 1, "origin": {"tool": TOOL, "precision": "float32"}, "scope": scope}
    packed = {f"spikes/{name}": np.packbits(bits, axis=-1, bitorder="little") for name, bits in spikes.items()}
    write_safetensors(arguments.output, {"input": inputs.numpy(), "logits": logits} | packed,
                      {"qkzoo.reference": json.dumps(reference)})

    if arguments.records:
        logits, spikes = run_alone(model, images)
        answers = logits.argmax(1)
        records = {
            "dataset": Path(arguments.images).stem, "protocol": "per-image", "tool": TOOL,
            "n": len(labels), "correct": int((answers == labels).sum()), "answers": answers.tolist(),
            "spike_counts": {name: bits.sum((1, 2)).tolist() for name, bits in spikes.items()},
        }
        with open(arguments.records, "w") as file:
            json.dump(records, file)
            file.write("\n")


if __name__ == "__main__":
    main()
