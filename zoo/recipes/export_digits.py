"""The digits data set and its fixed split; run as a script, writes the test part as safetensors.

1,797 handwritten digits, 8x8 pixels of 17 grey levels (0 to 16), shipped with scikit-learn. CC BY 4.0.
"""

import argparse
import json

import numpy as np
from safetensors.numpy import save
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

TEST_SIZE = 360
METADATA = {
    "licence": "CC BY 4.0",
    "source": "UCI Optical Recognition of Handwritten Digits, test part as shipped by scikit-learn "
              "(Alpaydin and Kaynak, 1998), https://doi.org/10.24432/C50P49",
    "preprocessing": "x / 16",
}


def digits_split():
    """(train, test), each a dict of images u8 [N, 1, 8, 8], labels i64 [N], index i64 [N]; test sorted by class."""
    digits = load_digits()
    return parts(digits.images.astype(np.uint8)[:, None], digits.target.astype(np.int64), TEST_SIZE)


def parts(images, labels, test_size):
    """The stratified split of seed 0; `index` says where a sample is in the source."""
    train, test = train_test_split(np.arange(len(labels)), test_size=test_size, stratify=labels, random_state=0)
    test = test[np.argsort(labels[test], kind="stable")]
    return tuple({"images": images[i], "labels": labels[i], "index": i.astype(np.int64)} for i in (train, test))


def write_safetensors(path, tensors, metadata):
    """Writes the same bytes every time; the safetensors package leaves the order of the metadata to chance."""
    data = save(tensors, metadata)
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(metadata.items()))
    header = json.dumps(header, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header + data[end:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", default="digits-test.safetensors")
    arguments = parser.parse_args()
    write_safetensors(arguments.output, digits_split()[1], METADATA)
