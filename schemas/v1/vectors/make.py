#!/usr/bin/env python3
"""Writes the test vectors of checkpoint format 1 into this folder; needs nothing but Python 3.

An implementation of FORMAT.md of its own: it shares no code with the Swift package. Run again it writes the same
bytes, except that `identity.json` keeps the identities of real models, which are taken from a checkpoint:

    python make.py                    # the vectors
    python make.py --model NAME x.pth # also recompute the identities of a real model (needs torch)
"""

import argparse
import hashlib
import json
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# Canonical JSON -----------------------------------------------------------------------------------------------------

SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def canonical(value):
    """The RFC 8785 text of a value; integers beyond 2^53 become strings of their digits."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= 2**53 else f'"{value}"'
    if isinstance(value, float):
        return canonical_number(value)
    if isinstance(value, str):
        return canonical_string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical_string(key)}:{canonical(value[key])}" for key in keys) + "}"


def canonical_string(text):
    def escape(character):
        if character in SHORT_ESCAPES:
            return SHORT_ESCAPES[character]
        return f"\\u{ord(character):04x}" if character < " " else character

    return '"' + "".join(map(escape, text)) + '"'


def canonical_number(value):
    """ECMAScript's Number::toString, from Python's shortest digits."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    shown = point - 1
    tail = "." + digits[1:] if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'-' if shown < 0 else '+'}{abs(shown)}"


def canonical_json_vectors():
    texts = [
        "null", " [ true , false ] ", "{}", "[]", '{"b":1,"a":2}', '{"a":{"d":[],"c":{}}}', '{"":0}',
        "0", "-0", "1.0", "10e-1", "100", "1e2", "0.1", "1e-5", "0.00001", "0.000001", "1e-7", "123456789012",
        "1e20", "1e21", "123e19", "1.5e300", "5e-324", "1.7976931348623157e308", "9007199254740992",
        "-9007199254740992", "0.30000000000000004", "333333333.33333329", "4.50", "2e-3", "78.854",
        r'"\u0041"', r'"\/"', r'"\u000a\u0008\u000c\u000d\u0009"', r'"\u001F\u0000"', r'"\"\\"', r'"\u007f"',
        r'"\u00e9"', r'"e\u0301"', r'"\ud83d\ude00"', r'"\u2028"',
        r'{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}',
        r'{"\ufb33":1,"\ud83d\ude00":2}',
    ]
    refused = [
        ("duplicate member", '{"a":1,"a":2}'), ("duplicate member", r'{"a":1,"\u0061":2}'),
        ("lone surrogate", r'"\ud800"'), ("lone surrogate", r'"\udc00"'), ("lone surrogate", r'"\ud800\u0041"'),
        ("number out of range", "1e400"), ("syntax", "01"), ("syntax", "+1"), ("syntax", ".5"), ("syntax", "1."),
        ("syntax", "[1,]"), ("syntax", '{"a":1,}'), ("syntax", "NaN"), ("syntax", "'a'"), ("syntax", "// a\n1"),
        ("syntax", '"a\nb"'), ("syntax", "1 2"), ("syntax", ""), ("too deep", "[" * 66 + "0" + "]" * 66),
    ]
    pairs = [{"text": text, "canonical": canonical(json.loads(text))} for text in texts]
    # An integer in a document is what it is written as; only a writer turns a big one into a string.
    integers = [0, -1, 2**31, 2**53 - 1, 2**53, -(2**53), 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**64 - 1]
    return {
        "pairs": pairs,
        "integers": [{"decimal": str(n), "canonical": canonical(n)} for n in integers],
        "refused": [{"why": why, "text": text} for why, text in refused],
        "depth_accepted": "[" * 64 + "0" + "]" * 64,
    }


# Identity -----------------------------------------------------------------------------------------------------------

FORMATS = {"f32": "<f", "f64": "<d", "f16": "<e", "i64": "<q", "u8": "<B", "u64": "<Q"}


