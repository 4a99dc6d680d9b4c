"""Signatures against the OpenSSF's model_signing: it accepts ours, we accept its, and neither accepts what was changed."""

import base64
import json
import os
import resource
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support import DIGITS, FOLDER, ROOT, digits, exit_code, qkzoo, report, sha256, validator
from test_schemas import mutants
from test_zoo import serve

KEYS = FOLDER / "keys"


def peer(*arguments, code=0):
    run = subprocess.run([sys.executable, "-m", "model_signing", *map(str, arguments)], capture_output=True, text=True)
    if (run.returncode == 0) != (code == 0):
        raise AssertionError(f"model_signing {arguments}: {run.returncode}\n{run.stdout}{run.stderr}")
    return run.stdout + run.stderr


def peer_verify(path, signature, key, *more, code=0):
    return peer("verify", "key", path, "--signature", signature, "--public_key", key, *more, code=code)


def statement(signature):
    return json.loads(base64.b64decode(json.loads(signature.read_text())["dsseEnvelope"]["payload"]))


def failure(*arguments):
    """(exit code, name of the first failure)"""
    run = subprocess.run([os.environ["QKZOO"], *map(str, arguments)], capture_output=True, text=True)
    line = next((line for line in run.stderr.splitlines() if line.startswith("qkzoo: ")), "")
    name = line.split(": expected ")[0].rsplit(": ", 1)[-1]
    return run.returncode, name


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        KEYS.mkdir(exist_ok=True)
        cls.private, cls.public = KEYS / "a.pem", KEYS / "a.pub.pem"
        made = report("sign", "--new-key", cls.private)
        assert made["key"] == sha256(cls.public.read_bytes())
        cls.model = FOLDER / "signed.qkz.h5"
        shutil.copy(digits(), cls.model)
        cls.folder = FOLDER / "signed-folder"
        (cls.folder / "a" / "b").mkdir(parents=True)
        (cls.folder / "a-b").mkdir()
        for name in ("a/b/x", "a/x", "a-b/x", "z"):
            (cls.folder / name).write_text(name)

    def verify(self, path, *more, code=0):
        return report("verify", path, "--key", self.public, *more, code=code)

    def test_the_peer_accepts_our_signature_of_a_file(self):
        value = report("sign", self.model, "--key", self.private)
        self.assertEqual(value["signature"], f"{self.model}.sig")
        for what, mutant in mutants(value):
            self.assertFalse(validator("commands/sign").is_valid(mutant), what)
        self.assertTrue(validator("commands/sign").is_valid(value))
        peer_verify(self.model, f"{self.model}.sig", self.public)
        claims = statement(Path(f"{self.model}.sig"))["predicate"]["qkzoo"]
        self.assertTrue(validator("signature").is_valid(claims))
        self.assertEqual(claims["model_id"], report("show", self.model)["model_id"])
        verified = self.verify(self.model)
        self.assertTrue(validator("commands/verify").is_valid(verified))
        self.assertEqual([rung["rung"] for rung in verified["rungs"]].count("signature"), 2)
        self.assertTrue(verified["holds"])

    def test_the_peer_accepts_our_signature_of_a_folder(self):
        report("sign", self.folder, "--key", self.private)
        peer_verify(self.folder, self.folder / "model.sig", self.public)
        verified = self.verify(self.folder)
        self.assertTrue(verified["holds"] and verified["configuration"] is None)
        self.assertTrue(validator("commands/verify").is_valid(verified))
        names = [resource["name"] for resource in statement(self.folder / "model.sig")["predicate"]["resources"]]
        self.assertEqual(names, ["a/b/x", "a/x", "a-b/x", "z"])

    def test_we_accept_the_peers_signature(self):
        for path in (self.model, self.folder):
            signature = FOLDER / f"{path.name}.peer.sig"
            peer("sign", "key", path, "--private_key", self.private, "--signature", signature)
            self.assertTrue(self.verify(path, "--signature", signature)["holds"], path)
        inside = self.folder / "theirs.sig"
        peer("sign", "key", self.folder, "--private_key", self.private, "--signature", inside,
             "--ignore-paths", self.folder / "model.sig")
        self.assertTrue(self.verify(self.folder, "--signature", inside)["holds"])
        inside.unlink()

    def test_keys_of_openssl_and_python_work_here_and_there(self):
        key = ec.generate_private_key(ec.SECP256R1())
        plain = serialization.NoEncryption()
        public = KEYS / "python.pub.pem"
        public.write_bytes(key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        for number, form in enumerate((serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL)):
            private = KEYS / f"python{number}.pem"
            private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
            private.chmod(0o600)
            signature = FOLDER / f"python{number}.sig"
            report("sign", DIGITS / "checkpoint.pth", "--key", private, "--force", "-o", signature)
            peer_verify(DIGITS / "checkpoint.pth", signature, public)
            value = report("verify", DIGITS / "checkpoint.pth", "--key", public, "--signature", signature)
            self.assertTrue(value["holds"] and value["model_id"])
        locked = KEYS / "locked.pem"
        for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
            locked.write_bytes(key.private_bytes(
                serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"password")))
            locked.chmod(0o600)
            self.assertEqual(failure("sign", self.model, "--key", locked), (65, "key-encrypted"))

    def test_every_way_to_be_wrong_has_its_name(self):
        signature = FOLDER / "wrong.sig"
        report("sign", self.model, "--key", self.private, "--force", "-o", signature)
        good = json.loads(signature.read_text())
        report("sign", "--new-key", KEYS / "b.pem")
        for name, curve in ("p384", ec.SECP384R1()), ("k256", ec.SECP256K1()):
            other = ec.generate_private_key(curve).public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            (KEYS / f"{name}.pub.pem").write_bytes(other)
        arguments = ("verify", self.model, "--signature", signature, "--key")
        self.assertEqual(failure(*arguments, KEYS / "b.pub.pem"), (1, "signature-key"))
        self.assertEqual(failure(*arguments, KEYS / "p384.pub.pem"), (1, "signature-key"))
        self.assertEqual(failure(*arguments, KEYS / "k256.pub.pem"), (65, "key-curve"))
        self.assertEqual(failure(*arguments, self.private), (65, "key-role"))
        self.assertEqual(failure(*arguments, KEYS / "none.pem"), (66, "no-such-file"))
        self.assertEqual(failure("verify", self.model, "--key", self.public, "--signature", FOLDER / "none.sig"),
                         (66, "no-such-file"))

        def rewritten(change):
            bundle = json.loads(json.dumps(good))
            change(bundle)
            signature.write_text(json.dumps(bundle))
            return failure(*arguments, self.public)

        self.assertEqual(rewritten(lambda b: None), (0, ""))
        self.assertEqual(rewritten(lambda b: b.update(mediaType="application/json")), (65, "signature-media-type"))
        self.assertEqual(rewritten(lambda b: b.update(more=1)), (65, "signature-bundle"))
        payload = base64.b64decode(good["dsseEnvelope"]["payload"]).replace(b"signed.qkz.h5", b"forged.qkz.h5")
        self.assertEqual(rewritten(lambda b: b["dsseEnvelope"].update(payload=base64.b64encode(payload).decode())),
                         (1, "signature-invalid"))
        signature.write_text("{")
        self.assertEqual(failure(*arguments, self.public), (65, "json-syntax"))
        self.private.chmod(0o644)
        self.assertEqual(failure("sign", self.model, "--key", self.private), (77, "key-exposed"))
        self.private.chmod(0o600)

    def test_nothing_but_a_signature_is_replaced(self):
        folder = FOLDER / "not-replaced"
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        model, key = folder / "m.qkz.h5", folder / "k.pem"
        shutil.copy(digits(), model)
        shutil.copy(self.private, key)
        key.chmod(0o600)
        for signed, output in ((model, model), (model, key), (folder, folder / "z"), (folder, folder / "a" / "x")):
            before = output.read_bytes()
            self.assertEqual(failure("sign", signed, "--key", key, "--force", "-o", output), (77, "already-exists"))
            self.assertEqual(output.read_bytes(), before)
        for _ in range(2):
            qkzoo("sign", model, "--key", key, "--force", "-o", folder / "m.sig")
        before = (folder / "m.sig").read_bytes()
        self.assertEqual(failure("sign", folder / "m.sig", "--key", key, "--force", "-o", folder / "a/../m.sig"), (77, "already-exists"))
        self.assertEqual((folder / "m.sig").read_bytes(), before)

    def test_a_signature_does_not_count_however_its_path_is_spelled(self):
        folder = FOLDER / "spelled"
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*.sig"))
        link = FOLDER / "spelled-link"
        link.symlink_to(folder)
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(folder)
        for signed, output in ((".", "model.sig"), ("./", "./x.sig"), (folder, "a/../x.sig"), (folder, link / "a/x.sig"),
                               ("../spelled", "./model.sig"), (f"{folder}//", folder / "x.sig")):
            for _ in range(2):
                qkzoo("sign", signed, "--key", self.private, "--force", "-o", output)
            for path in (".", folder, link):
                self.assertTrue(self.verify(path, "--signature", output)["holds"], (signed, output, path))
            peer_verify(folder, output, self.public)
            Path(output).unlink()
        qkzoo("sign", ".", "--key", self.private)
        self.assertTrue(self.verify(".")["holds"])

    def test_a_full_disk_leaves_no_part_of_a_new_key(self):
        folder = FOLDER / "no-room-for-keys"
        folder.mkdir()
        for limit in (0, 100):
            run = subprocess.run(
                [os.environ["QKZOO"], "sign", "--new-key", folder / "u.pem"], capture_output=True, text=True,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.assertEqual(run.returncode, 74, run.stderr)
            self.assertIn("no-space", run.stderr)
            self.assertEqual(os.listdir(folder), [])
        report("sign", "--new-key", folder / "u.pem")

    def test_a_full_disk_leaves_a_signed_mirror_as_it_is(self):
        tree = FOLDER / "full-mirror"
        for _ in range(2):
            qkzoo("mirror", "qkformer-digits", "-o", tree, "--key", self.private)
        before = {path.name: path.read_bytes() for path in tree.glob("index.json*")}
        self.assertEqual(len(before), 2)
        for limit in (0, 1000, 10_000):
            run = subprocess.run(
                [os.environ["QKZOO"], "mirror", "qkformer-digits", "-o", tree, "--key", self.private],
                capture_output=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.assertEqual(run.returncode, 74, run.stderr)
            self.assertEqual({path.name: path.read_bytes() for path in tree.glob("index.json*")}, before)
        qkzoo("list", "--index", tree, "--index-key", self.public)

    @unittest.skipUnless(shutil.which("strace"), "strace is not here")
    def test_a_disk_that_says_late_that_it_is_full_leaves_a_signed_mirror_as_it_is(self):
        tree = FOLDER / "late-full-mirror"
        qkzoo("mirror", "qkformer-digits", "-o", tree, "--key", self.private)
        before = {path.name: path.read_bytes() for path in tree.glob("index.json*")}
        for more in ([], ["--key", self.private]):
            run = subprocess.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=ENOSPC:when=1",
                 os.environ["QKZOO"], "mirror", "qkformer-digits", "-o", tree, *more], capture_output=True, text=True)
            self.assertEqual(run.returncode, 74, run.stderr)
            self.assertEqual({path.name: path.read_bytes() for path in tree.glob("index.json*")}, before)

    def test_a_changed_file_is_not_opened(self):
        model = FOLDER / "changed.qkz.h5"
        shutil.copy(digits(), model)
        report("sign", model, "--key", self.private)
        data = bytearray(model.read_bytes())
        data[len(data) // 2] ^= 1
        model.write_bytes(data)
        value = self.verify(model, code=1)
        self.assertEqual([rung["rung"] for rung in value["rungs"]], ["signature"])
        self.assertEqual(value["rungs"][0]["findings"][0]["name"], "signed-file-changed")
        peer_verify(model, f"{model}.sig", self.public, code=1)

    def test_a_folder_with_more_or_less_is_noticed(self):
        folder = FOLDER / "folder-of-two"
        folder.mkdir()
        for name in ("a", "b"):
            (folder / name).write_text(name)
        report("sign", folder, "--key", self.private)
        (folder / "c").write_text("c")
        self.assertEqual(failure("verify", folder, "--key", self.public), (1, "signed-file-unlisted"))
        self.assertEqual(exit_code("verify", folder, "--key", self.public, "--ignore-unsigned"), 0)
        peer_verify(folder, folder / "model.sig", self.public, code=1)
        peer_verify(folder, folder / "model.sig", self.public, "--ignore_unsigned_files")
        (folder / "a").unlink()
        self.assertEqual(failure("verify", folder, "--key", self.public), (1, "signed-file-missing"))
        (folder / "a").symlink_to("b")
        self.assertEqual(failure("verify", folder, "--key", self.public), (77, "signed-folder-link"))

    def test_a_signed_file_that_became_a_link_is_refused_whatever_else_is_there(self):
        outside, folder = FOLDER / "outside", FOLDER / "became-links"
        (folder / "a").mkdir(parents=True)
        (folder / "a" / "x").write_text("x")
        report("sign", folder, "--key", self.private)
        shutil.move(folder / "a", outside)
        for link, target in (("a", outside), ("a/x", outside / "x"), ("a", FOLDER / "nowhere")):
            (folder / link).parent.mkdir(exist_ok=True)
            (folder / link).symlink_to(target)
            for more in ([], ["--ignore-unsigned"]):
                self.assertEqual(failure("verify", folder, "--key", self.public, *more), (77, "signed-folder-link"))
            (folder / link).unlink()
            shutil.rmtree(folder / "a", ignore_errors=True)

    def test_another_model_id_than_signed_is_noticed(self):
        """A signer who says another model-id than the file has; only the holder of the key can make this."""
        signature = FOLDER / "liar.sig"
        report("sign", self.model, "--key", self.private, "--force", "-o", signature)
        lie = statement(signature)
        lie["predicate"]["qkzoo"]["model_id"] = "0" * 64
        payload = json.dumps(lie).encode()
        key = serialization.load_pem_private_key(self.private.read_bytes(), None)
        kind = "application/vnd.in-toto+json"
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        bundle = json.loads(signature.read_text())
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        bundle["dsseEnvelope"]["signatures"] = [
            {"sig": base64.b64encode(key.sign(signed, ec.ECDSA(hashes.SHA256()))).decode()}]
        signature.write_text(json.dumps(bundle))
        peer_verify(self.model, signature, self.public)
        self.assertEqual(failure("verify", self.model, "--key", self.public, "--signature", signature),
                         (1, "signed-model-id"))

    def test_the_peer_accepts_our_signature_of_an_index(self):
        zoo = FOLDER / "signed-zoo"
        for path in [*(ROOT / "zoo" / "entries").glob("*/entry.json"), *(ROOT / "zoo" / "labels").glob("*.json")]:
            copy = zoo / path.relative_to(ROOT / "zoo")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        report("sign", zoo, "--as-index", "--key", self.private)
        claims = statement(zoo / "index.sig")["predicate"]["qkzoo"]
        self.assertTrue(validator("signature").is_valid(claims) and claims["index"] == "qkzoo.index/1")
        (zoo / "entries" / "notes.txt").write_text("not a part of the index")
        peer_verify(zoo, zoo / "index.sig", self.public, "--ignore_unsigned_files")
        self.assertEqual(exit_code("list", "--index", zoo, "--index-key", self.public), 0)
        entry = zoo / "entries" / "qkformer-digits" / "entry.json"
        entry.write_text(entry.read_text().replace("356", "357"))
        peer_verify(zoo, zoo / "index.sig", self.public, "--ignore_unsigned_files", code=1)
        self.assertEqual(failure("list", "--index", zoo, "--index-key", self.public), (1, "signed-file-changed"))

    def test_names_of_a_zoo_that_are_no_utf_8_are_refused(self):
        zoo = FOLDER / "odd-names"
        copy = zoo / "entries" / "qkformer-digits"
        copy.mkdir(parents=True)
        (zoo / "labels").mkdir()
        shutil.copy(DIGITS / "entry.json", copy)
        report("sign", zoo, "--as-index", "--key", self.private)
        for name in (b"\xff.json", b"\xef\xbf\xbd.json"):
            Path(os.fsdecode(os.fsencode(zoo / "labels") + b"/" + name)).write_text("[]")
        for command in (("sign", zoo, "--as-index", "--force", "--key", self.private),
                        ("list", "--index", zoo, "--index-key", self.public), ("list", "--index", zoo)):
            self.assertEqual(failure(*command), (65, "signature-statement"))

    def test_an_index_of_a_server(self):
        tree = FOLDER / "signed-mirror"
        report("mirror", "qkformer-digits", "-o", tree)
        address = serve(self, tree)
        self.assertEqual(failure("list", "--index", address, "--index-key", self.public), (77, "index-not-signed"))
        self.assertEqual(exit_code("list", "--index", address), 0)
        report("mirror", "qkformer-digits", "-o", tree, "--key", self.private)
        peer_verify(tree / "index.json", tree / "index.json.sig", self.public)
        self.assertEqual(exit_code("list", "--index", address, "--index-key", self.public), 0)
        self.assertEqual(failure("list", "--index", address), (1, "signature-key"))
        (tree / "index.json").write_bytes((tree / "index.json").read_bytes() + b"\n")
        self.assertEqual(failure("list", "--index", address, "--index-key", self.public), (1, "signed-file-changed"))


if __name__ == "__main__":
    unittest.main()
