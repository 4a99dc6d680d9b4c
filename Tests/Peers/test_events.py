"""Event files become the frames, in the order and with the labels, that SpikingJelly gives."""

import contextlib
import io
import struct
import unittest
from pathlib import Path

import numpy as np
from samples import FOLDER, digest, refusal, report
from vision import datasets

from spikingjelly import datasets as peer
from spikingjelly.datasets import cifar10_dvs, dvs128_gesture

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
STEPS = 16

# What SpikingJelly was written for: NumPy before these names and this behaviour went.
if not hasattr(np, "bool"):
    np.bool = np.bool_


def from_string(data, dtype):
    return np.frombuffer(data, dtype)


def aedat2(path, seed, count):
    rng = np.random.default_rng(seed)
    addresses = rng.integers(0, 0x8000, count, dtype=np.uint32)
    times = np.sort(rng.integers(0, 10 ** 6, count, dtype=np.uint32))
    header = b"#!AER-DAT2.0\r\n# This is a raw AE data file\r\n# int32 address, int32 timestamp\r\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + np.stack([addresses, times], axis=1).astype(">u4").tobytes())


def aedat3(path, seed, clips):
    """A recording with some gestures; times pass 2^31, other packets lie between, packets are not full."""
    rng = np.random.default_rng(seed)
    data = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 0: DVS128\r\n#!END-HEADER\r\n"
    times = np.sort(rng.integers(2 ** 31 - 60_000, 2 ** 31 + 60_000, 4_000))
    for start in range(0, len(times), 500):
        piece = times[start:start + 500]
        overflow = int(piece[0] >> 31)
        piece = piece[piece >> 31 == overflow]
        x, y, p, valid = (rng.integers(0, n, len(piece)) for n in (128, 128, 2, 2))
        words = (x << 17 | y << 2 | p << 1 | valid).astype("<u4")
        events = np.stack([words, (piece & 0x7FFFFFFF).astype("<u4")], axis=1).tobytes()
        data += struct.pack("<HHIIIIII", 1, 0, 8, 4, overflow, len(piece), max(len(piece) - 3, 0), len(piece)) + events
        data += struct.pack("<HHIIIIII", 0, 0, 8, 4, overflow, 2, 2, 2) + bytes(16)
    path.write_bytes(data)
    rows = ["class,startTime_usec,endTime_usec"]
    for gesture in clips:
        start = int(rng.integers(2 ** 31 - 55_000, 2 ** 31 + 20_000))
        rows.append(f"{gesture},{start},{start + int(rng.integers(20_000, 45_000))}")
    if seed == 2:
        gap = int(np.argmax(np.diff(times)))
        rows.append(f"4,{times[gap] + 1},{times[gap + 1]}")  # a clip without events, inside the recording
    path.with_name(path.stem + "_labels.csv").write_text("\n".join(rows) + "\n")


def frames_of(events):
    return peer.integrate_events_by_fixed_frames_number(events, "number", STEPS, 128, 128).astype(np.float32)


def folder_of_frames(events_root, frames_root, compressed):
    """What SpikingJelly caches: the frames of every file of events, in the same folders."""
    for path in sorted(Path(events_root).rglob("*.npz")):
        target = frames_root / path.relative_to(events_root)
        target.parent.mkdir(parents=True, exist_ok=True)
        events = dict(np.load(path))
        frames = peer.integrate_events_by_fixed_frames_number(events, "number", STEPS, 128, 128)
        (np.savez_compressed if compressed else np.savez)(target, frames=frames)


def load(path):
    return np.load(path)["frames"].astype(np.float32)


class CIFAR10DVS(unittest.TestCase):
    """Thirteen files a class: the last one in the order of names is number 9, not number 12."""

    @classmethod
    def setUpClass(cls):
        cls.root = FOLDER / "cifar10-dvs" / "extract"
        cls.events = FOLDER / "cifar10-dvs" / "events_np"
        fromstring, np.fromstring = np.fromstring, from_string
        try:
            for index, name in enumerate(CLASSES):
                (cls.events / name).mkdir(parents=True)
                for number in range(13):
                    file = cls.root / name / f"cifar10_{name}_{number}.aedat"
                    aedat2(file, 100 * index + number, 1003 if number else 11)
                    with contextlib.redirect_stdout(io.StringIO()):
                        cifar10_dvs.CIFAR10DVS.read_aedat_save_to_np(
                            str(file), str(cls.events / name / f"{file.stem}.npz"))
        finally:
            np.fromstring = fromstring
        cls.frames = {}
        for compressed in (False, True):
            cls.frames[compressed] = FOLDER / "cifar10-dvs" / f"frames-{compressed}"
            folder_of_frames(cls.events, cls.frames[compressed], compressed)
        whole = datasets.DatasetFolder(str(cls.frames[False]), load, (".npz",))
        with contextlib.redirect_stderr(io.StringIO()):
            _, test = peer.split_to_train_test_set(0.9, whole, 10, random_split=False)
        cls.classes = whole.classes
        cls.expected = [
            (whole.samples[i][0][len(str(cls.frames[False])) + 1:], whole.samples[i][1], digest(whole[i][0]))
            for i in test.indices]

    def assert_equal(self, found):
        self.assertEqual(found["classes"], self.classes)
        self.assertEqual([(s["name"], s["label"], s["sha256"]) for s in found["samples"]], self.expected)
        self.assertEqual(found["samples"][0]["shape"], [STEPS, 2, 128, 128])

    def test_events(self):
        self.assertEqual(self.expected[0][0], "airplane/cifar10_airplane_9.npz")
        self.assert_equal(report("cifar10-dvs", self.root, STEPS, 13))
        self.assert_equal(report("cifar10-dvs", self.root.parent, STEPS, 13))

    def test_cached_frames(self):
        for compressed, folder in self.frames.items():
            with self.subTest(compressed=compressed):
                self.assert_equal(report("cifar10-dvs-frames", folder, 13))

    def test_refusals(self):
        self.assertEqual(refusal("cifar10-dvs", self.root, STEPS, 1000), ("dataset-classes", 65))
        self.assertEqual(refusal("cifar10-dvs", self.root / "bird", STEPS, 13), ("dataset-layout", 66))
        copy = FOLDER / "odd"
        for index, name in enumerate(CLASSES):
            aedat2(copy / name / "a.aedat", index, 40)
        file = copy / "cat" / "a.aedat"
        file.write_bytes(file.read_bytes() + b"\0\0\0\0")
        aedat2(copy / "cat" / "0.aedat", 1, 40)
        self.assertEqual(refusal("cifar10-dvs", copy, STEPS, 1), ("dataset-classes", 65))


