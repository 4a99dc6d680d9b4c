"""The strict reader on files that stock h5py wrote, and stock h5py on the corrupt ones that only we refuse."""

import json
import os
import subprocess
import sys
import unittest

import h5py
import hdf5plugin  # noqa: F401  (registers filter 32015)
import numpy as np
from support import FOLDER, ROOT, create, digits, qkzoo, report, rewrite


def element(group, name, dataset):
    """A dataset of the subset, created anew by h5py."""
    if dataset.shape == ():
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_layout(h5py.h5d.COMPACT)
        creation.set_obj_track_times(False)
        creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        made = h5py.h5d.create(
            group.id, name.encode(), dataset.id.get_type(), h5py.h5s.create(h5py.h5s.SCALAR), creation)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.asarray(dataset[()]))
    else:
        group.create_dataset(
            name, data=dataset[...], dtype=dataset.dtype, chunks=dataset.shape, fletcher32=True, fill_time="never")


def compressed(group, name, dataset):
    """The same in layout `compact`: h5py stores the frames as they are."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk(dataset.chunks)
    creation.set_obj_track_times(False)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    creation.set_shuffle()
    creation.set_filter(32015, h5py.h5z.FLAG_MANDATORY, ())
    creation.set_fletcher32()
    made = h5py.h5d.create(
        group.id, name.encode(), dataset.id.get_type(), h5py.h5s.create_simple(dataset.shape), creation)
    for index in range(dataset.id.get_num_chunks()):
        offset = dataset.id.get_chunk_info(index).chunk_offset
        made.write_direct_chunk(offset, dataset.id.read_direct_chunk(offset)[1])


def remake(source, target, **version):
    """Every object created anew, instead of copied."""
    with h5py.File(source) as old, create(target, **version) as new:
        def visit(name, item):
            if isinstance(item, h5py.Group):
                new.create_group(name)
            else:
                parent = new.require_group(name.rpartition("/")[0]) if "/" in name else new
                make = compressed if 32015 in filters(item) else element
                make(parent, name.rpartition("/")[2], item)
        old.visititems(visit)
        for name, item in [("/", old)] + [(name, old[name]) for name in names(old)]:
            for key, value in item.attrs.items():
                new[name].attrs.create(key, value, dtype=item.attrs.get_id(key).dtype)
    return target


def filters(dataset):
    creation = dataset.id.get_create_plist()
    return [creation.get_filter(index)[0] for index in range(creation.get_nfilters())]


def names(file):
    found = []
    file.visit(found.append)
    return found


class StrictReader(unittest.TestCase):
    def compact(self):
        path = FOLDER / "strict-compact.qkz.h5"
        qkzoo("repack", digits(), "--layout", "compact", "--force", "-o", path)
        return path

    def assert_same_model(self, path, original):
        found, wanted = report("verify", path), report("verify", original)
        self.assertEqual(found["model_id"], wanted["model_id"])

    def test_what_h5py_writes_in_the_subset(self):
        # Not rewritten: copying objects with three filters damages the memory of HDF5 2.0 (seen with h5py 3.16).
        for make in (rewrite, remake):
            with self.subTest(make=make.__name__):
                self.assert_same_model(make(digits(), FOLDER / "by-h5py.qkz.h5"), digits())

    def refusal(self, path):
        run = subprocess.run([os.environ["QKZOO"], "verify", path], capture_output=True, text=True)
        self.assertEqual(run.returncode, 65, run.stderr)
        return run.stderr

    def test_the_name_that_hdf5plugin_gives_its_filter_is_refused(self):
        # A name may have 65,535 letters, and nothing says what they are.
        path = remake(self.compact(), FOLDER / "compact-by-h5py.qkz.h5")
        self.assertIn("hdf5-filter: expected filters without names", self.refusal(path))

    def test_what_h5py_writes_by_default_is_refused(self):
        def writing(**options):
            path = FOLDER / "default.qkz.h5"
            with h5py.File(path, "w", libver=("v110", "v110"), **options) as file:
                file.create_dataset("x", data=np.arange(20.0), chunks=(20,), fletcher32=True, track_times=False)
            return path
        self.assertIn("hdf5-alignment: expected a start at a multiple of 64", self.refusal(writing()))
        aligned = writing(alignment_threshold=1, alignment_interval=64)
        self.assertIn("x fill value message: hdf5-message: expected flags 0x7, found 0xb", self.refusal(aligned))

    def test_the_layout_of_hdf5_2_is_refused_by_name(self):
        path = remake(digits(), FOLDER / "latest.qkz.h5", libver="latest")
        if h5py.version.hdf5_version_tuple < (2, 0, 0):
            self.assert_same_model(path, digits())
            return
        self.assertIn("hdf5-layout: expected version 3 or 4, found version 5", self.refusal(path))

    def stock_reader(self, name, expression):
        """What h5py finds in a corrupt file: in a process of its own, for some of them damage libhdf5's memory."""
        path = ROOT / "Tests" / "Corrupt" / "hdf5" / f"hdf5-{name}.h5"
        program = (f"import h5py, json, os; file = h5py.File({str(path)!r}); "
                   f"print(json.dumps({expression}), flush=True); os._exit(0)")
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, f"{name}: {run.stderr}")
        return json.loads(run.stdout)

    def test_stock_readers_follow_what_is_refused(self):
        """The corrupt files are no straw men: h5py opens these, and goes where they lead."""
        self.assertEqual(self.stock_reader("link-not-hard.soft", "file['y'].shape"), [16])
        link = "(lambda link: (link.filename, link.path))(file.get('z', getlink=True))"
        self.assertEqual(self.stock_reader("link-not-hard.external", link), ["/etc/other.h5", "/x"])
        self.assertEqual(self.stock_reader("object-linked-twice.root", "file['a/back/a/back/x'].shape"), [16])
        for name in ("gap.payload", "overlap.half-chunk", "user-block.512", "layout.contiguous", "filter.shuffle",
                     "extent.growing", "limit.attribute-bytes", "limit.depth", "name.escape"):
            with self.subTest(name):
                self.assertGreater(self.stock_reader(name, "len(list(file))"), 0)
        self.assertEqual(self.stock_reader("overlap.half-chunk", "file['y'].id.get_chunk_info(0).size"), 68)


if __name__ == "__main__":
    unittest.main()
