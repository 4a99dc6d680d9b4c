"""Stock h5py reads what PyTorch saved, bit for bit, and the file keeps the promises of FORMAT.md."""

import unittest

import h5py
import numpy as np
import torch
from support import datasets, every_checkpoint, load_pth, manifest


class Parameters(unittest.TestCase):
    def test_h5py_equals_torch_load(self):
        for pth, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                state, _ = load_pth(pth)
                tensors = manifest(file)["tensors"]
                self.assertEqual({t["upstream_name"] for t in tensors}, set(state))
                for tensor in tensors:
                    values = file["parameters"][tensor["path"]][()]
                    expected = state[tensor["upstream_name"]]
                    self.assertEqual(torch.from_numpy(np.asarray(values)).dtype, expected.dtype)
                    self.assertEqual(values.shape, tuple(expected.shape))
                    self.assertEqual(values.tobytes(), expected.contiguous().numpy().tobytes(), tensor["path"])

    def test_file_is_the_subset(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                self.assertEqual(path.read_bytes()[8], 3, "superblock version")
                self.assertEqual(file.userblock_size, 0)
                end = 0
                chunks = []
                for name, dataset in datasets(file):
                    plist = dataset.id.get_create_plist()
                    self.assertFalse(plist.get_obj_track_times(), name)
                    self.assertEqual(dataset.shape, dataset.maxshape)
                    if dataset.shape == ():
                        self.assertEqual(plist.get_layout(), h5py.h5d.COMPACT)
                        continue
                    self.assertEqual(dataset.chunks, dataset.shape)
                    self.assertEqual([plist.get_filter(i)[0] for i in range(plist.get_nfilters())], [3])
                    chunk = dataset.id.get_chunk_info(0)
                    self.assertEqual(dataset.id.get_num_chunks(), 1)
                    self.assertEqual(chunk.byte_offset % 64, 0, name)
                    self.assertEqual(chunk.filter_mask, 0)
                    self.assertEqual(chunk.size, dataset.size * dataset.dtype.itemsize + 4)
                    chunks.append((chunk.byte_offset, chunk.size))
                for offset, size in sorted(chunks):
                    self.assertGreaterEqual(offset, end)
                    end = offset + size

    def test_links_are_hard_and_attributes_are_few(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                def check(name, item):
                    self.assertIsInstance(file.get(name, getlink=True), h5py.HardLink)
                    self.assertLessEqual(len(item.attrs), 8)
                file.visititems(check)


if __name__ == "__main__":
    unittest.main()
