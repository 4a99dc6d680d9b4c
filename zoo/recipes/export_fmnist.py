"""Fashion-MNIST from its four IDX files; run as a script, writes the test part as safetensors.

60,000 and 10,000 pictures of clothes, 28x28 pixels of 256 grey levels. Debian's package dataset-fashion-mnist holds
the files. The test part keeps the file's order, so that samples have the same numbers here and there.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from export_digits import write_safetensors

FOLDER = "/usr/share/datasets/fashion-mnist"
HELD_OUT_SIZE = 5000
METADATA = {
    "licence": "MIT",
    "source": "Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017), https://github.com/zalandoresearch/fashion-mnist",
    "preprocessing": "x / 255",
}


def idx(path):
    """The bytes of an IDX file, gzip-ed, as an array of its shape."""
    content = gzip.decompress(path.read_bytes())
    zeros, kind, rank = content[:2], content[2], content[3]
    if (zeros, kind) != (b"\0\0", 8):
        raise ValueError(f"{path}: expected an IDX file of unsigned bytes")
    shape = np.frombuffer(content, ">u4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape).copy()


def part(folder, prefix):
    """A dict of images u8 [N, 1, 28, 28] and labels i64 [N], in the order of the files."""
    folder = Path(folder)
    images = idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    return {"images": images[:, None], "labels": idx(folder / f"{prefix}-labels-idx1-ubyte.gz").astype(np.int64)}


def fmnist_split(folder):
    """(train, held_out, test): 55,000 and 5,000 of the training pictures, stratified by seed 0, and the test part."""
    train = part(folder, "train")
    chosen = train_test_split(np.arange(len(train["labels"])), test_size=HELD_OUT_SIZE, stratify=train["labels"],
                              random_state=0)
    return (*({name: values[indices] for name, values in train.items()} for indices in chosen), part(folder, "t10k"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=FOLDER, help="the folder with the IDX files (default: %(default)s)")
    parser.add_argument("-o", "--output", default="fmnist-test.safetensors")
    arguments = parser.parse_args()
    write_safetensors(arguments.output, part(arguments.data, "t10k"), METADATA)
