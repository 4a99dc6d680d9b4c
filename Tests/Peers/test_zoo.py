"""The zoo as a user meets it: names work everywhere, copies are recognised, a mirror serves what is here."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
from hashlib import md5
from pathlib import Path

from support import DIGITS, DIGITS_BATCH, FOLDER, ROOT, qkzoo, report, sha256, validator

ENTRIES = ROOT / "zoo" / "entries"
OFFICIAL = ["10-384-t4-r224", "10-512-t4-r224", "10-768-t4-r224", "10-768-t4-r288", "10-768-t4-r384"]


def entry(folder):
    return json.loads((ENTRIES / folder / "entry.json").read_text())


class Home(unittest.TestCase):
    """Each test has a cache of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qkzoo-home-")
        self.addCleanup(lambda: (subprocess.run(["chmod", "-R", "u+w", folder.name]), folder.cleanup()))
        self.home = Path(folder.name) / "home"
        self.use(self.home)

    def use(self, home):
        before = os.environ.get("QKZOO_HOME")
        os.environ["QKZOO_HOME"] = str(home)
        self.addCleanup(lambda: os.environ.pop("QKZOO_HOME", None) if before is None
                        else os.environ.update(QKZOO_HOME=before))

    def refusal(self, *arguments, code):
        run = subprocess.run([os.environ["QKZOO"], *map(str, arguments)], capture_output=True, text=True)
        self.assertEqual(run.returncode, code, run.stderr)
        return run.stderr


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    asked = []

    def log_message(self, *_):
        self.asked.append(self.path)