class Gesture(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = FOLDER / "dvs128"
        folder = cls.root / "DvsGesture"
        folder.mkdir(parents=True)
        trials = {"user24_fluorescent": list(range(1, 12)), "user24_led": [1, 3, 3, 11, 2], "user25_lab": [11, 10, 3]}
        cls.events = cls.root / "events"
        for gesture in range(11):
            (cls.events / "test" / str(gesture)).mkdir(parents=True)
        for index, (trial, clips) in enumerate(trials.items()):
            file = folder / f"{trial}.aedat"
            aedat3(file, index, clips)
            with contextlib.redirect_stdout(io.StringIO()):
                dvs128_gesture.DVS128Gesture.split_aedat_files_to_np(
                    trial, str(file), str(folder / f"{trial}_labels.csv"), str(cls.events / "test"))
        (folder / "trials_to_test.txt").write_text("".join(f"{trial}.aedat\n" for trial in trials) + "\n")
        (folder / "trials_to_train.txt").write_text("user01_led.aedat\n")
        cls.frames = cls.root / "frames_number_16_split_by_number"
        folder_of_frames(cls.events, cls.frames, True)
        cls.expected = datasets.DatasetFolder(str(cls.frames / "test"), load, (".npz",))

    def assert_equal(self, found):
        self.assertEqual(found["classes"], ["0", "1", "10", "2", "3", "4", "5", "6", "7", "8", "9"])
        self.assertEqual(found["classes"], self.expected.classes)
        root = str(self.frames / "test") + "/"
        self.assertEqual(
            [(s["name"], s["label"], s["sha256"]) for s in found["samples"]],
            [(path[len(root):], label, digest(frames))
             for (path, label), (frames, _) in zip(self.expected.samples, self.expected)])

    def test_events(self):
        self.assertEqual(len(self.expected), 20)
        empty = [frames for frames, _ in self.expected if not frames.any()]
        self.assertEqual([frames.shape for frames in empty], [(STEPS, 2, 128, 128)])
        self.assert_equal(report("gesture", self.root, STEPS))
        self.assert_equal(report("gesture", self.root / "DvsGesture", STEPS))

    def test_cached_frames(self):
        self.assert_equal(report("gesture-frames", self.frames))

    def test_refusals(self):
        copy = FOLDER / "gesture-cut"
        copy.mkdir()
        source = self.root / "DvsGesture"
        for path in source.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        trial = copy / "user24_led.aedat"
        whole = trial.read_bytes()
        cases = {"cut": (whole[:-5], "dataset-file"), "no header": (whole[30:], "dataset-file"),
                 "version": (whole.replace(b"DAT3.1", b"DAT4.0"), "dataset-file"),
                 "format": (whole.replace(b"RAW", b"PNG"), "dataset-file")}
        for name, (data, failure) in cases.items():
            with self.subTest(name):
                trial.write_bytes(data)
                self.assertEqual(refusal("gesture", copy, STEPS), (failure, 65))
        trial.write_bytes(whole[:whole.index(b"#!END-HEADER\r\n") + 14])
        self.assertEqual(refusal("gesture", copy, STEPS), ("dataset-file", 65), "no event")
        trial.write_bytes(whole)
        (copy / "user24_led_labels.csv").write_text("class,start,end\n1,1000,2000\n")
        self.assertEqual(refusal("gesture", copy, STEPS), ("dataset-file", 65), "before the first event")
        (copy / "user24_led_labels.csv").write_text("class,start,end\n12,1,2\n")
        self.assertEqual(refusal("gesture", copy, STEPS), ("dataset-file", 65))
        (copy / "trials_to_test.txt").write_text("user24_led.aedat\n")
        (copy / "user24_led_labels.csv").write_text("class,start,end\n1,2147483000,2147490000\n")
        self.assertEqual(refusal("gesture", copy, STEPS), ("dataset-classes", 65))
        self.assertEqual(refusal("gesture", FOLDER, STEPS), ("dataset-layout", 66))


if __name__ == "__main__":
    unittest.main()
