"""What the training recipes share: options, the loop, the evaluation, the checkpoint in timm's layout."""

import argparse
import os
import time

import torch
from torch.nn import functional as F

from qkformer import QKFormer


def configuration(family, coding, input_shape, time_steps, stages, scope):
    """The model in plain data, for tools that read the checkpoint without this code.

    `input_shape` is (channels, height, width); `stages` lists (channels, blocks, heads, mixer, mlp_ratio).
    """
    def lif(v_threshold):
        return {"tau": 2.0, "v_threshold": v_threshold, "fires": "at_or_above", "reset": "hard", "v_reset": 0.0}

    channels, height, width = input_shape
    names = ("channels", "blocks", "heads", "mixer", "mlp_ratio")
    return {
        "architecture": "qkformer", "family": family,
        "input": {"coding": coding, "channels": channels, "height": height, "width": width},
        "time_steps": time_steps, "classes": 10,
        "stages": [dict(zip(names, stage)) for stage in stages],
        "inner_mlp_shortcut": False, "batch_norm_eps": 1e-05,
        "lif": {"unit": lif(1.0), "attention": lif(0.5)},
        "attention_scale": 0.125, "residual": "spike_addition", "readout": "mean_then_head",
        "ssa_projection_scope": scope,
    }


def options(description, epochs):
    """The options of a training script."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scope", choices=("sample", "batch"), default="sample",
                        help="what the self-attention's projection neuron integrates over (see qkformer.py)")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", default="checkpoint.pth")
    return parser.parse_args()


def shifted(images, reach):
    """Each sample [B, ..., H, W] moved by up to `reach` pixels along both axes, zeros moving in."""
    height, width = images.shape[-2:]
    padded = F.pad(images, (reach,) * 4)
    rows, columns = torch.randint(2 * reach + 1, (2, len(images))).tolist()
    return torch.stack([sample[..., r:r + height, c:c + width] for sample, r, c in zip(padded, rows, columns)])


@torch.no_grad()
def correct_per_image(model, images, labels):
    """How many samples are answered correctly, each run alone."""
    model.eval()
    return sum(int(model.run(image[None]).argmax() == label) for image, label in zip(images, labels))


def train(args, model_configuration, train_split, test_split, augment, with_optimizer):
    """Trains and writes the checkpoint. A split is (inputs f32 [N, ...], labels i64 [N]).

    The weights are those of the last epoch; the test part takes no part in training or in picking them.
    """
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(args.seed)

    images, labels = train_split
    model = QKFormer(model_configuration)
    steps = -(-len(images) // args.batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, epochs=args.epochs, steps_per_epoch=steps,
                                                   pct_start=0.1, cycle_momentum=False)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")

    start = time.monotonic()
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for chosen in torch.randperm(len(images)).split(args.batch_size):
            loss = F.cross_entropy(model.run(augment(images[chosen])), labels[chosen],
                                   label_smoothing=args.smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch}: loss {total / len(images):.4f}, {time.monotonic() - start:.0f} s", flush=True)

    correct = correct_per_image(model, *test_split)
    print(f"{correct} of {len(test_split[1])} test samples correct, each run alone")

    saved = argparse.Namespace(**{**vars(args), "output": os.path.basename(args.output)},
                               qkzoo_configuration=model_configuration)
    state = {"epoch": args.epochs - 1, "arch": "QKFormer", "state_dict": model.state_dict()}
    if with_optimizer:
        state["optimizer"] = optimizer.state_dict()
    torch.save(state | {"version": 2, "args": saved, "metric": 100.0 * correct / len(test_split[1])}, args.output)
