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
        whole = FOLDER / "slurm-whole"
        qkzoo("eval", "run", *data, "--out", whole)
        # A task may be done before the signal reaches it; then there was nothing to see.
        for attempt in range(10):
            folder = FOLDER / f"slurm run's {attempt}"
            # The plain engine has the same bits and leaves time to stop a task.
            script = qkzoo("eval", "run", *data, "--out", folder, "--engine", "reference", "--emit", "slurm", "--shards",
                           8, "--at-once=2")
            self.assertIn("--array=0-7%2 --requeue", script)
            job, merge = self.command("bash", text=script).split()
            self.wait_for_lines(folder / "shard-0-of-8" / "batches.jsonl")
            stopped = self.stop_first_task(job)
            self.wait(job)
            self.wait(merge)
            if stopped:
                break
        else:
            self.fail("no task could be stopped before it was done")
        logs = "".join(path.read_text() for path in sorted(folder.glob("*.log")))
        self.assertIn("evaluation-interrupted", (folder / "task-0.log").read_text())
        self.assertTrue((folder / "merged" / "run.json").exists(), logs)
        self.assertEqual(result(folder / "merged"), result(whole))
        self.assertEqual(len(lines(folder / "merged", "samples.jsonl")), 1000)

    def stop_first_task(self, job):
        """Stops it as Slurm does before a time limit; it queues itself again, and is started without the two minutes
        that Slurm would let it wait. Whether it was queued again."""
        task = f"{job}_0"
        # scancel goes on for 95 s after a task that has queued itself again.
        scancel = subprocess.Popen(["scancel", "--batch", "--signal=TERM", task], env=self.environment,
                                   stderr=subprocess.DEVNULL)
        try:
            for _ in range(400):
                run = subprocess.run(["squeue", "-h", "-o", "%r", "-j", task], env=self.environment, timeout=60,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                if run.stdout.strip() == "BeginTime":
                    scancel.kill()
                    self.command("scontrol", "update", f"JobId={task}", "StartTime=now")
                    return True
                if run.returncode != 0 or not run.stdout.strip():
                    return False
                time.sleep(0.25)
            self.fail(f"{task} neither ends nor is queued again: {self.command('squeue')}")
        finally:
            scancel.kill()
            scancel.wait()


if __name__ == "__main__":
    unittest.main()