def serve(test, folder):
    """The address of a web server for a folder, until the test ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    server.handle_error = lambda *_: None  # a client that has seen enough hangs up
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"


@functools.cache
def stand_ins():
    """Five files that hold a digits model, each with another MD5 sum, in three containers."""
    files = [DIGITS / "checkpoint.pth", DIGITS_BATCH / "checkpoint.pth"]
    for number, (source, suffix) in enumerate([(files[0], "safetensors"), (files[1], "safetensors"), (files[0], "qkz.h5")]):
        output = FOLDER / f"stand-in-{number}.{suffix}"
        preset = FOLDER / f"stand-in-{number}.json"
        preset.write_text(json.dumps(entry("qkformer-digits")["configuration"]))
        qkzoo("convert", source, "--config", preset, "--force", "-o", output)
        files.append(output)
    return files


@functools.cache
def stand_in_zoo():
    """The five official entries with their digest table replaced by that of the stand-ins."""
    zoo = FOLDER / "stand-in-zoo"
    shutil.copytree(ROOT / "zoo" / "labels", zoo / "labels")
    digits = entry("qkformer-digits")
    for name, file in zip(OFFICIAL, stand_ins()):
        described = entry(f"qkformer-{name}.in1k")
        for member in ("configuration", "parameters", "accumulates_per_step", "labels"):
            described[member] = digits[member]
        described["files"][0]["md5"] = md5(file.read_bytes()).hexdigest()
        folder = zoo / "entries" / described["name"]
        folder.mkdir(parents=True)
        (folder / "entry.json").write_text(json.dumps(described))
    return zoo


class ObtainableEntries(Home):
    def test_pull_load_verify_convert_and_import_again(self):
        listed = [e["name"] for e in report("list")["entries"] if e["availability"] == "embedded"]
        self.assertGreaterEqual(len(listed), 2)
        for name in listed:
            with self.subTest(name):
                pulled = report("pull", name)
                self.assertEqual(validator("commands/pull").is_valid(pulled), True)
                shown = report("show", pulled["entries"][0]["path"])
                self.assertTrue(report("verify", name, "--level", "dataset")["holds"])
                out = FOLDER / f"{name}.safetensors"
                qkzoo("convert", name, "--force", "-o", out)
                back = report("convert", out, "--force", "-o", FOLDER / f"{name}.qkz.h5")
                self.assertEqual(back["model_id"], shown["model_id"])
                self.assertEqual(back["weights_id"], shown["weights_id"])

    def test_names_work_without_the_repository(self):
        run = subprocess.run([os.environ["QKZOO"], "list", "--where", "measured.top1>90 and availability=embedded",
                              "--json"], capture_output=True, text=True, cwd="/", check=True)
        self.assertGreaterEqual(len(json.loads(run.stdout)["entries"]), 2)


class OfficialDigests(Home):
    def test_the_table_is_the_published_one(self):
        sums = {name: entry(f"qkformer-{name}.in1k")["files"][0]["md5"] for name in OFFICIAL}
        self.assertEqual(len(set(sums.values())), 5)
        self.assertEqual(sums["10-384-t4-r224"], "60df416983ae326bb14bdb4566444320")

    def test_identify_and_pull_by_each(self):
        zoo = stand_in_zoo()
        for name, file in zip(OFFICIAL, stand_ins()):
            with self.subTest(name):
                full = f"qkformer-{name}.in1k"
                self.assertIn({"entry": full, "by": f"MD5 of {entry(full)['files'][0]['name']}"},
                              report("identify", file, "--index", zoo)["identified"])
                self.assertIn(f"--from FILE", self.refusal("pull", full, "--index", zoo, code=69))
                pulled = report("pull", full, "--index", zoo, "--from", file)["entries"][0]
                self.assertEqual(pulled["witness"]["accepted_by"], "MD5")
                self.assertEqual(pulled["witness"]["file"]["sha256"], sha256(file.read_bytes()))
                # From now on the name works, offline, and leads to the model with the entry's configuration.
                self.assertTrue(report("verify", full, "--index", zoo)["holds"])
                shown = report("show", pulled["path"])
                self.assertEqual(shown["model_id"], pulled["witness"]["model_id"])
                self.assertEqual(report("pull", full, "--index", zoo)["entries"][0]["how"], "already here")

    def test_a_copy_that_does_not_match_is_refused_and_not_kept(self):
        other = DIGITS_BATCH / "checkpoint.pth"
        message = self.refusal("pull", "HST-10-384", "--index", stand_in_zoo(), "--from", other, code=1)
        self.assertIn("digest: expected a copy of qkformer-10-384-t4-r224.in1k: MD5", message)
        self.assertIn(md5(other.read_bytes()).hexdigest(), message)
        self.assertFalse((self.home / "blobs").exists() and any((self.home / "blobs").iterdir()))
        # Neither is a copy that was fetched, unless it was here before, whoever has it.
        qkzoo("pull", "qkformer-digits")
        for name, stays in (("reference.safetensors", False), ("qkformer-digits.qkz.h5", True)):
            self.refusal("pull", "HST-10-384", "--from", f"{serve(self, DIGITS)}/{name}", code=1)
            content = (DIGITS / name).read_bytes()
            self.assertEqual((self.home / "blobs" / sha256(content)).exists(), stays, name)
        # The official table refuses the stand-ins as well.
        self.refusal("pull", "HST-10-384", "--from", stand_ins()[0], code=1)

    def test_a_copy_is_fetched_in_any_container(self):
        zoo, safetensors = stand_in_zoo(), stand_ins()[2]
        pulled = report("pull", "HST-10-768", "--index", zoo, "--from", f"{serve(self, FOLDER)}/{safetensors.name}")
        self.assertEqual(pulled["entries"][0]["witness"]["accepted_by"], "MD5")

    def test_a_witness_recognises_later_copies_in_any_container(self):
        zoo, (first, _, same, *_) = stand_in_zoo(), stand_ins()
        self.assertEqual(report("identify", same, "--index", zoo)["identified"],
                         [{"entry": "qkformer-10-768-t4-r224.in1k",
                           "by": f"MD5 of {entry('qkformer-10-768-t4-r224.in1k')['files'][0]['name']}"}])
        report("pull", "HST-10-384", "--index", zoo, "--from", first)
        found = report("identify", same, "--index", zoo)["identified"]
        self.assertIn({"entry": "qkformer-10-384-t4-r224.in1k", "by": "weights-id of a copy accepted by MD5"}, found)

    def test_a_witness_is_a_record_to_add(self):
        witness = json.loads(qkzoo("identify", stand_ins()[0], "--index", stand_in_zoo(), "--witness"))
        self.assertEqual([e.message for e in validator("witness").iter_errors(witness)], [])
        self.assertEqual(witness["entry"], "qkformer-10-384-t4-r224.in1k")
        self.assertEqual(witness["weights_id"], report("identify", stand_ins()[0])["weights_id"])
        self.refusal("identify", stand_ins()[0], "--witness", "--index", self.empty_zoo(), code=1)

    def empty_zoo(self):
        zoo = Path(self.home).parent / "empty"
        (zoo / "entries").mkdir(parents=True)
        return zoo


class OtherIndexes(Home):
    """What is kept for an entry of one index counts for the same name in another only where that would take it, too."""

    NAME = "qkformer-10-384-t4-r224.in1k"

    def foreign_zoo(self, **changes):
        """An index with an official name and a model of its own."""
        described, digits = entry(self.NAME), entry("qkformer-digits")
        for member in ("configuration", "parameters", "accumulates_per_step", "labels"):
            described[member] = digits[member]
        described["files"] = [{"role": "upstream", "name": "checkpoint.pth",
                               "sha256": sha256((DIGITS / "checkpoint.pth").read_bytes())}]
        described.update(changes)
        folder = Path(tempfile.mkdtemp(dir=self.home.parent)) / "zoo" / "entries" / self.NAME
        folder.mkdir(parents=True)
        (folder / "entry.json").write_text(json.dumps(described))
        return folder.parent.parent

    def pull(self, zoo):
        return report("pull", self.NAME, "--index", zoo, "--from", DIGITS / "checkpoint.pth")["entries"][0]

    def test_a_foreign_index_cannot_say_what_an_entry_is(self):
        zoo = self.foreign_zoo()
        path = self.pull(zoo)["path"]
        self.assertTrue(report("verify", self.NAME, "--index", zoo)["holds"])
        self.assertIn("bring", self.refusal("verify", self.NAME, code=69) + qkzoo("show", self.NAME))
        self.refusal("pull", self.NAME, code=69)
        self.assertNotIn(self.NAME, [found["entry"] for found in report("identify", path)["identified"]])

    def test_another_digest_or_configuration_is_another_copy(self):
        self.pull(self.foreign_zoo())
        other = entry("qkformer-digits")["configuration"] | {"time_steps": 2}
        files = [{"role": "upstream", "name": "checkpoint.pth", "sha256": "0" * 64}]
        for changes in ({"configuration": other}, {"files": files}, {"weights_id": "0" * 64}, {"model_id": "0" * 64}):
            with self.subTest(changes):
                self.refusal("verify", self.NAME, "--index", self.foreign_zoo(**changes), code=69)
        self.assertTrue(report("verify", self.NAME, "--index", self.foreign_zoo(title="Another title"))["holds"])

    def test_a_later_copy_rests_on_the_first(self):
        zoo = stand_in_zoo()
        report("pull", "HST-10-384", "--index", zoo, "--from", stand_ins()[0])
        before = len(list((self.home / "blobs").iterdir()))
        again = report("pull", "HST-10-384", "--index", zoo, "--from", stand_ins()[2])["entries"][0]
        self.assertEqual(again["witness"]["accepted_by"], "MD5")
        self.assertTrue(report("verify", "HST-10-384", "--index", zoo)["holds"])
        # The first copy's checkpoint has no use any more.
        self.assertEqual(len(list((self.home / "blobs").iterdir())), before)

    def test_what_is_used_as_it_is_must_be_listed_by_size_and_digest(self):
        for change in ({"size": None}, {"sha256": None}, {"size": 0}, {"size": -1}):
            described = entry("qkformer-digits")
            described["files"][0].update(change)
            described["files"][0] = {k: v for k, v in described["files"][0].items() if v is not None}
            folder = Path(tempfile.mkdtemp(dir=self.home.parent)) / "zoo" / "entries" / described["name"]
            folder.mkdir(parents=True)
            (folder / "entry.json").write_text(json.dumps(described))
            self.assertIn("zoo-entry", self.refusal("list", "--index", folder.parent.parent, code=65))


class DamagedBlobs(Home):
    def damage(self, name, size=None):
        path = next(self.home.joinpath("blobs").glob(name + "*"))
        content = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if size is None else content[:size])
        return path, content

    def test_the_next_pull_replaces_them(self):
        files = {file["role"]: file["sha256"] for file in entry("qkformer-digits")["files"]}
        report("pull", "qkformer-digits")
        for role in ("checkpoint", "test-data"):
            for size in (None, 0, 100):
                path, content = self.damage(files[role], size)
                report("pull", "qkformer-digits")
                self.assertEqual(path.read_bytes(), content)
        # So are those that come from an address.
        tree = self.home.parent / "tree"
        report("mirror", "qkformer-digits", "-o", tree)
        index = json.loads((tree / "index.json").read_text())
        self.use(self.home.parent / "home2")
        self.home = self.home.parent / "home2"
        report("pull", "qkformer-digits", "--index", tree)
        path, content = self.damage(files["checkpoint"])
        report("pull", "qkformer-digits", "--index", tree)
        self.assertEqual(path.read_bytes(), content)

    def test_a_refused_copy_takes_nothing_with_it(self):
        report("pull", "qkformer-digits")
        address = f"{serve(self, DIGITS)}/qkformer-digits.qkz.h5"
        message = self.refusal("pull", "HST-10-384", "--from", address, code=1)
        self.assertIn(address, message)
        self.assertTrue(report("verify", "qkformer-digits")["holds"])


class UnprovenCopies(Home):
    def zoo(self, address):
        described = entry("ms-qkformer-10-384-t4-r224.in1k")
        digits = entry("qkformer-digits")
        for member in ("configuration", "parameters", "accumulates_per_step", "labels"):
            described[member] = digits[member]
        described["sources"][0]["address"] = address
        folder = self.home.parent / "zoo" / "entries" / described["name"]
        folder.mkdir(parents=True)
        (folder / "entry.json").write_text(json.dumps(described))
        return self.home.parent / "zoo"

    def test_nothing_is_taken_on_trust_unless_asked(self):
        zoo = self.zoo((DIGITS / "checkpoint.pth").as_uri())
        name = "ms_qk_10-384_T4"
        self.assertIn("--trust-first-use", self.refusal("pull", name, "--index", zoo, code=77))
        pulled = report("pull", name, "--index", zoo, "--trust-first-use")["entries"][0]
        self.assertEqual(pulled["witness"]["accepted_by"], "first use")
        # The first copy is remembered: another is refused from now on.
        self.refusal("pull", name, "--index", zoo, "--trust-first-use", "--from", DIGITS_BATCH / "checkpoint.pth", code=1)

    def test_a_dead_address_is_named(self):
        zoo = self.zoo("http://127.0.0.1:9/nothing.pth.tar")
        self.assertIn("127.0.0.1:9", self.refusal("pull", "ms_qk_10-384_T4", "--index", zoo, "--trust-first-use", code=69))


class Caches(Home):
    def test_records_of_any_size_are_listed(self):
        for folder in ("blobs", "records"):
            (self.home / folder).mkdir(parents=True)
        for number in range(1100):
            name = sha256(str(number).encode())
            (self.home / "blobs" / name).write_bytes(b"x")
            (self.home / "records" / f"{name}.json").write_text(json.dumps({
                "schema": "qkzoo.blob/1", "name": "x", "source": "x", "size": 2 ** 53 - 1, "sha256": name, "md5": None,
                "verified": 0, "modified": 0, "nanoseconds": 0}))
        self.assertEqual(len(report("cache", "ls")["blobs"]), 1100)

    def test_what_is_named_twice_counts_once(self):
        report("pull", "qkformer-digits")
        digits = report("cache", "ls")["blobs"][0]["sha256"][:8]
        once, twice = (report("cache", "prune", *[digits] * count, "--dry-run") for count in (1, 2))
        self.assertEqual(once, twice)


class Mirrors(Home):
    def test_a_mirror_serves_what_is_here(self):
        tree = self.home.parent / "tree"
        written = report("mirror", "-o", tree)
        self.assertEqual([e.message for e in validator("commands/mirror").iter_errors(written)], [])
        index = json.loads((tree / "index.json").read_text())
        self.assertEqual([e.message for e in validator("index").iter_errors(index)], [])
        for blob in (tree / "blobs").iterdir():
            self.assertEqual(sha256(blob.read_bytes()), blob.name)
        for number, place in enumerate([tree, serve(self, tree)]):
            with self.subTest(place):
                self.use(self.home.parent / f"home{number}")
                self.assertEqual(len(report("list", "--all", "--index", place)["entries"]), len(index["entries"]))
                pulled = report("pull", "qkformer-digits", "--index", place)["entries"][0]
                self.assertTrue(pulled["how"].startswith("fetched from"))
                QuietHandler.asked.clear()
                self.assertTrue(report("verify", "qkformer-digits", "--level", "dataset", "--index", place)["holds"])
                # One command reads its zoo once.
                asked = [path for path in QuietHandler.asked if not path.endswith(".sig")]
                self.assertEqual(asked, [] if place == tree else ["/index.json"])

    def test_a_folder_of_something_else_is_no_mirror(self):
        for name, content in (("index.json", '{"my": "site"}'), ("entries/note", "mine")):
            tree = Path(tempfile.mkdtemp(dir=self.home.parent))
            (tree / name).parent.mkdir(exist_ok=True)
            (tree / name).write_text(content)
            self.assertIn("exists", self.refusal("mirror", "qkformer-digits", "-o", tree, code=77))
            self.assertEqual((tree / name).read_text(), content)
            self.assertEqual(len(list(tree.iterdir())), 1)
        tree, link = self.home.parent / "mine", self.home.parent / "link"
        for _ in range(2):
            report("mirror", "-o", tree)
        link.symlink_to(tree)
        before = (tree / "index.json").read_bytes()
        for place, output in ((tree, tree), (tree, link), (link, tree), (tree, f"{tree}/blobs/.."),
                              (tree.as_uri(), tree)):
            self.assertIn("already-exists", self.refusal(
                "mirror", "qkformer-digits", "--index", place, "-o", output, code=77))
            self.assertEqual((tree / "index.json").read_bytes(), before)

    def test_links_are_asked(self):
        described = entry("ms-qkformer-10-384-t4-r224.in1k")
        file = described["files"][0]["name"]
        there = serve(self, DIGITS) + "/"
        places = {there + "checkpoint.pth": True, there + "nothing": False, "http://127.0.0.1:9/x": False,
                  (DIGITS / "checkpoint.pth").as_uri(): True, "http://example.org/insecure": False}
        described["sources"] = [{"kind": "test", "address": place, "file": file, "state": "not checked",
                                 "as_of": "2026-01-01"} for place in places]
        folder = self.home.parent / "zoo" / "entries" / described["name"]
        folder.mkdir(parents=True)
        (folder / "entry.json").write_text(json.dumps(described))
        value = report("list", "--check-links", "--index", self.home.parent / "zoo")
        self.assertEqual([e.message for e in validator("commands/list").iter_errors(value)], [])
        self.assertEqual({link["address"]: link["live"] for link in value["links"]}, places)
        text = qkzoo("list", "--check-links", "--index", self.home.parent / "zoo")
        self.assertEqual(text.count("live  "), 2)
        for place in places:
            self.assertIn(place, text)

    def test_a_mirror_passes_on_what_was_accepted(self):
        report("pull", "HST-10-384", "--index", stand_in_zoo(), "--from", stand_ins()[0])
        tree = self.home.parent / "tree"
        report("mirror", "HST-10-384", "-o", tree, "--index", stand_in_zoo())
        self.use(self.home.parent / "elsewhere")
        pulled = report("pull", "HST-10-384", "--index", tree)["entries"][0]
        self.assertTrue(report("verify", "HST-10-384", "--index", tree)["holds"])
        self.assertEqual(sha256(Path(pulled["path"]).read_bytes()), Path(pulled["path"]).name)

    def test_a_forged_blob_is_refused(self):
        tree = self.home.parent / "tree"
        report("mirror", "-o", tree)
        digest = next(f["sha256"] for f in entry("qkformer-digits")["files"] if f["role"] == "checkpoint")
        (tree / "blobs" / digest).chmod(0o644)
        (tree / "blobs" / digest).write_bytes((tree / "blobs" / digest).read_bytes()[:-1] + b"x")
        self.use(self.home.parent / "elsewhere")
        self.refusal("pull", "qkformer-digits", "--index", tree, code=1)
        blobs = self.home.parent / "elsewhere" / "blobs"
        self.assertNotIn(digest, [b.name for b in blobs.iterdir()] if blobs.exists() else [])


class Entries(Home):
    def test_check_finds_nothing_in_ours(self):
        value = report("entry", "check", *sorted(ENTRIES.glob("*/entry.json")))
        self.assertEqual([e.message for e in validator("commands/entry-check").iter_errors(value)], [])
        self.assertTrue(value["holds"])

    def test_check_names_each_fault(self):
        good = entry("qkformer-digits")
        faults = {
            "misspelt": lambda e: e.update(misspelt=1),
            "name": lambda e: e.update(name="qkformer-4-64-t4-r9.digits"),
            "labels": lambda e: e.update(labels="cifar100"),
            "figures[0]": lambda e: e["figures"][0].pop("convention"),
            "sources[0]": lambda e: e["sources"][0].update(as_of="yesterday"),
            "files checkpoint.pth": lambda e: e["files"][1].update(sha256="0" * 64),
        }
        for place, fault in faults.items():
            with self.subTest(place):
                folder = self.home.parent / place.replace(" ", "-")
                folder.mkdir()
                shutil.copy(DIGITS / "checkpoint.pth", folder)
                wrong = json.loads(json.dumps(good))
                fault(wrong)
                (folder / "entry.json").write_text(json.dumps(wrong))
                value = report("entry", "check", folder / "entry.json", code=1)
                self.assertEqual([f["place"] for f in value["findings"]], [f"{folder}/entry.json {place}"])

    def test_new_writes_an_entry_that_the_schema_accepts(self):
        for number, source in enumerate([("--model", DIGITS / "qkformer-digits.qkz.h5"), ("--preset", "HST-10-384"),
                                           ("--preset", "qkformer-digits")]):
            path = self.home.parent / f"{number}.json"
            value = report("entry", "new", *source, "--dataset", "digits", "--force", "-o", path)
            self.assertEqual([e.message for e in validator("commands/entry-new").iter_errors(value)], [])
            self.assertEqual([e.message for e in validator("entry").iter_errors(json.loads(path.read_text()))], [])
            self.refusal("entry", "new", *source, "--dataset", "digits", "-o", path, code=77)

    def test_new_writes_no_entry_that_cannot_be_read(self):
        path = self.home.parent / "none.json"
        for options in (["--dataset", "my data"], ["--dataset", "Digits"], ["--dataset", "digits", "--suffix", "a/b"]):
            errors = self.refusal("entry", "new", "--preset", "HST-10-384", *options, "--force", "-o", path, code=65)
            self.assertIn("zoo-entry", errors)
            self.assertFalse(path.exists())


if __name__ == "__main__":
    unittest.main()
