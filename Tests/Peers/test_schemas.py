"""What we print and publish obeys our schemas, and the schemas refuse what is not so."""

import copy
import json
import os
import re
import unittest
from hashlib import md5
from unittest import mock

import h5py
from jsonschema import Draft202012Validator
from PIL import Image
from safetensors import safe_open
from support import (DIGITS, DIGITS_BATCH, FOLDER, ROOT, SCHEMAS, SETS, SPLIT, digits, digits_batch, every_checkpoint,
                     manifest, qkzoo, report, sha256, validator)


def mutants(value):
    """Copies of an object, each wrong in one place: a member more, a member less, a member of another type."""
    for key in value:
        smaller = copy.deepcopy(value)
        del smaller[key]
        yield f"without {key}", smaller
        other = copy.deepcopy(value)
        other[key] = [None]
        yield f"{key} of another type", other
    yield "with a member more", value | {"misspelt": 1}


class Schemas(unittest.TestCase):
    def assert_valid(self, name, value):
        errors = validator(name).iter_errors(value)
        self.assertEqual([f"{e.json_path}: {e.message[:200]}" for e in errors], [], name)

    def assert_strict(self, name, value, free=()):
        """`free` names the mutants that are meant to be valid."""
        self.assert_valid(name, value)
        for what, mutant in mutants(value):
            self.assertEqual(validator(name).is_valid(mutant), what in free, f"{name}: {what}")

    def test_schemas_are_schemas(self):
        for path in SCHEMAS.rglob("*.schema.json"):
            Draft202012Validator.check_schema(json.loads(path.read_text()))

    def test_every_command_has_one(self):
        def below(*command):
            text = qkzoo(*command, "--help").partition("SUBCOMMANDS:")[2].split("See '")[0]
            names = [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2:3].isalpha()]
            return [name for one in names for name in below(*command, one)] or ["-".join(command)]

        commands = below()
        self.assertEqual(sorted(set(commands)), sorted(p.name.split(".")[0] for p in (SCHEMAS / "commands").iterdir()))

    def test_cache(self):
        content = b"a blob"
        digest, folder = sha256(content), FOLDER / "cache"
        for name in ("blobs", "records"):
            (folder / name).mkdir(parents=True)
        (folder / "blobs" / digest).write_bytes(content)
        (folder / "blobs" / sha256(b"another")).write_bytes(b"damaged")
        with mock.patch.dict(os.environ, QKZOO_HOME=str(folder)):
            value = report("cache", "verify", code=1)
            self.assertEqual(value["damaged"], [sha256(b"another")])
            self.assert_strict("commands/cache-verify", value)
            value = report("cache", "ls")
            self.assertEqual([blob["sha256"] for blob in value["blobs"]], [digest])
            self.assert_strict("commands/cache-ls", value)
            value = report("cache", "prune", digest[:8])
            self.assert_strict("commands/cache-prune", value)
            self.assertFalse((folder / "blobs" / digest).exists())

    def test_convert(self):
        value = report("convert", DIGITS / "checkpoint.pth", "--force", "-o", FOLDER / "schema.qkz.h5")
        self.assert_strict("commands/convert", value)
        ordered = report("convert", DIGITS / "checkpoint.pth", "--match", "order", "--force", "-o", FOLDER / "order.qkz.h5")
        self.assertEqual(len(ordered["matched"]["pairs"]), ordered["tensors"])
        self.assertTrue(ordered["matched"]["confirmed"], "the zoo knows the weights")
        self.assertEqual(ordered["model_id"], value["model_id"])
        self.assert_strict("commands/convert", ordered)

    def test_repack(self):
        value = report("repack", digits(), "--layout", "compact", "--force", "-o", FOLDER / "repacked.qkz.h5")
        self.assert_strict("commands/repack", value)

    def test_diff(self):
        same = report("diff", digits(), digits(), "--behaviour")
        self.assertFalse(same["differs"])
        self.assert_strict("commands/diff", same)
        other = report("diff", digits(), digits_batch(), "--behaviour", code=1)
        self.assertTrue(other["differs"] and other["tensors"] and other["behaviour"]["first"])
        self.assert_strict("commands/diff", other)
        answers = report("diff", digits(), digits_batch(), "--on", SPLIT, code=1)
        self.assertTrue(answers["answers"]["answers"])
        self.assert_strict("commands/diff", answers)

    def test_export(self):
        value = report("export", digits(), "--to", "onnx", "--force", "-o", FOLDER / "schema.onnx")
        self.assert_strict("commands/export", value)
        value = report("export", digits(), "--to", "onnx", "--batch", "dynamic", "--force", "-o", FOLDER / "schema.onnx")
        self.assert_strict("commands/export", value)
        value = report("export", digits(), "--to", "nir", "--part", "stage1/block0/mlp", "--force", "-o", FOLDER / "schema.nir")
        self.assert_strict("commands/export", value)
        self.assert_valid("commands/export", report("export", digits(), "--to", "nir", "--list-parts"))

        value = report("export", digits(), "--to", "layers", "--force", "-o", FOLDER / "schema-layers")
        self.assert_strict("commands/export", value)
        value = report("export", digits(), "--to", "layers", "--fold-bn", "--input", DIGITS / "reference.safetensors",
                       "--force", "-o", FOLDER / "schema-measured")
        self.assert_strict("commands/export", value)

    def test_trace(self):
        self.assert_strict("commands/trace", report("trace", digits(), "--list"))
        target = FOLDER / "schema.h5"
        value = report("trace", digits(), "--input", DIGITS / "reference.safetensors", "--pack", "--force", "-o", target)
        self.assert_strict("commands/trace", value)
        with h5py.File(target) as file:
            self.assert_strict("trace-file", json.loads(file["about"][0]))

    def test_identify(self):
        self.assert_strict("commands/identify", report("identify", DIGITS / "checkpoint.pth"))
        self.assert_valid("commands/identify", report("identify", digits()))

    def test_nearest(self):
        value = report("identify", SETS[0].parent / "checkpoint.pth")
        self.assertIsNotNone(value["nearest"])
        self.assert_valid("commands/identify", value)

    def test_list(self):
        self.assert_strict("commands/list", report("list", "--all"))
        self.assert_valid("commands/list", report("list"))
        self.assert_valid("commands/list", report("list", "--where", "reported.top1>75 and availability=bring"))

    def test_catalog(self):
        self.assert_strict("commands/catalog", report("catalog", "-o", FOLDER / "schema-catalog"))

    def test_presets(self):
        value = report("presets")
        self.assert_strict("commands/presets", value)
        for preset in value["presets"]:
            self.assert_valid("configuration", json.loads(qkzoo("presets", "--show", preset["name"])))

    def test_show(self):
        self.assert_strict("commands/show", report("show", digits()))
        self.assert_strict("commands/show", report("show", digits(), "--tensors"), free=["without tensors"])
        self.assert_strict("commands/show", report("show", "HST-10-384"))

    def test_verify(self):
        value = report("verify", digits(), "--level", "dataset", "--data", SPLIT)
        self.assertTrue(value["holds"])
        self.assert_strict("commands/verify", value)
        self.assert_valid("commands/verify", report("verify", digits(), "--level", "bytes"))

    def test_verify_of_a_wrong_file(self):
        data = bytearray(digits().read_bytes())
        with h5py.File(digits()) as file:
            data[file["parameters/head/weight"].id.get_chunk_info(0).byte_offset] ^= 1
        wrong = FOLDER / "wrong.qkz.h5"
        wrong.write_bytes(data)
        value = report("verify", wrong, code=1)
        self.assertFalse(value["holds"])
        self.assert_strict("commands/verify", value)

    def test_run(self):
        probe, spikes = f"{DIGITS / 'reference.safetensors'}:input", FOLDER / "spikes.json"
        value = report("run", digits(), "--input", probe, "--force", "--record-spikes", spikes)
        self.assert_strict("commands/run", value)
        self.assert_strict("spikes", json.loads(spikes.read_text()))

    def test_stats(self):
        records = FOLDER / "stats-records.json"
        value = report("stats", digits(), "--data", SPLIT, "--records", records)
        self.assert_strict("commands/stats", value, free=["without accuracy"])
        self.assert_strict("records", json.loads(records.read_text()))
        self.assert_valid("commands/stats", report("stats", digits(), "--input", DIGITS / "reference.safetensors"))
        costs = FOLDER / "costs.json"
        value = {"schema": "qkzoo.costs/1", "name": "a chip", "accumulate_pj": 0.5, "multiply_accumulate_pj": 2}
        self.assert_strict("costs", value)
        costs.write_text(json.dumps(value))
        value = report("stats", digits(), "--input", DIGITS / "reference.safetensors", "--cost", costs,
                       "--convention", "paper")
        self.assert_valid("commands/stats", value)
        energy, = value["energy"]
        self.assertAlmostEqual(energy["millijoules"] * 1e9,
                               0.5 * energy["accumulates"] + 2 * energy["multiply_accumulates"], places=3)
        for name, mutant in mutants(json.loads(costs.read_text())):
            with self.subTest(f"costs {name}"):
                costs.write_text(json.dumps(mutant))
                qkzoo("stats", digits(), "--input", DIGITS / "reference.safetensors", "--cost", costs, code=65)

    def test_eval_audit(self):
        self.assert_strict("commands/eval-audit", report("eval", "audit", digits_batch(), "--data", SPLIT))

    def test_eval(self):
        folder = FOLDER / "schema-eval"
        common = ["--data", SPLIT, "--protocol", "released", "--batch", 100, "--order", "shuffled", "--out", folder]
        for shard in ("0/2", "1/2"):
            value = report("eval", "run", digits_batch(), *common, "--shard", shard)
            self.assert_strict("commands/eval-run", value)
        self.assert_strict("commands/eval-status", report("eval", "status", folder))
        self.assert_valid("commands/eval-status", report("eval", "status", folder / "shard-1-of-2"))
        self.assert_strict("commands/eval-run", report(
            "eval", "run", DIGITS / "qkformer-digits.qkz.h5", "--protocol", "released", "--out", folder, "--emit",
            "slurm", "--shards", 2, "--at-once", 1))
        self.assert_strict("commands/eval-merge", report("eval", "merge", folder, "--out", folder / "merged"))
        header = json.loads((folder / "merged" / "run.json").read_text())
        self.assert_strict("evaluation", header)
        self.assert_strict("protocol", header["protocol"])
        self.assertEqual(header["protocol_sha256"], sha256(
            json.dumps(header["protocol"], sort_keys=True, separators=(",", ":")).encode()))
        for name, schema in (("samples", "evaluated-sample"), ("batches", "evaluated-batch")):
            for line in (folder / "merged" / f"{name}.jsonl").read_text().splitlines():
                self.assert_valid(schema, json.loads(line))
            self.assert_strict(schema, json.loads(line))
        environment = json.loads((folder / "merged" / "environment.json").read_text())
        self.assert_strict("evaluation-environment", environment)

    def test_classify(self):
        picture = FOLDER / "grey.png"
        Image.new("L", (9, 8), 77).save(picture)
        broken = FOLDER / "broken.png"
        broken.write_bytes(picture.read_bytes()[:40])
        self.assert_strict("commands/classify", report("classify", DIGITS / "qkformer-digits.qkz.h5", picture))
        value = report("classify", digits_batch(), picture, broken, "--skip-bad", "--top", 2)
        self.assertEqual([len(value[key]) for key in ("pictures", "skipped", "notes")], [1, 1, 2])
        self.assertIn("default of family", value["notes"][0])
        self.assertIn("measured in batches", value["notes"][1])
        self.assert_strict("preprocessing", value["preprocessing"])
        self.assert_strict("commands/classify", value)

    def test_texts_of_checkpoints(self):
        free = ["with a member more", "training_arguments of another type"]
        for _, path in every_checkpoint():
            with self.subTest(path.name), h5py.File(path) as file:
                self.assert_strict("manifest", manifest(file))
                self.assert_strict("provenance", json.loads(file["provenance"][0]), free=free)
                self.assert_strict("configuration", manifest(file)["configuration"])
                if "records" in file:
                    self.assert_strict("records", json.loads(file["records"][0]))

    def test_entries(self):
        optional = ("weights_id", "model_id", "evidence", "batch_effect", "training")
        paths = sorted((ROOT / "zoo" / "entries").glob("*/entry.json"))
        self.assertGreater(len(paths), 0)
        for path in paths:
            with self.subTest(path.parent.name):
                value = json.loads(path.read_text())
                self.assert_strict("entry", value, free=[f"without {key}" for key in optional])
                self.assertIn(path.parent.name, [value["name"]] + value["aliases"])

    def test_names_of_entries(self):
        for path in (ROOT / "zoo" / "entries").glob("*/entry.json"):
            with self.subTest(path.parent.name):
                value = json.loads(path.read_text())
                configuration = value["configuration"]
                stages, steps = configuration["stages"], configuration["time_steps"]
                blocks, width = sum(stage["blocks"] for stage in stages), stages[-1]["channels"]
                kind = 'ms-' if configuration['residual'] == 'membrane_shortcut' else ''
                name = f"{kind}qkformer-{blocks}-{width}-t{steps}-r{configuration['input']['height']}.{value['dataset']}"
                self.assertRegex(value["name"], f"^{re.escape(name)}(-[a-z0-9-]+)?$")

    def test_files_of_entries(self):
        for path in (ROOT / "zoo" / "entries").glob("*/entry.json"):
            with self.subTest(path.parent.name):
                value = json.loads(path.read_text())
                for listed in value["files"]:
                    file = path.parent / listed["name"]
                    if file.exists():
                        data = file.read_bytes()
                        found = {"size": len(data), "sha256": sha256(data), "md5": md5(data).hexdigest()}
                        self.assertEqual(found | listed, listed | found, file.name)
                    if file.name.endswith(".qkz.h5"):
                        shown = report("show", file)
                        for key in ("model_id", "weights_id", "configuration", "records"):
                            self.assertEqual(shown[key], value[key], key)

    def test_configurations(self):
        for path in SETS:
            self.assert_strict("configuration", json.loads(path.read_text()))

    def test_configuration_limits_are_the_codes(self):
        """The software refuses, with exit code 78, every configuration that the schema refuses."""
        valid = json.loads(SETS[0].read_text())
        paths = [(["time_steps"], 0), (["time_steps"], 1025), (["time_steps"], 1.5), (["classes"], 0),
                 (["family"], "x"), (["input", "channels"], 0), (["input", "height"], 16385),
                 (["input", "coding"], "rate"),
                 (["stages"], []), (["stages", 0, "blocks"], 0), (["stages", 0, "blocks"], 127),
                 (["stages", 0, "mixer"], "mha"), (["stages", 0, "mlp_ratio"], 65), (["batch_norm_eps"], -1),
                 (["lif", "unit", "tau"], 0.5), (["lif", "unit", "reset"], "soft"), (["lif", "unit", "fires"], "never"),
                 (["attention_scale"], 0), (["residual"], "none"), (["residual"], "membrane_shortcut"),
                 (["readout"], "none"), (["ssa_projection_scope"], "layer"), (["inner_mlp_shortcut"], 0),
                 (["stages", 0, "extra"], 1), (["input", "extra"], 1), (["lif", "extra"], 1)]
        for path, value in paths:
            with self.subTest(path=path, value=value):
                wrong = copy.deepcopy(valid)
                place = wrong
                for key in path[:-1]:
                    place = place[key]
                place[path[-1]] = value
                self.assertFalse(validator("configuration").is_valid(wrong))
                file, pth = FOLDER / "wrong-configuration.json", SETS[0].parent / "checkpoint.pth"
                file.write_text(json.dumps(wrong))
                qkzoo("convert", pth, "--config", file, "--force", "-o", FOLDER / "no.qkz.h5", code=78)

    def test_reference_files(self):
        for folder in (DIGITS, DIGITS_BATCH):
            with safe_open(folder / "reference.safetensors", "numpy") as file:
                value = json.loads(file.metadata()["qkzoo.reference"])
            self.assert_strict("reference-file", value, free=["with a member more"])


if __name__ == "__main__":
    unittest.main()
