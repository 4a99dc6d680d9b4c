"""Trains a small `imagenet`-family QKFormer on Fashion-MNIST and writes a checkpoint in timm's layout.

55,000 of the 60,000 training pictures are trained on; the other 5,000 say how well that goes, and chose the recipe and
the number of epochs. The weights are those of the last epoch. The 10,000 test pictures are run once, at the end.

The state is kept after each epoch: stop it whenever you like, the same command goes on.
"""

import torch

from export_fmnist import FOLDER, fmnist_split
from training import cache_path, configuration, options, shifted, train

STAGES = [(40, 1, 4, "qkta", 4), (80, 2, 4, "ssa", 4)]


def inputs_and_labels(part):
    return torch.from_numpy(part["images"]).float() / 255, torch.from_numpy(part["labels"])


def varied(images):
    """Each image mirrored with probability one half, and moved by up to 1 pixel."""
    mirrored = torch.rand(len(images), 1, 1, 1) < 0.5
    return shifted(torch.where(mirrored, images.flip(-1), images), 1)


if __name__ == "__main__":
    args = options(__doc__, epochs=10, batch_size=128, state=cache_path("fmnist-training.pth"))
    train_split, held_out, test_split = map(inputs_and_labels, fmnist_split(FOLDER))
    train(args, configuration("imagenet", "direct", (1, 28, 28), 4, STAGES, args.scope), train_split, test_split,
          augment=varied, with_optimizer=False, held_out=held_out)
