#!/usr/bin/env python3
"""Writes the files of Tests/Corrupt and Tests/Accepted: the same bytes in every run.

    make.py           write every file, and delete those that are no longer made
    make.py --check   compare instead of writing; exit code 1 if anything differs

A corrupt file's name is the error that it must be refused with, then its idea. An accepted file
has a JSON file beside it that says what must be read from it.
"""

import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

import hdf5_files
import idx_files
import mat_files

HERE = pathlib.Path(__file__).resolve().parent
ACCEPTED = HERE.parent / "Accepted"

files = {}  # path -> bytes
ideas = {}  # folder -> [(file name, idea)]


def corrupt(folder, name, idea, data):
    files[HERE / folder / name] = data
    ideas.setdefault(folder, []).append((name, idea))


def accepted(folder, name, idea, data, expected):
    files[ACCEPTED / folder / name] = data
    text = json.dumps(expected, indent=1, sort_keys=True) + "\n"
    files[ACCEPTED / folder / (name + ".json")] = text.encode()
    ideas.setdefault("accepted/" + folder, []).append((name, idea))


# Zip archives, with a lie wherever one is asked for. ------------------------------------------


class Entry:
    """One stored entry. `lies` replaces fields: see `archive`."""

    def __init__(self, name, data=b"", **lies):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.data = data
        self.lies = lies


def descriptor(crc, size, wide=False):
    return struct.pack("<IIQQ" if wide else "<IIII", 0x08074B50, crc, size, size)


def archive(entries, before=b"", gap=b"", after=b"", comment=b"", zip64=None, disk=0, **end):
    """A zip file; `end` replaces count, size or offset in the end record(s)."""
    body, directory, places = before, b"", []
    for entry in entries:
        lie = entry.lies.get
        data, size = entry.data, len(entry.data)
        crc = lie("crc", zlib.crc32(data))
        flags, method = lie("flags", 0), lie("method", 0)
        name = lie("local_name", entry.name)
        name = name if isinstance(name, bytes) else name.encode()
        body += lie("gap", b"")
        offset = lie("offset", len(body))
        places.append(len(body))
        if not lie("directory_only"):
            local_sizes = lie("local_sizes", (0, 0) if flags & 8 else (size, size))
            extra = lie("local_extra", b"")
            if lie("align"):
                start = len(body) + 30 + len(name) + 4
                extra = struct.pack("<HH", 0x4246, -start % 64) + b"Z" * (-start % 64)
            body += struct.pack(
                "<IHHHHHIIIHH", 0x04034B50, 20, lie("local_flags", flags),
                lie("local_method", method), 0, 0, lie("local_crc", 0 if flags & 8 else crc),
                *local_sizes, len(name), len(extra))
            body += name + extra + data
            body += lie("descriptor", descriptor(crc, size) if flags & 8 else b"")
        sizes = lie("sizes", (size, size))
        extra = lie("extra", b"")
        directory += struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, method, 0, 0, crc, *sizes,
            len(entry.name), len(extra), 0, lie("disk", 0), 0, 0, offset)
        directory += entry.name + extra
    body += gap
    count = end.get("count", len(entries))
    size = end.get("size", len(directory))
    offset = end.get("offset", len(body))
    tail = b""
    if zip64 is not None:
        wide = {"count": count, "size": size, "offset": offset, "disk": 0, "record": 44,
                "at": len(body) + len(directory), "disks": 1} | zip64
        tail += struct.pack(
            "<IQHHIIQQQQ", 0x06064B50, wide["record"], 30, 45, wide["disk"], wide["disk"],
            wide["count"], wide["count"], wide["size"], wide["offset"])
        tail += struct.pack("<IIQI", 0x07064B50, 0, wide["at"], wide["disks"])
    tail += struct.pack(
        "<IHHHHIIH", 0x06054B50, disk, disk, count, end.get("count_here", count), size, offset,
        len(comment))
    return body + directory + tail + comment + after


