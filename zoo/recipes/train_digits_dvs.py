"""Trains a small `dvs`-family QKFormer on event frames of the digits and writes a checkpoint in timm's layout.

The weights are those of the last epoch; the test samples take no part in training or in picking them.
"""

import torch

from export_digits_dvs import digits_dvs_split
from training import configuration, options, shifted, train

STAGES = [(32, 1, 4, "qkta", 1), (64, 1, 4, "ssa", 1)]


def inputs_and_labels(part):
    return torch.from_numpy(part["frames"]).float(), torch.from_numpy(part["labels"])


if __name__ == "__main__":
    args = options(__doc__, epochs=30)
    train(args, configuration("dvs", "event_frames", (2, 32, 32), 16, STAGES, args.scope),
          *map(inputs_and_labels, digits_dvs_split()), augment=lambda frames: shifted(frames, 2),
          with_optimizer=False)
