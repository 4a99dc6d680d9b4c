"""Transfers from servers that misbehave: each rule once, then 200 seeded mixtures of everything."""

import concurrent.futures
import hashlib
import os
import random
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from fault_server import STATUSES, FaultServer, Resource
from transfer_support import (ENDS, TransferCase, command, kill, random_bytes, remains, run, start)

MIB = 1 << 20
NOWHERE = "http://127.0.0.1:1/nothing"


def plan(*faults):
    """The faults of the first requests."""
    return lambda number: faults[number] if number < len(faults) else None


def always(name, value=None):
    return lambda number: (name, value)


class Transfers(TransferCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qkzoo-transfer-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.cache = self.folder / "cache"
        self.server = self.enterContext(FaultServer())
        self.content = random_bytes(1, 5 * MIB + 123)

    def serve(self, path="/file", server=None, **options):
        self.resource = Resource(options.pop("content", self.content), **options)
        return (server or self.server).add(path, self.resource)

    def fetch(self, *sources, wanted=None, **options):
        names = ("file_limit", "timeout", "http_proxy")
        process = {key: options.pop(key) for key in list(options) if key in names or key.isupper()}
        arguments = command(self.cache, sources, content=self.content if wanted is None else wanted, **options)
        return run(arguments, **process)

    def good(self, *sources, **options):
        code, output = self.fetch(*sources, **options)
        self.assert_fetched(self.cache, code, output, self.content)

    def bad(self, *sources, code, name, **options):
        found, output = self.fetch(*sources, **options)
        self.assert_failed(self.cache, found, output, code)
        self.assertIn(f": {name}: ", output)
        return output

    def kill_midway(self, address, **options):
        """Starts a transfer, waits until a part of the file has been sent, and kills the client."""
        before = self.resource.sent
        process = start(command(self.cache, [address], content=self.content, **options))
        deadline = time.monotonic() + 20
        while self.resource.sent - before < len(self.content) // 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        kill(process)
        self.assertTrue(remains(self.cache))

    # --- whole files

    def test_by_either_digest_or_none(self):
        self.good(self.serve())
        shutil.rmtree(self.cache)
        self.good(self.serve(), sha256=False, md5=True)
        shutil.rmtree(self.cache)
        self.good(self.serve(), sha256=False, size=False)

    def test_sizes_at_the_edges(self):
        for size in (0, 1, 4 * MIB, 4 * MIB + 1):
            with self.subTest(size=size):
                self.content = random_bytes(size, size)
                self.good(self.serve())

    def test_without_validators_lengths_or_ranges(self):
        for options in ({"etag": None}, {"etag": 'W/"1"', "modified": None}, {"etag": None, "modified": None},
                        {"ranges": False}, {"length": False}, {"length": False, "ranges": False}):
            with self.subTest(**options):
                shutil.rmtree(self.cache, ignore_errors=True)
                self.good(self.serve(**options), size=options.get("length", True))
                shutil.rmtree(self.cache)
                self.good(self.serve(**options, faults=plan(("cut", 2 * MIB))))

    def test_jobs(self):
        self.good(self.serve(), jobs=1)
        self.assertEqual(len(self.resource.requests), 1)
        shutil.rmtree(self.cache)
        self.content = random_bytes(2, 16 * MIB)
        self.good(self.serve(rate=8 * MIB), jobs=4)
        self.assertGreaterEqual(len(self.resource.requests), 4)
        for request in self.resource.requests[1:]:
            self.assertEqual(request["If-Range"], '"1"')
        self.assertEqual({r["Accept-Encoding"] for r in self.resource.requests}, {"identity"})
        # A connection ends where another took over, give or take what was on its way.
        self.assertLess(self.resource.sent, 1.6 * len(self.content))

    # --- going on

    def test_a_killed_transfer_goes_on(self):
        address = self.serve(rate=4 * MIB)
        self.kill_midway(address, jobs=1)
        self.resource.rate = None
        sent, asked = self.resource.sent, len(self.resource.requests)
        self.good(address, jobs=1)
        request = self.resource.requests[asked]
        self.assertGreater(int(request["Range"].removeprefix("bytes=").split("-")[0]), MIB)
        self.assertEqual(request["If-Range"], '"1"')
        self.assertLess(self.resource.sent - sent, 0.75 * len(self.content))

    def test_a_killed_parallel_transfer_goes_on(self):
        self.content = random_bytes(3, 12 * MIB)
        address = self.serve(rate=4 * MIB)
        self.kill_midway(address, jobs=3)
        self.resource.rate = None
        sent = self.resource.sent
        self.good(address, jobs=3)
        self.assertLess(self.resource.sent - sent, 0.85 * len(self.content))

    def test_a_killed_transfer_goes_on_from_another_source(self):
        self.kill_midway(self.serve(rate=4 * MIB), jobs=1)
        other = self.serve("/other", etag='"other"')
        self.good(NOWHERE, other, jobs=1)
        self.assertLess(self.resource.sent, 0.75 * len(self.content))

    def test_the_beginning_may_be_damaged_meanwhile(self):
        self.kill_midway(self.serve(rate=4 * MIB), jobs=1)
        self.resource.rate = None
        part = next((self.cache / "incoming").glob("*.part"))
        data = bytearray(part.read_bytes())
        data[1000] ^= 1
        part.write_bytes(data)
        self.good(self.server.address("/file"), jobs=1)

    def test_the_file_may_be_another_one_meanwhile(self):
        self.kill_midway(self.serve(rate=4 * MIB), jobs=1)
        new = random_bytes(9, 5 * MIB)
        self.resource.content, self.resource.etag, self.resource.rate = new, '"2"', None
        self.bad(self.server.address("/file"), code=65, name="size")
        self.bad(self.server.address("/file"), code=1, name="digest", size=False)
        code, output = self.fetch(self.server.address("/file"), sha256=False, size=False)
        self.assertEqual(code, 0, output)
        self.assertEqual(Path(output.splitlines()[-1]).read_bytes(), new)

    def test_without_any_digest_versions_are_not_mixed(self):
        new = random_bytes(9, len(self.content))
        for etag, modified in (('"2"', "Tue, 02 Jan 2024 00:00:00 GMT"), (None, None)):
            with self.subTest(etag=etag):
                shutil.rmtree(self.cache, ignore_errors=True)
                old = ('"1"', "Mon, 01 Jan 2024 00:00:00 GMT") if etag else (None, None)
                address = self.serve(etag=old[0], modified=old[1], faults=plan(
                    ("cut", 3 * MIB), ("change", (new, etag, modified))))
                code, output = self.fetch(address, sha256=False, size=False)
                self.assertEqual(code, 0, output)
                self.assertEqual(Path(output.splitlines()[-1]).read_bytes(), new)

    def test_an_interrupted_transfer_says_so_and_goes_on(self):
        address = self.serve(rate=2 * MIB)
        process = start(command(self.cache, [address], content=self.content, jobs=1))
        while self.resource.sent < MIB:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)
        self.assert_failed(self.cache, process.returncode, output, 75)
        self.resource.rate, sent = None, self.resource.sent
        self.good(address, jobs=1)
        self.assertLess(self.resource.sent - sent, len(self.content) - MIB // 2)

    def test_a_source_that_ignores_ranges(self):
        self.good(self.serve(ranges=False, faults=plan(("cut", 2 * MIB))))
        self.bad(self.serve("/always", ranges=False, faults=always("cut", MIB)), code=69, name="source-cut",
                 wanted=random_bytes(5, len(self.content)))

    # --- answers that make no sense

    def test_answers_to_ranges(self):
        for name, value in (("wrong_range", 7), ("wrong_total", 7), ("no_range", 0), ("whole", 0), ("short", 99),
                            ("shifted", 5), ("unsatisfied", 5), ("nonsense", 0)):
            with self.subTest(name=name):
                shutil.rmtree(self.cache, ignore_errors=True)
                self.good(self.serve(faults=plan(("cut", 2 * MIB), (name, value))))

    def test_answers_that_stay_wrong(self):
        for name, value, code, failure in (
                ("encoded", 0, 69, "http-response"), ("truncated", 0, 65, "size"), ("flipped", 77, 1, "digest"),
                ("hangup", 0, 69, "source-unreachable"), ("silent", 3, 69, "source-stalled"),
                ("stall", 1000, 69, "source-stalled"), ("cut", 1000, 69, "source-cut"),
                ("status", (404, None), 69, "http-status"), ("status", (503, 0), 69, "http-status"),
                ("redirect", "/file", 69, "http-response"), ("redirect", "file:///etc/passwd", 69, "http-response"),
                ("redirect", "http://192.0.2.1/file", 77, "insecure-address")):
            with self.subTest(name=name, value=value):
                shutil.rmtree(self.cache, ignore_errors=True)
                self.bad(self.serve(faults=always(name, value)), code=code, name=failure, retries=2)
                if name not in ("stall", "cut"):
                    self.assertEqual(remains(self.cache), [])

    def test_more_than_is_wanted(self):
        self.bad(self.serve(content=self.content + b"x"), code=65, name="size")
        self.bad(self.serve(content=self.content + b"x", length=False), code=65, name="size")

    # --- patience

    def test_retry_after(self):
        begun = time.monotonic()
        self.good(self.serve(faults=plan(("status", (429, 1)))))
        self.assertGreater(time.monotonic() - begun, 1)
        shutil.rmtree(self.cache)
        begun = time.monotonic()
        self.bad(self.serve(faults=always("status", (503, 3600))), code=69, name="http-status")
        self.assertLess(time.monotonic() - begun, 5)

    def test_a_stall_is_noticed(self):
        self.good(self.serve(faults=plan(("stall", 100_000), ("silent", 3))), jobs=1)
        self.assertEqual(len(self.resource.requests), 3)

    # --- who is asked, and what they are told

    def test_sources_in_order(self):
        wrong = self.serve("/wrong", content=random_bytes(4, len(self.content)))
        gone = self.serve("/gone", faults=always("status", (410, None)))
        self.good(NOWHERE, gone, wrong, self.serve())
        output = self.bad(NOWHERE, gone, wrong, code=1, name="digest", wanted=self.content[:-1] + b"?")
        for part in ("source-unreachable", "410", "SHA-256"):
            self.assertIn(part, output)

    def test_redirections(self):
        """As Hugging Face and GitHub do it: relative, then to another host with a signature that expires."""
        with FaultServer() as other:
            signed = self.serve("/signed", other, faults=plan(None, ("status", (403, None))))
            signed_resource = self.resource
            self.server.add("/moved", Resource(b"", faults=always("redirect", signed + "?signature=secret")))
            address = self.server.add("/resolve", Resource(b"", faults=always("redirect", "/moved")))
            self.good(address, jobs=1, header="Authorization: Bearer told-to-one")
            first = self.server.resources["/resolve"].requests[0]
            self.assertEqual(first["Authorization"], "Bearer told-to-one")
            self.assertNotIn("Authorization", signed_resource.requests[0])
            shutil.rmtree(self.cache)
            self.good(address, jobs=1)  # the second answer of /signed is 403: the redirection is asked anew
            signed_resource.faults = always("status", (403, None))
            output = self.bad(address, code=69, name="http-status", wanted=self.content + b"x", retries=1)
            self.assertNotIn("secret", output)

    def test_networks_in_clear_text_are_refused(self):
        self.bad("http://192.0.2.1/file", code=77, name="insecure-address")
        self.bad("ftp://192.0.2.1/file", code=64, name="bad-address")

    def test_offline(self):
        self.bad(self.serve(), code=69, name="offline", QKZOO_OFFLINE="1")
        self.good(self.serve())
        self.good(self.serve(), QKZOO_OFFLINE="1")
        self.assertEqual(self.resource.requests, [])

    def test_without_libcurl(self):
        self.bad(self.serve(), code=69, name="libcurl-missing", QKZOO_LIBCURL="libcurl-of-nowhere.so")

    def test_proxies(self):
        """A proxy is asked, but never for what must not leave this machine."""
        proxy = self.server.address("")
        self.server.add("http://example.invalid/file", Resource(self.content))
        self.good("http://example.invalid/file", insecure=True, http_proxy=proxy)
        self.assertEqual(len(self.server.resources["http://example.invalid/file"].requests) > 0, True)
        shutil.rmtree(self.cache)
        self.good(self.serve(), http_proxy="http://127.0.0.1:1")

    def test_certificates(self):
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with FaultServer() as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            address = self.serve(server=server).replace("http://127.0.0.1", "https://localhost")
            self.bad(address, code=69, name="source-unreachable")
            self.good(address, CURL_CA_BUNDLE=str(certificate))
            other = address.replace("localhost", "127.0.0.1")
            self.bad(other, code=69, name="source-unreachable", wanted=b"x", CURL_CA_BUNDLE=str(certificate))

    # --- room

    def test_a_file_that_may_not_grow(self):
        self.bad(self.serve(), code=74, name="no-space", file_limit=MIB)
        self.good(self.serve())

    @unittest.skipUnless(os.geteuid() == 0, "only root may mount")
    def test_a_full_disk(self):
        for size, name in (("1m", "no-space"), ("8m", None)):
            with self.subTest(size=size):
                self.cache.mkdir(exist_ok=True)
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", self.cache], check=True)
                try:
                    if name:
                        output = self.bad(self.serve(), code=74, name=name)
                        self.assertIn(f"expected {len(self.content)} bytes free", output)
                        # Without a length the end comes while writing.
                        self.bad(self.serve(length=False), code=74, name=name, size=False)
                    else:
                        self.good(self.serve())
                finally:
                    subprocess.run(["umount", self.cache], check=True)

    # --- several clients

    def test_two_clients_at_once(self):
        address = self.serve(rate=8 * MIB)
        clients = [start(command(self.cache, [address], content=self.content)) for _ in range(2)]
        for client in clients:
            output, _ = client.communicate(timeout=30)
            self.assertEqual(client.returncode, 0, output)
        self.assert_sound(self.cache)
        self.assertEqual(remains(self.cache), [])

    def test_two_clients_go_on_after_one_was_killed(self):
        self.kill_midway(self.serve(rate=4 * MIB), jobs=1)
        self.test_two_clients_at_once()

    def test_a_running_transfer_is_not_taken_over(self):
        address = self.serve(rate=2 * MIB)
        first = start(command(self.cache, [address], content=self.content, jobs=1))
        while self.resource.sent < MIB:
            time.sleep(0.01)
        parts = [name for name in remains(self.cache) if name.endswith(".part")]
        second = start(command(self.cache, [address], content=self.content, jobs=1))
        time.sleep(0.3)
        self.assertTrue(set(parts) <= set(remains(self.cache)))
        for client in (first, second):
            output, _ = client.communicate(timeout=30)
            self.assertEqual(client.returncode, 0, output)
        self.assert_sound(self.cache)


class Scenario:
    """A mixture of sources, faults and accidents that follows from its seed."""

    PASSING = ("cut", "reset", "stall", "status", "short", "hangup")
    STRANGE = ("wrong_range", "wrong_total", "no_range", "whole", "shifted", "flipped", "encoded", "nonsense",
               "unsatisfied", "truncated", "silent")

    def __init__(self, seed):
        self.random = rng = random.Random(seed)
        self.size = rng.choice((0, 1, 777, 70_000, MIB, 5 * MIB, 9 * MIB))
        self.content = random_bytes(seed, self.size)
        self.versions = {self.content}
        self.digest = rng.choice(("sha256", "sha256", "md5", "both", "none"))
        self.accident = rng.choice(("none", "none", "none", "kill", "kill", "stop", "two", "two", "room"))
        self.resources = [self.resource() for _ in range(rng.choice((1, 1, 2, 3)))]
        # One source of the right file with few passing faults is enough.
        self.must_work = self.digest != "none" and self.accident in ("none", "two") and any(
            good for _, good in self.resources)

    def fault(self, names):
        rng = self.random
        name = rng.choice(names)
        value = rng.randrange(1, max(2, self.size))
        if name == "status":
            value = (rng.choice(STATUSES), rng.choice((None, 0, 0)))
        if name == "silent":
            value = 2
        if name in ("short", "shifted", "wrong_range", "wrong_total"):
            value = rng.randrange(1, 5000)
        return name, value

    def resource(self):
        rng = self.random
        kind = rng.choice(("passing", "passing", "strange", "wrong", "gone", "always", "changing"))
        content = self.content
        if kind == "wrong":
            content = rng.choice((self.content[:-1], self.content + b"x", random_bytes(rng.random(), self.size)))
        if self.digest == "none":
            self.versions.add(content)
        # What no digest can tell is not done where there is none.
        strange = [n for n in self.STRANGE if self.digest != "none" or n not in ("flipped", "shifted", "truncated")]
        faults = [self.fault(self.PASSING if kind == "passing" else strange) for _ in range(rng.randrange(4))]
        if sum(name in ("hangup", "reset") for name, _ in faults) > 1:
            faults = faults[:1]
        if kind == "changing":
            new = random_bytes(rng.random(), rng.choice((self.size, self.size + 5)))
            self.versions.add(new)
            faults = [("cut", self.size // 2), ("change", (new, '"2"', "Tue, 02 Jan 2024 00:00:00 GMT"))]
        policy = plan(*faults)
        if kind in ("gone", "always"):
            name, value = self.fault(("status",) if kind == "gone" else self.PASSING + tuple(strange))
            policy = always(name, min(value, 1000) if name == "stall" else value)
        resource = Resource(
            content, etag=rng.choice(('"1"', '"1"', 'W/"1"', None)), ranges=rng.random() < 0.8,
            length=rng.random() < 0.85, faults=policy, rate=rng.choice((None, None, 4 * MIB, 16 * MIB)),
            modified=rng.choice(("Mon, 01 Jan 2024 00:00:00 GMT", None)))
        if self.digest == "none" and kind == "changing" and not (resource.etag == '"1"' and resource.modified):
            resource.etag = '"1"'
        return resource, kind == "passing"


class SeededScenarios(TransferCase):
    COUNT = 200

    def test_all_end_with_the_right_bytes_or_a_clear_error(self):
        count = int(os.environ.get("QKZOO_SCENARIOS", self.COUNT))
        ends = {}
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for seed, end in zip(range(count), pool.map(self.play, range(count))):
                with self.subTest(seed=seed):
                    if isinstance(end, Exception):
                        raise end
                    ends[end] = ends.get(end, 0) + 1
        # The mixture must hold both.
        self.assertGreater(ends.get(0, 0), count // 3, ends)
        self.assertGreater(sum(ends.values()) - ends.get(0, 0), count // 10, ends)

    def play(self, seed):
        try:
            with tempfile.TemporaryDirectory(prefix="qkzoo-scenario-") as folder, FaultServer(stall=1) as server:
                return self.play_in(Path(folder) / "cache", server, Scenario(seed))
        except Exception as error:  # handed to the main thread
            return error

    def play_in(self, cache, server, scenario):
        rng = scenario.random
        sources = [server.add(f"/{n}", resource) for n, (resource, _) in enumerate(scenario.resources)]
        arguments = command(
            cache, sources, content=None if scenario.digest == "none" else scenario.content,
            sha256=scenario.digest in ("sha256", "both"), md5=scenario.digest in ("md5", "both"),
            size=rng.random() < 0.7, jobs=rng.choice((1, 2, 4)), retries=5, patience=300)
        if scenario.accident in ("kill", "stop"):
            for _ in range(rng.randrange(1, 4)):
                process = start(arguments)
                time.sleep(rng.uniform(0.01, 0.5))
                process.send_signal(signal.SIGKILL if scenario.accident == "kill" else signal.SIGINT)
                output, _ = process.communicate(timeout=30)
                self.assertIn(process.returncode, ENDS | {0, -signal.SIGKILL, -signal.SIGINT}, output)
                self.assert_sound(cache)
        limit = rng.randrange(1, max(2, scenario.size)) if scenario.accident == "room" else None
        clients = [start(arguments, file_limit=limit) for _ in range(2 if scenario.accident == "two" else 1)]
        codes = []
        for client in clients:
            output, _ = client.communicate(timeout=60)
            codes.append(client.returncode)
            if client.returncode == 0:
                path = Path(output.splitlines()[-1])
                allowed = {scenario.content} if scenario.digest != "none" else scenario.versions
                self.assertIn(hashlib.sha256(path.read_bytes()).digest(),
                              {hashlib.sha256(version).digest() for version in allowed})
                self.assert_sound(cache)
            else:
                self.assertFalse(scenario.must_work, f"{client.returncode}: {output}")
                self.assert_failed(cache, client.returncode, output)
        return max(codes)


if __name__ == "__main__":
    unittest.main()