def tensor_line(element_type, shape, data):
    return f"{element_type} [{','.join(map(str, shape))}] {sha256(data)}"


def identity_text(prefix, lines):
    return prefix + "".join(line + "\n" for line in sorted(lines, key=lambda line: line.encode()))


def tensor_vectors():
    """Tensors with every element stated."""
    def numbers(element_type, shape, values):
        return element_type, shape, b"".join(struct.pack(FORMATS[element_type], value) for value in values)

    bf16 = b"".join(struct.pack("<f", value)[2:] for value in (1.0, -2.5, 0.15625))
    cases = [
        numbers("f32", [2, 3, 1], [0.0, 1.0, -1.0, 0.5, 1e-45, 3.4028234663852886e38]),
        numbers("f32", [2], [0.0, -0.0]),
        ("f32", [3], bytes.fromhex("0000c07f" "0000807f" "010080ff")),  # NaN, infinity, a NaN with payload
        numbers("f16", [2, 2], [1.0, -0.5, 65504.0, 5.960464477539063e-08]),
        ("bf16", [3], bf16),
        numbers("f64", [1], [0.1]),
        numbers("i64", [], [920]),
        numbers("i64", [2], [-1, 2**62]),
        numbers("u8", [4], [0, 1, 128, 255]),
        numbers("u64", [1], [2**64 - 1]),
    ]
    return {
        "tensors": [
            {"element_type": element_type, "shape": shape, "bytes": data.hex(), "sha256": sha256(data),
             "line": tensor_line(element_type, shape, data)}
            for element_type, shape, data in cases
        ]
    }


TINY = {
    "architecture": "qkformer", "family": "cifar",
    "input": {"coding": "direct", "channels": 1, "height": 4, "width": 4},
    "time_steps": 2, "classes": 3,
    "stages": [{"channels": 2, "blocks": 1, "heads": 1, "mixer": "qkta", "mlp_ratio": 1}],
    "inner_mlp_shortcut": False, "batch_norm_eps": 1e-05,
    "lif": {
        "unit": {"tau": 2, "v_threshold": 1, "fires": "at_or_above", "reset": "hard", "v_reset": 0},
        "attention": {"tau": 2, "v_threshold": 0.5, "fires": "at_or_above", "reset": "hard", "v_reset": 0},
    },
    "attention_scale": 0.125, "residual": "spike_addition", "readout": "mean_then_head",
    "ssa_projection_scope": "sample",
}


def unit(path, upstream, out_channels, in_channels, kernel, bias):
    """(path, upstream name, role, element type, shape) of a unit's tensors, in the inventory's order."""
    weight = [out_channels, in_channels] + ([kernel, kernel] if kernel else [1])
    yield f"{path}/conv/weight", f"{upstream}_conv.weight", "weight", "f32", weight
    if bias:
        yield f"{path}/conv/bias", f"{upstream}_conv.bias", "bias", "f32", [out_channels]
    for name, role in (("weight", "norm_scale"), ("bias", "norm_shift"), ("running_mean", "norm_mean"),
                       ("running_var", "norm_variance")):
        yield f"{path}/bn/{name}", f"{upstream}_bn.{name}", role, "f32", [out_channels]
    yield f"{path}/bn/num_batches_tracked", f"{upstream}_bn.num_batches_tracked", "batch_count", "i64", []


