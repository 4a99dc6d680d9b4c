"""Layout `compact` as stock h5py with hdf5plugin reads it."""

import os
import random
import shutil
import subprocess
import unittest

import h5py
import hdf5plugin  # noqa: F401  (registers filter 32015)
from support import FOLDER, digits


def datasets(file):
    """Every dataset of numbers, by path."""
    found = {}
    file.visititems(
        lambda path, item: found.update({path: item})
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" else None)
    return found


class Compact(unittest.TestCase):
    def repacked(self):
        path = FOLDER / "compact.qkz.h5"
        subprocess.run(
            [os.environ["QKZOO"], "repack", digits(), "--layout", "compact", "--force", "-o", path],
            check=True, stdout=subprocess.DEVNULL)
        return path

    def test_same_elements(self):
        path = self.repacked()
        self.assertLess(path.stat().st_size, 0.9 * os.path.getsize(digits()))
        with h5py.File(path) as compact, h5py.File(digits()) as mapped:
            left, right = datasets(compact), datasets(mapped)
            self.assertEqual(left.keys(), right.keys())
            for name, dataset in left.items():
                self.assertEqual(dataset[...].tobytes(), right[name][...].tobytes(), name)
                if dataset.shape and dataset.dtype.itemsize > 1:
                    self.assertEqual(list(dataset._filters), ["shuffle", "32015", "fletcher32"], name)

    def test_flips_are_seen_by_stock_h5py(self):
        path = self.repacked()
        content = path.read_bytes()
        generator = random.Random(0)
        with h5py.File(path) as file:
            chunks = [
                (name, chunk.byte_offset, chunk.size)
                for name, dataset in datasets(file).items() if dataset.shape and dataset.dtype.itemsize > 1
                for chunk in (dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks()))
            ]
        damaged_path = FOLDER / "damaged-compact.qkz.h5"
        for _ in range(60):
            name, offset, size = generator.choice(chunks)
            damaged = bytearray(content)
            damaged[offset + generator.randrange(size)] ^= 1 << generator.randrange(8)
            damaged_path.write_bytes(damaged)
            with h5py.File(damaged_path) as file, self.assertRaises(OSError, msg=name):
                file[name][...]
            run = subprocess.run(
                [os.environ["QKZOO"], "verify", damaged_path, "--level", "bytes"],
                capture_output=True, text=True)
            self.assertEqual(run.returncode, 1, run.stderr)

    def test_there_and_back(self):
        path = self.repacked()
        back = FOLDER / "mapped-again.qkz.h5"
        subprocess.run(
            [os.environ["QKZOO"], "repack", path, "--layout", "mapped", "--force", "-o", back],
            check=True, stdout=subprocess.DEVNULL)
        shutil.copy(digits(), FOLDER / "original.qkz.h5")
        self.assertEqual(back.read_bytes(), (FOLDER / "original.qkz.h5").read_bytes())


if __name__ == "__main__":
    unittest.main()
