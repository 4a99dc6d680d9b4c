"""Every digest in a manifest, and both identities, recomputed without our code."""

import json
import unittest

import h5py
from support import datasets, every_checkpoint, manifest, report, sha256, stored_bytes
from make import canonical, identity_text, tensor_line


class Manifest(unittest.TestCase):
    def test_every_digest(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                recorded = manifest(file)
                expected = {f"parameters/{t['path']}": t["sha256"] for t in recorded["tensors"]} | recorded["datasets"]
                found = {name: sha256(stored_bytes(d)) for name, d in datasets(file) if name != "manifest"}
                self.assertEqual(found, expected)

    def test_every_attribute(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                found = {"/": {name: sha256(bytes(text)) for name, text in file.attrs.items()}}

                def note(name, item):
                    if item.attrs:
                        found[name] = {key: sha256(bytes(text)) for key, text in item.attrs.items()}
                file.visititems(note)
                self.assertEqual(found, manifest(file)["attributes"])

    def test_text_is_canonical(self):
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                for name in ("manifest", "provenance", "records"):
                    if name in file:
                        text = file[name][0].decode()
                        self.assertEqual(canonical(json.loads(text)), text)

    def test_types_and_shapes(self):
        names = {"float32": "f32", "float16": "f16", "float64": "f64", "int64": "i64"}
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                for tensor in manifest(file)["tensors"]:
                    dataset = file["parameters"][tensor["path"]]
                    self.assertEqual(list(dataset.shape), tensor["shape"])
                    self.assertEqual(names[dataset.dtype.name], tensor["element_type"])

    def test_identities(self):
        for pth, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                recorded = manifest(file)
                lines = {}
                for tensor in recorded["tensors"]:
                    if tensor["role"] != "batch_count":
                        data = stored_bytes(file["parameters"][tensor["path"]])
                        lines[tensor["path"]] = tensor_line(tensor["element_type"], tensor["shape"], data)
                weights = sha256(identity_text("qkzoo-weights-1\n", lines.values()).encode())
                prefix = f"qkzoo-model-1\n{canonical(recorded['configuration'])}\n"
                model = sha256(identity_text(prefix, [f"{p} {line}" for p, line in lines.items()]).encode())
                shown = report("show", path)
                self.assertEqual((shown["weights_id"], shown["model_id"]), (weights, model))
                self.assertEqual(report("identify", pth)["weights_id"], weights)


if __name__ == "__main__":
    unittest.main()
