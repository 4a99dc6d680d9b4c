"""An array of eight jobs on a real Slurm, and the merge that waits for it, give the bytes of one run.

Skipped unless Slurm is installed (`scripts/setup --slurm`) and this is root, whose Slurm on this machine the test starts
and ends (`scripts/local-slurm`).
"""

import os
import shutil
import subprocess
import time
import unittest

from support import FOLDER, MNIST5K, ROOT, qkzoo
from test_evaluation import lines, result

MISSING = [name for name in ("sbatch", "slurmctld", "slurmd", "munged")
           if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")]


@unittest.skipIf(MISSING, f"no Slurm: {', '.join(MISSING)} not found (scripts/setup --slurm)")
@unittest.skipIf(os.geteuid() != 0, "starting Slurm needs root")
class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.slurm = FOLDER / "slurm"
        run = subprocess.run([ROOT / "scripts" / "local-slurm", "start", cls.slurm], check=True,
                             stdout=subprocess.PIPE, text=True)
        cls.environment = os.environ | {"SLURM_CONF": run.stdout.strip()}

    @classmethod
    def tearDownClass(cls):
        subprocess.run([ROOT / "scripts" / "local-slurm", "stop", cls.slurm], check=True)

    def command(self, *words, text=None):
        return subprocess.run(words, env=self.environment, input=text, check=True, stdout=subprocess.PIPE,
                              text=True, timeout=60).stdout

    def wait(self, job, seconds=240):
        """Until a job has left the queue."""
        for _ in range(seconds * 4):
            if not self.command("squeue", "-h", "-o", "%i", "-j", job).strip():
                return
            time.sleep(0.25)
        self.fail(f"job {job} is still there: {self.command('squeue')}")

    def wait_for_lines(self, path, seconds=60):
        """Until a file has content."""
        for _ in range(seconds * 100):
            if path.exists() and path.stat().st_size:
                return
            time.sleep(0.01)
        self.fail(f"{path} is empty: {self.command('squeue')}")

    def test_an_array_and_its_merge(self):
        data = [MNIST5K / "qkformer-mnist5k.qkz.h5", "--data", MNIST5K / "mnist5k-test.safetensors", "--protocol",
                "released"]
        whole, folder = FOLDER / "slurm-whole", FOLDER / "slurm run's"
        qkzoo("eval", "run", *data, "--out", whole)
        # The plain engine has the same bits and leaves time to stop a task.
        script = qkzoo("eval", "run", *data, "--out", folder, "--engine", "reference", "--emit", "slurm", "--shards", 8,
                       "--at-once=2")
        self.assertIn("--array=0-7%2 --requeue", script)
        job, merge = self.command("bash", text=script).split()
        first = folder / "shard-0-of-8"
        self.wait_for_lines(first / "batches.jsonl")
        # As Slurm does before a time limit; the task queues itself again, and Slurm lets it wait for two minutes.
        # scancel goes on for 95 s after a task that has queued itself again.
        scancel = subprocess.Popen(["scancel", "--batch", "--signal=TERM", f"{job}_0"], env=self.environment,
                                   stderr=subprocess.DEVNULL)
        self.start_at_once(f"{job}_0")
        scancel.kill()
        scancel.wait()
        self.wait(job)
        self.wait(merge)
        logs = "".join(path.read_text() for path in sorted(folder.glob("*.log")))
        self.assertIn("evaluation-interrupted", (folder / "task-0.log").read_text())
        self.assertTrue((folder / "merged" / "run.json").exists(), logs)
        self.assertEqual(result(folder / "merged"), result(whole))
        self.assertEqual(len(lines(folder / "merged", "samples.jsonl")), 1000)

    def start_at_once(self, task):
        for _ in range(400):
            state = self.command("squeue", "-h", "-o", "%r", "-j", task).strip()
            if state == "BeginTime":
                subprocess.run(["scontrol", "update", f"JobId={task}", "StartTime=now"], env=self.environment)
                return
            time.sleep(0.25)
        self.fail(f"{task} is not queued again: {self.command('squeue')}")


if __name__ == "__main__":
    unittest.main()