def tiny_inventory():
    yield from unit("stage1/speds/unit0", "patch_embed1.proj", 1, 1, 3, False)
    yield from unit("stage1/speds/unit1", "patch_embed1.proj1", 2, 1, 3, False)
    yield from unit("stage1/speds/shortcut", "patch_embed1.proj_res", 2, 1, 1, False)
    attention, upstream = "stage1/block0/attention", "stage1.0.tssa"
    yield from unit(f"{attention}/q", f"{upstream}.q", 2, 2, None, False)
    yield from unit(f"{attention}/k", f"{upstream}.k", 2, 2, None, False)
    yield from unit(f"{attention}/projection", f"{upstream}.proj", 2, 2, None, True)
    yield from unit("stage1/block0/mlp/expansion", "stage1.0.mlp.mlp1", 2, 2, 1, True)
    yield from unit("stage1/block0/mlp/contraction", "stage1.0.mlp.mlp2", 2, 2, 1, True)
    yield "head/weight", "head.weight", "weight", "f32", [3, 2]
    yield "head/bias", "head.bias", "bias", "f32", [3]


def count(shape):
    total = 1
    for extent in shape:
        total *= extent
    return total


def tiny_model():
    """Element j of the i-th tensor is (i + j) / 8, and i for the batch counts."""
    tensors = []
    for i, (path, upstream, role, element_type, shape) in enumerate(tiny_inventory()):
        values = [i] if element_type == "i64" else [(i + j) / 8 for j in range(count(shape))]
        data = b"".join(struct.pack(FORMATS[element_type], value) for value in values)
        tensors.append({
            "path": path, "upstream_name": upstream, "role": role, "element_type": element_type, "shape": shape,
            "bytes": data.hex(), "line": tensor_line(element_type, shape, data),
        })
    identifying = [t for t in tensors if t["role"] != "batch_count"]
    weights = identity_text("qkzoo-weights-1\n", [t["line"] for t in identifying])
    model = identity_text(
        f"qkzoo-model-1\n{canonical(TINY)}\n", [f"{t['path']} {t['line']}" for t in identifying])
    return {
        "name": "tiny", "configuration": TINY, "canonical_configuration": canonical(TINY), "tensors": tensors,
        "weights_text": weights, "weights_id": sha256(weights.encode()),
        "model_text": model, "model_id": sha256(model.encode()),
    }


def real_model(name, path):
    """The identities of a checkpoint of `zoo/recipes/train_digits.py`, from the manifest-free .pth."""
    import sys

    import torch

    sys.path.insert(0, str(HERE.parents[2] / "zoo" / "recipes"))
    with torch.serialization.safe_globals([argparse.Namespace]):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    configuration = checkpoint["args"].qkzoo_configuration
    names = canonical_paths(configuration)
    lines = {}
    for upstream, tensor in checkpoint["state_dict"].items():
        if not upstream.endswith("num_batches_tracked"):
            array = tensor.contiguous().numpy()
            element_type = {"float32": "f32", "float16": "f16"}[str(array.dtype)]
            lines[names[upstream]] = tensor_line(element_type, list(array.shape), array.tobytes())
    weights = identity_text("qkzoo-weights-1\n", lines.values())
    model = identity_text(
        f"qkzoo-model-1\n{canonical(configuration)}\n", [f"{path} {line}" for path, line in lines.items()])
    return {
        "name": name, "source_sha256": sha256(Path(path).read_bytes()), "configuration": configuration,
        "tensors": len(lines), "weights_id": sha256(weights.encode()), "model_id": sha256(model.encode()),
    }


def canonical_paths(configuration):
    """Upstream name to canonical path, for the `cifar` family."""
    units = {}
    for s, stage in enumerate(configuration["stages"], 1):
        for i, name in enumerate(("proj", "proj1") if s == 1 else ("proj3", "proj4")):
            units[f"patch_embed{s}.{name}"] = f"stage{s}/speds/unit{i}"
        units[f"patch_embed{s}.proj_res"] = f"stage{s}/speds/shortcut"
        attention = "ssa" if stage["mixer"] == "ssa" else "tssa"
        for b in range(stage["blocks"]):
            for upstream, name in (("q", "q"), ("k", "k"), ("v", "v"), ("proj", "projection")):
                units[f"stage{s}.{b}.{attention}.{upstream}"] = f"stage{s}/block{b}/attention/{name}"
            units[f"stage{s}.{b}.mlp.mlp1"] = f"stage{s}/block{b}/mlp/expansion"
            units[f"stage{s}.{b}.mlp.mlp2"] = f"stage{s}/block{b}/mlp/contraction"
    names = {f"head.{name}": f"head/{name}" for name in ("weight", "bias")}
    for upstream, path in units.items():
        for name in ("weight", "bias"):
            names[f"{upstream}_conv.{name}"] = f"{path}/conv/{name}"
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            names[f"{upstream}_bn.{name}"] = f"{path}/bn/{name}"
    return names


