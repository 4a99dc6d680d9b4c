"""Datasets are read in torchvision's order, with its labels, to the byte."""

import gzip
import io
import os
import random
import shutil
import struct
import tarfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from samples import FOLDER, digest, refusal, report
from scipy.io import savemat
from vision import datasets, transforms

IDENTIFIERS = ["n01440764", "n01443537", "n02119789", "n03000134", "n15075141"]
CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def transform(side=224, shorter=256):
    return transforms.Compose([
        transforms.Resize(shorter, interpolation=transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(side),
        transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def picture(seed, suffix=".JPEG"):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (int(rng.integers(20, 60)), int(rng.integers(20, 60)), 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG" if suffix == ".png" else "JPEG")
    return data.getvalue()


def make_folders(root):
    """Class folders with what `ImageFolder` sorts and passes over in odd ways."""
    names = {
        "n01440764": ["ILSVRC2012_val_00000293.JPEG", "ILSVRC2012_val_00000045.JPEG", "b.png", "A.JPG", "a.jpeg"],
        "n02119789": ["10.jpg", "9.jpg", "sub/0.jpg", "sub-1/0.jpg", "sub/deep/1.jpg", "notes.txt"],
        "n01443537": ["x.jpeg", "x.jpg"], "N01": ["y.png", ".hidden.png"], "n15075141": ["é.jpg", "z.jpg", "ä.jpg"],
    }
    for index, (folder, files) in enumerate(names.items()):
        for file in files:
            path = root / folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(index * 10 + len(file), path.suffix))
    (root / "README").write_text("no folder")
    return root


class ImageNet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = make_folders(FOLDER / "in1k" / "val")
        cls.flat = FOLDER / "flat"
        cls.flat.mkdir()
        rng = random.Random(5)
        numbers = list(range(1, 21))
        rng.shuffle(numbers)
        cls.labels = {f"ILSVRC2012_val_{n:08}": IDENTIFIERS[i % 5] for i, n in enumerate(numbers)}
        for index, name in enumerate(sorted(cls.labels)):
            (cls.flat / f"{name}.JPEG").write_bytes(picture(index))
        # The same in class folders, as ImageFolder takes it.
        cls.sorted = FOLDER / "sorted"
        for name, identifier in cls.labels.items():
            folder = cls.sorted / identifier
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.JPEG").write_bytes((cls.flat / f"{name}.JPEG").read_bytes())
        cls.tars = {}
        for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            cls.tars[format] = FOLDER / f"ILSVRC2012_img_val-{format}.tar"
            with tarfile.open(cls.tars[format], "w", format=format) as archive:
                for path in sorted(cls.flat.iterdir(), reverse=True):
                    archive.add(path, path.name)
        cls.tar = cls.tars[tarfile.USTAR_FORMAT]

    def assert_equal(self, found, folder, base=False):
        """Against torchvision's reading of class folders."""
        expected = datasets.ImageFolder(str(folder), transform())
        self.assertEqual(found["classes"], expected.classes)
        self.assertEqual(len(found["samples"]), len(expected))
        for sample, (path, label), (image, _) in zip(found["samples"], expected.samples, expected):
            name = path.rsplit("/", 1)[1] if base else path[len(str(folder)) + 1:]
            self.assertEqual((sample["name"], sample["label"], sample["sha256"]), (name, label, digest(image)))

    def test_folders(self):
        self.assert_equal(report("image-folder", self.root, 224), self.root)
        self.assert_equal(report("image-folder", self.root.parent, 224), self.root)

    def list_of(self, name, text):
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def lists(self):
        rows = sorted(self.labels.items(), key=lambda row: row[1] + row[0][::-1])
        yield self.list_of("LOC_val_solution.csv", "ImageId,PredictionString\n" + "".join(
            f"{name},{label} 85 1 499 272 \n" for name, label in rows)), None
        yield self.list_of("pairs.csv", "".join(f"{name}.JPEG,{label}\r\n" for name, label in rows)), None
        yield self.list_of("synset_labels.txt", "".join(f"{self.labels[name]}\n" for name in sorted(self.labels))), None
        yield self.list_of("val.txt", "".join(
            f"{name}.JPEG {IDENTIFIERS.index(label)}\n" for name, label in rows)), list("01234")
        yield self.development_kit(), None

    def development_kit(self):
        """The list of numbers and the MAT-file of the development kit, here with two classes above the others."""
        numbers = dict(zip(IDENTIFIERS, (4, 1, 5, 3, 2)))
        kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "O"),
                 ("children", "O"), ("wordnet_height", "O"), ("num_train_images", "O")]
        rows = [(float(number), name, "tench, Tinca tinca", "a fish", 0.0, np.zeros((1, 0)), 0.0, 1300.0)
                for name, number in sorted(numbers.items(), key=lambda row: row[1])]
        rows += [(float(6 + i), name, "entity", "above", 2.0, np.array([[1.0, 300.0]]), 1.0, 0.0)
                 for i, name in enumerate(("n00001740", "n00001930"))]
        folder = FOLDER / "kit"
        folder.mkdir(exist_ok=True)
        savemat(folder / "meta.mat", {"synsets": np.array([[row] for row in rows], dtype=kinds)}, do_compression=True)
        return self.list_of("kit/ILSVRC2012_validation_ground_truth.txt", "".join(
            f"{numbers[self.labels[name]]}\n" for name in sorted(self.labels)))

    def test_flat_and_tar(self):
        for path, classes in self.lists():
            for kind, source in [("flat", self.flat)] + [("tar", tar) for tar in self.tars.values()]:
                with self.subTest(path.name, source=source.name):
                    found = report(kind, source, path, 5, 224)
                    if classes:
                        self.assertEqual(found["classes"], classes)
                        found["classes"] = sorted(set(self.labels.values()))
                    self.assert_equal(found, self.sorted, base=True)

    def test_refusals(self):
        pairs = "".join(f"{name} {label}\n" for name, label in self.labels.items())
        short = self.list_of("short.txt", pairs[:pairs.rstrip().rindex("\n") + 1])
        good = self.list_of("good.txt", pairs)
        twice = self.list_of("twice.txt", pairs + "ILSVRC2012_val_00000001 n99999999\n")
        index = self.list_of("index.txt", pairs.replace("n15075141", "5"))
        numbers = self.list_of("numbers.txt", "".join("1\n" for _ in self.labels))
        fewer = self.list_of("fewer.txt", "n01440764\n" * 20)
        longer = self.list_of("longer.txt", pairs + "ILSVRC2012_val_00000021 n01440764\n")
        long_names = FOLDER / "long-names.tar"
        with tarfile.open(long_names, "w", format=tarfile.PAX_FORMAT) as archive:
            archive.add(next(self.flat.iterdir()), "x" * 120 + ".JPEG")
        empty = FOLDER / "empty-classes"
        (empty / "n01440764").mkdir(parents=True)
        bare = FOLDER / "bare"
        bare.mkdir()
        cut = FOLDER / "cut.tar"
        cut.write_bytes(self.tar.read_bytes()[:-20480])
        blocks = FOLDER / "blocks.tar"
        whole = self.tar.read_bytes()
        blocks.write_bytes(whole[:len(whole.rstrip(b"\0")) // 512 * 512 + 512])
        wrong = bytearray(self.tar.read_bytes())
        wrong[3] ^= 1
        altered = FOLDER / "altered.tar"
        altered.write_bytes(wrong)
        cases = {
            ("image-folder", FOLDER / "nothing", 224): ("dataset-layout", 66),
            ("image-folder", bare, 224): ("dataset-layout", 66), ("image-folder", empty, 224): ("dataset-classes", 65),
            ("flat", bare, good, 5, 224): ("dataset-layout", 66),
            ("flat", self.flat, short, 5, 224): ("dataset-labels", 65),
            ("flat", self.flat, longer, 5, 224): ("dataset-labels", 65),
            ("tar", self.tar, longer, 5, 224): ("dataset-labels", 65),
            ("tar", long_names, good, 5, 224): ("tar-record", 65),
            ("tar", blocks, good, 5, 224): ("tar-record", 65),
            ("flat", self.flat, twice, 6, 224): ("dataset-labels", 65),
            ("flat", self.flat, index, 5, 224): ("dataset-labels", 65),
            ("flat", self.flat, numbers, 5, 224): ("dataset-labels", 65),
            ("flat", self.flat, good, 1000, 224): ("dataset-classes", 65),
            ("flat", self.flat, fewer, 5, 224): ("dataset-classes", 65),
            ("tar", altered, good, 5, 224): ("tar-record", 65), ("tar", cut, good, 5, 224): ("tar-record", 65),
        }
        for arguments, expected in cases.items():
            with self.subTest(arguments):
                self.assertEqual(refusal(*arguments), expected)

    def test_a_name_that_is_no_text_is_named(self):
        root = FOLDER / "odd-names"
        for folder in ("n01440764", "n01443537"):
            (root / folder).mkdir(parents=True)
            (root / folder / "a.JPEG").write_bytes(picture(1))
        report("image-folder", root, 224)
        bad = os.fsencode(root / "n01440764") + b"/\xff.JPEG"
        for name in (bad, os.fsencode(root) + b"/n\xe9"):
            with self.subTest(name):
                if name == bad:
                    Path(os.fsdecode(name)).write_bytes(picture(2))
                else:
                    os.mkdir(name)
                self.assertEqual(refusal("image-folder", root, 224), ("file-name", 65))
                (os.rmdir if os.path.isdir(name) else os.remove)(name)
        list_of = self.list_of("odd-names.txt", "a n01440764\n")
        (root / "n01440764" / "b").mkdir()
        Path(os.fsdecode(bad)).write_bytes(picture(2))
        self.assertEqual(refusal("flat", root / "n01440764", list_of, 1, 224), ("file-name", 65))

    def test_a_broken_picture_is_named(self):
        folder = FOLDER / "broken" / "n01440764"
        folder.mkdir(parents=True)
        (folder / "a.JPEG").write_bytes(picture(1))
        (folder / "b.JPEG").write_bytes(picture(2)[:700])
        self.assertEqual(refusal("image-folder", folder.parent, 224), ("picture-truncated", 65))


class CIFAR(unittest.TestCase):
    def make(self, name, label_bytes, classes, count=64):
        rng = np.random.default_rng(classes)
        labels = rng.integers(0, classes, (count, 1), dtype=np.uint8)
        coarse = rng.integers(0, 20, (count, label_bytes - 1), dtype=np.uint8)
        pixels = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
        pixels[0, :256] = np.arange(256)
        pixels[1, 1024:1280] = np.arange(256)
        pixels[2, 2048:2304] = np.arange(256)
        path = FOLDER / name
        path.write_bytes(np.concatenate([coarse, labels, pixels], axis=1).tobytes())
        return path, labels[:, 0], pixels.reshape(count, 3, 32, 32)

    def test_both_paths_of_normalisation(self):
        for name, label_bytes, classes in (("cifar10", 1, 10), ("cifar100", 2, 100)):
            path, labels, pixels = self.make(name, label_bytes, classes)
            to_tensor = transforms.Compose([
                transforms.Resize(32, interpolation=transforms.InterpolationMode.BICUBIC), transforms.CenterCrop(32),
                transforms.ToTensor(), transforms.Normalize(CIFAR_MEAN, CIFAR_STD)])
            # timm's PrefetchLoader: constants times 255 in Python's numbers, then float32 tensors.
            mean, std = (torch.tensor([x * 255 for x in constants]).view(3, 1, 1)
                         for constants in (CIFAR_MEAN, CIFAR_STD))
            arithmetics = {
                "torchvision": lambda image: to_tensor(Image.fromarray(image.transpose(1, 2, 0))),
                "prefetched": lambda image: torch.from_numpy(image).float().sub_(mean).div_(std)}
            digests = {}
            for arithmetic, function in arithmetics.items():
                with self.subTest(name, arithmetic=arithmetic):
                    samples = report(name, path, 64, arithmetic)["samples"]
                    self.assertEqual([s["label"] for s in samples], labels.tolist())
                    digests[arithmetic] = [s["sha256"] for s in samples]
                    self.assertEqual(digests[arithmetic], [digest(function(image)) for image in pixels])
            self.assertNotEqual(*digests.values())

    def test_refusals(self):
        path, *_ = self.make("short", 1, 10)
        self.assertEqual(refusal("cifar10", path, 65, "torchvision"), ("dataset-file", 65))
        self.assertEqual(refusal("cifar100", path, 64, "torchvision"), ("dataset-file", 65))
        self.assertEqual(refusal("cifar10", FOLDER, 64, "torchvision"), ("dataset-layout", 66))
        data = bytearray(path.read_bytes())
        data[3073] = 10
        path.write_bytes(data)
        self.assertEqual(refusal("cifar10", path, 64, "torchvision"), ("dataset-file", 65))


class IDX(unittest.TestCase):
    """torchvision is the oracle: its reader, `Pad` and `ToTensor`."""

    FOLDER = Path("/usr/share/datasets/fashion-mnist")

    def make(self, name, shape, labels, prefix="t10k", compressed=False):
        """A folder as torchvision keeps it, `<name>/<class of torchvision>/raw`."""
        rng = np.random.default_rng(len(labels))
        pixels = rng.integers(0, 256, (len(labels), *shape), dtype=np.uint8)
        pixels.reshape(-1)[:256] = np.arange(256)
        raw = FOLDER / name / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        for kind, elements in (("images-idx3", pixels), ("labels-idx1", np.array(labels, np.uint8))):
            data = struct.pack(f">HBB{elements.ndim}I", 0, 8, elements.ndim, *elements.shape) + elements.tobytes()
            (raw / f"{prefix}-{kind}-ubyte").write_bytes(data)
            (raw / f"{prefix}-{kind}-ubyte.gz").unlink(missing_ok=True)
            if compressed:
                with gzip.open(raw / f"{prefix}-{kind}-ubyte.gz", "wb") as file:
                    file.write(data)
        return raw

    def assert_equal(self, found, expected, rows=0, columns=0):
        """`expected` is a dataset of torchvision."""
        steps = transforms.Compose([transforms.Pad((columns, rows)), transforms.ToTensor()])
        self.assertEqual([sample["label"] for sample in found["samples"]], expected.targets.tolist())
        self.assertEqual([sample["sha256"] for sample in found["samples"]],
                         [digest(steps(image)) for image, _ in expected])

    def test_pictures_and_labels_are_torchvisions(self):
        labels = np.random.default_rng(1).integers(0, 10, 50).tolist()
        for shape, side, rows, columns in (((28, 28), 28, 0, 0), ((28, 28), 32, 2, 2), ((20, 28), 32, 6, 2)):
            for name, kind in (("FashionMNIST", "fashion-mnist"), ("MNIST", "mnist"), ("KMNIST", "kmnist")):
                with self.subTest(name, shape=shape, side=side):
                    raw = self.make(name, shape, labels)
                    self.make(name, shape, labels[:7], prefix="train")
                    known = getattr(datasets, name)
                    test, train = (known(FOLDER, train=train) for train in (False, True))
                    found = report(kind, raw, 0, side)
                    self.assertEqual((found["name"], found["classes"]), (
                        kind, [c.split(" - ")[0] for c in test.classes] if name == "MNIST" else test.classes))
                    self.assertTrue(found["split"].startswith("test by the names of the files"))
                    self.assert_equal(found, test, rows, columns)
                    self.assert_equal(report(kind, raw / "train-images-idx3-ubyte", 0, side), train, rows, columns)

    def test_compressed_files_are_read_as_the_others(self):
        raw = self.make("MNIST", (28, 28), [3, 1, 2], compressed=True)
        plain = report("idx", raw, 10, 28)
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"t10k-{kind}-ubyte").unlink()
            self.assertEqual(report("idx", raw, 10, 28), plain)
        self.assertEqual(report("mnist", raw.parent.parent, 0, 28)["samples"], plain["samples"])

    def test_letters_count_from_one_as_emnist_has_them(self):
        letters = list(range(26, 0, -1))
        raw = self.make("EMNIST", (28, 28), letters, prefix="emnist-letters-test")
        expected = datasets.EMNIST(FOLDER, split="letters", train=False)
        self.assertEqual(expected.targets.tolist(), letters)
        found = report("idx", raw, 26, 28)
        self.assertEqual((found["name"], found["split"]), ("idx", "test, labels counted from 1"))
        self.assertEqual([sample["label"] + 1 for sample in found["samples"]], letters)
        # torchvision has a class more, for 0.
        self.assert_equal(report("idx", raw, len(expected.classes), 28), expected)

    def test_all_of_fashion_mnist(self):
        folder = FOLDER / "whole" / "FashionMNIST" / "raw"
        folder.mkdir(parents=True)
        for path in self.FOLDER.glob("*.gz"):
            (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        for train, name in ((False, "t10k"), (True, "train")):
            expected = datasets.FashionMNIST(FOLDER / "whole", train=train)
            for source in (folder / f"{name}-images-idx3-ubyte", self.FOLDER / f"{name}-images-idx3-ubyte.gz"):
                with self.subTest(source.name):
                    found = report("idx", source, 10, 28)
                    self.assertEqual((found["name"], found["split"]), ("fashion-mnist", "train" if train else "test"))
                    self.assert_equal(found, expected)
        for kind, path in (("mnist", self.FOLDER), ("kmnist", folder)):
            self.assertEqual(refusal(kind, path, 0, 28), ("idx-digest", 65))

    def test_a_known_file_under_the_name_of_another_is_refused(self):
        for other, source in (("t10k-images-idx3-ubyte.gz", "train-images-idx3-ubyte.gz"),
                              ("t10k-labels-idx1-ubyte.gz", "train-labels-idx1-ubyte.gz")):
            with self.subTest(other):
                folder = FOLDER / f"renamed-{other}"
                folder.mkdir()
                for path in self.FOLDER.glob("*.gz"):
                    shutil.copy(self.FOLDER / source if path.name == other else path, folder / path.name)
                count = refusal("fashion-mnist", folder, 0, 28)
                # As many labels as pictures must be there first.
                self.assertEqual(count, ("idx-count", 65))
                for half in ("images-idx3", "labels-idx1"):
                    shutil.copy(self.FOLDER / f"train-{half}-ubyte.gz", folder / f"t10k-{half}-ubyte.gz")
                self.assertEqual(refusal("fashion-mnist", folder, 0, 28), ("idx-digest", 65))

    def test_the_known_sums_are_torchvisions(self):
        source = (Path(__file__).parents[2] / "Sources/Datasets/IDX/PublishedIDX.swift").read_text()
        for name in ("MNIST", "FashionMNIST", "KMNIST"):
            for file, md5 in getattr(datasets, name).resources:
                with self.subTest(name, file=file):
                    self.assertIn(md5, source)


if __name__ == "__main__":
    unittest.main()
