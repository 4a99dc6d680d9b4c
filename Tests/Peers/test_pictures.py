"""Pictures are decoded, resized and normalised to the byte as Pillow and torchvision do it."""

import io
import itertools
import random
import unittest

import numpy as np
import PIL
from PIL import Image, ImageCms
from samples import FOLDER, digest, photographs, refusal, report, run
from vision import transforms

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def smooth(seed, height, width, channels):
    """Something like a photograph: noise, made smooth by enlarging it."""
    small = Image.fromarray(noise(seed, max(height // 9, 2), max(width // 9, 2), 3))
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))[..., :channels].squeeze()


def save(name, image, **options):
    path = FOLDER / name
    image.save(path, **options)
    return path


def jpegs():
    sizes = [(1, 1), (1, 9), (7, 3), (8, 8), (17, 31), (64, 64), (65, 129), (500, 375)]
    for index, (width, height) in enumerate(sizes):
        colour = Image.fromarray(smooth(index, height, width, 3).reshape(height, width, 3))
        yield save(f"rgb-{width}x{height}.jpg", colour, quality=90)
        yield save(f"grey-{width}x{height}.jpg", colour.convert("L"), quality=75)
        yield save(f"cmyk-{width}x{height}.jpg", colour.convert("CMYK"), quality=85)
    colour = Image.fromarray(smooth(99, 123, 187, 3))
    for subsampling, quality, progressive in itertools.product((0, 1, 2), (1, 50, 100), (False, True)):
        yield save(f"s{subsampling}-q{quality}-p{progressive}.jpg", colour, subsampling=subsampling, quality=quality,
                   progressive=progressive)
    yield save("optimised.jpg", colour, optimize=True, quality=60)
    yield save("restart.jpg", colour, restart_marker_blocks=3)
    yield save("keep-rgb.jpg", colour, keep_rgb=True)
    yield save("noise.jpg", Image.fromarray(noise(5, 77, 91, 3)), quality=30)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield save("oriented.jpg", colour, exif=exif)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield save("profile.jpg", colour, icc_profile=profile, comment=b"remark", dpi=(72, 72))
    # Samplings that Pillow cannot write: of the chroma, by changing the frame header of a 4:4:4 picture of one block.
    for factors in (0x12, 0x21, 0x41, 0x14):
        data = io.BytesIO()
        Image.fromarray(smooth(3, 8, 8, 3)).save(data, "JPEG", subsampling=0)
        data = bytearray(data.getvalue())
        frame = data.index(b"\xff\xc0")
        data[frame + 11] = factors
        path = FOLDER / f"sampling-{factors:02x}.jpg"
        path.write_bytes(data)
        yield path


def pngs():
    for width, height in [(1, 1), (3, 5), (9, 8), (33, 17), (130, 67)]:
        size = f"{width}x{height}"
        yield save(f"rgb-{size}.png", Image.fromarray(noise(1, height, width, 3)))
        yield save(f"rgba-{size}.png", Image.fromarray(noise(2, height, width, 4)))
        yield save(f"grey-{size}.png", Image.fromarray(noise(3, height, width)))
        yield save(f"grey-alpha-{size}.png", Image.fromarray(noise(4, height, width, 2), "LA"))
        yield save(f"one-{size}.png", Image.fromarray(noise(5, height, width)).convert("1"))
        wide = noise(6, height, width, 2).view(np.uint16).reshape(height, width) >> np.uint16(6)
        yield save(f"sixteen-{size}.png", Image.fromarray(wide))
        for colours in (2, 3, 13, 200):
            palette = Image.fromarray(noise(7, height, width, 3)).quantize(colours)
            yield save(f"palette{colours}-{size}.png", palette)
            yield save(f"transparent{colours}-{size}.png", palette, transparency=1)


class Decoding(unittest.TestCase):
    def assert_equal(self, paths):
        paths = list(paths)
        self.assertGreater(len(paths), 20)
        for path, found in zip(paths, report("pictures", *paths)):
            with self.subTest(path.name), Image.open(path) as image:
                rgb = image.convert("RGB")
                self.assertEqual(found["size"], list(rgb.size))
                self.assertEqual(found["rgb"], digest(np.asarray(rgb)), f"{image.mode}")
                self.assertEqual(found["grey"], digest(np.asarray(rgb.convert("L"))), "grey")

    def test_jpeg(self):
        self.assert_equal(jpegs())

    def test_png(self):
        self.assert_equal(pngs())

    def test_photographs(self):
        self.assert_equal(photographs())

    def test_interlaced_and_wide_png(self):
        """Kinds that Pillow reads and does not write."""
        paths = [p for p in (FOLDER / name for name in handmade_pngs()) if p.exists()]
        self.assertEqual(len(paths), len(handmade_pngs()))
        self.assert_equal(paths * 3)

    def test_damage(self):
        """Damaged pictures are refused, or are what Pillow makes of them; nothing crashes."""
        random.seed(4)
        source = (FOLDER / "damage.jpg", FOLDER / "damage.png")
        image = Image.fromarray(smooth(8, 60, 80, 3))
        image.save(source[0], quality=70)
        image.save(source[1])
        equal = 0
        for path in source:
            whole = path.read_bytes()
            for index in range(40):
                data = bytearray(whole)
                for _ in range(random.randint(1, 3)):
                    data[random.randrange(20, len(data))] ^= 1 << random.randrange(8)
                if index % 4 == 0:
                    data = data[:random.randrange(len(data))]
                damaged = FOLDER / f"damaged-{index}{path.suffix}"
                damaged.write_bytes(data)
                process = run("pictures", damaged)
                self.assertIn(process.returncode, (0, 65), f"{damaged.name}: {process.stderr[-300:]}")
                try:
                    with Image.open(damaged) as pillow:
                        pixels = digest(np.asarray(pillow.convert("RGB")))
                except (OSError, SyntaxError, ValueError, PIL.UnidentifiedImageError):
                    self.assertEqual(process.returncode, 65, damaged.name)
                    continue
                if process.returncode == 0:
                    self.assertIn(pixels, process.stdout, damaged.name)
                    equal += 1
        self.assertGreater(equal, 10)

    def test_truncated(self):
        image = Image.fromarray(smooth(8, 60, 80, 3))
        for suffix, options in ((".jpg", {}), (".jpg", {"progressive": True}), (".png", {})):
            path = save("whole" + suffix, image, **options)
            cut = FOLDER / ("cut" + suffix)
            cut.write_bytes(path.read_bytes()[:path.stat().st_size * 2 // 3])
            self.assertEqual(refusal("pictures", cut), ("picture-truncated", 65))

    def test_other_formats(self):
        image = Image.fromarray(noise(1, 4, 4, 3))
        for suffix in (".bmp", ".gif", ".webp", ".tif"):
            self.assertEqual(refusal("pictures", save("other" + suffix, image)), ("picture-format", 65))


def handmade_pngs():
    """PNG pictures of every kind and depth, plain and interlaced, written chunk by chunk."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def packed(pixels, depth):
        """Rows of samples as bytes, each row with filter 0."""
        rows = []
        for row in pixels.reshape(pixels.shape[0], -1):
            if depth == 16:
                data = row.astype(">u2").tobytes()
            else:
                bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth:]
                data = np.packbits(bits.reshape(-1)).tobytes()
            rows.append(b"\0" + data)
        return b"".join(rows)

    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    names = []
    kinds = [(0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)), (6, 4, (8, 16))]
    for (kind, channels, depths), interlaced in itertools.product(kinds, (0, 1)):
        for depth, (width, height) in itertools.product(depths, ((13, 11), (1, 2))):
            rng = np.random.default_rng(kind * 100 + depth)
            pixels = rng.integers(0, 2 ** depth, (height, width, channels))
            if interlaced:
                parts = [pixels[y::dy, x::dx] for x, y, dx, dy in passes]
                data = b"".join(packed(part, depth) for part in parts if part.size)
            else:
                data = packed(pixels, depth)
            name = f"kind{kind}-depth{depth}-{width}x{height}-{'interlaced' if interlaced else 'plain'}.png"
            # A palette shorter than the depth allows: indices beyond it are black.
            colours = rng.integers(0, 256, (max(2 ** depth - 2, 1), 3), dtype=np.uint8) if kind == 3 else None
            palette = chunk(b"PLTE", colours.tobytes()) if kind == 3 else b""
            header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
            (FOLDER / name).write_bytes(
                b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"gAMA", struct.pack(">I", 30000)) + palette
                + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))
            names.append(name)
    return names


class Preprocessing(unittest.TestCase):
    def pictures(self):
        yield from photographs()
        for index, (width, height) in enumerate([(500, 375), (375, 500), (224, 224), (256, 300), (31, 800), (900, 40),
                                                 (225, 224), (257, 256), (1, 3), (333, 251), (2000, 1504)]):
            yield save(f"size-{index}.png", Image.fromarray(noise(index, height, width, 3)))

    def test_pillow_is_the_definition(self):
        self.assertLess(int(PIL.__version__.split(".")[0]), 13, "13 resizes tall pictures in another order")

    def test_resize(self):
        paths = list(self.pictures())
        for size in ((256, 256), (341, 256), (97, 31), (640, 480)):
            for path, found in zip(paths, report("resized", *size, *paths)):
                with self.subTest(path.name, size=size), Image.open(path) as image:
                    resized = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
                    self.assertEqual(found, digest(np.asarray(resized)))

    def test_imagenet(self):
        paths = list(self.pictures())
        for side, shorter in ((224, 256), (192, 219), (288, 288), (384, 384)):
            transform = transforms.Compose([
                transforms.Resize(shorter, interpolation=transforms.InterpolationMode.BICUBIC),
                transforms.CenterCrop(side), transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
            for path, found in zip(paths, report("imagenet", side, *paths)):
                with self.subTest(path.name, side=side), Image.open(path) as image:
                    self.assertEqual(found, digest(transform(image.convert("RGB"))))


if __name__ == "__main__":
    unittest.main()
