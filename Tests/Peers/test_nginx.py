"""Transfers from a real web server."""

import os
import tempfile
import time
import unittest
from pathlib import Path

from nginx import nginx
from transfer_support import TransferCase, command, kill, random_bytes, remains, run, start

MIB = 1 << 20


class Nginx(TransferCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qkzoo-nginx-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.folder.chmod(0o755)
        self.root = self.enterContext(nginx(self.folder))
        self.cache = self.folder / "cache"
        self.content = random_bytes(1, 12 * MIB + 1)
        self.file = self.folder / "www" / "file"
        self.file.write_bytes(self.content)

    def good(self, path, **options):
        code, output = run(command(self.cache, [self.root + path], content=self.content, **options))
        self.assert_fetched(self.cache, code, output, self.content)

    def log(self):
        return (self.folder / "access").read_text().splitlines()

    def killed(self, **options):
        client = start(command(self.cache, [self.root + "/slow/file"], content=self.content, **options))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            parts = list((self.cache / "incoming").glob("*.part")) if self.cache.exists() else []
            if parts and parts[0].stat().st_blocks * 512 > 5 * MIB:
                break
            time.sleep(0.02)
        kill(client)
        self.assertTrue(remains(self.cache))

    def test_whole_and_in_parts(self):
        self.good("/file", jobs=1)
        (self.file.parent / "empty").touch()
        self.content = b""
        self.good("/empty", size=False)

    def test_in_parts(self):
        self.good("/slow/file", jobs=4, share=500)
        self.assertGreaterEqual(sum(line.startswith('206 "bytes=') for line in self.log()), 2, self.log())

    def test_a_killed_transfer_goes_on(self):
        for jobs in (1, 3):
            with self.subTest(jobs=jobs):
                self.killed(jobs=jobs)
                self.good("/slow/file", jobs=jobs)
                for blob in (self.cache / "blobs").iterdir():
                    blob.unlink()
        sent = [int(line.split()[-1]) for line in self.log()]
        self.assertLess(sum(sent), 4 * len(self.content))
        self.assertTrue(any(line.startswith('206 "bytes=') for line in self.log()))

    def test_a_changed_file_is_noticed(self):
        self.killed(jobs=1)
        new = random_bytes(2, len(self.content))
        self.file.write_bytes(new)
        os.utime(self.file, (1, 1))
        code, output = run(command(self.cache, [self.root + "/file"], content=self.content))
        self.assert_failed(self.cache, code, output, 1)
        self.content = new
        self.good("/file")

    def test_a_server_that_takes_one_connection_only(self):
        self.good("/few/file", jobs=4)

    def test_redirections_and_errors(self):
        self.good("/moved/?to=file")
        code, output = run(command(self.cache, [self.root + "/nothing"]))
        self.assert_failed(self.cache, code, output, 69)
        self.assertIn("404", output)


if __name__ == "__main__":
    unittest.main()
