"""What a data set says about itself is read, and what is assumed of it is said: on the screen, in --json, in run.json."""

import json
import os
import subprocess
import unittest

import numpy as np
from PIL import Image
from safetensors.numpy import load_file
from support import FOLDER, SETS, SPLIT, digits, report, vector_set

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def said(*arguments, code=0):
    """Standard output and what is said beside it."""
    run = subprocess.run([os.environ["QKZOO"], *map(str, arguments)], capture_output=True, text=True)
    if run.returncode != code:
        raise AssertionError(f"{arguments}: {run.returncode}, not {code}\n{run.stderr}")
    return run.stdout, run.stderr


def digit_folders(name, names):
    """The test split of the digits as pictures, in a folder for each class that has the class's name."""
    root = FOLDER / name
    if root.exists():
        return root
    data = load_file(SPLIT)
    images = np.rint(data["images"][:, 0].astype(float) * 255 / 16).astype(np.uint8)
    for index, (image, label) in enumerate(zip(images, data["labels"])):
        folder = root / names[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{index:04}.png")
    return root


class Classes(unittest.TestCase):
    def run_eval(self, root, out, *options):
        common = ["eval", "run", digits(), "--dataset", "folder", "--data", root, "--protocol", "per-image"]
        return report(*common, "--out", FOLDER / out, *options)

    def test_folders_that_have_the_names_of_labels(self):
        value = self.run_eval(digit_folders("by-label", [str(n) for n in range(10)]), "eval-by-label")
        self.assertEqual(value["classes"], [str(n) for n in range(10)])
        self.assertIsNone(value["renaming"])
        self.assertGreater(value["top1"], 0.95)
        self.assertFalse([note for note in value["notes"] if "order of the folders" in note])

    def test_folders_of_other_names(self):
        right = self.run_eval(digit_folders("by-label", [str(n) for n in range(10)]), "eval-by-label")["correct"]
        root, order = digit_folders("by-word", WORDS), sorted(WORDS)
        value = self.run_eval(root, "eval-by-word")
        self.assertEqual(value["classes"], order)
        self.assertIn("classes are taken in the order of the folders' names: none is a label of the model",
                      value["notes"])
        self.assertLess(value["top1"], 0.3)
        # The class "eight", at index 0, gets the answer 8, and so on.
        pairs = [{"label": i, "answer": WORDS.index(w)} for i, w in enumerate(order) if WORDS.index(w) != i]
        self.assertEqual(value["renaming"], {"correct": right, "n": value["n"], "pairs": pairs})
        header = json.loads((FOLDER / "eval-by-word" / "run.json").read_text())
        self.assertEqual((header["data"]["classes"], header["notes"]), (order, value["notes"]))
        text, beside = said("eval", "run", digits(), "--dataset", "folder", "--data", root, "--protocol", "per-image",
                            "--out", FOLDER / "eval-by-word")
        self.assertIn(f"{right} of {value['n']} correct after renaming classes: eight gets the answer", text)
        self.assertIn("qkzoo: classes: 0 eight, 1 five, 2 four, ", beside)

    def test_a_list_of_names_decides(self):
        right = self.run_eval(digit_folders("by-label", [str(n) for n in range(10)]), "eval-by-label")["correct"]
        root, names = digit_folders("by-word", WORDS), FOLDER / "names.txt"
        names.write_text("".join(f"{word}\n" for word in WORDS))
        value = self.run_eval(root, "eval-listed", "--class-names", names)
        self.assertEqual((value["classes"], value["renaming"], value["correct"]), (WORDS, None, right))
        names.write_text("".join(f"{word}\n" for word in WORDS[:-1] + ["ten"]))
        said("eval", "run", digits(), "--dataset", "folder", "--data", root, "--class-names", names, "--protocol",
             "per-image", "--out", FOLDER / "eval-wrong-names", code=65)
        names.write_text("zero\n")
        said("stats", digits(), "--dataset", "folder", "--data", root, "--class-names", names, code=65)
        said("stats", digits(), "--dataset", "imagenet-1k", "--data", root, "--class-names", names, code=64)

    def test_numbers_are_no_classes_of_imagenet(self):
        for name, numbers in (("from-zero", range(1000)), ("from-one", range(1, 1001))):
            with self.subTest(name):
                for number in numbers:
                    (FOLDER / name / str(number)).mkdir(parents=True)
                    Image.new("RGB", (8, 8)).save(FOLDER / name / str(number) / "a.png")
                _, beside = said("eval", "run", digits(), "--dataset", "imagenet-1k", "--data", FOLDER / name,
                                 "--protocol", "released", "--out", FOLDER / f"eval-{name}", code=65)
                self.assertIn("dataset-classes", beside)
                self.assertIn(f"1000 other names, as {numbers[0]}", beside)
                self.assertFalse((FOLDER / f"eval-{name}").exists())


class Preprocessing(unittest.TestCase):
    NOTE = ("no entry states the preprocessing; taken is the default of family cifar: rgb, bicubic shorter side to {0}, "
            "(x - 255 [0.4914, 0.4822, 0.4465]) / (255 [0.247, 0.2435, 0.2616])")

    def test_the_default_of_a_family_is_said(self):
        configuration = SETS[0].parent.parent / "cifar-tiny" / "configuration.json"
        model, value = vector_set(configuration), json.loads(configuration.read_text())
        side, classes = value["input"]["height"], value["classes"]
        note = self.NOTE.format(side)
        root = FOLDER / "grey"
        for label in range(classes):
            (root / f"c{label:02}").mkdir(parents=True)
            Image.new("RGB", (20, 20), (label, 9, 200)).save(root / f"c{label:02}" / "a.png")
        common = [model, "--dataset", "folder", "--data", root]
        found = report("eval", "run", *common, "--protocol", "per-image", "--out", FOLDER / "eval-default")
        self.assertIn(note, found["notes"])
        self.assertIn("mean 0.4914 0.4822 0.4465, deviation 0.247 0.2435 0.2616", found["protocol_words"])
        self.assertIn(note, report("stats", *common)["accuracy"]["notes"])
        self.assertIn(note, report("classify", model, root / "c00")["notes"])
        self.assertIn(note, report("eval", "audit", *common)["notes"])
        for command in (["stats", *common], ["verify", *common[:1], "--level", "dataset", *common[1:]],
                        ["diff", model, model, "--on", root]):
            with self.subTest(command[0]):
                self.assertIn(note, said(*command)[1])


if __name__ == "__main__":
    unittest.main()
