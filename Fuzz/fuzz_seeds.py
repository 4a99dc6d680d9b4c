"""The inputs that each fuzz target starts from: small files of the tests, whole or in part."""

import decimal
import io
import json
import pathlib
import re
import struct
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "Tests"

# Inputs are not made longer than this; larger files of the tests are left out.
LIMITS = {
    "json": 1024, "manifest": 6144, "safetensors": 1024, "zip": 1024, "pickle": 2048,
    "torch": 4096, "hdf5": 4096, "zstd": 4096, "numpy": 1024, "pictures": 2048, "events": 1024,
    "tar": 5120, "mat": 2048, "idx": 512, "signature": 2048, "key": 512,
}


def gather(target):
    """Pairs of name and bytes."""
    seeds = GATHERERS[target]() if target in GATHERERS else []
    return [(name, data) for name, data in seeds if len(data) <= LIMITS[target]]


def files(*patterns):
    for pattern in patterns:
        for path in sorted(TESTS.glob(pattern)):
            if path.stat().st_size <= max(LIMITS.values()):
                yield path.name, path.read_bytes()


def canonical(value):
    """RFC 8785, as far as the values of checkpoints need it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    plain = lambda number: format(decimal.Decimal(number.group()), "f")
    return re.sub(r"(?<=:)\d+(\.\d+)?e-0[1-6]\b", plain, text).encode()


def pickles():
    """The pickles inside of archives, and those of the old format as they are."""
    for name, data in files("Accepted/pickle/*.pth", "Corrupt/pickle/*.pth"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for entry in archive.namelist():
                    if entry.endswith("data.pkl"):
                        yield f"{name}.pkl", archive.read(entry)
        except (zipfile.BadZipFile, NotImplementedError, OSError, UnicodeError, RuntimeError):
            if data[:1] == b"\x80":
                yield name, data


def texts():
    """Configurations, records, and the manifest of a checkpoint with all but a few tensors left out."""
    for path in sorted(TESTS.glob("Vectors/*/configuration.json")):
        yield path.parent.name, canonical(json.loads(path.read_bytes()))
    for path in sorted(ROOT.glob("zoo/entries/*/*.qkz.h5")):
        data = path.read_bytes()
        start = data.index(b'{"attributes":{')
        manifest = json.JSONDecoder().raw_decode(data[start:start + (1 << 20)].decode("latin1"))[0]
        yield "manifest-empty-" + path.name, canonical(
            manifest | {"tensors": [], "datasets": {}, "attributes": {}, "references": []})
        few = {key: manifest[key] for key in ("configuration", "schema")}
        few["tensors"] = manifest["tensors"][:3]
        few["references"] = manifest["references"][:1]
        few["datasets"] = dict(list(manifest["datasets"].items())[:3])
        few["attributes"] = dict(list(manifest["attributes"].items())[:2])
        yield "manifest-" + path.name, canonical(few)
    accuracy = {
        "answers": [0, 1], "by": "qkzoo", "correct": 1, "dataset": "two", "evaluation": "per-image",
        "n": 2, "source": "measured", "standard_error": 0.3535533905932738, "value": 0.5}
    firing = {
        "by": "qkzoo", "dataset": "two", "evaluation": "per-image", "n": 2,
        "spikes": {"stage1.lif": [1, 2]}}
    yield "records", canonical({"accuracy": [accuracy], "firing": [firing]})


def events():
    """Short event files of both formats."""
    pairs = b"".join(struct.pack(">II", 0x1234 * index, index) for index in range(4))
    yield "2.0", b"#!AER-DAT2.0\r\n# a comment\r\n" + pairs
    yield "2.0-bare", pairs
    polarity = b"".join(struct.pack("<II", index << 17 | index << 2 | 1, index) for index in range(3))
    packet = struct.pack("<HHIIIIII", 1, 1, 8, 4, 0, 3, 3, 3) + polarity
    special = struct.pack("<HHIIIIII", 0, 1, 8, 4, 0, 1, 1, 1) + bytes(8)
    head = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
    yield "3.1", head + packet + special + packet
    yield "3.1-empty", head


def archives():
    """A tar archive of each kind."""
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
            for name, data in (("./one.txt", b"one"), ("folder/two.bin", bytes(range(64)))):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                if form == tarfile.PAX_FORMAT:
                    member.pax_headers = {"comment": "plain"}
                archive.addfile(member, io.BytesIO(data))
            folder = tarfile.TarInfo("folder")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        # Of the padding at the end a reader needs one block of zeros.
        data = stream.getvalue().rstrip(b"\0")
        yield f"form-{form}", data + bytes(-len(data) % 512 + 512)


def idx_files():
    """The files of both kinds, and the byte that tells the target which it is."""
    for name, data in files("Accepted/idx/*ubyte", "Accepted/idx/*.gz", "Corrupt/idx/*"):
        yield name, data + (b"\0" if "idx3" in name else b"\1")


GATHERERS = {
    "json": lambda: files("Corrupt/json/*", "Accepted/zip/*.json", "Accepted/npy/*.json"),
    "manifest": texts,
    "safetensors": lambda: files("Accepted/safetensors/*.safetensors", "Corrupt/safetensors/*"),
    "zip": lambda: files("Accepted/zip/*.zip", "Corrupt/zip/*", "Accepted/npy/*.npz"),
    "pickle": pickles,
    "torch": lambda: files("Accepted/pickle/*.pth", "Corrupt/pickle/*"),
    "hdf5": lambda: files("Accepted/hdf5/*.h5", "Corrupt/hdf5/*"),
    "numpy": lambda: files("Accepted/npy/*.np[yz]", "Corrupt/npy/*"),
    "pictures": lambda: files("Accepted/pictures/*.png", "Accepted/pictures/*.jpg", "Corrupt/pictures/*"),
    "mat": lambda: files("Accepted/mat/*.mat", "Corrupt/mat/*"),
    "idx": idx_files,
    "events": events,
    "tar": archives,
}
