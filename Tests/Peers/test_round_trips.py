"""Every published configuration at full size goes through every container without losing a bit."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from safetensors.numpy import save_file
from support import qkzoo, report


def inventory(preset):
    """(name, shape, role) of every tensor of a preset."""
    for line in qkzoo("presets", "--show", preset, "--tensors").splitlines():
        name, shape, role = line.split()
        yield name, tuple(int(extent) for extent in shape.strip("[]").split(",") if extent), role


def weights(preset):
    """Any bits at all, also those of NaNs and infinities."""
    random = np.random.default_rng(7)
    for name, shape, role in inventory(preset):
        kind = np.int64 if role == "batch_count" else np.float32
        count = int(np.prod(shape))
        yield name, np.frombuffer(random.bytes(count * kind().itemsize), kind).reshape(shape)


class RoundTrips(unittest.TestCase):
    def test_every_preset(self):
        for preset in report("presets")["presets"]:
            with self.subTest(preset["name"]), TemporaryDirectory() as folder:
                folder = Path(folder)
                save_file(dict(weights(preset["name"])), folder / "0.safetensors")
                chain = ["1.pth", "2.qkz.h5", "3.pth", "4.qkz.h5", "5.safetensors", "6.pth"]
                if preset["name"].endswith("-spikingjelly"):
                    # Its own code base joins modules, whose counters are random here: test_spikingjelly.
                    chain = ["1.qkz.h5", "2.qkz.h5"]
                first = report("convert", folder / "0.safetensors", "--preset", preset["name"], "--force", "-o",
                               folder / chain[0])
                self.assertEqual(first["parameters"], preset["parameters"])
                for source, target in zip(chain, chain[1:]):
                    found = report("convert", folder / source, "--force", "-o", folder / target)
                    for name in ("model_id", "weights_id", "configuration", "tensors", "bytes"):
                        self.assertEqual(found[name], first[name], target)
                    (folder / source).unlink()


if __name__ == "__main__":
    unittest.main()
