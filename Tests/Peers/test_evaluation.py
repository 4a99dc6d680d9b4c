"""`eval run` has the same bytes however it was killed, stopped, cut and merged; its numbers are PyTorch's."""

import hashlib
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

import numpy as np
from PIL import Image
from safetensors.numpy import load_file, save_file
from support import DIGITS, DIGITS_BATCH, FOLDER, MNIST5K, SPLIT, VECTORS, qkzoo, report, vector_set

COMPARED = ("run.json", "samples.jsonl", "batches.jsonl")
SETS = VECTORS.parents[2] / "Tests" / "Vectors"


def result(folder):
    return {name: (folder / name).read_bytes() for name in COMPARED}


def lines(folder, name):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def start(*arguments, **variables):
    return subprocess.Popen(
        [os.environ["QKZOO"], *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | variables)


class Evaluation(unittest.TestCase):
    """The embedded entries."""

    def serial(self, name, *arguments):
        folder = FOLDER / name
        if not (folder / "run.json").exists():
            qkzoo("eval", "run", *arguments, "--out", folder)
        return folder

    def mnist(self):
        model = MNIST5K / "qkformer-mnist5k.qkz.h5"
        return [model, "--data", MNIST5K / "mnist5k-test.safetensors", "--protocol", "released", "--batch", 16]

    def test_killed_twenty_times(self):
        whole = self.serial("eval-whole", *self.mnist())
        folder, chance = FOLDER / "eval-killed", random.Random(1)
        kills = 0
        while kills < 20:
            process = start("eval", "run", *self.mnist(), "--out", folder)
            time.sleep(chance.uniform(0.02, 0.5))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.communicate()
            if process.returncode == 0:  # done before the last kill: begin again from a torn state
                size = (folder / "batches.jsonl").stat().st_size
                os.truncate(folder / "batches.jsonl", chance.randrange(size // 2))
        qkzoo("eval", "run", *self.mnist(), "--out", folder)
        self.assertEqual(result(folder), result(whole))

    def test_a_signal_finishes_the_batch(self):
        whole = self.serial("eval-whole", *self.mnist())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            folder = FOLDER / f"eval-signal-{number}"
            process = start("eval", "run", *self.mnist(), "--out", folder)
            while not (folder / "batches.jsonl").exists() or not (folder / "batches.jsonl").stat().st_size:
                time.sleep(0.005)
            process.send_signal(number)
            errors = process.communicate()[1]
            self.assertEqual(process.returncode, 75, errors)
            self.assertIn("evaluation-interrupted", errors)
            done = len(lines(folder, "batches.jsonl"))
            self.assertEqual(len(lines(folder, "samples.jsonl")), 16 * done)
            self.assertLess(done, 63)
            qkzoo("eval", "run", *self.mnist(), "--out", folder)
            self.assertEqual(result(folder), result(whole))

    def test_shards_of_every_kind_merge_to_the_same_bytes(self):
        whole = self.serial("eval-whole", *self.mnist())
        kinds = {
            "option": lambda i: {},
            "ours": lambda i: {"QKZOO_SHARD": str(i), "QKZOO_SHARDS": "3"},
            "array": lambda i: {"SLURM_ARRAY_TASK_ID": str(i + 1), "SLURM_ARRAY_TASK_MIN": "1",
                                "SLURM_ARRAY_TASK_MAX": "3", "SLURM_ARRAY_TASK_COUNT": "3"},
            "torchrun": lambda i: {"RANK": str(i), "WORLD_SIZE": "3"},
        }
        for kind, variables in kinds.items():
            folder = FOLDER / f"eval-{kind}"
            for index in range(3):
                option = ["--shard", f"{index}/3"] if kind == "option" else []
                process = start("eval", "run", *self.mnist(), *option, "--out", folder, **variables(index))
                self.assertEqual((process.communicate()[1][-300:], process.returncode)[1], 0)
            status = report("eval", "status", folder)
            self.assertTrue(status["complete"] and len(status["folders"]) == 3)
            qkzoo("eval", "merge", folder, "--out", folder / "merged")
            self.assertEqual(result(folder / "merged"), result(whole))

    def test_digests_hold_every_line(self):
        """The digests of docs/evaluation-runs.md, computed by Python; a changed digit is found."""
        folder = self.serial("eval-whole", *self.mnist())
        # On the texts, which are canonical: Python writes some numbers otherwise.
        header = re.sub(rb',"shard":\d+,"shards":\d+', b"", (folder / "run.json").read_bytes().rstrip(b"\n"))
        evaluation = hashlib.sha256(header).hexdigest().encode()
        samples = (folder / "samples.jsonl").read_bytes().splitlines(keepends=True)
        for line in (folder / "batches.jsonl").read_bytes().splitlines():
            batch = json.loads(line)
            own, samples = samples[:batch["samples"]], samples[batch["samples"]:]
            self.assertEqual(batch["sample_lines_sha256"], hashlib.sha256(b"".join(own)).hexdigest())
            text = re.sub(rb'"sha256":"[0-9a-f]{64}",', b"", line)
            self.assertEqual(batch["sha256"], hashlib.sha256(evaluation + b"\n" + text).hexdigest())
        self.assertEqual(samples, [])
        for name in COMPARED[1:]:
            copy = FOLDER / f"eval-changed-{name}"
            shutil.copytree(folder, copy)
            text = (copy / name).read_text()
            place = text.index('_sha256":"') + len('_sha256":"')
            digit = "1" if text[place] == "0" else "0"
            (copy / name).write_text(text[:place] + digit + text[place + 1:])
            process = start("report", copy)
            self.assertIn("evaluation-record", process.communicate()[1])
            self.assertEqual(process.returncode, 65)

    def test_numbers(self):
        """Loss, order and digests, computed again from the logits that `run` prints."""
        data = load_file(SPLIT)
        images = data["images"].astype(np.float32) / np.float32(16)
        save_file({"input": images}, FOLDER / "eval-input.safetensors")
        model = DIGITS_BATCH / "qkformer-digits-batch.qkz.h5"
        for protocol, options in (("released", ["--batch", 32]), ("per-image", ["--scope", "sample"])):
            folder = self.serial(f"eval-{protocol}", model, "--data", SPLIT, "--protocol", protocol)
            logits = report("run", model, "--input", FOLDER / "eval-input.safetensors", *options)["logits"]
            samples = lines(folder, "samples.jsonl")
            self.assertEqual([sample["index"] for sample in samples], list(range(360)))
            for sample, row, image, label in zip(samples, logits, images, data["labels"]):
                row = np.array(row, np.float32)
                order = sorted(range(10), key=lambda j: (-row[j], j))
                self.assertEqual(sample["top5"], order[:5])
                self.assertEqual(sample["label"], label)
                self.assertEqual(sample["logits_sha256"], hashlib.sha256(row.tobytes()).hexdigest())
                self.assertEqual(sample["input_sha256"], hashlib.sha256(image.tobytes()).hexdigest())
                wide = row.astype(np.float64) - row.max()
                loss = math.log(np.exp(wide).sum()) - wide[label]
                self.assertAlmostEqual(sample["loss"], loss, delta=1e-14 * max(1, abs(loss)))

    def test_activity_is_that_of_stats(self):
        model = DIGITS / "qkformer-digits.qkz.h5"
        folder = self.serial("eval-digits", model, "--data", SPLIT, "--protocol", "per-image")
        stats = report("stats", model, "--data", SPLIT)
        header = json.loads((folder / "run.json").read_text())
        total = sum(np.array(batch["spikes"]) for batch in lines(folder, "batches.jsonl"))
        names = [group["path"] for group in header["neurons"]]
        self.assertEqual({group["path"]: group["spikes"] for group in stats["neurons"]},
                         dict(zip(names, total.tolist())))
        self.assertEqual(sum(sample["spikes"] for sample in lines(folder, "samples.jsonl")), int(total.sum()))

    def test_refusals(self):
        model, other = DIGITS / "qkformer-digits.qkz.h5", DIGITS_BATCH / "qkformer-digits-batch.qkz.h5"
        folder = self.serial("eval-digits", model, "--data", SPLIT, "--protocol", "per-image")

        def refusal(*arguments, code=64):
            process = start("eval", *arguments)
            errors = process.communicate()[1]
            self.assertEqual(process.returncode, code, errors)
            return errors

        again = ["--data", SPLIT, "--protocol", "per-image", "--out", folder]
        self.assertIn("evaluation-other-model", refusal("run", other, *again))
        self.assertIn("evaluation-other-protocol", refusal("run", model, *again, "--time-steps", 2))
        self.assertIn("evaluation-other-part", refusal("run", model, *again, "--limit", 40))
        half = load_file(SPLIT)
        save_file({name: value[:180] for name, value in half.items()}, FOLDER / "digits-test.safetensors",
                  metadata={"preprocessing": "x / 16"})
        self.assertIn("evaluation-other-data", refusal(
            "run", model, "--data", FOLDER / "digits-test.safetensors", "--protocol", "per-image", "--out", folder))
        self.assertIn("evaluation-shard", refusal("run", model, *again, "--shard", "3/3"))
        self.assertIn("evaluation-folder", refusal("status", DIGITS))
        self.assertIn("--image-size is for pictures", refusal("run", model, *again, "--image-size", 16))

    def test_what_holds_anyway_may_be_stated(self):
        model = DIGITS / "qkformer-digits.qkz.h5"
        common = [model, "--data", SPLIT, "--protocol", "per-image"]
        folder = self.serial("eval-digits", *common)
        before = result(folder)
        value = report("eval", "run", *common, "--batch", 32, "--order", "file", "--time-steps", 4, "--image-size", 8,
                       "--out", folder)
        self.assertEqual(value["protocol"]["overrides"], [])
        self.assertEqual(result(folder), before)
        value = report("eval", "run", *common, "--batch", 30, "--order", "shuffled", "--out", FOLDER / "eval-stated")
        self.assertEqual(value["protocol"]["overrides"], ["batch_size", "order"])

    def test_shards_that_have_not_begun(self):
        folder = FOLDER / "eval-not-begun"
        qkzoo("eval", "run", *self.mnist(), "--limit", 32, "--shard", "0/2", "--out", folder)
        (folder / "shard-1-of-2").mkdir()
        status = report("eval", "status", folder)
        self.assertEqual(status["not_begun"], [str(folder / "shard-1-of-2")])
        self.assertEqual(status["missing"], [{"first": 1, "last": 1}])
        self.assertEqual((status["samples"], status["n_of_split"]), (32, 1000))
        self.assertIn("not begun", qkzoo("eval", "status", folder))
        qkzoo("eval", "merge", folder, "--out", FOLDER / "eval-not-begun-merged", code=1)

    def test_a_second_process_is_refused(self):
        folder = FOLDER / "eval-twice"
        first = start("eval", "run", *self.mnist(), "--out", folder)
        while not (folder / "run.json").exists():
            time.sleep(0.005)
        second = start("eval", "run", *self.mnist(), "--out", folder)
        self.assertIn("file-in-use", second.communicate()[1])
        self.assertEqual(second.returncode, 69)
        first.communicate()
        self.assertEqual(result(folder), result(self.serial("eval-whole", *self.mnist())))


class Frames(unittest.TestCase):
    """Frames of events that one class has in another extent, or not finite."""

    def test_wrong_samples_are_named_or_left_out(self):
        root, model = FOLDER / "eval-frames", vector_set(SETS / "dvs-tiny" / "configuration.json")
        chance = np.random.default_rng(0)
        for label in range(11):
            (root / str(label)).mkdir(parents=True)
            for index in range(2):
                frames = chance.integers(0, 2, (16, 2, 64, 64)).astype(np.float32)
                np.savez(root / str(label) / f"{index}.npz", frames=frames)
        common = [model, "--dataset", "dvs128-gesture", "--data", root, "--protocol", "per-image", "--batch", 2]
        np.savez(root / "5" / "0.npz", frames=np.ones((16, 2, 128, 128), np.float32))
        for name, wrong in (("extent", None), ("finite", np.full((16, 2, 64, 64), np.nan, np.float32)),
                            ("steps", np.ones((4, 2, 64, 64), np.float32))):
            with self.subTest(name):
                if wrong is not None:
                    np.savez(root / "5" / "0.npz", frames=wrong)
                folder = FOLDER / f"eval-frames-{name}"
                process = start("eval", "run", *common, "--out", folder)
                errors = process.communicate()[1]
                self.assertEqual(process.returncode, 65, errors)
                self.assertIn("5/0.npz", errors)
                # What was done is read, and gone on with.
                self.assertEqual(report("eval", "status", folder)["folders"][0]["n"], 2 * 6)
                value = report("eval", "run", *common, "--skip-bad", "--out", folder)
                self.assertEqual([excluded["file"] for excluded in value["excluded"]], ["5/0.npz"])
                self.assertEqual((value["n"], value["n_of_split"], value["whole_split"]), (21, 288, False))


class Pictures(unittest.TestCase):
    """A folder of pictures: limits, bad files, sizes."""

    def setUp(self):
        self.root = FOLDER / "eval-pictures"
        self.model = vector_set(SETS / "imagenet-tiny" / "configuration.json")
        self.classes = json.loads((SETS / "imagenet-tiny" / "configuration.json").read_text())["classes"]
        if self.root.exists():
            return
        chance = np.random.default_rng(0)
        for label in range(self.classes):
            folder = self.root / f"class{label:03}"
            folder.mkdir(parents=True)
            for index in range(4):
                pixels = chance.integers(0, 256, (40 + index, 50, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{index}.jpg")

    def run_eval(self, name, *options, code=0):
        folder = FOLDER / name
        value = report("eval", "run", self.model, "--dataset", "folder", "--data", self.root, "--out", folder,
                       *options) if code == 0 else None
        return folder, value

    def test_bad_pictures_are_listed(self):
        broken = self.root / "class001" / "2.jpg"
        whole = broken.read_bytes()
        broken.write_bytes(whole[:100])
        try:
            folder, value = self.run_eval("eval-bad", "--protocol", "per-image", "--skip-bad")
        finally:
            broken.write_bytes(whole)
        self.assertEqual([e["file"] for e in value["excluded"]], ["class001/2.jpg"])
        self.assertEqual(value["n"], 4 * self.classes - 1)
        self.assertFalse(value["whole_split"])
        self.assertNotIn(str(FOLDER), (folder / "batches.jsonl").read_text())

    def test_nothing_readable(self):
        """Without an answer there is no figure."""
        root, folder = FOLDER / "eval-unreadable", FOLDER / "eval-nothing"
        for label in range(self.classes):
            (root / f"class{label:03}").mkdir(parents=True)
            (root / f"class{label:03}" / "0.jpg").write_bytes(b"no picture")
        qkzoo("eval", "run", self.model, "--dataset", "folder", "--data", root, "--out", folder, "--protocol",
              "per-image", "--skip-bad", code=65)
        for form in ("html", "md", "timm-csv"):
            qkzoo("report", folder, "--format", form, code=65)
        qkzoo("eval", "merge", folder, "--out", FOLDER / "eval-nothing-merged", code=65)
        qkzoo("classify", self.model, root / "class000", "--skip-bad", code=65)

    def test_limit_and_size(self):
        _, value = self.run_eval("eval-limit", "--protocol", "per-image", "--limit", self.classes)
        self.assertEqual((value["n"], value["complete"], value["whole_split"]), (self.classes, True, False))
        labels = {sample["label"] for sample in lines(FOLDER / "eval-limit", "samples.jsonl")}
        self.assertEqual(labels, set(range(self.classes)))
        self.assertGreater(value["seconds_of_whole_split"], 0)
        for form in ("timm-csv", "model-index"):
            qkzoo("report", FOLDER / "eval-limit", "--format", form, code=1)
        qkzoo("report", FOLDER / "eval-limit", "--format", "md")
        _, value = self.run_eval("eval-beyond", "--protocol", "per-image", "--limit", 10 ** 6)
        self.assertTrue(value["whole_split"])
        qkzoo("report", FOLDER / "eval-beyond", "--format", "timm-csv")
        folder, value = self.run_eval("eval-size", "--protocol", "per-image", "--image-size", 48, "--time-steps", 2)
        self.assertEqual((value["protocol"]["height"], value["protocol"]["time_steps"]), (48, 2))
        self.assertEqual(value["protocol"]["overrides"], ["image_size", "time_steps"])
        self.assertEqual({len(group) for group in lines(folder, "batches.jsonl")[0]["spikes"]}, {2})
        qkzoo("report", folder, "--format", "timm-csv", code=1)

    def test_verify_takes_datasets(self):
        value = report("verify", self.model, "--level", "dataset", "--dataset", "folder", "--data", self.root)
        (rung,) = (rung for rung in value["rungs"] if rung["rung"] == "dataset")
        _, measured = self.run_eval("eval-verified", "--protocol", "released")
        self.assertTrue(rung["detail"].startswith(
            f"nothing recorded for folder val to compare with; measured {measured['correct']} of {measured['n']} right"),
            rung["detail"])
        self.assertEqual((rung["checked"], rung["holds"]), (False, True))


if __name__ == "__main__":
    unittest.main()
