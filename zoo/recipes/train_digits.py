"""Trains a small `cifar`-family QKFormer on the 8x8 digits and writes a checkpoint in timm's layout.

The weights are those of the last epoch; the test images take no part in training or in picking them.
"""

import torch

from export_digits import digits_split
from training import configuration, options, shifted, train

STAGES = [(16, 1, 8, "qkta", 4), (32, 1, 8, "qkta", 4), (64, 2, 8, "ssa", 4)]


def inputs_and_labels(part):
    return torch.from_numpy(part["images"]).float() / 16, torch.from_numpy(part["labels"])


if __name__ == "__main__":
    args = options(__doc__, epochs=40)
    train(args, configuration("cifar", "direct", (1, 8, 8), 4, STAGES, args.scope),
          *map(inputs_and_labels, digits_split()), augment=lambda images: shifted(images, 1), with_optimizer=True)
