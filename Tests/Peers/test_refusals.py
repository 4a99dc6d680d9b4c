"""Files that stock h5py wrote, each breaking one rule of FORMAT.md, with a manifest that agrees: refused by name."""

import json
import os
import shutil
import subprocess
import unittest

import h5py
import numpy as np
import torch
from support import DIGITS, FOLDER, convert, digits, load_pth, manifest, report, rewrite, sha256
from make import canonical


def text(group, name, data, attributes=()):
    """One text as a checkpoint stores it."""
    dataset = group.create_dataset(name, (1,), h5py.string_dtype("utf-8", len(data)), chunks=(1,), fletcher32=True,
                                   fill_time="never")
    dataset[0] = data
    for key, value in dict(attributes).items():
        attribute(dataset, key, bytes(value))


def attribute(item, name, value):
    item.attrs.create(name, value, dtype=h5py.string_dtype("utf-8", len(value)))


class Refusals(unittest.TestCase):
    def outcome(self, edit, level="structure"):
        """(exit code, messages) of `verify` on a copy that `edit(file, manifest)` changed."""
        path = FOLDER / "edited.qkz.h5"
        shutil.copy(digits(), path)
        with h5py.File(path, "r+", libver=("v110", "v110")) as file:
            recorded = manifest(file)
            edit(file, recorded)
            attributes = dict(file["manifest"].attrs)
            del file["manifest"]
            text(file, "manifest", canonical(recorded).encode(), attributes)
        clean = rewrite(path, FOLDER / "rewritten.qkz.h5")
        run = subprocess.run([os.environ["QKZOO"], "verify", clean, "--level", level], capture_output=True, text=True)
        return run.returncode, run.stderr

    def assert_refused(self, code, name, edit):
        found, message = self.outcome(edit)
        self.assertEqual(found, code, message)
        self.assertIn(f" {name}: expected ", message)

    def test_unchanged(self):
        self.assertEqual(self.outcome(lambda file, recorded: None, "behaviour")[0], 0)

    def test_what_cannot_be_run_does_not_hide_what_was_checked(self):
        """A head of float64 is stored as it is, and no engine computes with it."""
        state, _ = load_pth(DIGITS / "checkpoint.pth")
        state["head.bias"] = state["head.bias"].double()
        torch.save(state, FOLDER / "double.pth")
        path = convert(FOLDER / "double.pth", "double", "--preset", "qkformer-digits", "--reference",
                       DIGITS / "reference.safetensors")
        rungs = {rung["rung"]: rung for rung in report("verify", path, code=65)["rungs"]}
        self.assertTrue(rungs["bytes"]["holds"] and rungs["structure"]["holds"])
        self.assertEqual([finding["name"] for finding in rungs["behaviour"]["findings"]],
                         ["element-type-not-computable"])

    def test_versions(self):
        def version(path, name):
            def edit(file, recorded):
                attribute(file[path], name, b"9.9")
                recorded["attributes"][path if path == "/" else path.strip("/")][name] = sha256(b"9.9")
            return edit
        for path, name in (("/", "format"), ("/", "format_version"), ("/", "numerics_version"),
                           *((path, "encoding_version") for path in
                             ("parameters", "references", "references/0", "records", "provenance"))):
            with self.subTest(path, name=name):
                self.assert_refused(65, "unknown-version", version(path, name))

    def test_changed_attribute(self):
        def edit(file, recorded):
            attribute(file, "producer", b"another")
        self.assert_refused(1, "digest", edit)

    def test_links(self):
        links = (h5py.SoftLink("/provenance"), h5py.ExternalLink("other.h5", "/x"))
        for link in links:
            with self.subTest(type(link).__name__):
                def edit(file, recorded):
                    file["parameters/link"] = link
                self.assert_refused(77, "hdf5-link-not-hard", edit)

    def test_object_linked_twice(self):
        def edit(file, recorded):
            file["again"] = file["records"]
        self.assert_refused(65, "hdf5-object-linked-twice", edit)

    def replaced(self, **options):
        """Stores the classifier's bias another way."""
        def edit(file, recorded):
            values = file["parameters/head/bias"][...]
            del file["parameters/head/bias"]
            file.create_dataset("parameters/head/bias", data=values, **options)
        return edit

    def test_layouts(self):
        self.assert_refused(65, "hdf5-layout", self.replaced())
        self.assert_refused(65, "hdf5-layout", self.replaced(chunks=(5,), fletcher32=True))
        self.assert_refused(65, "hdf5-extent", self.replaced(chunks=(10,), maxshape=(20,), fletcher32=True))

    def test_filters(self):
        for options in ({}, {"compression": "gzip"}, {"compression": "gzip", "fletcher32": True},
                        {"shuffle": True, "fletcher32": True}):
            with self.subTest(options):
                self.assert_refused(65, "hdf5-filter", self.replaced(chunks=(10,), **options))

    def test_virtual_and_external(self):
        def virtual(file, recorded):
            del file["parameters/head/bias"]
            space, source = h5py.h5s.create_simple((10,)), h5py.h5s.create_simple((8, 10))
            source.select_hyperslab((0, 0), (1, 10))
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_obj_track_times(False)
            properties.set_virtual(space, b".", b"references/0/logits", source)
            h5py.h5d.create(file["parameters/head"].id, b"bias", h5py.h5t.IEEE_F32LE, space, properties)

        def external(file, recorded):
            del file["parameters/head/bias"]
            file.create_dataset("parameters/head/bias", (10,), "<f4", external=[("other.raw", 0, 40)])
        self.assert_refused(77, "hdf5-virtual-dataset", virtual)
        self.assert_refused(77, "hdf5-external-storage", external)

    def test_element_types(self):
        for kind in (">f4", h5py.string_dtype(), np.dtype([("a", "<f4")]), h5py.ref_dtype, "?"):
            with self.subTest(str(kind)):
                def edit(file, recorded):
                    file.create_dataset("parameters/extra", (10,), kind, chunks=(10,))
                self.assert_refused(65, "hdf5-element-type", edit)

    def test_inventory(self):
        def missing(file, recorded):
            del file["parameters/head/bias"]

        def reshaped(file, recorded):
            values = file["parameters/head/bias"][...].reshape(2, 5)
            del file["parameters/head/bias"]
            file.create_dataset("parameters/head/bias", data=values, chunks=(2, 5), fletcher32=True,
                                fill_time="never")

        def unexpected(file, recorded):
            file.create_dataset("parameters/head/more", data=np.zeros(3, "<f4"), chunks=(3,), fletcher32=True,
                                fill_time="never")

        def empty_group(file, recorded):
            file.create_group("parameters/stage9")
        for edit in (missing, reshaped, unexpected, empty_group):
            with self.subTest(edit.__name__):
                self.assert_refused(1, "structure", edit)

    def test_manifest(self):
        def more(file, recorded):
            recorded["extra"] = 1

        def less(file, recorded):
            del recorded["references"]

        def another(file, recorded):
            recorded["schema"] = "qkzoo.manifest/2"
        for edit in (more, less, another):
            with self.subTest(edit.__name__):
                self.assert_refused(65, "manifest", edit)

    def test_accuracy_that_does_not_add_up(self):
        def edit(file, recorded):
            records = json.loads(file["records"][0])
            records["accuracy"][0]["value"] = 0.99
            data, attributes = canonical(records).encode(), dict(file["records"].attrs)
            del file["records"]
            text(file, "records", data, attributes)
            recorded["datasets"]["records"] = sha256(data)
        self.assert_refused(65, "element", edit)


if __name__ == "__main__":
    unittest.main()
