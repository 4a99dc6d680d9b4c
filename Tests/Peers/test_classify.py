"""`classify` answers as the model does on the input that Pillow and torchvision make of a picture."""

import json
import unittest

import numpy as np
from PIL import Image
from safetensors.numpy import load_file, save_file
from samples import photographs
from support import DIGITS, FOLDER, SPLIT, VECTORS, digits, report, vector_set
from vision import transforms

SETS = VECTORS.parents[2] / "Tests" / "Vectors"


class Classify(unittest.TestCase):
    def assert_equal(self, model, paths, inputs):
        save_file({"input": np.ascontiguousarray(np.stack(inputs))}, FOLDER / "pictures.safetensors")
        expected = report("run", model, "--input", FOLDER / "pictures.safetensors", "--scope", "sample")
        found = report("classify", model, *paths, "--top", 3)
        self.assertEqual([p["file"] for p in found["pictures"]], [str(path) for path in paths])
        for picture, logits in zip(found["pictures"], expected["logits"]):
            order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))[:3]
            self.assertEqual([c["class"] for c in picture["top"]], order)
            self.assertEqual([c["logit"] for c in picture["top"]], [logits[i] for i in order])
            weights = np.exp(np.array(logits) - max(logits))
            for candidate in picture["top"]:
                share = weights[candidate["class"]] / weights.sum()
                self.assertAlmostEqual(candidate["probability"], share, places=12)

    def test_photographs(self):
        paths = list(photographs())
        for name in ("imagenet-tiny", "cifar-tiny"):
            with self.subTest(name):
                configuration = SETS / name / "configuration.json"
                side = json.loads(configuration.read_text())["input"]["height"]
                resize = side if name == "cifar-tiny" else int(side / (224 / 256))
                geometry = transforms.Compose([
                    transforms.Resize(resize, interpolation=transforms.InterpolationMode.BICUBIC),
                    transforms.CenterCrop(side)])
                inputs = []
                for path in paths:
                    image = geometry(Image.open(path).convert("RGB"))
                    if name == "cifar-tiny":
                        mean, std = (np.array([x * 255 for x in c], np.float32).reshape(3, 1, 1)
                                     for c in ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)))
                        inputs.append((np.asarray(image, np.float32).transpose(2, 0, 1) - mean) / std)
                    else:
                        inputs.append(transforms.Compose([
                            transforms.ToTensor(),
                            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])(image).numpy())
                self.assert_equal(vector_set(configuration), paths, inputs)

    def test_digits(self):
        """The test split as PNG files: the answers are as good as on the split itself."""
        folder = FOLDER / "digits"
        folder.mkdir()
        data = load_file(SPLIT)
        images = np.rint(data["images"][:, 0].astype(float) * 255 / 16).astype(np.uint8)
        for index, image in enumerate(images):
            Image.fromarray(image).save(folder / f"{index:03}.png")
        value = report("classify", DIGITS / "qkformer-digits.qkz.h5", folder, "--top", 1)
        self.assertEqual(value["passed_over"], [])
        answers = [picture["top"][0] for picture in value["pictures"]]
        right = sum(answer["class"] == label for answer, label in zip(answers, data["labels"]))
        self.assertGreaterEqual(right, 352)
        (folder / "notes.txt").write_text("")
        (folder / "more").mkdir()
        again = report("classify", DIGITS / "qkformer-digits.qkz.h5", folder, "--top", 1, "--skip-bad")
        self.assertEqual(again["passed_over"], [str(folder / "more"), str(folder / "notes.txt")])
        self.assertEqual((again["pictures"], again["skipped"]), (value["pictures"], []))
        self.assertTrue(all(answer["name"] == str(answer["class"]) for answer in answers))
        paths = [folder / f"{index:03}.png" for index in (0, 77, 359)]
        inputs = [images[int(path.stem)][None].astype(np.float32) / np.float32(255) for path in paths]
        self.assert_equal(digits(), paths, inputs)


if __name__ == "__main__":
    unittest.main()
