"""`qkzoo report`: the page read by a parser that is not ours, listings read by readers of their formats or by the letter."""

import base64
import csv
import functools
import hashlib
import io
import json
import re
import unittest

from safetensors.numpy import load_file, save_file
from support import DIGITS, DIGITS_BATCH, FOLDER, ROOT, SPLIT, qkzoo, report, validator
from test_catalog import Page


@functools.cache
def evaluation(entry, protocol):
    folder = FOLDER / f"report-{entry.name}-{protocol}"
    qkzoo("eval", "run", entry / f"{entry.name}.qkz.h5", "--data", SPLIT, "--protocol", protocol, "--out", folder)
    return folder


def block(lines, indent):
    """The YAML that `report` writes: block mappings and sequences, and scalars that JSON reads."""
    if lines[0].lstrip().startswith("- "):
        items = []
        while lines and lines[0].startswith(" " * indent + "- "):
            lines[0] = lines[0].replace("- ", "  ", 1)
            items.append(block(lines, indent + 2))
        return items
    members = {}
    while lines and re.match(rf" {{{indent}}}[a-z]", lines[0]):
        key, _, value = lines.pop(0).strip().partition(":")
        assert key not in members, key
        if value:
            members[key] = json.loads(value)
        else:
            # A sequence may stand as deep as its key.
            members[key] = block(lines, len(lines[0]) - len(lines[0].lstrip()))
    return members


def yaml(text):
    lines = text.splitlines()
    value = block(lines, 0)
    assert not lines, lines
    return value


