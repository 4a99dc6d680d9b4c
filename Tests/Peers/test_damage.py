"""A flipped bit in a tensor is noticed by stock h5py and by us."""

import random
import unittest

import h5py
from support import FOLDER, datasets, digits, exit_code

FLIPS = 20


class Damage(unittest.TestCase):
    def test_flipped_bits(self):
        original = digits().read_bytes()
        with h5py.File(digits()) as file:
            tensors = [(name, d.id.get_chunk_info(0)) for name, d in datasets(file)
                       if name.startswith("parameters/") and d.shape != ()]
        draw = random.Random(0)
        for _ in range(FLIPS):
            name, chunk = draw.choice(tensors)
            offset, bit = chunk.byte_offset + draw.randrange(chunk.size - 4), draw.randrange(8)
            with self.subTest(name, offset=offset, bit=bit):
                data = bytearray(original)
                data[offset] ^= 1 << bit
                path = FOLDER / "flipped.qkz.h5"
                path.write_bytes(data)
                with h5py.File(path) as file, self.assertRaises(OSError):
                    file[name][...]
                self.assertEqual(exit_code("verify", path), 1)
                self.assertEqual(exit_code("show", path), 1, "other commands verify by default")

    def test_undamaged(self):
        self.assertEqual(exit_code("verify", digits()), 0)


if __name__ == "__main__":
    unittest.main()