def deflated(name, data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    sizes = (len(packed), len(data))
    return Entry(name, packed, method=8, crc=zlib.crc32(data), sizes=sizes, local_sizes=sizes)


# Pickles, opcode by opcode. --------------------------------------------------------------------


def name(module, attribute):
    """GLOBAL"""
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def value(v):
    """A plain value; bytes are opcodes already."""
    if isinstance(v, bytes):
        return v
    if v is None:
        return b"N"
    if v is True or v is False:
        return b"\x88" if v else b"\x89"
    if isinstance(v, str):
        return b"X" + struct.pack("<I", len(v.encode())) + v.encode()
    if isinstance(v, float):
        return b"G" + struct.pack(">d", v)
    if isinstance(v, int):
        if 0 <= v < 256:
            return b"K" + bytes([v])
        if -2**31 <= v < 2**31:
            return b"J" + struct.pack("<i", v)
        size = v.bit_length() // 8 + 1
        return b"\x8a" + bytes([size]) + v.to_bytes(size, "little", signed=True)
    if isinstance(v, tuple):
        parts = [value(x) for x in v]
        ends = {0: b")", 1: b"\x85", 2: b"\x86", 3: b"\x87"}
        return b"".join(parts) + ends[len(v)] if len(v) in ends else b"(" + b"".join(parts) + b"t"
    if isinstance(v, list):
        return b"](" + b"".join(value(x) for x in v) + b"e"
    if isinstance(v, dict):
        return b"}(" + pairs(v) + b"u"
    raise TypeError(v)


def pairs(members):
    return b"".join(value(k) + value(v) for k, v in members.items())


def call(function, *arguments):
    """REDUCE"""
    return function + value(tuple(arguments)) + b"R"


def ordered(members, metadata=None):
    """An OrderedDict, with the `_metadata` that a module's state dict carries."""
    text = call(name("collections", "OrderedDict")) + b"(" + pairs(members) + b"u"
    if metadata is not None:
        text += value({"_metadata": metadata}) + b"b"
    return text


def storage(kind, key, count, location="cpu"):
    return value(("storage", name("torch", kind), key, location, count)) + b"Q"


def tensor(store, shape, strides=None, offset=0, more=()):
    if strides is None:
        strides, step = [], 1
        for extent in reversed(shape):
            strides.insert(0, step)
            step *= extent
    function = name("torch._utils", "_rebuild_tensor_v2")
    return call(
        function, store, offset, tuple(shape), tuple(strides), False, ordered({}), *more)


def pickle(body, protocol=2):
    return b"\x80" + bytes([protocol]) + value(body) + b"."


def floats(*numbers):
    return struct.pack("<%df" % len(numbers), *numbers)


def checkpoint(data, storages=(), root="archive", byteorder=b"little", more=()):
    """What `torch.save` writes, without padding and descriptors."""
    entries = [Entry(root + "/data.pkl", data)]
    if byteorder is not None:
        entries.append(Entry(root + "/byteorder", byteorder))
    stored = dict(storages).items()
    entries += [Entry(f"{root}/data/{key}", content) for key, content in stored]
    return archive(entries + [Entry(root + "/version", b"3\n")] + list(more))


ONE = {"0": floats(1, 2, 3, 4)}
W = tensor(storage("FloatStorage", "0", 4), (2, 2))
MARKER = "touch qkzoo-payload-ran"


def refused_pickle(error, short, idea, body, storages=ONE, **more):
    """A checkpoint whose pickle is `body` as it is (bytes) or a value."""
    data = body if isinstance(body, bytes) and body[:1] == b"\x80" else pickle(body)
    corrupt("pickle", f"{error}.{short}.pth", idea, checkpoint(data, storages, **more))


# Pickle: names that are not on the list. -------------------------------------------------------

CALLS = [
    ("os", "system", MARKER), ("posix", "system", MARKER), ("nt", "system", MARKER),
    ("os", "execvp", "sh", ("sh",)), ("os", "popen", MARKER), ("commands", "getoutput", MARKER),
    ("subprocess", "Popen", ("sh", "-c", MARKER)), ("subprocess", "check_output", (MARKER,)),
    ("builtins", "eval", "1"), ("builtins", "exec", "pass"), ("builtins", "compile", "1", "", "eval"),
    ("builtins", "getattr", "a", "b"), ("builtins", "__import__", "os"),
    ("builtins", "open", "qkzoo-payload-ran", "w"), ("builtins", "map", "a", "b"),
    ("__builtin__", "eval", "1"), ("__builtin__", "__import__", "os"), ("__builtin__", "apply", "a"),
    ("importlib", "import_module", "os"), ("runpy", "run_path", "payload.py"),
    ("runpy", "_run_code", "pass", {}), ("webbrowser", "open", "about:blank"),
    ("functools", "partial", "a"), ("functools", "reduce", "a", "b"),
    ("operator", "attrgetter", "system"), ("operator", "methodcaller", "system", MARKER),
    ("pickle", "loads", "N."), ("_pickle", "loads", "N."), ("marshal", "loads", ""),
    ("types", "CodeType"), ("types", "FunctionType"), ("ctypes", "CDLL", "libc.so.6"),
    ("code", "InteractiveInterpreter.runcode", "pass"), ("timeit", "timeit", "pass"),
    ("pty", "spawn", "sh"), ("socket", "create_connection", ("localhost", 9)),
    ("urllib.request", "urlopen", "about:blank"), ("shutil", "rmtree", "qkzoo-payload-ran"),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start", "a"), ("pip", "main", ["list"]),
    ("pydoc", "pipepager", "a", MARKER), ("cProfile", "run", "pass"), ("bdb", "Bdb.run", "pass"),
    ("torch", "load", "x.pth"), ("torch.storage", "_load_from_bytes", "x"),
    ("torch.serialization", "load", "x.pth"), ("torch.hub", "load", "a/b", "c"),
    ("torch.jit", "load", "x.pt"), ("torch.jit.unsupported_tensor_ops", "execWrapper", "pass"),
    ("torch._dynamo.guards", "GuardBuilder.get", "a"),
    ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression", "1"),
    ("torch._inductor.codecache", "compile_file", "a"),
    ("torch.utils.collect_env", "run", MARKER),
    ("torch.utils._config_module", "ConfigModule.load_config", "a"),
    ("torch.utils.bottleneck.__main__", "run_cprofile", "pass"),
    ("torch.nn.modules.linear", "Linear", 2, 2), ("torch._utils", "_rebuild_device_tensor_from_numpy"),
    ("numpy.testing._private.utils", "runstring", "pass", {}),
    ("numpy.testing._private.utils", "exec_mod_from_location", "a", "b"),
    ("numpy.f2py.crackfortran", "myeval", "1"), ("numpy.core.multiarray", "_reconstruct"),
    ("copyreg", "_reconstructor"), ("copyreg", "add_extension", "os", "system", 1),
    ("dill._dill", "_create_function"), ("joblib.numpy_pickle", "read_array"),
    ("sys", "exit"), ("_thread", "interrupt_main"), ("signal", "raise_signal", 9),
]
GLOBAL = "pickle-global-not-allowed"
for module, attribute, *arguments in CALLS:
    refused_pickle(
        GLOBAL, f"{module}.{attribute}".replace("_", "-").strip("-"), f"calls {module}.{attribute}",
        call(name(module, attribute), *arguments))

refused_pickle(GLOBAL, "named-only", "names os.system and does not call it", name("os", "system"))
refused_pickle(
    GLOBAL, "beside-weights", "a good state dict; the optimizer calls os.system",
    {"model": {"w": W}, "optimizer": call(name("os", "system"), MARKER)})
refused_pickle(
    GLOBAL, "in-hooks", "os.system in the place of a tensor's hooks",
    {"w": call(name("torch._utils", "_rebuild_tensor_v2"), storage("FloatStorage", "0", 4), 0,
               (4,), (1,), False, call(name("os", "system"), MARKER))})
refused_pickle(
    GLOBAL, "as-storage-type", "os.system in the place of a storage's type",
    value(("storage", name("os", "system"), "0", "cpu", 4)) + b"Q")
refused_pickle(
    GLOBAL, "rebuilt-from-type", "_rebuild_from_type_v2 applies os.system for the file",
    call(name("torch._tensor", "_rebuild_from_type_v2"), name("os", "system"),
         name("torch", "Tensor"), (MARKER,), {}))
refused_pickle(
    GLOBAL, "newobj", "NEWOBJ of subprocess.Popen", name("subprocess", "Popen") + b")\x81")
refused_pickle(
    GLOBAL, "popped", "the call's result is popped and a good state dict follows",
    b"\x80\x02" + call(name("os", "system"), MARKER) + b"0" + value({"w": W}) + b".")
refused_pickle(
    GLOBAL, "stack-global", "protocol 4: STACK_GLOBAL names os.system",
    b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.")
refused_pickle(
    GLOBAL, "stack-global-memo", "STACK_GLOBAL with names out of the memo",
    b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94" + b"00" + b"h\x01h\x00\x93\x8c\x04true\x85R.")
refused_pickle(
    GLOBAL, "stack-global-numbers", "STACK_GLOBAL with numbers for names", b"\x80\x04K\x01K\x02\x93.")
refused_pickle(
    GLOBAL, "framed", "protocol 4: the call inside a frame",
    b"\x80\x04\x95" + struct.pack("<Q", 18) + b"\x8c\x02os\x8c\x06system\x93.")
refused_pickle(
    GLOBAL, "not-called", "REDUCE without arguments", b"\x80\x02" + name("os", "system") + b")R.")
refused_pickle(GLOBAL, "letter-case", "torch.floatstorage", name("torch", "floatstorage"))
refused_pickle(GLOBAL, "trailing-space", "`FloatStorage `", name("torch", "FloatStorage "))
refused_pickle(
    GLOBAL, "carriage-return", "a name that ends in CR LF", b"\x80\x02ccollections\r\nOrderedDict\r\n.")
refused_pickle(
    GLOBAL, "method-of-allowed", "collections.OrderedDict.fromkeys",
    name("collections", "OrderedDict.fromkeys"))
refused_pickle(GLOBAL, "shifted-dot", "module `torch._utils._rebuild_tensor_v2`, no attribute",
               name("torch._utils._rebuild_tensor_v2", ""))
refused_pickle(GLOBAL, "joined-with-space", "module `numpy.core.multiarray scalar`, no attribute",
               name("numpy.core.multiarray scalar", ""))

# Pickle: opcodes that are not on the list. -----------------------------------------------------

OPCODES = [
    ("inst", "INST of os.system", b"(" + value(MARKER) + b"ios\nsystem\n"),
    ("obj", "OBJ of an allowed class", b"(" + name("collections", "OrderedDict") + b"o"),
    ("newobj-ex", "NEWOBJ_EX", name("collections", "OrderedDict") + b")}\x92"),
    ("ext1", "EXT1, a name by number", b"\x82\x01"), ("ext2", "EXT2", b"\x83\x01\x00"),
    ("ext4", "EXT4", b"\x84\x01\x00\x00\x00"), ("persid", "PERSID, protocol 0", b"Pstorage\n"),
    ("dup", "DUP", b"K\x012"), ("get", "GET, protocol 0", b"K\x01q\x00g0\n"),
    ("put", "PUT, protocol 0", b"K\x01p0\n"), ("int", "INT, protocol 0", b"I1\n"),
    ("long", "LONG, protocol 0", b"L1L\n"), ("float", "FLOAT, protocol 0", b"F1\n"),
    ("string", "STRING: Python evaluates it", b"S'a'\n"), ("unicode", "UNICODE", b"Va\n"),
    ("list", "LIST, protocol 0", b"(l"), ("dict", "DICT, protocol 0", b"(d"),
    ("long4", "LONG4 of 2 GiB", b"\x8b\xff\xff\xff\x7f"),
    ("binstring", "BINSTRING with a signed length", b"T\xff\xff\xff\xff"),
    ("binunicode8", "BINUNICODE8 of 2^63 bytes", b"\x8d" + b"\xff" * 8),
    ("binbytes8", "BINBYTES8", b"\x8e" + b"\xff" * 8), ("next-buffer", "NEXT_BUFFER", b"\x97"),
    ("readonly-buffer", "READONLY_BUFFER", b"\x98"), ("unknown", "byte 0xFF", b"\xff"),
    ("nul", "byte 0", b"\0"),
]
for short, idea, body in OPCODES:
    refused_pickle("pickle-opcode-not-allowed", short, idea, b"\x80\x02" + body + b".")

# Pickle: operations on the wrong value. --------------------------------------------------------

rebuild = name("torch._utils", "_rebuild_tensor_v2")
store = storage("FloatStorage", "0", 4)
scalar, dtype = name("numpy.core.multiarray", "scalar"), name("numpy", "dtype")
encode = name("_codecs", "encode")
OPERANDS = [
    ("build-on-name", "BUILD sets attributes of an allowed class", name("collections", "OrderedDict") + b"}b"),
    ("build-on-string", "BUILD on a string", value("a") + b"}b"),
    ("numpy-type-with-attributes", "BUILD of attributes, which each number of the type would look through",
     call(dtype, "f8", 0, 1) + value({"a": 1}) + b"b"),
    ("build-with-number", "BUILD of a Namespace from a number",
     call(name("argparse", "Namespace")) + b"K\x01b"),
    ("reduce-string", "REDUCE of a string", value("os.system") + b")R"),
    ("reduce-reduced", "REDUCE of what REDUCE gave", call(name("collections", "OrderedDict")) + b")R"),
    ("reduce-storage-type", "REDUCE of a storage type", call(name("torch", "FloatStorage"), 4)),
    ("reduce-element-type", "REDUCE of torch.float32", call(name("torch", "float32"))),
    ("reduce-tensor-type", "REDUCE of torch.Tensor", call(name("torch", "Tensor"), 4)),
    ("reduce-list", "REDUCE with a list for arguments", name("collections", "OrderedDict") + b"]R"),
    ("rebuilt-by-dictionary", "_rebuild_from_type_v2 with an allowed name that makes no tensor",
     call(name("torch._tensor", "_rebuild_from_type_v2"), name("collections", "OrderedDict"),
          name("torch", "Tensor"), (), {})),
    ("rebuilt-by-itself", "_rebuild_from_type_v2 that applies itself",
     call(name("torch._tensor", "_rebuild_from_type_v2"),
          name("torch._tensor", "_rebuild_from_type_v2"), name("torch", "Tensor"), (), {})),
    ("rebuilt-as-dictionary", "_rebuild_from_type_v2 with a type that is no tensor",
     call(name("torch._tensor", "_rebuild_from_type_v2"), rebuild,
          name("collections", "OrderedDict"), (), {})),
    ("parameter-of-number", "_rebuild_parameter of a number",
     call(name("torch._utils", "_rebuild_parameter"), 1, False, None)),
    ("memo-unset", "BINGET of an entry that was never put", b"h\x07"),
    ("memo-of-nothing", "BINPUT on an empty stack", b"q\x00N"),
    ("memo-across-mark", "BINPUT right after MARK", b"N(q\x00"),
    ("memoize-out-of-order", "MEMOIZE and BINPUT that disagree", b"Nq\x05\x94h\x02"),
    ("setitem-on-tensor", "SETITEM on a tensor writes outside of it in torch before 2.10",
     W + b"K\x00K\x01s"),
    ("setitem-on-list", "SETITEM on a list", b"]K\x00K\x01s"),
    ("setitems-odd", "SETITEMS with a key and no value", b"}(K\x01u"),
    ("append-to-tuple", "APPEND to a tuple", b")K\x01a"),
    ("appends-to-dictionary", "APPENDS to a dictionary", b"}(K\x01e"),
    ("stack-underflow", "TUPLE3 of two values", b"K\x01K\x02\x87"),
    ("stack-below-mark", "TUPLE1 takes a value from before the mark", b"K\x01(\x85"),
    ("empty-stack", "STOP with nothing on the stack", b""),
    ("two-values", "STOP with two values on the stack", b"K\x01K\x02"),
    ("open-mark", "STOP with a mark open", b"N("),
    ("tuple-without-mark", "TUPLE without a mark", b"K\x01t"),
    ("not-utf8", "text that is not UTF-8", b"X\x02\x00\x00\x00\xff\xfe"),
    ("negative-offset", "a tensor at offset -1", call(rebuild, store, -1, (2,), (1,), False, None)),
    ("negative-size", "a tensor of size (-2)", call(rebuild, store, 0, (-2,), (1,), False, None)),
    ("negative-stride", "a tensor of stride (-1)", call(rebuild, store, 3, (2,), (-1,), False, None)),
    ("offset-beyond-64-bits", "an offset of 2^80", call(rebuild, store, 2**80, (2,), (1,), False, None)),
    ("size-and-stride-differ", "two sizes and one stride",
     call(rebuild, store, 0, (2, 2), (1,), False, None)),
    ("size-of-text", "a size that is text", call(rebuild, store, 0, ("2",), (1,), False, None)),
    ("tensor-of-number", "a tensor over a number", call(rebuild, 1, 0, (2,), (1,), False, None)),
    ("tensor-of-five", "_rebuild_tensor_v2 with five arguments", call(rebuild, store, 0, (2,), (1,), False)),
    ("tensor-of-eight", "_rebuild_tensor_v2 with eight arguments",
     call(rebuild, store, 0, (2,), (1,), False, None, {}, {})),
    ("parameter-of-four", "_rebuild_parameter with an argument too many",
     call(name("torch._utils", "_rebuild_parameter"), W, False, None, {})),
    ("parameter-without-state", "_rebuild_parameter_with_state without a state",
     call(name("torch._utils", "_rebuild_parameter_with_state"), W, False, None)),
    ("storage-of-text", "a persistent identifier that is text", value("storage") + b"Q"),
    ("storage-of-four", "a persistent identifier of four fields",
     value(("storage", name("torch", "FloatStorage"), "0", 4)) + b"Q"),
    ("storage-of-module", "a persistent identifier of kind `module`",
     value(("module", name("torch", "FloatStorage"), "0", "cpu", 4)) + b"Q"),
    ("storage-negative-count", "a storage of -4 elements",
     value(("storage", name("torch", "FloatStorage"), "0", "cpu", -4)) + b"Q"),
    ("storage-of-dictionary", "a storage whose type is OrderedDict",
     value(("storage", name("collections", "OrderedDict"), "0", "cpu", 4)) + b"Q"),
    ("storage-numbered-key", "a storage whose key is a number",
     value(("storage", name("torch", "FloatStorage"), 0, "cpu", 4)) + b"Q"),
    ("storage-of-two-types", "one storage as floats, then as integers: PyTorch keeps the first",
     value({"w": W, "v": tensor(storage("IntStorage", "0", 4), (4,))})),
    ("storage-of-two-counts", "one storage of four floats, then of two",
     value({"w": W, "v": tensor(storage("FloatStorage", "0", 2), (2,))})),
    ("codec-rot13", "_codecs.encode with rot13", call(encode, "a", "rot13")),
    ("codec-wide", "_codecs.encode of text beyond latin1", call(encode, "\u0100", "latin1")),
    ("scalar-of-object", "a NumPy scalar of type O8",
     call(scalar, call(dtype, "O8", 0, 1), call(encode, "\0" * 8, "latin1"))),
    ("scalar-big-endian", "a NumPy f8 whose type is big-endian",
     call(scalar, call(dtype, "f8", 0, 1) + value((3, ">", None, None, None, -1, -1, 0)) + b"b",
          call(encode, "\0" * 8, "latin1"))),
    ("scalar-short", "a NumPy f8 of four bytes",
     call(scalar, call(dtype, "f8", 0, 1), call(encode, "\0" * 4, "latin1"))),
    ("dictionary-of-number", "OrderedDict(1)", call(name("collections", "OrderedDict"), 1)),
]
for short, idea, body in OPERANDS:
    refused_pickle("pickle-operand", short, idea, b"\x80\x02" + body + b".")
refused_pickle("pickle-operand", "protocol-1", "protocol 1", b"\x80\x01N.")
refused_pickle("pickle-operand", "protocol-6", "protocol 6", b"\x80\x06N.")
refused_pickle("pickle-operand", "after-stop", "a second pickle after STOP",
               pickle({"w": W}) + pickle(call(name("os", "system"), MARKER)))

# Pickle: bombs small enough to keep, and streams that end early. -------------------------------

refused_pickle("pickle-budget", "tuple-nesting", "a tuple nested 1000 deep",
               b"\x80\x02)" + b"\x85" * 1000 + b".")
doubling = value("a" * 16) + b"q\x00" + b"".join(
    b"0" + name("pathlib", "PosixPath") + b"h\x00h\x00\x86Rq\x00" for _ in range(40))
refused_pickle("pickle-budget", "path-doubling", "a path of itself twice, 40 times: 2^44 letters",
               b"\x80\x02" + doubling + b".")
doubling = value("a" * 16) + b"q\x00" + b"".join(
    b"0" + name("torch", "device") + b"h\x00h\x00\x86Rq\x00" for _ in range(40))
refused_pickle("pickle-budget", "device-doubling", "a device of itself twice, 40 times",
               b"\x80\x02" + doubling + b".")
square = {"0": floats(*range(256))}
many_axes = tensor(storage("FloatStorage", "0", 4), (2,) + (1,) * 64, (2,) + (1,) * 64)
refused_pickle("pickle-budget", "axes", "a tensor of 65 axes, all but one of one element",
               {"w": many_axes})
refused_pickle("pickle-budget", "negatives-of-one-storage", "40 negative views of one storage",
               {f"w{index}": tensor(storage("FloatStorage", "0", 256), (16, 16), more=({"neg": True},))
                for index in range(40)}, square)
refused_pickle("pickle-budget", "views-of-one-storage", "40 columns-first views of one storage",
               {f"w{index}": tensor(storage("FloatStorage", "0", 256), (16, 16), (1, 16))
                for index in range(40)}, square)

TRUNCATED = [
    ("empty", "no byte at all", b""), ("no-stop", "no STOP", b"\x80\x02N"),
    ("protocol", "the end after PROTO", b"\x80"), ("integer", "the end inside BININT", b"\x80\x02J\x01"),
    ("float", "the end inside BINFLOAT", b"\x80\x02G\x01"),
    ("text", "text of 100 bytes with 3", b"\x80\x02X\x64\x00\x00\x00abc"),
    ("text-4-gib", "text of 2^32 - 1 bytes", b"\x80\x02X\xff\xff\xff\xffabc."),
    ("bytes-4-gib", "bytes of 2^32 - 1 bytes", b"\x80\x03B\xff\xff\xff\xffabc."),
    ("bytearray-2-64", "a bytearray of 2^64 - 1 bytes", b"\x80\x05\x96" + b"\xff" * 8 + b"abc."),
    ("bytearray-2-63", "a bytearray of 2^63 - 1 bytes", b"\x80\x05\x96" + b"\xff" * 7 + b"\x7fabc."),
    ("long", "the end inside LONG1", b"\x80\x02\x8a\xff\x01"),
    ("name", "a name without an end of line", b"\x80\x02ccollections\nOrderedDict"),
    ("module", "a module without an end of line", b"\x80\x02ccollections"),
    ("frame", "the end inside FRAME", b"\x80\x04\x95\x01"),
    ("memo-index", "the end inside LONG_BINGET", b"\x80\x02Nj\x01"),
]
for short, idea, data in TRUNCATED:
    corrupt("pickle", f"pickle-truncated.{short}.pth", idea, checkpoint(data, ONE))

# Pickle: what a tensor says of itself. ---------------------------------------------------------


def negative(metadata, kind="FloatStorage", shape=(2, 2), **more):
    return tensor(storage(kind, "0", 4), shape, more=(metadata,), **more)


OWN = "tensor-metadata"
METADATA = [
    ("conjugate", "a conjugate view of real numbers", {"conj": True}),
    ("both", "a negative view of a conjugate one", {"conj": True, "neg": True}),
    ("unknown", "metadata that a later PyTorch may write", {"scaled": True}),
    ("false", "neg: False, which PyTorch takes for a negative view", {"neg": False}),
    ("number", "neg: 1, which is no truth value", {"neg": 1}),
    ("key", "metadata whose key is a number", {1: True}),
    ("list", "metadata that is a list", ["neg"]),
    ("text", "metadata that is text", "neg"),
]
for short, idea, metadata in METADATA:
    refused_pickle(OWN, short, idea, {"w": negative(metadata)})
refused_pickle(OWN, "negative-integers", "a negative view of integers: the lowest has no opposite",
               {"w": negative({"neg": True}, "IntStorage")})
refused_pickle(OWN, "empty", "a negative view of the unknown kind without elements",
               {"w": negative({"scaled": True}, shape=(0,))})
refused_pickle(
    OWN, "v3", "_rebuild_tensor_v3 with unknown metadata",
    {"w": call(name("torch._utils", "_rebuild_tensor_v3"),
               value(("storage", name("torch.storage", "UntypedStorage"), "0", "cpu", 16)) + b"Q", 0, (4,), (1,),
               False, ordered({}), name("torch", "float32"), {"scaled": True})})
refused_pickle(
    OWN, "parameter", "a parameter of a view of an unknown kind",
    {"w": call(name("torch._utils", "_rebuild_parameter"), negative({"conj": True}), True, ordered({}))})
refused_pickle(
    OWN, "state-data", "a parameter whose state replaces its elements",
    {"w": call(name("torch._utils", "_rebuild_parameter_with_state"), W, True, ordered({}), {"data": W})})
refused_pickle(
    OWN, "state-real", "the same by the slots of a tensor that is rebuilt by its type",
    {"w": call(name("torch._tensor", "_rebuild_from_type_v2"), rebuild, name("torch.nn.parameter", "Parameter"),
               (storage("FloatStorage", "0", 4), 0, (4,), (1,), False, ordered({})), (None, {"real": W}))})

# Storages and tensors. -------------------------------------------------------------------------


def refused_tensor(error, short, idea, store, shape, strides=None, offset=0, storages=ONE, **more):
    body = {"w": tensor(store, shape, strides, offset)}
    refused_pickle(error, short, idea, body, storages, **more)


BOUNDS = "storage-out-of-bounds"
refused_tensor(BOUNDS, "storage-too-long", "a storage of 5 elements in an entry of 4",
               storage("FloatStorage", "0", 5), (4,))
refused_tensor(BOUNDS, "storage-too-short", "a storage of 3 elements in an entry of 4",
               storage("FloatStorage", "0", 3), (3,))
refused_tensor(BOUNDS, "storage-wider-type", "a storage of 4 doubles in an entry of 4 floats",
               storage("DoubleStorage", "0", 4), (4,))
refused_tensor(BOUNDS, "storage-overflow", "a storage of 2^62 longs: 2^65 bytes",
               storage("LongStorage", "0", 2**62), (4,))
refused_tensor(BOUNDS, "storage-wraps", "a storage of 2^62 + 4 floats: 16 bytes modulo 2^64",
               storage("FloatStorage", "0", 2**62 + 4), (4,))
refused_tensor(BOUNDS, "view-past-end", "5 elements of 4", store, (5,))
refused_tensor(BOUNDS, "offset-past-end", "the last element one past the end", store, (2,), offset=3)
refused_tensor(BOUNDS, "offset-far", "an offset of 2^62", store, (1,), offset=2**62)
refused_tensor(BOUNDS, "offset-of-nothing", "an empty tensor at an offset past the end", store, (0,),
               offset=5)
refused_tensor(BOUNDS, "stride-past-end", "two elements, four apart", store, (2,), (4,))
refused_tensor(BOUNDS, "stride-overflow", "(3 - 1) times a stride of 2^62", store, (3,), (2**62,))
refused_tensor(BOUNDS, "stride-sum-overflow", "strides that overflow when added", store, (2, 2),
               (2**62, 2**62))
refused_tensor(BOUNDS, "expanded", "a view of stride 0 that repeats one element a million times",
               store, (1000, 1000), (0, 0))
refused_tensor("tensor-too-large", "size-overflow", "a size of 2^40 times 2^40", store,
               (2**40, 2**40), (0, 0))
refused_tensor("storage-entry", "missing", "no entry of the storage's key",
               storage("FloatStorage", "1", 4), (4,))
refused_tensor("storage-entry", "parent-folder", "a key with `..`",
               storage("FloatStorage", "../version", 4), (4,))
refused_tensor("storage-entry", "empty-key", "an empty key", storage("FloatStorage", "", 4), (4,))
refused_tensor("storage-element-type", "complex", "a complex storage",
               storage("ComplexFloatStorage", "0", 2), (2,))
refused_tensor("storage-element-type", "untyped", "an untyped storage without a type beside it",
               value(("storage", name("torch.storage", "UntypedStorage"), "0", "cpu", 16)) + b"Q", (4,))
refused_pickle(
    "storage-element-type", "float8", "_rebuild_tensor_v3 with float8",
    {"w": call(name("torch._utils", "_rebuild_tensor_v3"),
               value(("storage", name("torch.storage", "UntypedStorage"), "0", "cpu", 16)) + b"Q",
               0, (4,), (1,), False, ordered({}), name("torch", "float8_e4m3fn"))})
refused_tensor("big-endian-checkpoint", "byteorder", "byteorder says big", store, (4,),
               byteorder=b"big")
refused_tensor("big-endian-checkpoint", "other", "byteorder says something else", store, (4,),
               byteorder=b"middle")

# Whole files that are something else. ----------------------------------------------------------

GOOD = pickle({"w": W})


def whole(error, short, idea, data):
    corrupt("pickle", f"{error}.{short}.pth", idea, data)


whole("torchscript-archive", "constants", "TorchScript: data.pkl, constants.pkl and code",
      checkpoint(GOOD, ONE, more=[Entry("archive/constants.pkl", b"\x80\x02).") ,
                                  Entry("archive/code/__torch__.py", b"")]))
# The format before PyTorch 1.6: five pickles in a row, then the storages.

LEGACY = "torch-legacy-format"
MAGIC = pickle(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19")
MACHINE = {"protocol_version": 1001, "little_endian": True,
           "type_sizes": {"short": 2, "int": 4, "long": 4}}
old_store = value(("storage", name("torch", "FloatStorage"), "94", "cpu", 4, None)) + b"Q"
OLD = {"w": tensor(old_store, (4,))}


def key_list(keys):
    return b"](" + b"".join(value(key) for key in keys) + b"e"


def counted(count, data):
    return struct.pack("<q", count) + data


def stream(body=OLD, keys=("94",), storages=(counted(4, floats(1, 2, 3, 4)),), version=1001,
           machine=MACHINE, after=b""):
    keys = keys if isinstance(keys, bytes) else key_list(keys)
    return (MAGIC + pickle(version) + pickle(machine) + pickle(body) + pickle(keys)
            + b"".join(storages) + after)


for short, idea, metadata in METADATA:
    whole(OWN, "legacy-" + short, "before 1.6: " + idea, stream(
        {"w": tensor(value(("storage", name("torch", "FloatStorage"), "94", "cpu", 4, None)) + b"Q", (4,),
                     more=(metadata,))}))

for short, idea, data in [
    ("version", "protocol 1000", stream(version=1000)),
    ("version-of-text", "a protocol that is text", stream(version="1001")),
    ("machine-of-list", "facts about the machine that are a list", stream(machine=b"]")),
    ("machine-silent", "nothing about the byte order", stream(machine={"protocol_version": 1001})),
    ("keys-of-dictionary", "keys in a dictionary", stream(keys=b"}")),
    ("key-of-number", "a key that is a number", stream(keys=(94,))),
    ("key-unknown", "a key that the content does not name", stream(keys=("94", "95"))),
    ("key-twice", "a key twice", stream(keys=("94", "94"), storages=(counted(4, floats(1, 2, 3, 4)),) * 2)),
    ("count-differs", "three elements where the content says four",
     stream(storages=(counted(3, floats(1, 2, 3)),))),
    ("count-negative", "-1 elements", stream(storages=(counted(-1, b""),))),
    ("storage-cut", "three elements of four", stream(storages=(counted(4, floats(1, 2, 3)),))),
    ("storage-without-count", "the end in the number of elements", stream(storages=(b"\4\0\0",))),
    ("storage-2-to-62", "2^62 + 4 elements: 16 bytes modulo 2^64",
     stream({"w": tensor(value(("storage", name("torch", "FloatStorage"), "94", "cpu", 2**62 + 4, None)) + b"Q",
                         (4,))}, storages=(counted(2**62 + 4, floats(1, 2, 3, 4)),))),
    ("trailing", "a byte after the last storage", stream(after=b"\0")),
]:
    whole(LEGACY, short, idea, data)
whole("pickle-truncated", "legacy-after-magic", "before 1.6: the end after the magic number", MAGIC)
whole("pickle-truncated", "legacy-without-keys", "before 1.6: the end after the content",
      MAGIC + pickle(1001) + pickle(MACHINE) + pickle(OLD))
whole("big-endian-checkpoint", "legacy", "before 1.6: written on a big-endian machine",
      stream(machine=MACHINE | {"little_endian": False}))
whole("pickle-operand", "legacy-view", "before 1.6: a storage that is a view of another",
      stream({"w": tensor(value(("storage", name("torch", "FloatStorage"), "94", "cpu", 4, ("93", 0, 4))) + b"Q",
                          (4,))}))
whole("storage-element-type", "legacy-complex", "before 1.6: a complex storage",
      stream({"w": tensor(value(("storage", name("torch", "ComplexFloatStorage"), "94", "cpu", 4, None)) + b"Q",
                          (4,))}))
whole("storage-entry", "legacy-unlisted", "before 1.6: a storage that is not in the list of keys",
      stream(keys=(), storages=()))
for number, part in enumerate(("version", "machine", "content", "keys")):
    parts = [value(1001), value(MACHINE), value(OLD), key_list(["94"])]
    parts[number] = call(name("os", "system"), MARKER)
    whole("pickle-global-not-allowed", f"legacy-{part}", f"before 1.6: os.system in the {part}",
          MAGIC + b"".join(map(pickle, parts)) + counted(4, floats(1, 2, 3, 4)))
FOREIGN = "not-a-torch-checkpoint"
whole(FOREIGN, "empty", "no bytes", b"")
whole(FOREIGN, "one-byte", "one byte", b"P")
whole(FOREIGN, "web-page", "the web page that a download gave instead", b"<!DOCTYPE html>\n")
whole(FOREIGN, "bare-pickle", "a pickle without an archive", pickle({"w": 1}))
tar_header = bytearray(512)
tar_header[0:8] = b"storages"
tar_header[257:265] = b"ustar  \0"
whole(FOREIGN, "tar", "the tar format before 0.1.10", bytes(tar_header) + b"\0" * 1024)
whole(FOREIGN, "no-pickle", "an archive without data.pkl", archive([Entry("archive/version", b"3\n")]))
whole(FOREIGN, "pickle-at-root", "data.pkl outside of a folder", archive([Entry("data.pkl", GOOD)]))
whole(FOREIGN, "two-pickles", "two roots with a data.pkl each",
      archive([Entry("a/data.pkl", GOOD), Entry("b/data.pkl", GOOD)]))
whole(FOREIGN, "stray-entry", "an entry outside of the root",
      checkpoint(GOOD, ONE, more=[Entry("elsewhere/data/0", b"")]))
whole("zip-compressed-entry", "pickle", "data.pkl deflated",
      archive([deflated("archive/data.pkl", GOOD), Entry("archive/data/0", ONE["0"])]))
whole("zip-checksum", "pickle", "one bit of data.pkl",
      archive([Entry("archive/data.pkl", GOOD, crc=1), Entry("archive/data/0", ONE["0"])]))
whole("zip-checksum", "storage", "one bit of a storage",
      archive([Entry("archive/data.pkl", GOOD), Entry("archive/data/0", floats(1, 2, 3, 5),
                                                      crc=zlib.crc32(ONE["0"]))]))
whole("zip-end-record", "cut", "the last byte is missing", checkpoint(GOOD, ONE)[:-1])

STATE = "state-dict"
refused_pickle(STATE, "two", "`model` and `model_ema`, and no choice", {"model": {"w": W}, "model_ema": {"w": W}})
refused_pickle(STATE, "none", "no dictionary of tensors", {"epoch": 3, "args": {"model": "x"}})
refused_pickle(STATE, "empty", "an empty dictionary", {})
refused_pickle(STATE, "list", "a list of tensors", [W])
refused_pickle(STATE, "tensor", "one tensor and no name", W)
refused_pickle(STATE, "number", "a number", 3)
refused_pickle(STATE, "numbered-tensors", "tensors under numbers", {0: W, 1: W})
refused_pickle(STATE, "self-containing-list", "a list that contains itself", b"\x80\x02]q\x00h\x00a.")
refused_pickle(STATE, "self-containing-dictionary", "a dictionary that contains itself",
               b"\x80\x02}q\x00" + value("model") + b"h\x00s.")
refused_pickle(STATE, "replaced-member", "`model` twice: the last, a number, is the one that counts",
               b"\x80\x02}(" + value("model") + value({"w": W}) + value("model") + b"K\x01u.")

# Zip. ------------------------------------------------------------------------------------------


def refused_zip(error, short, idea, data):
    corrupt("zip", f"{error}.{short}.zip", idea, data)


A, B = Entry("a.txt", b"alpha"), Entry("b.txt", b"beta")


def field64(*sizes):
    return struct.pack("<HH%dQ" % len(sizes), 1, 8 * len(sizes), *sizes)


END = "zip-end-record"
refused_zip(END, "empty", "no bytes", b"")
refused_zip(END, "comment", "a comment", archive([A], comment=b"hello"))
refused_zip(END, "comment-with-archive", "a second archive in the comment: two readers, two archives",
            archive([A], comment=archive([B])))
refused_zip(END, "trailing", "a byte after the end record", archive([A], after=b"\0"))
refused_zip(END, "cut", "the last byte missing", archive([A, B])[:-1])
refused_zip(END, "first-half", "the first half", archive([A, B])[:60])
refused_zip(END, "several-disks", "the end record is on disk 1", archive([A], disk=1))
refused_zip(END, "counts-differ", "one entry on this disk of two", archive([A, B], count_here=1))
refused_zip(END, "directory-past-end", "a directory past the end", archive([A], offset=4000))
refused_zip(END, "directory-too-long", "a directory longer than the file", archive([A], size=2**32 - 2))
refused_zip(END, "directory-early", "a directory that ends before the end record",
            archive([A], gap=b"", size=10))
refused_zip(END, "zip64-missing", "all ones in the end record and no zip64 record",
            archive([A], offset=0xFFFFFFFF))
refused_zip(END, "zip64-astray", "a locator that points elsewhere", archive([A], zip64={"at": 0}))
refused_zip(END, "zip64-far", "a locator that points to 2^63", archive([A], zip64={"at": 2**63}))
refused_zip(END, "zip64-record-size", "a zip64 record of another size",
            archive([A], zip64={"record": 45}))
refused_zip(END, "zip64-several-disks", "a zip64 record on disk 1", archive([A], zip64={"disk": 1}))
refused_zip(END, "zip64-two-disks", "a locator that counts two disks", archive([A], zip64={"disks": 2}))
refused_zip(END, "count-bomb", "2^40 entries", archive([A], count=0xFFFF, zip64={"count": 2**40}))

RECORD = "zip-record"
refused_zip(RECORD, "count-too-high", "two entries counted, one there", archive([A], count=2))
refused_zip(RECORD, "count-too-low", "one entry counted, two there", archive([A, B], count=1))
broken = bytearray(archive([A]))
broken[broken.rindex(b"PK\x01\x02")] = 0
refused_zip(RECORD, "central-signature", "a directory record without its signature", bytes(broken))
broken = bytearray(archive([A]))
struct.pack_into("<H", broken, broken.rindex(b"PK\x01\x02") + 28, 60000)
refused_zip(RECORD, "name-too-long", "a name longer than the directory", bytes(broken))
refused_zip(RECORD, "local-astray", "an entry whose header is not where it says", archive(
    [Entry("a.txt", b"alpha", offset=1)]))
refused_zip(RECORD, "local-past-end", "an entry whose header is past the end", archive(
    [Entry("a.txt", b"alpha", offset=2**32 - 2)]))
refused_zip(RECORD, "extra-cut", "an extra field longer than its space", archive(
    [Entry("a.txt", b"alpha", extra=struct.pack("<HH", 1, 100))]))
refused_zip(RECORD, "zip64-field-missing", "all ones for a size and no zip64 field", archive(
    [Entry("a.txt", b"alpha", sizes=(2**32 - 1, 2**32 - 1))]))
refused_zip(RECORD, "zip64-field-short", "a zip64 field with one size of two", archive(
    [Entry("a.txt", b"alpha", sizes=(2**32 - 1, 2**32 - 1), extra=field64(5))]))
refused_zip(RECORD, "zip64-field-twice", "two zip64 fields that differ", archive(
    [Entry("a.txt", b"alpha", sizes=(2**32 - 1, 2**32 - 1), extra=field64(4, 4) + field64(5, 5))]))
refused_zip(RECORD, "zip64-offset-far", "a header at 2^63 by its zip64 field", archive(
    [Entry("a.txt", b"alpha", offset=2**32 - 1, extra=field64(2**63))]))
refused_zip(RECORD, "disk", "an entry on disk 1", archive([Entry("a.txt", b"alpha", disk=1)]))

COMPRESSED = "zip-compressed-entry"
refused_zip(COMPRESSED, "deflate", "a deflated entry", archive([deflated("a.txt", b"a" * 100)]))
refused_zip(COMPRESSED, "bomb", "a deflated mebibyte of zeros", archive([deflated("a.txt", b"\0" * 2**20)]))
refused_zip(COMPRESSED, "lzma", "method 14", archive([Entry("a.txt", b"alpha", method=14)]))
refused_zip(COMPRESSED, "sizes-differ", "method 0 with two sizes", archive(
    [Entry("a.txt", b"alpha", sizes=(5, 50))]))

FLAGS = "zip-unsupported-flags"
refused_zip(FLAGS, "encrypted", "the flag of encryption", archive([Entry("a.txt", b"alpha", flags=1)]))
refused_zip(FLAGS, "patch", "the flag of patched data", archive([Entry("a.txt", b"alpha", flags=0x20)]))
refused_zip(FLAGS, "strong", "the flag of strong encryption", archive(
    [Entry("a.txt", b"alpha", flags=0x40)]))
refused_zip(FLAGS, "masked", "the flag of a masked directory", archive(
    [Entry("a.txt", b"alpha", flags=0x2000)]))

refused_zip("zip-duplicate-name", "twice", "two entries of one name", archive([A, Entry("a.txt", b"other")]))
refused_zip("zip-duplicate-name", "same-data", "two directory records of one entry", archive(
    [A, Entry("a.txt", b"alpha", directory_only=True, offset=0)]))

NAME = "zip-entry-name"
for short, idea, text in [
    ("absolute", "an absolute name", "/etc/passwd"), ("parent", "`..` at the start", "../a.txt"),
    ("parent-inside", "`..` inside", "a/../../b.txt"), ("nul", "a NUL: some readers stop there", "a.txt\0.png"),
    ("line-feed", "a line feed", "a\n.txt"), ("backslash", "a backslash", "..\\a.txt"),
    ("empty", "an empty name", ""), ("not-utf8", "bytes that are not UTF-8", b"\xff\xfe"),
]:
    refused_zip(NAME, short, idea, archive([Entry(text, b"alpha")]))

DISAGREE = "zip-headers-disagree"
refused_zip(DISAGREE, "name", "another name in the local header", archive(
    [Entry("a.txt", b"alpha", local_name="b.txt")]))
refused_zip(DISAGREE, "name-normal-form", "the local name in another Unicode normal form", archive(
    [Entry("\u00e9.txt", b"alpha", local_name="e\u0301.txt")]))
refused_zip(DISAGREE, "name-not-utf8", "a local name that is not UTF-8", archive(
    [Entry("a.txt", b"alpha", local_name=b"\xff.txt")]))
refused_zip(DISAGREE, "method", "deflated by the local header", archive(
    [Entry("a.txt", b"alpha", local_method=8)]))
refused_zip(DISAGREE, "flags", "encrypted by the local header", archive(
    [Entry("a.txt", b"alpha", local_flags=1)]))
refused_zip(DISAGREE, "checksum", "another CRC-32 in the local header", archive(
    [Entry("a.txt", b"alpha", local_crc=1)]))
refused_zip(DISAGREE, "size", "a shorter size in the local header", archive(
    [Entry("a.txt", b"alpha", local_sizes=(3, 3))]))
refused_zip(DISAGREE, "size-of-one", "two sizes in the local header", archive(
    [Entry("a.txt", b"alpha", local_sizes=(5, 50))]))
refused_zip(DISAGREE, "size-zip64", "another size in the local zip64 field", archive(
    [Entry("a.txt", b"alpha", local_sizes=(2**32 - 1,) * 2, local_extra=field64(3, 3))]))
refused_zip(DISAGREE, "size-zero", "no size in the local header, and no descriptor", archive(
    [Entry("a.txt", b"alpha", local_sizes=(0, 0))]))
refused_zip(DISAGREE, "descriptor-checksum", "another CRC-32 in the descriptor", archive(
    [Entry("a.txt", b"alpha", flags=8, descriptor=descriptor(1, 5))]))
refused_zip(DISAGREE, "descriptor-size", "another size in the descriptor", archive(
    [Entry("a.txt", b"alpha", flags=8, descriptor=descriptor(zlib.crc32(b"alpha"), 4))]))
refused_zip(DISAGREE, "descriptor-missing", "the flag of a descriptor and none", archive(
    [Entry("a.txt", b"alpha", flags=8, descriptor=b""), B]))
refused_zip(DISAGREE, "zip64-count", "another count in the zip64 record", archive([A], zip64={"count": 2}))
refused_zip(DISAGREE, "zip64-size", "another size of the directory in the zip64 record", archive(
    [A], zip64={"size": 1}))
refused_zip(DISAGREE, "zip64-offset", "another directory in the zip64 record", archive(
    [A], zip64={"offset": 2**63}))

LAYOUT = "zip-layout"
refused_zip(LAYOUT, "prepended", "bytes before the first entry", archive([A], before=b"#!/bin/sh\n"))
refused_zip(LAYOUT, "gap", "bytes between two entries", archive([A, Entry("b.txt", b"beta", gap=b"hidden")]))
refused_zip(LAYOUT, "gap-before-directory", "bytes before the directory", archive([A], gap=b"hidden"))
inner = archive([B])
inner = inner[:inner.index(b"PK\x01\x02")]
refused_zip(LAYOUT, "nested", "an entry inside the data of another", archive(
    [Entry("a.txt", inner), Entry("b.txt", b"beta", directory_only=True, offset=35)]))
refused_zip(LAYOUT, "unlisted", "an entry that the directory does not list", archive(
    [B], before=archive([A])[:40]))
refused_zip(LAYOUT, "past-end", "data past the end", archive(
    [Entry("a.txt", b"alpha", sizes=(4000, 4000), local_sizes=(4000, 4000))]))
refused_zip(LAYOUT, "past-end-zip64", "data of 2^63 bytes", archive(
    [Entry("a.txt", b"alpha", sizes=(2**32 - 1,) * 2, local_sizes=(2**32 - 1,) * 2,
           extra=field64(2**63, 2**63), local_extra=field64(2**63, 2**63))]))
refused_zip(LAYOUT, "into-directory", "data that runs into the directory", archive(
    [Entry("a.txt", b"alpha", sizes=(20, 20), local_sizes=(20, 20))]))
refused_zip("zip-checksum", "wrong", "another CRC-32 in both headers", archive([Entry("a.txt", b"alpha", crc=1)]))

# Safetensors. ----------------------------------------------------------------------------------


def safetensors(header, data=b"", length=None, pad=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += pad
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def refused_safetensors(error, short, idea, data):
    corrupt("safetensors", f"{error}.{short}.safetensors", idea, data)


def member(kind, shape, start, end, **more):
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]} | more


HEADER = "safetensors-header-length"
refused_safetensors(HEADER, "empty", "no bytes", b"")
refused_safetensors(HEADER, "short", "seven bytes", b"\0" * 7)
refused_safetensors(HEADER, "past-end", "a header longer than the file", safetensors({}, length=1000))
refused_safetensors(HEADER, "huge", "a header of 2^64 - 1 bytes", safetensors({}, length=2**64 - 1))
refused_safetensors(HEADER, "above-limit", "a header of 100 000 001 bytes", safetensors({}, length=100_000_001))
refused_safetensors(HEADER, "zero", "a header of no bytes", safetensors({}, length=0))
refused_safetensors(HEADER, "leading-space", "a space before the object", safetensors(b" {}"))
refused_safetensors(HEADER, "byte-order-mark", "a byte order mark", safetensors(b"\xef\xbb\xbf{}"))
refused_safetensors(HEADER, "array", "an array", safetensors(b"[]"))
refused_safetensors(HEADER, "text", "a text", safetensors(b'"a"'))
refused_safetensors(HEADER, "number", "a number of one digit", safetensors(b"1"))
refused_safetensors(HEADER, "line-feed", "a line feed before the object", safetensors(b"\n{}"))
refused_safetensors(HEADER, "big-endian", "a length with its bytes reversed", struct.pack(">Q", 2) + b"{}")
refused_safetensors(HEADER, "one-more", "a length of one byte more than the file", safetensors({}, length=3))
refused_safetensors("json-syntax", "comment", "a comment in the header", safetensors(b"{/* */}"))
refused_safetensors("json-syntax", "trailing-comma", "a comma behind the last tensor", safetensors(
    b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},}', b"\1"))
refused_safetensors("json-syntax", "two-objects", "a second object behind the first", safetensors(b"{}{}"))
refused_safetensors("json-syntax", "control", "a line feed in a name", safetensors(
    b'{"a\n":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\1"))
refused_safetensors("json-not-utf8", "overlong", "a name with a slash in two bytes", safetensors(
    b'{"\xc0\xaf":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\1"))
refused_safetensors("json-syntax", "shorter", "a header cut by its length", safetensors(
    {"a": member("U8", [1], 0, 1)}, b"\1", length=20))
refused_safetensors("json-syntax", "trailing-nul", "NUL for padding", safetensors(b"{}", pad=b"\0" * 6))
refused_safetensors("json-syntax", "nan", "NaN in a shape", safetensors(
    b'{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]}}', b"\1"))
refused_safetensors("json-syntax", "lone-surrogate", "a name that is half a surrogate pair", safetensors(
    b'{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\1"))
refused_safetensors("json-not-utf8", "name", "a name that is not UTF-8", safetensors(
    b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"\1"))
refused_safetensors("json-too-deep", "nesting", "1000 arrays", safetensors(
    b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}"))
one, two = json.dumps(member("U8", [1], 0, 1)), json.dumps(member("U8", [1], 1, 2))
DUPLICATE = "json-duplicate-key"
refused_safetensors(DUPLICATE, "tensor", "a tensor twice: readers differ", safetensors(
    f'{{"a":{one},"a":{two}}}'.encode(), b"\1\2"))
refused_safetensors(DUPLICATE, "escaped", "a tensor twice, once with an escape", safetensors(
    f'{{"a":{one},"\\u0061":{two}}}'.encode(), b"\1\2"))
refused_safetensors(DUPLICATE, "metadata", "a key of the metadata twice", safetensors(
    b'{"__metadata__":{"a":"1","a":"2"}}'))
refused_safetensors(DUPLICATE, "metadata-twice", "__metadata__ twice", safetensors(
    b'{"__metadata__":{},"__metadata__":{}}'))
refused_safetensors(DUPLICATE, "dtype", "dtype twice", safetensors(
    b'{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', b"\1"))
MEMBER = "safetensors-member"
for short, idea, header in [
    ("unknown-dtype", "dtype F128", {"a": member("F128", [1], 0, 4)}),
    ("float8", "dtype F8_E4M3", {"a": member("F8_E4M3", [4], 0, 4)}),
    ("lower-case-dtype", "dtype f32", {"a": member("f32", [1], 0, 4)}),
    ("extra", "a further member", {"a": member("F32", [1], 0, 4, device="cpu")}),
    ("no-shape", "no shape", {"a": {"dtype": "F32", "data_offsets": [0, 4]}}),
    ("shape-of-text", "text in a shape", {"a": member("F32", ["1"], 0, 4)}),
    ("shape-of-fraction", "a fraction in a shape", {"a": member("F32", [0.5], 0, 4)}),
    ("shape-beyond-double", "2^64 in a shape", {"a": member("F32", [2**64], 0, 4)}),
    ("no-offsets", "no offsets", {"a": {"dtype": "F32", "shape": [1]}}),
    ("no-dtype", "no dtype", {"a": {"shape": [1], "data_offsets": [0, 4]}}),
    ("one-offset", "one offset", {"a": member("F32", [1], 0, 4) | {"data_offsets": [4]}}),
    ("offset-of-text", "text for an offset", {"a": member("F32", [1], "0", 4)}),
    ("offset-of-fraction", "an offset of a half", {"a": member("F32", [1], 0.5, 4)}),
    ("offset-beyond-double", "an offset of 2^64", {"a": member("F32", [1], 0, 2**64)}),
    ("shape-null", "null for a shape", {"a": member("F32", None, 0, 4)}),
    ("complex", "dtype C64", {"a": member("C64", [1], 0, 4)}),
    ("list", "a list for a tensor", {"a": ["F32", [1], [0, 4]]}),
    ("metadata-nested", "an object in the metadata", {"__metadata__": {"a": {}}}),
    ("three-offsets", "three offsets", {"a": member("F32", [1], 0, 4) | {"data_offsets": [0, 2, 4]}}),
    ("negative-offset", "an offset of -4", {"a": member("F32", [1], -4, 0)}),
    ("offsets-reversed", "an end before its start", {"a": member("F32", [1], 4, 0)}),
    ("offset-past-end", "an end past the file", {"a": member("F32", [2], 0, 8)}),
    ("number", "a number for a tensor", {"a": 1}),
    ("metadata-number", "a number in the metadata", {"__metadata__": {"a": 1}}),
    ("metadata-null", "null for the metadata", {"__metadata__": None}),
    ("metadata-tensor", "a tensor called __metadata__", {"__metadata__": member("F32", [1], 0, 4)}),
]:
    refused_safetensors(MEMBER, short, idea, safetensors(header, floats(1)))
LAYOUT = "safetensors-layout"
for short, idea, header, data in [
    ("hole", "bytes between two tensors", {"a": member("U8", [1], 0, 1), "b": member("U8", [1], 2, 3)}, b"123"),
    ("hole-first", "bytes before the first tensor", {"a": member("U8", [1], 1, 2)}, b"12"),
    ("overlap", "two tensors that share a byte",
     {"a": member("U8", [2], 0, 2), "b": member("U8", [2], 1, 3)}, b"123"),
    ("same", "two tensors of the same bytes", {"a": member("U8", [2], 0, 2), "b": member("U8", [2], 0, 2)}, b"12"),
    ("trailing", "a byte after the last tensor", {"a": member("U8", [1], 0, 1)}, b"12"),
    ("no-tensor", "bytes and no tensor", {}, b"1"),
    ("misaligned", "floats at byte 1", {"a": member("U8", [1], 0, 1), "b": member("F32", [1], 1, 5)}, b"12345"),
]:
    refused_safetensors(LAYOUT, short, idea, safetensors(header, data))
refused_safetensors("tensor-size", "too-short", "3 bytes for a float", safetensors(
    {"a": member("F32", [1], 0, 3)}, b"123"))
refused_safetensors("tensor-size", "too-long", "8 bytes for a float", safetensors(
    {"a": member("F32", [1], 0, 8)}, b"12345678"))
refused_safetensors("tensor-too-large", "overflow", "a shape of 2^40 by 2^40", safetensors(
    {"a": member("F32", [2**40, 2**40], 0, 4)}, floats(1)))
refused_safetensors("tensor-too-large", "wraps", "a shape whose product is 4 modulo 2^64", safetensors(
    {"a": member("U8", [2**32, 2**32, 4], 0, 4)}, floats(1)))
refused_safetensors("tensor-too-large", "negative", "a shape of -1 by -1", safetensors(
    {"a": member("F32", [-1, -1], 0, 4)}, floats(1)))

# NumPy. ----------------------------------------------------------------------------------------


def npy(descr, shape, data, order=False, version=1, header=None, magic=b"\x93NUMPY", length=None):
    text = header or f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}"
    start = 10 if version == 1 else 12
    text = text.encode()
    text += b" " * (-(start + len(text) + 1) % 64) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return magic + bytes([version, 0]) + size + text + data


def refused_npy(error, short, idea, data, suffix="npy"):
    corrupt("npy", f"{error}.{short}.{suffix}", idea, data)


HEADER = "npy-header"
refused_npy(HEADER, "empty", "no bytes", b"")
refused_npy(HEADER, "magic", "another magic number", npy("<f4", (1,), floats(1), magic=b"\x93NUMPX"))
refused_npy(HEADER, "version-4", "version 4", npy("<f4", (1,), floats(1), version=4))
refused_npy(HEADER, "version-0", "version 0", npy("<f4", (1,), floats(1), version=0))
refused_npy(HEADER, "length", "a header longer than the file", npy("<f4", (1,), floats(1), length=60000))
refused_npy(HEADER, "length-4-gib", "a header of 4 GiB", npy("<f4", (1,), b"", version=2, length=2**32 - 1))
refused_npy(HEADER, "no-shape", "no shape", npy(0, 0, b"", header="{'descr': '<f4', 'fortran_order': False, }"))
refused_npy(HEADER, "shape-twice", "two shapes", npy(
    0, 0, floats(1), header="{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (2,), }"))
refused_npy(HEADER, "shape-of-call", "code for a shape", npy(
    0, 0, floats(1), header="{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }"))
refused_npy(HEADER, "structured", "a record of fields", npy(
    0, 0, floats(1), header="{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"))
TYPE = "npy-type"
for short, idea, descr in [
    ("object", "objects: a pickle follows", "|O"), ("big-endian", "big-endian floats", ">f4"),
    ("big-endian-integer", "big-endian integers", ">i8"), ("complex", "complex numbers", "<c8"),
    ("text", "text", "<U4"), ("void", "raw bytes", "|V4"), ("long-double", "long doubles", "<f16"),
    ("native", "a byte order that depends on the machine", "=f4"),
]:
    refused_npy(TYPE, short, idea, npy(descr, (1,), floats(1)))
refused_npy(TYPE, "fortran-order", "columns first", npy("<f4", (2, 2), floats(1, 2, 3, 4), order=True))
refused_npy("tensor-size", "short", "three floats for four", npy("<f4", (4,), floats(1, 2, 3)))
refused_npy("tensor-size", "long", "a byte after the last element", npy("<f4", (1,), floats(1) + b"\0"))
refused_npy("tensor-too-large", "overflow", "a shape of 2^40 by 2^40", npy("<f4", (2**40, 2**40), b""))
refused_npy("tensor-too-large", "negative", "a shape of -1", npy("<f4", (-1,), floats(1)))
refused_npy(TYPE, "object-in-archive", "objects inside an .npz", archive(
    [Entry("input.npy", npy("|O", (1,), pickle(call(name("os", "system"), MARKER))))]), "npz")
refused_npy("zip-checksum", "archive", "an array of an .npz with one bit flipped", archive(
    [Entry("input.npy", npy("<f4", (1,), floats(1)), crc=1)]), "npz")

# JSON that must be canonical. ------------------------------------------------------------------

for error, texts in {
    "json-syntax": [
        ("empty", "", "no text"), ("space", " ", "white space only"), ("two-values", "1 2", "two values"),
        ("open-array", "[1", "an array without an end"), ("open-object", '{"a":1', "an object without an end"),
        ("open-string", '"a', "a string without an end"), ("trailing-comma", "[1,]", "a comma too many"),
        ("comma-in-object", '{"a":1,}', "a comma too many in an object"), ("leading-zero", "01", "a leading zero"),
        ("plus", "+1", "a plus sign"), ("bare-point", "1.", "a point without digits"), ("point-first", ".5", "no digit before the point"),
        ("bare-exponent", "1e", "an exponent without digits"), ("hexadecimal", "0x10", "a hexadecimal number"),
        ("nan", "NaN", "NaN"), ("infinity", "-Infinity", "infinity"), ("single-quotes", "'a'", "single quotes"),
        ("unquoted-key", "{a:1}", "a key without quotes"), ("comment", "1 // one", "a comment"),
        ("true-cut", "tru", "a cut literal"), ("control", '"\n"', "a raw line feed in a string"),
        ("escape", '"\\x41"', "an unknown escape"), ("lone-high", '"\\ud834"', "a high surrogate alone"),
        ("lone-low", '"\\udd1e"', "a low surrogate alone"), ("two-high", '"\\ud834\\ud834"', "two high surrogates"),
        ("high-then-letter", '"\\ud834\\u0041"', "a high surrogate before a letter"),
        ("short-escape", '"\\u12"', "two hexadecimal digits"),
    ],
    "json-not-utf8": [
        ("byte", b'"\xff"', "a byte that starts nothing"), ("overlong", b'"\xc0\xaf"', "an overlong form"),
        ("surrogate", b'"\xed\xa0\x80"', "an encoded surrogate"), ("cut", b'"\xe2\x82"', "a cut character"),
    ],
    "json-duplicate-key": [
        ("plain", '{"a":1,"a":2}', "a key twice"), ("escaped", '{"a":1,"\\u0061":2}', "a key twice, once escaped"),
        ("inner", '[{"b":{"a":1,"a":1}}]', "a key twice, further in"),
    ],
    "json-too-deep": [
        ("arrays", "[" * 66 + "]" * 66, "66 arrays"), ("bomb", "[" * 4000, "4000 open arrays"),
        ("objects", '{"a":' * 66 + "1" + "}" * 66, "66 objects"),
    ],
    "json-number-out-of-range": [("large", "1e400", "10^400"), ("negative", "-1e400", "-10^400")],
    "json-not-canonical": [
        ("space", '{"a": 1}', "a space"), ("line-end", "{}\n", "a line feed at the end"),
        ("order", '{"b":1,"a":2}', "keys out of order"), ("utf8-order", '{"\ufb33":1,"\U0001f600":2}', "keys in the order of UTF-8"),
        ("point-zero", "1.0", "a fraction of zero"), ("minus-zero", "-0", "minus zero"),
        ("exponent", "1e2", "an exponent without need"), ("exponent-sign", "1e21", "an exponent without its sign"),
        ("long-digits", "0.1000000000000000055", "more digits than needed"),
        ("escaped-letter", '"\\u0061"', "an escape without need"), ("escaped-slash", '"\\/"', "an escaped slash"),
        ("upper-case-escape", '"\\u001F"', "an escape in upper case"),
        ("long-escape", '"\\u000a"', "an escape that has a short form"),
    ],
}.items():
    for short, text, idea in texts:
        data = text if isinstance(text, bytes) else text.encode()
        corrupt("json", f"{error}.{short}.json", idea, data)

# What real files hold. -------------------------------------------------------------------------


def read(kind, shape, data):
    return {"type": kind, "shape": list(shape), "hex": data.hex()}


def accepted_torch(short, idea, data, states, facts=None, arguments=None, dropped=(0, 0)):
    """`states`: tensors by state dict, under "" for a bare one; `dropped` with the first one."""
    accepted("pickle", short + ".pth", idea, data, {
        "states": states, "facts": facts or {}, "arguments": arguments, "dropped": list(dropped)})


def arguments(members):
    return name("argparse", "Namespace") + b")\x81" + value(members) + b"b"


READ_W = {"w": read("f32", (2, 2), ONE["0"])}

accepted_torch("bare", "a bare state dict", checkpoint(GOOD, ONE), {"": READ_W})
accepted_torch(
    "ordered", "an OrderedDict with `_metadata`, as a module gives it",
    checkpoint(pickle(ordered({"w": W}, ordered({"": {"version": 1}}))), ONE), {"": READ_W})
READ_OLD = {"w": read("f32", (4,), floats(1, 2, 3, 4))}
accepted_torch("legacy", "the format before PyTorch 1.6", stream(), {"": READ_OLD})
accepted_torch(
    "legacy-protocol-4", "before 1.6, pickled by protocol 4: the magic number is in a frame",
    b"\x80\x04\x95" + struct.pack("<Q", len(MAGIC) - 2) + stream()[2:], {"": READ_OLD})
accepted_torch(
    "legacy-timm", "before 1.6: state dict, optimizer and an argument, keys in another order",
    stream({"state_dict": OLD, "optimizer": {"state": {0: tensor(
        value(("storage", name("torch", "LongStorage"), "7", "cpu", 1, None)) + b"Q", ())}},
            "args": call(name("argparse", "Namespace")) + value({"T": 4}) + b"b", "epoch": 3},
           keys=("7", "94"), storages=(counted(1, b"\5" + b"\0" * 7), counted(4, floats(1, 2, 3, 4)))),
    {"state_dict": READ_OLD}, {"epoch": 3}, {"T": 4}, (1, 8))
accepted_torch(
    "module-prefix", "names with `module.`, from distributed training",
    checkpoint(pickle(ordered({"module.w": W, "module.module.v": W})), ONE),
    {"": {"w": READ_W["w"], "module.v": READ_W["w"]}})
accepted_torch(
    "wrappers", "names of a model inside three wrappers, and a name that is a prefix and no more",
    checkpoint(pickle(ordered({"_orig_mod.model.module.w": W, "_orig_mod.model.module.module.": W})), ONE),
    {"": {"w": READ_W["w"], "module.": READ_W["w"]}})
averages = {"0": ONE["0"], "1": b"\7" + b"\0" * 7}
counter = tensor(storage("LongStorage", "1", 1), ())
accepted_torch(
    "averaged-model", "an AveragedModel: its counter is training state",
    checkpoint(pickle({"ema": ordered({"n_averaged": counter, "module.w": W})}), averages),
    {"ema": READ_W}, dropped=(1, 8))
accepted_torch(
    "counter-of-averages-alone", "`n_averaged` beside names without `module.` stays",
    checkpoint(pickle(ordered({"n_averaged": counter, "w": W})), averages),
    {"": READ_W | {"n_averaged": read("i64", (), averages["1"])}})
accepted_torch(
    "nested", "everything in one member, and a plain value beside it",
    checkpoint(pickle({"checkpoint": {"model": {"w": W}, "args": arguments({"T": 4}), "epoch": 3},
                       "epoch": 4, "note": "x"}), ONE),
    {"model": READ_W}, {"epoch": 3, "note": "x"}, {"T": 4})
accepted_torch(
    "module-prefix-of-some", "`module.` on one name of two stays",
    checkpoint(pickle({"module.w": W, "v": W}), ONE),
    {"": {"module.w": READ_W["w"], "v": READ_W["w"]}})

moments = {"0": floats(1, 2, 3, 4), "1": floats(0), "2": floats(5, 6, 7), "3": floats(8, 9, 10)}
optimizer = {
    "state": {0: {"step": tensor(storage("FloatStorage", "1", 1), ()),
                  "exp_avg": tensor(storage("FloatStorage", "2", 3), (3,)),
                  "exp_avg_sq": tensor(storage("FloatStorage", "3", 3), (3,))}},
    "param_groups": [{"lr": 0.001, "betas": (0.9, 0.999), "amsgrad": False, "params": [0]}]}
namespace = call(name("argparse", "Namespace"))


accepted_torch(
    "imagenet", "`model` with optimizer, scaler, epoch and args, as the ImageNet script saves",
    checkpoint(pickle({
        "model": ordered({"w": W}), "optimizer": optimizer, "epoch": 199,
        "scaler": {"scale": 65536.0, "_growth_tracker": 137},
        "args": arguments({"model": "QKFormer_10_384", "time_step": 6, "input_size": 288, "lr": 6e-4}),
    }), moments),
    {"model": READ_W}, {"epoch": 199, "scaler": {"scale": 65536, "_growth_tracker": 137}},
    {"model": "QKFormer_10_384", "time_step": 6, "input_size": 288, "lr": 6e-4}, (3, 28))
accepted_torch(
    "timm", "`state_dict` as timm saves, with a second one of averages",
    checkpoint(pickle({
        "epoch": 3, "arch": "QKFormer", "state_dict": ordered({"w": W}), "version": 2,
        "state_dict_ema": ordered({"w": tensor(storage("FloatStorage", "2", 3), (3,))}),
        "metric": 96.5}), moments),
    {"state_dict": READ_W, "state_dict_ema": {"w": read("f32", (3,), moments["2"])}},
    {"epoch": 3, "arch": "QKFormer", "version": 2, "metric": 96.5}, dropped=(1, 12))
accepted_torch(
    "empty-optimizer", "an optimizer before its first step, as the DVS script saves",
    checkpoint(pickle({
        "model": {"w": W}, "optimizer": {"state": {}, "param_groups": []}, "epoch": 0,
        "lr_scheduler": {"base_values": [0.005], "metric": None}, "max_test_acc1": 84.25}), ONE),
    {"model": READ_W},
    {"epoch": 0, "lr_scheduler": {"base_values": [0.005], "metric": None}, "max_test_acc1": 84.25})
accepted_torch(
    "replaced-member", "`model` twice: the last counts, as in Python",
    checkpoint(b"\x80\x02}(" + value("model") + b"K\x01" + value("model") + value({"w": W}) + b"u.", ONE),
    {"model": READ_W})

six = {"0": floats(0, 1, 2, 3, 4, 5)}
store = storage("FloatStorage", "0", 6)
accepted_torch(
    "views", "views of one storage: shared, shifted, transposed, every second, of one, of none",
    checkpoint(pickle({
        "whole": tensor(store, (2, 3)), "tail": tensor(store, (2,), offset=4),
        "transposed": tensor(store, (3, 2), (1, 3)), "second": tensor(store, (3,), (2,)),
        "column": tensor(store, (2, 1), (3, 1), 1), "scalar": tensor(store, (), offset=5),
        "empty": tensor(store, (0, 3)), "empty-at-end": tensor(store, (0,), offset=6),
        "odd-stride-of-one": tensor(store, (1, 2), (77, 1)),
        "largest-stride-of-one": tensor(store, (3, 1), (2, 2**63 - 1)),
        "overlapping": tensor(store, (2, 2), (1, 1)),
    }), six),
    {"": {
        "whole": read("f32", (2, 3), six["0"]), "tail": read("f32", (2,), floats(4, 5)),
        "transposed": read("f32", (3, 2), floats(0, 3, 1, 4, 2, 5)),
        "second": read("f32", (3,), floats(0, 2, 4)), "column": read("f32", (2, 1), floats(1, 4)),
        "scalar": read("f32", (), floats(5)), "empty": read("f32", (0, 3), b""),
        "empty-at-end": read("f32", (0,), b""), "odd-stride-of-one": read("f32", (1, 2), floats(0, 1)),
        "largest-stride-of-one": read("f32", (3, 1), floats(0, 2, 4)),
        "overlapping": read("f32", (2, 2), floats(0, 1, 1, 2))}})
accepted_torch(
    "axes", "a view of 64 axes, as many as PyTorch has, that must be gathered",
    checkpoint(pickle({"w": tensor(storage("FloatStorage", "0", 6), (3,) + (1,) * 62 + (2,), (1,) + (9,) * 62 + (3,))}),
               six),
    {"": {"w": read("f32", (3,) + (1,) * 62 + (2,), floats(0, 3, 1, 4, 2, 5))}})
signed = struct.pack("<4I", 0x00000000, 0x80000000, 0x7FC00001, 0xFF800000)
opposite = struct.pack("<4I", 0x80000000, 0x00000000, 0xFFC00001, 0x7F800000)
real = storage("FloatStorage", "1", 4)
accepted_torch(
    "negative-views", "negative views: of every kind of float, strided, of zeros and NaN, in parameters",
    checkpoint(pickle({
        "whole": tensor(store, (2, 3), more=({"neg": True},)),
        "second": tensor(store, (3,), (2,), 1, more=({"neg": True},)),
        "transposed": tensor(store, (3, 2), (1, 3), more=({"neg": True},)),
        "special": tensor(real, (4,), more=({"neg": True},)),
        "of-none": tensor(store, (0,), more=({"neg": True},)),
        "double": tensor(storage("DoubleStorage", "2", 1), (1,), more=({"neg": True},)),
        "half": tensor(storage("HalfStorage", "3", 2), (2,), more=({"neg": True},)),
        "brain": tensor(storage("BFloat16Storage", "4", 2), (2,), more=({"neg": True},)),
        "parameter": call(name("torch._utils", "_rebuild_parameter"),
                          tensor(real, (4,), more=({"neg": True},)), True, ordered({})),
        "v3": call(name("torch._utils", "_rebuild_tensor_v3"),
                   value(("storage", name("torch.storage", "UntypedStorage"), "5", "cpu", 8)) + b"Q", 0, (2,), (1,),
                   False, ordered({}), name("torch", "float32"), {"neg": True}),
        "none": tensor(real, (4,), more=(None,)), "nothing": tensor(real, (4,), more=({},)),
    }), six | {"1": signed, "2": struct.pack("<d", 1.5), "3": struct.pack("<2e", 1.5, -2),
               "4": b"\xc0\x3f\x00\xc0", "5": floats(1, -2)}),
    {"": {
        "whole": read("f32", (2, 3), floats(-0.0, -1, -2, -3, -4, -5)),
        "second": read("f32", (3,), floats(-1, -3, -5)),
        "transposed": read("f32", (3, 2), floats(-0.0, -3, -1, -4, -2, -5)),
        "special": read("f32", (4,), opposite), "of-none": read("f32", (0,), b""),
        "double": read("f64", (1,), struct.pack("<d", -1.5)),
        "half": read("f16", (2,), struct.pack("<2e", -1.5, 2)),
        "brain": read("bf16", (2,), b"\xc0\xbf\x00\x40"),
        "parameter": read("f32", (4,), opposite), "v3": read("f32", (2,), floats(-1, 2)),
        "none": read("f32", (4,), signed), "nothing": read("f32", (4,), signed)}})
accepted_torch(
    "legacy-negative-view", "before 1.6, a negative view",
    stream({"w": tensor(value(("storage", name("torch", "FloatStorage"), "94", "cpu", 4, None)) + b"Q", (4,),
                        more=({"neg": True},))}),
    {"": {"w": read("f32", (4,), floats(-1, -2, -3, -4))}})
accepted_torch(
    "metadata-beside", "a conjugate view beside the weights is nobody's weight",
    checkpoint(pickle({
        "model": {"w": W},
        "optimizer": {"state": {0: tensor(storage("ComplexFloatStorage", "1", 1), (1,), more=({"conj": True},))}}}),
        ONE | {"1": bytes(8)}),
    {"model": READ_W}, dropped=(1, 8))
KINDS = [
    ("Double", "f64", struct.pack("<2d", 1.5, -2)), ("Float", "f32", floats(1.5, -2)),
    ("Half", "f16", struct.pack("<2e", 1.5, -2)), ("BFloat16", "bf16", b"\xc0\x3f\x00\xc0"),
    ("Long", "i64", struct.pack("<2q", 2**62, -1)), ("Int", "i32", struct.pack("<2i", 5, -5)),
    ("Short", "i16", struct.pack("<2h", 6, -6)), ("Char", "i8", b"\x07\xf9"),
    ("Byte", "u8", b"\x08\xff"), ("Bool", "bool", b"\x00\x01"),
]
accepted_torch(
    "element-types", "every element type, contiguous and gathered backwards in pairs",
    checkpoint(pickle({
        form: tensor(storage(kind + "Storage", str(key), 2), shape, strides)
        for key, (kind, _, _) in enumerate(KINDS)
        for form, shape, strides in [(kind, (2,), None), (kind + "-gathered", (2, 1, 1), (1, 9, 9))]
    }), {key: data for key, (_, _, data) in enumerate(KINDS)}),
    {"": {form: read(kind, shape, data) for long, kind, data in KINDS
          for form, shape in [(long, (2,)), (long + "-gathered", (2, 1, 1))]}})
untyped = value(("storage", name("torch.storage", "UntypedStorage"), "1", "cuda:0", 16)) + b"Q"
accepted_torch(
    "parameters", "parameters, tensors rebuilt by type, untyped storages with a type beside them",
    checkpoint(pickle({
        "parameter": call(name("torch._utils", "_rebuild_parameter"), W, True, ordered({})),
        "with-state": call(name("torch._utils", "_rebuild_parameter_with_state"), W, True, ordered({}), {}),
        "rebuilt": call(
            name("torch._tensor", "_rebuild_from_type_v2"), rebuild, name("torch.nn.parameter", "Parameter"),
            (storage("FloatStorage", "0", 4), 1, (3,), (1,), False, ordered({})), {}),
        "v3": call(name("torch._utils", "_rebuild_tensor_v3"), untyped, 2, (3,), (2,), False,
                   ordered({}), name("torch", "int16")),
    }), ONE | {"1": ONE["0"]}),
    {"": {"parameter": READ_W["w"], "with-state": READ_W["w"], "rebuilt": read("f32", (3,), floats(2, 3, 4)),
          "v3": read("i16", (3,), b"".join(ONE["0"][n:n + 2] for n in (4, 8, 12)))}})


def numpy(module, kind, data, *state):
    built = call(dtype, kind, 0, 1) + value((3, "<", None, None, None, -1, -1, 0)) + b"b"
    return call(name(module, "scalar"), built, call(encode, data.decode("latin1"), "latin1"))


accepted_torch(
    "numpy-scalars", "NumPy numbers, before and since NumPy 2",
    checkpoint(pickle({
        "model": {"w": W}, "f8": numpy("numpy.core.multiarray", "f8", struct.pack("<d", 77.25)),
        "f4": numpy("numpy._core.multiarray", "f4", struct.pack("<f", 0.5)),
        "i8": numpy("numpy._core.multiarray", "i8", struct.pack("<q", -7)),
        "i4": numpy("numpy._core.multiarray", "i4", struct.pack("<i", -8)),
        "i2": numpy("numpy._core.multiarray", "i2", struct.pack("<h", -9)),
        "i1": numpy("numpy._core.multiarray", "i1", struct.pack("<b", -10)),
        "u8": numpy("numpy._core.multiarray", "u8", struct.pack("<Q", 11)),
        "u8-beyond": numpy("numpy._core.multiarray", "u8", struct.pack("<Q", 2**64 - 1)),
        "u4": numpy("numpy._core.multiarray", "u4", struct.pack("<I", 2**32 - 1)),
        "u2": numpy("numpy._core.multiarray", "u2", struct.pack("<H", 2**16 - 1)),
        "u1": numpy("numpy._core.multiarray", "u1", b"\xff"),
        "b1": numpy("numpy.core.multiarray", "b1", b"\1")}), ONE),
    {"model": READ_W}, {
        "f8": 77.25, "f4": 0.5, "i8": -7, "i4": -8, "i2": -9, "i1": -10, "u8": 11,
        "u8-beyond": "integer beyond 64 bits", "u4": 2**32 - 1, "u2": 2**16 - 1, "u1": 255, "b1": True})
other_type = call(
    name("torch._utils", "_rebuild_tensor_v3"),
    value(("storage", name("torch.storage", "UntypedStorage"), "1", "cpu", 4)) + b"Q", 0, (4,), (1,), False,
    ordered({}), name("torch", "float8_e4m3fn"))
accepted_torch(
    "other-types-beside", "tensors of types that no weight can have, beside the weights: they are left out",
    checkpoint(pickle({
        "model": {"w": W}, "float8": other_type,
        "complex": tensor(storage("ComplexFloatStorage", "2", 2), (2,))}),
        ONE | {"1": b"\0" * 4, "2": b"\0" * 16}),
    {"model": READ_W}, {"float8": "tensor [4]", "complex": "tensor [2]"}, dropped=(2, 20))
accepted_torch(
    "sets-and-bytes", "FROZENSET and BYTEARRAY8, and a bytearray as protocol 2 spells it",
    checkpoint(pickle({
        "model": {"w": W}, "frozen": b"(K\x01K\x02\x91", "array": b"\x96" + struct.pack("<Q", 3) + b"abc",
        "encoded": call(name("__builtin__", "bytearray"), "ab", "latin-1"),
        "of-bytes": call(name("builtins", "bytearray"), b"C\x04abcd"),
        "none": call(name("builtins", "bytearray"))}), ONE),
    {"model": READ_W}, {"frozen": [1, 2], "array": "3 bytes", "encoded": "2 bytes", "of-bytes": "4 bytes",
                        "none": "0 bytes"})
accepted_torch(
    "arguments", "arguments of every plain kind",
    checkpoint(pickle({"model": {"w": W}, "args": arguments({
        "none": None, "yes": True, "no": False, "small": 7, "negative": -300, "large": 70000,
        "beyond-double": 2**60, "beyond-64-bits": 2**70, "real": 0.1, "nan": float("nan"),
        "infinite": float("-inf"), "text": "caf\u00e9", "list": [1, [2, (3, 4)]], "pair": (1, 2),
        "by-number": {1: "one", 2: "two"}, "nested": arguments({"inner": 1}),
        "path": call(name("pathlib", "PosixPath"), "output", "run"),
        "set": call(name("__builtin__", "set"), ["b", "a"]),
        "size": call(name("torch", "Size"), (2, 3)), "device": call(name("torch", "device"), "cuda", 0),
        "type": name("torch", "float16"), "counts": call(name("collections", "Counter"), {"a": 2}),
        "pairs": call(name("collections", "OrderedDict"), [("a", 1), ("b", 2)]),
        "bytes": b"U\x03abc", "tensor": W,
    })}), ONE),
    {"model": READ_W}, arguments={
        "none": None, "yes": True, "no": False, "small": 7, "negative": -300, "large": 70000,
        "beyond-double": str(2**60), "beyond-64-bits": "integer beyond 64 bits", "real": 0.1, "nan": "nan",
        "infinite": "-inf", "text": "caf\u00e9", "list": [1, [2, [3, 4]]], "pair": [1, 2],
        "by-number": {"1": "one", "2": "two"}, "nested": {"inner": 1}, "path": "output/run",
        "set": ["b", "a"], "size": [2, 3], "device": "device cuda:0", "type": "torch.float16",
        "counts": {"a": 2}, "pairs": {"a": 1, "b": 2}, "bytes": "3 bytes", "tensor": "tensor [2, 2]"},
    dropped=(1, 16))
LEFT_OUT = "left out: too large"
accepted_torch(
    "arguments-in-a-circle", "a list in the arguments that contains itself: they are left out",
    checkpoint(pickle({"model": {"w": W}, "args": b"]q\x00h\x00a"}), ONE), {"model": READ_W},
    arguments=LEFT_OUT)
bomb = b"]q\x00" + b"".join(
    b"0](" + b"h" + bytes([level]) + b"h" + bytes([level]) + b"eq" + bytes([level + 1]) for level in range(30))
accepted_torch(
    "arguments-of-2-to-30", "30 lists, each twice the one before: never written out",
    checkpoint(pickle({"model": {"w": W}, "args": bomb}), ONE), {"model": READ_W}, arguments=LEFT_OUT)
accepted_torch(
    "fact-too-large", "a fact of 20,001 values: its name is kept, and says so",
    checkpoint(pickle({"model": {"w": W}, "history": b"](" + b"N" * 20_000 + b"e", "epoch": 3}), ONE),
    {"model": READ_W}, {"history": LEFT_OUT, "epoch": 3})
accepted_torch(
    "dropped-claims", "an optimizer's storages that claim 2^62 bytes each: only what is there counts",
    checkpoint(pickle({"model": {"w": W}, "optimizer": [
        W, *(tensor(storage("ByteStorage", key, 2**62), (1,)) for key in ("7", "8"))]}), ONE),
    {"model": READ_W}, dropped=(3, 16))
accepted_torch(
    "protocol-4", "FRAME, MEMOIZE, SHORT_BINUNICODE and STACK_GLOBAL",
    checkpoint(
        b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01w\x94\x8c\x0ctorch._utils\x94"
        b"\x8c\x12_rebuild_tensor_v2\x94\x93\x94(" + storage("FloatStorage", "0", 4) + b"K\x00K\x02K\x02\x86"
        b"K\x02K\x01\x86\x89" + ordered({}) + b"tRs.", ONE), {"": READ_W})
accepted_torch(
    "long-indices", "LONG_BINPUT and LONG_BINGET",
    checkpoint(pickle({"v": W + b"r\x2c\x01\x00\x00", "w": b"j\x2c\x01\x00\x00"}), ONE),
    {"": READ_W | {"v": READ_W["w"]}})

# The archive around it.
accepted_torch("old-root", "no byteorder, an address for a key",
               checkpoint(pickle({"w": tensor(storage("FloatStorage", "94743424565712", 4), (2, 2))}),
                          {"94743424565712": ONE["0"]}, byteorder=None), {"": READ_W})
accepted_torch("root-of-file-stem", "a root with dots and spaces", checkpoint(GOOD, ONE, root="best. model"),
               {"": READ_W})
later = [Entry("archive/.format_version", b"1"), Entry("archive/.storage_alignment", b"64"),
         Entry("archive/.data/serialization_id", b"0" * 40)]
accepted_torch("torch-2.6", "the further entries of torch 2.6 and later", checkpoint(GOOD, ONE, more=later),
               {"": READ_W})
accepted_torch("checksum-zero", "no CRC-32 computed: compute_crc32=False",
               archive([Entry("archive/data.pkl", GOOD, crc=0), Entry("archive/data/0", ONE["0"], crc=0)]),
               {"": READ_W})
for short, wide in [("torch-layout", False), ("torch-layout-wide", True)]:
    entries = [Entry("archive/data.pkl", GOOD), Entry("archive/data/0", ONE["0"]), Entry("archive/version", b"3\n")]
    for entry in entries:
        entry.lies = {"flags": 0x0808, "align": True,
                      "descriptor": descriptor(zlib.crc32(entry.data), len(entry.data), wide)}
    accepted_torch(short, "aligned data, sizes in descriptors of %s bits, zip64 end record" % (64 if wide else 32),
                   archive(entries, zip64={}), {"": READ_W})


def accepted_zip(short, idea, data, entries):
    accepted("zip", short + ".zip", idea, data, {"entries": {k: v.hex() for k, v in entries.items()}})


class Unseekable(io.RawIOBase):
    """A pipe, so that Python's zipfile writes data descriptors."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def zipped(entries, target, force_zip64=False):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as out:
        for text, data in entries.items():
            info = zipfile.ZipInfo(text)
            info.create_system = 3
            with out.open(info, "w", force_zip64=force_zip64) as entry:
                entry.write(data)


TEXTS = {"a.txt": b"alpha", "b/c.txt": b"", "caf\u00e9.txt": b"beta"}
for force in (False, True):
    buffer = io.BytesIO()
    zipped(TEXTS, buffer, force)
    accepted_zip("zipfile-zip64" if force else "zipfile", "Python's zipfile, stored" + (", zip64" if force else ""),
                 buffer.getvalue(), TEXTS)
    pipe = Unseekable()
    zipped(TEXTS, pipe, force)
    accepted_zip("zipfile-pipe-zip64" if force else "zipfile-pipe",
                 "Python's zipfile into a pipe" + (", zip64" if force else ""), pipe.data, TEXTS)
accepted_zip("empty", "an archive of nothing", archive([]), {})
accepted_zip("folders", "a folder's own entry", archive([Entry("a/", b""), Entry("a/b", b"x")]), {"a/": b"", "a/b": b"x"})


def accepted_tensors(folder, short, idea, data, tensors, metadata=None):
    accepted(folder, short, idea, data, {"tensors": tensors, "metadata": metadata or {}})


accepted_tensors("safetensors", "plain.safetensors", "two tensors and metadata", safetensors(
    {"__metadata__": {"format": "pt"}, "a": member("F32", [2], 0, 8), "b": member("I64", [], 8, 16)},
    floats(1, 2) + struct.pack("<q", 9)),
    {"a": read("f32", (2,), floats(1, 2)), "b": read("i64", (), struct.pack("<q", 9))}, {"format": "pt"})
accepted_tensors("safetensors", "padded.safetensors", "spaces after the header", safetensors(
    {"a": member("U8", [1], 0, 1)}, b"\7", pad=b"  "), {"a": read("u8", (1,), b"\7")})
accepted_tensors("safetensors", "nothing.safetensors", "no tensor", safetensors({}), {})
accepted_tensors("safetensors", "out-of-order.safetensors", "names in another order than the data", safetensors(
    {"a": member("U8", [1], 1, 2), "b": member("U8", [1], 0, 1)}, b"\1\2"),
    {"a": read("u8", (1,), b"\2"), "b": read("u8", (1,), b"\1")})
accepted_tensors("safetensors", "empty-tensors.safetensors", "tensors of nothing at one offset", safetensors(
    {"a": member("F32", [0], 0, 0), "b": member("F32", [0, 3], 0, 0), "c": member("U8", [1], 0, 1)}, b"\5"),
    {"a": read("f32", (0,), b""), "b": read("f32", (0, 3), b""), "c": read("u8", (1,), b"\5")})
SAFETENSORS = [("F64", "f64", 8), ("I64", "i64", 8), ("U64", "u64", 8), ("F32", "f32", 4), ("I32", "i32", 4),
               ("F16", "f16", 2), ("BF16", "bf16", 2), ("I16", "i16", 2), ("I8", "i8", 1), ("U8", "u8", 1),
               ("BOOL", "bool", 1)]
header, data, tensors = {}, b"", {}
for long, kind, width in SAFETENSORS:
    content = bytes(range(1, width + 1)) if kind != "bool" else b"\1"
    header[kind] = member(long, [1], len(data), len(data) + width)
    tensors[kind] = read(kind, (1,), content)
    data += content
accepted_tensors("safetensors", "types.safetensors", "every element type", safetensors(header, data), tensors)

for short, idea, data, expected in [
    ("f4.npy", "float32, two by three", npy("<f4", (2, 3), floats(*range(6))), read("f32", (2, 3), floats(*range(6)))),
    ("scalar.npy", "a number", npy("<f8", (), struct.pack("<d", 2.5)), read("f64", (), struct.pack("<d", 2.5))),
    ("none.npy", "no element", npy("<f4", (0, 4), b""), read("f32", (0, 4), b"")),
    ("version-2.npy", "version 2", npy("<i8", (1,), b"\1" * 8, version=2), read("i64", (1,), b"\1" * 8)),
    ("version-3.npy", "version 3", npy("|u1", (2,), b"ab", version=3), read("u8", (2,), b"ab")),
    ("bool.npy", "booleans", npy("|b1", (2,), b"\0\1"), read("bool", (2,), b"\0\1")),
    ("f2.npy", "float16", npy("<f2", (1,), b"\0\x3c"), read("f16", (1,), b"\0\x3c")),
]:
    accepted_tensors("npy", short, idea, data, {"": expected})
for short, target in [("savez.npz", io.BytesIO()), ("savez-pipe.npz", Unseekable())]:
    zipped({"input.npy": npy("<f4", (2,), floats(3, 4)), "labels.npy": npy("<i8", (1,), b"\2" + b"\0" * 7)}, target, True)
    accepted_tensors(
        "npy", short, "what numpy.savez writes" + (" into a pipe" if "pipe" in short else ""),
        target.data if isinstance(target, Unseekable) else target.getvalue(),
        {"input": read("f32", (2,), floats(3, 4)), "labels": read("i64", (1,), b"\2" + b"\0" * 7)})

# Deflated arrays, and what they can claim. -------------------------------------------------------


def squeezed(name, data, cut=0, says=None, crc=None, pad=b""):
    """A deflated entry in one stored block, so that no version of zlib decides its bytes."""
    packed = b"\1" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data + pad
    packed = packed[:len(packed) - cut]
    sizes = (len(packed), len(data) if says is None else says)
    return Entry(name, packed, method=8, crc=zlib.crc32(data) if crc is None else crc, sizes=sizes, local_sizes=sizes)


INPUT = npy("<f4", (2,), floats(3, 4))
LABELS = Entry("labels.npy", npy("<i8", (1,), b"\2" + b"\0" * 7))
for name_, idea, lies in [
    ("zip-deflate.cut", "a stream that ends early", {"cut": 9}),
    ("zip-deflate.too-long", "a stream of more bytes than the entry says", {"says": len(INPUT) - 1}),
    ("zip-deflate.too-short", "a stream of fewer bytes than the entry says", {"says": len(INPUT) + 1}),
    ("zip-checksum.deflated", "a checksum that is not that of the decoded bytes", {"crc": 7}),
    ("zip-compressed-entry.claim", "an entry that says it decodes to 3 GiB", {"says": 3 << 30}),
]:
    corrupt("npy", f"{name_}.npz", idea, archive([squeezed("input.npy", INPUT, **lies), LABELS]))
accepted_tensors(
    "npy", "savez-compressed.npz", "a deflated array beside a stored one",
    archive([squeezed("input.npy", INPUT), LABELS]),
    {"input": read("f32", (2,), floats(3, 4)), "labels": read("i64", (1,), b"\2" + b"\0" * 7)})

# Pictures. ---------------------------------------------------------------------------------------


def chunk(kind, data, crc=None):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(
        ">I", zlib.crc32(kind + data) if crc is None else crc)


def png(width, height, depth, kind, rows, palette=None, stream=None, crc=None):
    """A PNG picture whose rows are given with their filter bytes."""
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    if palette is not None:
        data += chunk(b"PLTE", palette)
    return data + chunk(b"IDAT", zlib.compress(rows, 0) if stream is None else stream, crc) + chunk(b"IEND", b"")


def segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(width=8, height=8, components=1, precision=8, frame=0xC0, scans=1, entropy=None, table=0):
    """A JPEG picture of one grey: every coefficient is 0, so every block is the two bits 00."""
    parts = b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    data = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64)
    data += segment(frame, struct.pack(">BHHB", precision, height, width, components) + parts)
    for kind in (0x00, 0x10):
        data += segment(0xC4, bytes([kind, 1] + [0] * 15 + [0]))
    bits = 2 * components * (-(-width // 8)) * (-(-height // 8))
    body = b"\0" * (bits // 8) + (bytes([0xFF >> bits % 8]) if bits % 8 else b"") if entropy is None else entropy
    names = b"".join(bytes([i + 1, table]) for i in range(components))
    span = b"\0\x3f\0" if frame == 0xC0 else b"\0\0\0"
    return data + scans * (segment(0xDA, bytes([components]) + names + span) + body) + b"\xff\xd9"


GREY = b"".join(b"\0" + bytes(range(7 * y, 7 * y + 5)) for y in range(3))
for name_, idea, data in [
    ("picture-format.empty.jpg", "nothing", b""),
    ("picture-format.text.jpg", "text", b"no picture at all"),
    ("picture-format.gif.png", "a GIF picture under another name", b"GIF89a\1\0\1\0\0\0\0;"),
    ("picture-truncated.cut.jpg", "the end in the coefficients", jpeg(64, 64)[:-4]),
    ("picture-truncated.header.jpg", "the end in a table", jpeg()[:40]),
    ("picture-truncated.marker.jpg", "nothing but the first marker", b"\xff\xd8\xff"),
    ("picture-truncated.segment.jpg", "a segment that is longer than the file", jpeg()[:2] + b"\xff\xe0\xff\xff" + jpeg()[2:]),
    ("picture-truncated.progressive.jpg", "the end before the first scan is complete", jpeg(64, 64, frame=0xC2)[:-6]),
    ("picture-truncated.scans.jpg", "an end marker after the first of the scans", jpeg(64, 64, frame=0xC2)),
    ("picture-truncated.cut.png", "the end in the pixels", png(5, 3, 8, 0, GREY)[:50]),
    ("picture-truncated.signature.png", "nothing but the signature", png(5, 3, 8, 0, GREY)[:8]),
    ("picture-broken.no-table.jpg", "a Huffman table that is not there", jpeg(table=0x33)),
    ("picture-broken.no-frame.jpg", "a scan without a frame", b"\xff\xd8" + segment(0xDA, b"\1\1\0\0\x3f\0")),
    ("picture-broken.no-picture.jpg", "the end marker after the first", b"\xff\xd8\xff\xd9"),
    ("picture-broken.zero-width.jpg", "no columns", jpeg(width=0)),
    ("picture-broken.twelve-bits.jpg", "samples of 12 bits", jpeg(precision=12)),
    ("picture-broken.lossless.jpg", "a lossless frame", jpeg(frame=0xC3)),
    ("picture-broken.scans.jpg", "six hundred scans, each of which costs a pass over the picture", jpeg(frame=0xC2, scans=600)),
    ("picture-broken.checksum.png", "a wrong checksum of the pixels", png(5, 3, 8, 0, GREY, crc=1)),
    ("picture-broken.text-checksum.png", "a wrong checksum of a remark",
     png(5, 3, 8, 0, GREY)[:33] + chunk(b"tEXt", b"a\0b", crc=1) + png(5, 3, 8, 0, GREY)[33:]),
    ("picture-broken.filter.png", "a row with an unknown filter", png(5, 3, 8, 0, b"\x09" + GREY[1:])),
    ("picture-broken.stream.png", "pixels that are no zlib stream", png(5, 3, 8, 0, GREY, stream=b"\x12" * 40)),
    ("picture-broken.few-rows.png", "fewer rows than the header says", png(5, 4, 8, 0, GREY)),
    ("picture-broken.no-palette.png", "indices without a palette", png(5, 3, 8, 3, GREY)),
    ("picture-broken.zero-width.png", "no columns", png(0, 3, 8, 0, GREY)),
    ("picture-broken.depth.png", "samples of 3 bits", png(5, 3, 3, 0, GREY)),
    ("picture-broken.wide.png", "two thousand million columns", png(2**31 - 1, 1, 8, 0, GREY)),
    ("picture-limit.bomb.png", "4,294,836,225 pixels in 100 bytes", png(65535, 65535, 1, 0, GREY)),
    ("picture-limit.bomb.jpg", "4,290,250,000 pixels in 200 bytes", jpeg(65500, 65500, entropy=b"\0")),
    ("picture-colours.two.jpg", "two components", jpeg(components=2)),
    ("picture-broken.five.jpg", "five components", jpeg(components=5)),
]:
    corrupt("pictures", name_, idea, data)

PALETTE = bytes([10, 20, 30, 40, 50, 60])
for name_, idea, data, size, pixels in [
    ("grey.jpg", "one grey", jpeg(9, 5), (9, 5), b"\x80" * 135),
    ("four-components.jpg", "four inks, inverted as Adobe's programs write them", jpeg(components=4), (8, 8),
     b"\x40" * 192),
    ("no-end-marker.jpg", "no end marker after the last row", jpeg(64, 64)[:-2] + b"\0" * 8, (64, 64), b"\x80" * 12288),
    ("grey.png", "greys", png(5, 3, 8, 0, GREY), (5, 3),
     b"".join(bytes([7 * y + x] * 3) for y in range(3) for x in range(5))),
    ("bits.png", "one bit a sample", png(9, 1, 1, 0, b"\0\xa5\x80"), (9, 1),
     b"".join(bytes([255 * bit] * 3) for bit in (1, 0, 1, 0, 0, 1, 0, 1, 1))),
    ("indices.png", "an index beyond the palette is black", png(4, 1, 8, 3, b"\0\0\1\2\xff", PALETTE),
     (4, 1), PALETTE + b"\0" * 6),
    ("sixteen-grey.png", "sixteen bits of grey, clipped to eight and not scaled",
     png(3, 1, 16, 0, b"\0\0\x07\0\xff\1\0"), (3, 1), b"\7\7\7\xff\xff\xff\xff\xff\xff"),
    ("sixteen-colour.png", "sixteen bits of colour, of which the upper eight count",
     png(1, 1, 16, 2, b"\0\x12\x34\x56\x78\x9a\xbc"), (1, 1), b"\x12\x56\x9a"),
    ("transparent.png", "a transparent pixel keeps its colour", png(1, 1, 8, 6, b"\0\1\2\3\0"), (1, 1), b"\1\2\3"),
]:
    accepted("pictures", name_, idea, data, {"size": list(size), "rgb": pixels.hex()})

# HDF5. -----------------------------------------------------------------------------------------

hdf5_files.write_all(corrupt, accepted)

# The development kit of ImageNet. --------------------------------------------------------------

mat_files.write_all(corrupt, accepted)

# MNIST and what is stored like it. -------------------------------------------------------------

idx_files.write_all(corrupt, accepted)

# The files. ------------------------------------------------------------------------------------

HEADS = {
    HERE: """# Corrupt

One small file for each way to be wrong. The name of a file is the name of the error that it must be
refused with, then its idea. `make.py` writes them all, and `Tests/Accepted` too, with `hdf5_files.py`
for HDF5, `mat_files.py` for MAT-files and `idx_files.py` for IDX files; nothing here is made by hand. Nothing in these files may ever run: the commands in them would make a file called
`qkzoo-payload-ran`, and the tests look for it.

Exit codes: pickle errors of names, opcodes, operands and budget, and `storage-out-of-bounds`, are
policy (77), and so is HDF5 that leads to other files: `hdf5-link-not-hard`, `hdf5-external-storage`,
`hdf5-virtual-dataset`; `hdf5-checksum` and `zstd-frame` are findings (1); `state-dict` is configuration
(78); all others are bad data (65).
""",
    ACCEPTED: """# Accepted

Small files as real software writes them, and unusual ones that must be read all the same. Beside each
is a JSON file that says what must be read from it. `Tests/Corrupt/make.py` writes them.
""",
}
for folder, head in HEADS.items():
    text = head
    for section, lines in ideas.items():
        if section.startswith("accepted/") == (folder == ACCEPTED):
            text += f"\n## {section.removeprefix('accepted/')}\n\n"
            text += "".join(f"- `{file}`: {idea}\n" for file, idea in sorted(lines))
    files[folder / "README.md"] = text.encode()


def main():
    kept = {HERE / name for name in ("make.py", "hdf5_blocks.py", "hdf5_files.py", "idx_files.py", "mat_files.py")}
    present = {path for folder in HEADS for path in folder.rglob("*") if path.is_file()} - kept
    present = {path for path in present if "__pycache__" not in path.parts}
    stale = sorted(present - files.keys())
    changed = [path for path, data in files.items() if path not in present or path.read_bytes() != data]
    if "--check" in sys.argv:
        for path in stale + sorted(changed):
            print("differs:", path.relative_to(HERE.parent))
        return 1 if stale or changed else 0
    for path in stale:
        path.unlink()
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])
    print(f"{len(files)} files, {len(changed)} written, {len(stale)} deleted")
    return 0


sys.exit(main())
