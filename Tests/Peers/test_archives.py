"""Archived checkpoints, written again by this version, as the HDF5 project's own tool compares them."""

import json
import shutil
import subprocess
import unittest

import h5py
from support import FOLDER, ROOT, qkzoo

ARCHIVES = ROOT / "Tests" / "Archives"
FILES = [
    folder / archived["name"]
    for folder in sorted(ARCHIVES.iterdir()) if folder.is_dir()
    for archived in json.loads((folder / "archive.json").read_text())["files"]
]


def differences(one, other):
    """What h5diff says of the tensors of two files; nothing if it finds no difference."""
    run = subprocess.run(
        ["h5diff", one, other, "/parameters", "/parameters"], capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    return run.stdout if run.returncode else ""


@unittest.skipUnless(shutil.which("h5diff"), "h5diff of hdf5-tools is not here (scripts/setup --peers)")
class ArchiveTests(unittest.TestCase):
    def test_no_tensor_of_an_archived_file_changes(self):
        self.assertGreaterEqual(len(FILES), 2)
        for path in FILES:
            with self.subTest(path=path.name):
                again = FOLDER / "again.qkz.h5"
                qkzoo("repack", path, "--layout", "mapped", "--force", "-o", again)
                # Stock tools lack the filter of `compact`, so such a file is compared with its mapped twin.
                mapped = path.with_name(path.name.replace("compact", "mapped"))
                self.assertEqual(differences(mapped, again), "")

    def test_the_tool_sees_one_changed_element(self):
        path = next(path for path in FILES if "mapped" in path.name)
        changed = FOLDER / "changed.qkz.h5"
        shutil.copy(path, changed)
        with h5py.File(changed, "r+") as file:
            file["parameters/head/weight"][0, 0] += 1
        self.assertIn("parameters/head/weight", differences(path, changed))


if __name__ == "__main__":
    unittest.main()
