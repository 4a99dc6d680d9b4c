"""README, the pages of docs and every --help: what they show can be typed, and what they name is there.

Each command line that is shown names commands and options that exist. Those in blocks of README and docs are also run,
here or by the test that the table below names; a line that is neither fails, and so does a row without its line.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import unittest

import numpy as np
from support import DIGITS, FOLDER, MNIST5K, ROOT, qkzoo

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]

# Lines of blocks that are run elsewhere, by their beginning; or not at all, and why.
ELSEWHERE = {
    "qkzoo convert best.pth": "OwnZooTests",
    "qkzoo entry new --model myzoo": "OwnZooTests",
    "qkzoo entry check --index myzoo": "OwnZooTests",
    "qkzoo list --index myzoo": "OwnZooTests",
    "qkzoo verify qkformer-4-64-t4-r8.digits-ours": "OwnZooTests",
    "qkzoo catalog --index myzoo": "OwnZooTests",
    "qkzoo mirror --index myzoo": "OwnZooTests",
    "qkzoo list --index https://example.org/tree": "the network",
}


def blocks(page):
    """The blocks of code of a page, continued lines joined."""
    text = page.read_text()
    fenced = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.S | re.M)
    indented = re.findall(r"(?:^\n|\A)((?:^    .*\n)+)", text, re.M)
    return [block.replace("\\\n", " ") for block in fenced + indented]


def command(line):
    """The words of a command of qkzoo in a line of a shell, without what the shell does; None if it is none."""
    found = re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(qkzoo(?: .*)?)$", line)
    if not found:
        return None
    words = shlex.split(re.split(r" [|>&;]|  #| #", found[1])[0])
    return words if len(words) > 1 else None


def shown():
    """(place, words) of every command line in blocks, in code between backquotes, and in the examples of --help."""
    for page in PAGES:
        for block in blocks(page):
            for line in block.splitlines():
                if words := command(line):
                    yield page.name, words
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
        for span in re.findall(r"(?<!`)`(qkzoo [^`]+)`", text):
            if words := command(span.replace("\n", " ")):
                yield page.name, words
    for path, description in tree().items():
        _, _, examples = description.get("discussion", "").partition("EXAMPLES")
        for line in examples.replace("\\\n", " ").splitlines():
            if words := command(line):
                yield f"--help of {' '.join(path)}", words


def tree():
    """The description of every command by its words, as the argument parser gives it."""
    commands = {}

    def walk(one, above):
        path = (*above, one["commandName"])
        commands[path] = one
        for below in one.get("subcommands", []):
            walk(below, path)

    walk(json.loads(qkzoo("--experimental-dump-help"))["command"], ())
    return commands


# What the argument parser adds to every command.
GLOBAL = {"--help", "-h", "--generate-completion-script"}


def option_names(description):
    return {("-" if name["kind"] == "short" else "--") + name["name"]
            for argument in description.get("arguments", []) for name in argument.get("names", [])} | GLOBAL


class CommandLines(unittest.TestCase):
    def test_every_command_and_option_exists(self):
        commands, count = tree(), 0
        for place, words in shown():
            count += 1
            with self.subTest(place=place, line=" ".join(words)):
                path = ("qkzoo",)
                while len(words) > len(path) and (*path, words[len(path)]) in commands:
                    path = (*path, words[len(path)])
                if len(path) == 1 and not words[1].startswith("-"):
                    self.fail(f"{words[1]} is no command")
                options = [word.strip("[]").split("=")[0] for word in words[len(path):]
                           if re.match(r"\[?--?[a-zA-Z]", word)]
                self.assertLessEqual(set(options), option_names(commands[path]))
        self.assertGreater(count, 60)

    def test_every_line_of_a_block_is_run_or_says_where(self):
        rows = dict(ELSEWHERE)
        for page in PAGES:
            for block in blocks(page):
                for line in block.splitlines():
                    words = command(line)
                    if not words or page.name == "README.md" or page.name == "hardware.md":
                        continue
                    text = " ".join(words)
                    found = [row for row in ELSEWHERE if text.startswith(row)]
                    self.assertTrue(found, f"{page.name}: {text} is neither run nor listed")
                    for row in found:
                        rows.pop(row, None)
        self.assertEqual(rows, {}, "rows without a line")


class Blocks(unittest.TestCase):
    """The blocks of README and of docs/hardware.md, typed as they stand."""

    def run_in(self, folder, line):
        binary = os.environ["QKZOO"]
        environment = os.environ | {"PATH": f"{os.path.dirname(binary)}:{os.environ['PATH']}",
                                    "QKZOO_HOME": str(FOLDER / "documents-home")}
        return subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=folder, env=environment, text=True,
                              capture_output=True)

    def test_readme(self):
        folder = FOLDER / "documents"
        shutil.copytree(MNIST5K, folder / "zoo/entries" / MNIST5K.name)
        folder /= f"zoo/entries/{MNIST5K.name}"
        compared = 0
        for block in blocks(ROOT / "README.md"):
            # A line behind `$`, and what it printed.
            for line, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, re.M):
                if not command(line):
                    continue
                with self.subTest(line):
                    run = self.run_in(folder, line)
                    self.assertEqual(run.returncode, 0, run.stderr)
                    # A new key has another fingerprint each time.
                    if printed.strip() and "key" not in line:
                        compared += 1
                        self.assertEqual(run.stdout.strip(), printed.strip())
        self.assertGreaterEqual(compared, 3)

    def test_hardware(self):
        folder = FOLDER / "hardware"
        folder.mkdir()
        shutil.copy(DIGITS / "qkformer-digits.qkz.h5", folder / "model.qkz.h5")
        np.save(folder / "x.npy", np.random.default_rng(0).random((2, 1, 8, 8), np.float32))
        lines = [line for block in blocks(ROOT / "docs/hardware.md") for line in block.splitlines() if command(line)]
        self.assertGreaterEqual(len(lines), 2)
        for line in lines:
            with self.subTest(line):
                run = self.run_in(folder, line.strip().removeprefix("$ "))
                self.assertEqual(run.returncode, 0, run.stderr)


class Names(unittest.TestCase):
    # Files that the walks of CONTRIBUTING.md would make.
    MADE = re.compile(r"/\.build/|/(Calibration|TinyFormer)(\+Names)?\.swift$")

    def test_every_path_of_the_repository_is_there(self):
        for page in PAGES:
            text = page.read_text()
            paths = re.findall(r"`((?:Sources|Tests|docs|schemas|zoo|scripts|Benchmarks|Fuzz)/[\w./+-]+)`", text)
            for path in paths:
                if not self.MADE.search(path):
                    with self.subTest(page=page.name, path=path):
                        self.assertTrue((ROOT / path.rstrip("/.")).exists())

    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
                if not re.match(r"[a-z]+:", target):
                    with self.subTest(page=page.name, link=target):
                        self.assertTrue((page.parent / target).exists())


if __name__ == "__main__":
    unittest.main()
