"""What becomes of files when a command is killed, finds no room, may not write, or loses its input meanwhile."""

import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import unittest.mock
from collections import Counter
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from support import DIGITS, SETS, digits, report, vector_set

# What changes a file or its name.
CALLS = ["openat", "pwrite64", "write", "ftruncate", "fsync", "rename", "close"]
PLACES = 8
NOBODY = 65534


def command(*arguments):
    return [os.environ["QKZOO"], *map(str, arguments)]


def run(*arguments, **options):
    return subprocess.run(command(*arguments), capture_output=True, text=True, **options)


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="qkzoo-files-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.folder.chmod(0o755)

    def names(self):
        return sorted(os.listdir(self.folder))

    def assert_failure(self, result, code, name):
        """The exit code, and one line besides what `convert` says that it leaves out."""
        self.assertEqual(result.returncode, code, result.stderr)
        lines = [line for line in result.stderr.splitlines() if "are left out" not in line]
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertRegex(lines[0], f"^qkzoo: .*(model|source)[.][a-z0-9.]*(h5|pth|safetensors): ({name}): expected .*, found ")
        self.assertEqual(result.stdout, "")


class Killed(Folder):
    """The old file or the new one, never a third thing, and no pile of siblings."""

    def setUp(self):
        super().setUp()
        self.source = vector_set(SETS[0])
        self.target = self.folder / "model.qkz.h5"
        self.arguments = ["repack", self.source, "--layout", "compact", "--force", "-o", self.target]
        shutil.copy(self.source, self.target)
        self.old = self.target.read_bytes()
        self.assertEqual(run(*self.arguments).returncode, 0)
        self.new = self.target.read_bytes()
        self.assertNotEqual(self.old, self.new)

    def assert_whole(self, place):
        self.assertIn(self.target.read_bytes(), (self.old, self.new), place)
        siblings = [name for name in self.names() if name != self.target.name]
        self.assertLessEqual(len(siblings), 1, place)
        return siblings

    def assert_clean_after_another_run(self):
        self.assertEqual(run(*self.arguments).returncode, 0)
        self.assertEqual(self.names(), [self.target.name])
        self.assertEqual(self.target.read_bytes(), self.new)

    @unittest.skipUnless(shutil.which("strace"), "strace is not here")
    def test_at_every_system_call(self):
        log = self.folder.parent / f"{self.folder.name}.strace"
        self.addCleanup(log.unlink)
        subprocess.run(
            ["strace", "-f", "-qq", "-o", log, "-e", "trace=" + ",".join(CALLS), *command(*self.arguments)],
            check=True, stdout=subprocess.DEVNULL)
        # strace counts the calls of each thread.
        counts = Counter(tuple(line.split("(")[0].split()) for line in log.read_text().splitlines() if "(" in line)
        left, results = 0, Counter()
        for call in CALLS:
            most = max((n for (_, name), n in counts.items() if name == call), default=0)
            for when in sorted({1 + most * place // PLACES for place in range(PLACES)} | {most} - {0}):
                self.target.write_bytes(self.old)
                subprocess.run(
                    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                     "-e", f"inject={call}:signal=KILL:when={when}", *command(*self.arguments)],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                left += len(self.assert_whole(f"{call} {when}"))
                results[self.target.read_bytes() == self.new] += 1
        self.assertGreater(left, 10, "kills in the middle of writing")
        self.assertGreater(min(results[True], results[False]), 0, results)
        self.assert_clean_after_another_run()

    def test_at_random_times(self):
        draw = random.Random(0)
        for _ in range(20):
            self.target.write_bytes(self.old)
            process = subprocess.Popen(
                command(*self.arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(draw.random() * 0.1)
            process.kill()
            process.wait()
            self.assert_whole("random")
        self.assert_clean_after_another_run()

    def test_a_running_writer_keeps_its_sibling(self):
        mine = self.folder / "model.qkz.h5.abc.partial"
        mine.write_bytes(b"unfinished")
        notes = self.folder / "model.qkz.h5.my-notes.partial"
        notes.write_bytes(b"not a sibling")
        # A name that is no text hides nothing.
        other = os.path.join(os.fsencode(self.folder), b"caf\xe9.txt")
        open(other, "wb").close()
        self.addCleanup(os.remove, other)
        with subprocess.Popen(
                ["python3", "-c", "import fcntl, struct, sys\n"
                 f"file = open({str(mine)!r}, 'r+')\n"
                 "fcntl.fcntl(file, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))\n"
                 "print('locked', flush=True)\nsys.stdin.read()"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            self.assertEqual(run(*self.arguments).returncode, 0)
            self.assertEqual(self.names(), [os.fsdecode(b"caf\xe9.txt"), self.target.name, mine.name, notes.name])
        self.assertEqual(run(*self.arguments).returncode, 0)
        self.assertEqual(self.names(), [os.fsdecode(b"caf\xe9.txt"), self.target.name, notes.name])


class Ended(Folder):
    """A command that is asked to end leaves nothing unfinished behind, and ends by the signal."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(self, call, when, name, *arguments):
        status = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
             "-e", f"inject={call}:signal={name}:when={when}", *command(*arguments)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: [signal.signal(number, signal.SIG_DFL) for number in self.SIGNALS])
        self.assertEqual(status.returncode, -getattr(signal, "SIG" + name), (call, when))

    def assert_clean(self, call, when, name, *arguments):
        self.end(call, when, name, *arguments)
        self.assertEqual(self.names(), [], (call, when))

    @unittest.skipUnless(shutil.which("strace"), "strace is not here")
    def test_in_the_middle_of_a_file_and_of_a_folder(self):
        convert = ["convert", digits(), "--force", "-o", self.folder / "model.qkz.h5"]
        layers = ["export", digits(), "--to", "layers", "--force", "-o", self.folder / "layers"]
        for name in ("INT", "TERM", "HUP"):
            for when in (1, 20, 100):
                self.assert_clean("pwrite64", when, name, *convert)
            for when in (1, 2, 20, 40):
                self.assert_clean("mkdir" if when < 3 else "write", when, name, *layers)

    @unittest.skipUnless(shutil.which("strace"), "strace is not here")
    def test_between_a_complete_file_and_its_name_in_the_cache(self):
        home = self.folder / "home"
        with unittest.mock.patch.dict(os.environ, QKZOO_HOME=str(home)):
            for name in ("INT", "TERM", "HUP"):
                self.end("?chmod,?fchmodat", 1, name, "pull", "qkformer-digits")
                self.assertEqual(os.listdir(home / "incoming"), [], name)

    def test_what_is_ignored_stays_ignored(self):
        target = self.folder / "model.qkz.h5"
        result = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e",
             "inject=pwrite64:signal=HUP:when=5", *command("convert", digits(), "--force", "-o", target)],
            stdout=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.assertEqual(result.returncode, 0)
        self.assertEqual(self.names(), [target.name])


class NoRoom(Folder):
    """A full disk is exit code 74 and a name; the old file stays, and nothing lies beside it."""

    OUTPUTS = [("convert", "model.qkz.h5"), ("convert", "model.safetensors"), ("convert", "model.pth"),
               ("repack", "model.qkz.h5")]

    def outcome(self, verb, target, **options):
        target.write_bytes(b"the old file")
        layout = ["--layout", "compact"] if verb == "repack" else []
        result = run(verb, digits(), *layout, "--force", "-o", target, **options)
        self.assertEqual(target.read_bytes(), b"the old file")
        self.assertEqual(os.listdir(target.parent), [target.name])
        target.unlink()
        return result

    def test_a_limit_of_file_sizes(self):
        for verb, name in self.OUTPUTS:
            for limit in (0, 100, 4096, 100_000, 400_000):
                with self.subTest(verb, name=name, limit=limit):
                    limits = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                    result = self.outcome(verb, self.folder / name, preexec_fn=limits)
                    self.assert_failure(result, 74, "no-space|hdf5-write")
                    self.assertIn("found file too large", result.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount")
    def test_a_full_disk(self):
        mount = self.folder / "disk"
        mount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", mount], check=True)
        self.addCleanup(subprocess.run, ["umount", mount], check=True)
        for verb, name in self.OUTPUTS:
            with self.subTest(verb, name=name):
                result = self.outcome(verb, mount / name)
                self.assert_failure(result, 74, "no-space|hdf5-write")
                self.assertIn("found no space left on device", result.stderr)

    def test_a_standard_output_that_is_full(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run(
                command("show", digits()), stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 74)
        self.assertEqual(
            result.stderr, "qkzoo: standard output: no-space: expected write to succeed, "
            "found no space left on device\n")


class NoRight(Folder):
    def test_a_folder_that_is_not_mine(self):
        target = self.folder / "model.qkz.h5"
        target.write_bytes(b"the old file")
        source = self.folder / "source.qkz.h5"
        shutil.copy(digits(), source)
        self.folder.chmod(0o555)
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        result = run("repack", source, "--layout", "compact", "--force", "-o", target, **options)
        self.folder.chmod(0o755)
        self.assert_failure(result, 74, "cannot-write")
        self.assertIn("found permission denied", result.stderr)
        self.assertEqual(target.read_bytes(), b"the old file")
        self.assertEqual(self.names(), [target.name, source.name])


class Empty(Folder):
    """What could not be written leaves no empty folders behind: those that the command made are gone."""

    def test_no_room_for_a_first_file(self):
        model, data = digits(), DIGITS / "digits-test.safetensors"
        limits = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        home = {"env": os.environ | {"QKZOO_HOME": str(self.folder / "a/home")}}
        for *arguments, place in (
                ("eval", "run", model, "--data", data, "--protocol", "per-image", "--out", "b/c"),
                ("mirror", "qkformer-digits", "-o", "b/c"), ("catalog", "-o", "b/c"),
                ("export", model, "--to", "layers", "-o", "c")):
            with self.subTest(arguments[0]):
                result = run(*arguments, self.folder / place, preexec_fn=limits, **home)
                self.assertEqual(result.returncode, 74, result.stderr)
                self.assertIn("no-space", result.stderr)
                self.assertEqual(self.names(), [])
        result = run("pull", "qkformer-digits", "--from", model, preexec_fn=limits, **home)
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertEqual(self.names(), [])


class Memory(Folder):
    """A limit of the address space is exit code 69 and a line that says so: no signal, no hang, no other reason."""

    def limited(self, kilobytes, *arguments):
        limits = lambda: resource.setrlimit(resource.RLIMIT_AS, (kilobytes << 10, kilobytes << 10))
        result = run(*arguments, preexec_fn=limits, timeout=120)
        if result.returncode:
            self.assertEqual(result.returncode, 69, f"{kilobytes} {arguments[0]}: {result.stderr}")
            self.assertIn("not-enough-memory", result.stderr)
        return result.returncode

    def test_too_little_to_begin_with(self):
        for kilobytes in (100_000, 200_000, (256 << 10) - 1):
            for arguments in (("verify", digits()), ("identify", digits()), ("list",),
                              ("convert", digits(), "--force", "-o", self.folder / "x.pth")):
                with self.subTest(kilobytes=kilobytes, command=arguments[0]):
                    self.assertEqual(self.limited(kilobytes, *arguments), 69)

    def test_what_is_enough_for_a_small_model(self):
        for arguments in (("verify", digits()), ("convert", digits(), "--force", "-o", self.folder / "x.pth")):
            self.assertEqual(self.limited(512 << 10, *arguments), 0)

    def test_too_little_somewhere(self):
        """A model of 66 MB: it does not fit into the least, and somewhere above it does."""
        plain = self.folder / "model.safetensors"
        tensors = {}
        for tensor in report("presets", "--show", "HST-10-384", "--tensors")["presets"][0]["tensors"]:
            name, shape = tensor["upstream_name"], tensor["shape"]
            tensors[name] = np.zeros(shape, np.int64 if name.endswith("num_batches_tracked") else np.float32)
            if name.endswith("running_var"):
                tensors[name] += 1
        save_file(tensors, plain)
        ends = set()
        for kilobytes in range(256 << 10, 640 << 10, 16 << 10):
            ends.add(self.limited(kilobytes, "convert", plain, "--preset", "HST-10-384", "--force",
                                  "-o", self.folder / "model.qkz.h5"))
        self.assertEqual(ends, {0, 69})


class Changed(Folder):
    """An input that is changed while it is in use ends the command with 74, by name."""

    def interrupted(self, change):
        """The result of a `repack` whose input is changed after it was read once and before it is written."""
        source, target = self.folder / "source.qkz.h5", self.folder / "model.qkz.h5"
        for _ in range(50):
            shutil.copy(digits(), source)
            target.write_bytes(b"the old file")
            process = subprocess.Popen(
                command("repack", source, "--layout", "mapped", "--force", "-o", target),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while process.poll() is None and len(self.names()) < 3:
                pass
            process.send_signal(signal.SIGSTOP)
            change(source)
            process.send_signal(signal.SIGCONT)
            output, errors = process.communicate()
            if process.returncode != 0:
                self.assertEqual(target.read_bytes(), b"the old file")
                self.assertEqual(self.names(), [target.name, source.name])
                return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
            # The command was faster; then what it wrote is whole.
            self.assertEqual(run("verify", target, "--level", "bytes").returncode, 0)
        self.fail("every command had ended before its input was changed")

    def test_cut_shorter(self):
        for size in (0, 4096, 100_000):
            with self.subTest(size=size):
                result = self.interrupted(lambda path: os.truncate(path, size))
                self.assert_failure(result, 74, "file-changed")
                self.assertIn(f"found {size} bytes", result.stderr)

    def test_written_to(self):
        def change(path):
            with open(path, "r+b") as file:
                file.seek(300_000)
                file.write(b"other bytes")
        result = self.interrupted(change)
        self.assert_failure(result, 74, "file-changed")
        self.assertIn("source.qkz.h5: file-changed: expected no change while it is in use", result.stderr)

    def test_replaced_as_a_whole(self):
        """Then the old file is what was read, and the result is right."""
        source = self.folder / "source.qkz.h5"
        shutil.copy(digits(), source)
        other = DIGITS / "qkformer-digits.qkz.h5"
        process = subprocess.Popen(
            command("run", source, "--input", f"{DIGITS / 'reference.safetensors'}:input"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        shutil.copy(other, self.folder / "new")
        os.replace(self.folder / "new", source)
        _, errors = process.communicate()
        self.assertEqual((process.returncode, errors), (0, ""))

    def test_repacked_in_place(self):
        source = self.folder / "model.qkz.h5"
        shutil.copy(digits(), source)
        for layout in ("compact", "mapped"):
            self.assertEqual(run("repack", source, "--layout", layout, "--force", "-o", source).returncode, 0)
        self.assertEqual(run("verify", source).returncode, 0)
        self.assertEqual(self.names(), [source.name])


class ReadersAndWriters(Folder):
    def test_readers_see_whole_files(self):
        target = self.folder / "model.qkz.h5"
        shutil.copy(digits(), target)
        stop, failures, reads = threading.Event(), [], Counter()

        def read():
            while not stop.is_set():
                result = run("verify", target, "--level", "structure")
                reads[result.returncode] += 1
                if result.returncode != 0:
                    failures.append(result.stderr)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for layout in ("compact", "mapped") * 8:
            self.assertEqual(run("repack", digits(), "--layout", layout, "--force", "-o", target).returncode, 0)
        stop.set()
        for reader in readers:
            reader.join()
        self.assertEqual(failures, [])
        self.assertGreater(reads[0], 8)

    def test_two_writers_of_one_file(self):
        target = self.folder / "model.qkz.h5"
        processes = [
            subprocess.Popen(command("repack", digits(), "--layout", layout, "--force", "-o", target),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for layout in ("compact", "mapped") * 5]
        for process in processes:
            self.assertEqual(process.communicate()[1], b"")
            self.assertEqual(process.returncode, 0)
        self.assertEqual(run("verify", target).returncode, 0)
        self.assertEqual(self.names(), [target.name])


if __name__ == "__main__":
    unittest.main()
