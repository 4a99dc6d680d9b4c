"""Makes QKFormers of SpikingJelly 2.0 and runs them, or loads a state dict strictly and runs it.

    PYTHONPATH=<spikingjelly 2> python spikingjelly_qkformer.py make NAME FOLDER
    PYTHONPATH=<spikingjelly 2> python spikingjelly_qkformer.py load NAME FOLDER STATE.pth

`make` writes state.pth, configuration.json, reference.safetensors (input, logits and the spikes of every neuron) and
logits.npy; `load` writes loaded.npy. A process of its own, because two versions of SpikingJelly cannot be imported into
one.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from spikingjelly.activation_based import functional, neuron
from spikingjelly.activation_based.model.qkformer import QKFormer

SIZE, SAMPLES, CLASSES = 32, 2, 7
# Width, blocks, heads, MLP ratio, what the first two stages attend by.
CASES = {
    "token": (32, (1, 1, 1), (2, 2, 4), 2, "token"),
    "channel": (32, (1, 1, 1), (2, 2, 4), 2, "channel"),
    "token-deep": (48, (1, 2, 2), (1, 3, 6), 4, "token"),
    "channel-deep": (48, (1, 2, 2), (1, 3, 6), 4, "channel"),
}


def model_of(name):
    width, depths, heads, ratio, kind = CASES[name]
    model = QKFormer(T=4, in_channels=3, num_classes=CLASSES, embed_dims=width, num_heads=heads, depths=depths,
                     mlp_ratio=float(ratio), qka_type=kind)
    return model.eval()


def configuration(name):
    width, depths, heads, ratio, kind = CASES[name]
    mixers = ["qkta" if kind == "token" else "qkca"] * 2 + ["ssa"]
    lif = {"tau": 2.0, "fires": "at_or_above", "reset": "hard", "v_reset": 0.0}
    return {
        "architecture": "qkformer", "family": "imagenet",
        "input": {"coding": "direct", "channels": 3, "height": SIZE, "width": SIZE},
        "time_steps": 4, "classes": CLASSES,
        "stages": [{"channels": width // part, "blocks": blocks, "heads": count, "mixer": mixer, "mlp_ratio": ratio}
                   for part, blocks, count, mixer in zip((4, 2, 1), depths, heads, mixers)],
        "inner_mlp_shortcut": False, "batch_norm_eps": 1e-05,
        "lif": {"unit": lif | {"v_threshold": 1.0}, "attention": lif | {"v_threshold": 0.5}},
        "attention_scale": 0.125, "residual": "spike_addition", "readout": "mean_then_head",
        "ssa_projection_scope": "sample", "biases": ["embedding", "mlp"],
    }


def randomize(model, seed):
    """Weights and statistics with which neurons neither always fire nor never."""
    draw = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(int(torch.randint(1, 1000, (), generator=draw)))
        elif name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=draw) * 1.5 + 0.5)
        elif tensor.dim() > 1:
            tensor.copy_(torch.rand(tensor.shape, generator=draw) * 1.15 - 0.5)
        else:
            tensor.copy_(torch.rand(tensor.shape, generator=draw) * 0.8 + (0.8 if tensor.std() == 0 and
                                                                        bool((tensor == 1).all()) else -0.3))


@torch.no_grad()
def run(model, inputs):
    spikes = {}

    def record(name):
        def hook(_, __, output):
            spikes[name] = output.reshape(output.shape[0], len(inputs), -1).numpy() != 0
        return hook

    for name, module in model.named_modules():
        if isinstance(module, neuron.BaseNode):
            module.register_forward_hook(record(name))
    functional.reset_net(model)
    return model(inputs).numpy(), spikes


def make(name, folder):
    model = model_of(name)
    randomize(model, seed=len(name))
    torch.save(model.state_dict(), folder / "state.pth")
    (folder / "configuration.json").write_text(json.dumps(configuration(name)))
    inputs = torch.rand(SAMPLES, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(5)) * 3 - 1
    logits, spikes = run(model, inputs)
    np.save(folder / "logits.npy", logits)
    np.save(folder / "input.npy", inputs.numpy())
    reference = {"version": 1, "origin": {"tool": f"PyTorch {torch.__version__}, SpikingJelly 2.0.0",
                                          "precision": "float32"}, "scope": "sample"}
    packed = {f"spikes/{key}": np.packbits(bits, axis=-1, bitorder="little") for key, bits in spikes.items()}
    save_file({"input": inputs.numpy(), "logits": logits} | packed, folder / "reference.safetensors",
              {"qkzoo.reference": json.dumps(reference)})


def load(name, folder, state):
    model = model_of(name)
    model.load_state_dict(torch.load(state, weights_only=True)["state_dict"], strict=True)
    np.save(folder / "loaded.npy", run(model, torch.from_numpy(np.load(folder / "input.npy")))[0])


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "make":
        make(sys.argv[2], Path(sys.argv[3]))
    else:
        load(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