# Spikes -------------------------------------------------------------------------------------------------------------

def pack(bits):
    data = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        data[i // 8] |= bit << i % 8
    return bytes(data)


def spike_vectors():
    """Neuron i of sample b at step t fires if (7 i + 3 b + 5 t) mod 11 < 3; i in row-major order of the axes."""
    trains = []
    groups = [("[C,H,W]", [3, 2, 3]), ("[C,N]", [2, 6]), ("[heads,N]", [2, 5]), ("[C]", [5]), ("[C,N]", [2, 4])]
    for axes, shape in groups:
        steps = []
        for t in range(2):
            samples = []
            for b in range(2):
                bits = [int((7 * i + 3 * b + 5 * t) % 11 < 3) for i in range(count(shape))]
                packed = pack(bits)
                samples.append({"spikes": [i for i, bit in enumerate(bits) if bit], "count": sum(bits),
                                "packed": packed.hex(), "sha256": sha256(packed)})
            steps.append(samples)
        trains.append({"axes": axes, "shape": shape, "time_steps": 2, "batch": 2, "steps": steps})
    return {"trains": trains}


# Fletcher-32 --------------------------------------------------------------------------------------------------------

def fletcher32(data):
    """HDF5's filter 3, folded after every word: the value does not depend on how often it is folded."""
    sum1 = sum2 = 0

    def fold(value):
        return (value & 0xFFFF) + (value >> 16)

    for i in range(0, len(data), 2):
        word = data[i] << 8 | (data[i + 1] if i + 1 < len(data) else 0)
        sum1 = fold(sum1 + word)
        sum2 = fold(sum2 + sum1)
    return fold(sum2) << 16 | fold(sum1)


def fletcher_vectors():
    cases = [
        b"\x01", b"\x01\x02", b"\x00\x00", b"\xff\xff", b"\xff", b"abcde", b"abcdef", b"abcdefgh", b"\xff" * 8,
        struct.pack("<3f", 1.0, 0.5, -2.0), struct.pack("<q", 920), '{"schema":"é"}'.encode(),
    ]
    # (repeated unit, count): long enough to cross the blocks of 360 words.
    long = [(b"\xff", 720), (b"\xff", 721), (b"\xff", 1441), (b"\x00\x01", 4096), (bytes(range(256)), 17),
            (b"\xfe\xff\x01", 1001)]

    def row(data):
        checksum = fletcher32(data)
        return {"checksum": f"{checksum:08x}", "stored": checksum.to_bytes(4, "little").hex()}

    return {
        "bytes": [{"bytes": data.hex()} | row(data) for data in cases],
        "repeated": [{"unit": unit.hex(), "times": times} | row(unit * times) for unit, times in long],
    }


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs=2, action="append", default=[], metavar=("NAME", "PTH"))
    arguments = parser.parse_args()
    models = {name: real_model(name, path) for name, path in arguments.model}
    identity = HERE / "identity.json"
    known = json.loads(identity.read_text())["real"] if identity.exists() else []
    models = {model["name"]: model for model in known} | models
    write("canonical-json.json", canonical_json_vectors())
    write("tensor-lines.json", tensor_vectors())
    write("identity.json", {"tiny": tiny_model(), "real": [models[name] for name in sorted(models)]})
    write("spike-digests.json", spike_vectors())
    write("fletcher32.json", fletcher_vectors())


if __name__ == "__main__":
    main()
