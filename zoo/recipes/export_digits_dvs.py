"""Event frames of the 8x8 digits, seen by a simulated event camera during a saccade; run as a script, writes the
test part as safetensors.

The simulation is integer arithmetic without noise, the same on every machine:

  picture   the 8x8 digit (grey levels 0 to 16) enlarged three times by bilinear interpolation, times 9 (so whole
            numbers, 0 to 144), on a sensor of 32x32 pixels, 0 elsewhere
  saccade   a triangle in 16 steps of one pixel: 4 down and right, 4 up and right, 8 left; the picture's upper left
            corner starts and ends at row 2, column 0
  pixels    remember the brightness of their last event, at first that of the picture before the saccade; at a step
            whose brightness is higher by 24 or more a pixel sends ON, lower by 24 or more OFF, and remembers it

A step makes one frame of two channels, OFF and ON; its values are 0 and 1. Brightness is linear, not logarithmic.
"""

import argparse

import numpy as np

from export_digits import METADATA as DIGITS_METADATA
from export_digits import digits_split, write_safetensors

SENSOR = 32
THRESHOLD = 24
START = (2, 0)
SACCADE = [(1, 1)] * 4 + [(-1, 1)] * 4 + [(0, -1)] * 8
METADATA = {
    "licence": DIGITS_METADATA["licence"],
    "source": DIGITS_METADATA["source"] + "; event frames by a simulated saccade, "
              "zoo/recipes/export_digits_dvs.py",
    "packing": "one bit for each pixel of a row, least significant first",
}


def enlarged(images):
    """[N, 8, 8] to [N, 24, 24]: bilinear, times 9."""
    distance = np.abs(np.arange(24)[:, None] - (3 * np.arange(8) + 1))
    weights = np.maximum(0, 3 - distance)  # [24, 8]; row and column weights are thirds
    return weights @ images.astype(np.int64) @ weights.T


def event_frames(images):
    """u8 images [N, 1, 8, 8] to frames u8 [N, 16, 2, 32, 32] of zeros and ones."""
    pictures = enlarged(images[:, 0])
    row, column = START

    def seen():
        sensor = np.zeros((len(pictures), SENSOR, SENSOR), np.int64)
        sensor[:, row:row + pictures.shape[1], column:column + pictures.shape[2]] = pictures
        return sensor

    frames = []
    remembered = seen()
    for down, right in SACCADE:
        row, column = row + down, column + right
        change = seen() - remembered
        off, on = change <= -THRESHOLD, change >= THRESHOLD
        frames.append(np.stack([off, on], 1))
        remembered = np.where(off | on, remembered + change, remembered)
    return np.stack(frames, 1).astype(np.uint8)


def digits_dvs_split():
    """(train, test), as `digits_split`, of frames u8 [N, 16, 2, 32, 32]."""
    return tuple({"frames": event_frames(part["images"]), "labels": part["labels"], "index": part["index"]}
                 for part in digits_split())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", default="digits-dvs-test.safetensors")
    arguments = parser.parse_args()
    test = digits_dvs_split()[1]
    frames = np.packbits(test.pop("frames"), axis=-1, bitorder="little")
    write_safetensors(arguments.output, {"frames": frames} | test, METADATA)
