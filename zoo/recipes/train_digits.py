"""Trains a small QKFormer on the 8x8 digits and writes a checkpoint in timm's layout.

The weights are those of the last epoch; the test images take no part in training or in picking them.
"""

import argparse
import os
import time

import torch
from torch.nn import functional as F

from export_digits import digits_split
from qkformer import QKFormer


def configuration(scope):
    """The model in plain data, for tools that read the checkpoint without this code."""
    def stage(channels, blocks, mixer):
        return {"channels": channels, "blocks": blocks, "heads": 8, "mixer": mixer, "mlp_ratio": 4}

    def lif(v_threshold):
        return {"tau": 2.0, "v_threshold": v_threshold, "fires": "at_or_above", "reset": "hard", "v_reset": 0.0}

    return {
        "architecture": "qkformer", "family": "cifar",
        "input": {"coding": "direct", "channels": 1, "height": 8, "width": 8},
        "time_steps": 4, "classes": 10,
        "stages": [stage(16, 1, "qkta"), stage(32, 1, "qkta"), stage(64, 2, "ssa")],
        "inner_mlp_shortcut": False, "batch_norm_eps": 1e-05,
        "lif": {"unit": lif(1.0), "attention": lif(0.5)},
        "attention_scale": 0.125, "residual": "spike_addition", "readout": "mean_then_head",
        "ssa_projection_scope": scope,
    }


def shifted(images):
    """Each image moved by -1, 0 or 1 pixels along both axes, zeros moving in."""
    padded = F.pad(images, (1, 1, 1, 1))
    rows, columns = torch.randint(3, (2, len(images), 1)) + torch.arange(8).view(1, 1, 8)
    sample = torch.arange(len(images))[:, None, None]
    return padded[sample, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


@torch.no_grad()
def correct_per_image(model, images, labels):
    model.eval()
    return sum(int(model.run(image[None]).argmax() == label) for image, label in zip(images, labels))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scope", choices=("sample", "batch"), default="sample",
                        help="what the self-attention's projection neuron integrates over (see qkformer.py)")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", default="checkpoint.pth")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(args.seed)

    train, test = digits_split()
    images, labels = torch.from_numpy(train["images"]).float() / 16, torch.from_numpy(train["labels"])
    model = QKFormer.from_configuration(configuration(args.scope))
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
            loss = F.cross_entropy(model.run(shifted(images[chosen])), labels[chosen],
                                   label_smoothing=args.smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch}: loss {total / len(images):.4f}, {time.monotonic() - start:.0f} s", flush=True)

    correct = correct_per_image(model, torch.from_numpy(test["images"]).float() / 16, test["labels"])
    print(f"{correct} of {len(test['labels'])} test images correct, each run alone")

    saved = argparse.Namespace(**{**vars(args), "output": os.path.basename(args.output)},
                               qkzoo_configuration=configuration(args.scope))
    torch.save({
        "epoch": args.epochs - 1,
        "arch": "QKFormer",
        "state_dict": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "version": 2,
        "args": saved,
        "metric": 100.0 * correct / len(test["labels"]),
    }, args.output)


if __name__ == "__main__":
    main()