class Reports(unittest.TestCase):
    def page(self, *arguments):
        path = FOLDER / "report.html"
        qkzoo("report", *arguments, "--force", "-o", path)
        page = Page(path)
        self.assertEqual(page.faults, [])
        ids = page.ids()
        self.assertEqual(len(ids), len(set(ids)))
        return page, path.read_text()

    def test_the_page_needs_nothing_else(self):
        page, text = self.page(evaluation(DIGITS_BATCH, "per-image"), evaluation(DIGITS_BATCH, "released"))
        self.assertEqual(page.all("script", "link", "img", "iframe", "object", "form"), [])
        style, = page.all("style")
        policy = next(a["content"] for _, a, *_ in page.all("meta") if "http-equiv" in a)
        digest = base64.b64encode(hashlib.sha256(style[3].encode()).digest()).decode()
        self.assertIn(f"style-src 'sha256-{digest}'", policy)
        self.assertIn("default-src 'none'", policy)
        self.assertNotRegex(style[3], r"url\(|@import")
        for _, attributes, *_ in page.all("a"):
            target = attributes["href"]
            self.assertTrue(target.startswith("https://") or target[1:] in page.ids(), target)
        # Inline styles and handlers would be refused by the policy.
        for name, attributes, *_ in page.elements:
            self.assertFalse([key for key in attributes if key == "style" or key.startswith("on")], name)
        self.assertIn("Answered differently", text)

    def test_the_figures_are_those_of_the_evaluation(self):
        folder = evaluation(DIGITS, "per-image")
        samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
        right = sum(sample["top5"][0] == sample["label"] for sample in samples)
        value = report("report", folder, "--force", "-o", FOLDER / "figures.html")
        self.assertEqual((value["top1"]["correct"], value["top1"]["n"]), (right, len(samples)))
        self.assertEqual(value["top5"]["correct"], sum(sample["label"] in sample["top5"] for sample in samples))
        self.assertAlmostEqual(value["loss"], sum(sample["loss"] for sample in samples) / len(samples), places=12)
        errors = [e.message for e in validator("commands/report").iter_errors(value)]
        self.assertEqual(errors, [])
        page = Page(FOLDER / "figures.html")
        tables = {element[3].strip(): None for element in page.all("caption")}
        self.assertIn("Confusion: rows are labels, columns are answers", tables)
        counts = [element[3] for element in page.all("span") if "shade" in element[1].get("class", "")]
        self.assertEqual(sum(map(int, counts)), len(samples))

    def test_energies_of_stats(self):
        folder = evaluation(DIGITS, "per-image")
        stats = FOLDER / "report-stats.json"
        stats.write_text(qkzoo("stats", DIGITS / "qkformer-digits.qkz.h5", "--data", SPLIT, "--json"))
        measured = {one["convention"]: one["millijoules"] for one in json.loads(stats.read_text())["energy"]}
        alone = {one["convention"]: one for one in report("report", folder)["energy"]}
        both = {one["convention"]: one for one in report("report", folder, "--stats", stats)["energy"]}
        self.assertEqual(sorted(alone), ["paper", "strict"])
        for name, one in alone.items():
            # The evaluation and stats count the same spikes.
            self.assertAlmostEqual(one["millijoules"] / measured[name], 1, places=12)
        self.assertEqual({name: one["millijoules"] for name, one in both.items()}, measured)
        other = FOLDER / "report-stats-other.json"
        other.write_text(qkzoo("stats", DIGITS_BATCH / "qkformer-digits-batch.qkz.h5", "--data", SPLIT, "--json"))
        qkzoo("report", folder, "--stats", other, code=65)

    def test_timm(self):
        row, = csv.DictReader(io.StringIO(qkzoo("report", evaluation(DIGITS, "per-image"), "--format", "timm-csv")))
        self.assertEqual(row["model"], "qkformer-4-64-t4-r8.digits")
        self.assertAlmostEqual(float(row["top1"]) + float(row["top1_err"]), 100)
        self.assertEqual((row["top1"], row["img_size"], row["crop_pct"]), ("98.889", "8", ""))

    def test_hugging_face(self):
        folder = evaluation(DIGITS, "per-image")
        index = yaml(qkzoo("report", folder, "--format", "model-index"))["model-index"]
        (result,) = index[0]["results"]
        self.assertEqual(index[0]["name"], "qkformer-4-64-t4-r8.digits")
        self.assertEqual(result["task"]["type"], "image-classification")
        self.assertEqual([metric["value"] for metric in result["metrics"]][0], 98.889)
        self.assertEqual({metric["verified"] for metric in result["metrics"]}, {False})
        (entry,) = yaml(qkzoo("report", folder, "--format", "hf-eval", "--hub-dataset", "me/digits"))
        self.assertEqual(entry["dataset"], {"id": "me/digits", "task_id": "default"})
        self.assertEqual(entry["value"], 98.889)
        self.assertIn(json.loads((folder / "run.json").read_text())["protocol_sha256"], entry["notes"])
        qkzoo("report", folder, "--format", "hf-eval", code=64)

    def test_a_row_for_a_paper(self):
        folder = evaluation(DIGITS, "per-image")
        model = json.loads((folder / "run.json").read_text())["model"]["model_id"]
        for form in ("latex", "md"):
            text = qkzoo("report", folder, "--format", form)
            self.assertIn(f"model-id {model}", text)
            self.assertIn("@misc{qkformer-4-64-t4-r8.digits,", text)
            self.assertIn("98.89", text)

    def test_refusals(self):
        one = evaluation(DIGITS, "per-image")
        qkzoo("report", ROOT, code=64)
        qkzoo("report", one, evaluation(DIGITS_BATCH, "per-image"), code=64)
        qkzoo("report", one, one, one, code=64)
        data = load_file(SPLIT)
        save_file({name: value[:180] for name, value in data.items()}, FOLDER / "digits-test.safetensors",
                  metadata={"preprocessing": "x / 16"})
        half = FOLDER / "report-half"
        qkzoo("eval", "run", DIGITS / "qkformer-digits.qkz.h5", "--data", FOLDER / "digits-test.safetensors",
              "--protocol", "per-image", "--out", half)
        qkzoo("report", one, half, code=64)
        qkzoo("report", one, one)
        qkzoo("report", one, one, "--format", "md", code=64)


if __name__ == "__main__":
    unittest.main()
