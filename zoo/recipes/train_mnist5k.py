"""Trains a small `imagenet`-family QKFormer on 4,000 MNIST digits and writes a checkpoint in timm's layout.

The weights are those of the last epoch; the test images take no part in training or in picking them.
"""

import torch
from torch.nn import functional as F

from export_mnist5k import mnist5k_split
from training import configuration, options, train

# A sixth of the channels of HST-10-384.
STAGES = [(16, 1, 4, "qkta", 4), (32, 1, 4, "qkta", 4), (64, 2, 4, "ssa", 4)]

# The largest turn, scaling and moves; a move of 1 is half of the image, 16 pixels.
REACH = torch.tensor([[torch.pi / 18], [0.1], [2 / 16], [2 / 16]])


def inputs_and_labels(part):
    return torch.from_numpy(part["images"]).float() / 255, torch.from_numpy(part["labels"])


def distorted(images):
    """Each image turned by up to 10 degrees, scaled by up to 10 % and moved by up to 2 pixels."""
    turn, scale, x, y = (2 * torch.rand(4, len(images)) - 1) * REACH
    cos, sin = turn.cos() * (1 + scale), turn.sin() * (1 + scale)
    maps = torch.stack([torch.stack([cos, -sin, x], 1), torch.stack([sin, cos, y], 1)], 1)
    return F.grid_sample(images, F.affine_grid(maps, images.shape, align_corners=False), align_corners=False)


if __name__ == "__main__":
    args = options(__doc__, epochs=30)
    train(args, configuration("imagenet", "direct", (1, 32, 32), 4, STAGES, args.scope),
          *map(inputs_and_labels, mnist5k_split()), augment=distorted, with_optimizer=False)
