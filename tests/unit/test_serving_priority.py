"""Real-time priority of the thread that plays: taken where it is granted, lost by who computes too long."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os, resource, sys, time
sys.path.insert(0, "pyext_py3")
from pdworker.serving import priority
if sys.argv[1] == "refused":
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    os.setuid(65534)
priority.COMPUTES_S = 0.2
priority.prepare()
print(priority.raise_priority(), os.sched_getscheduler(0) == os.SCHED_RR)
began = time.monotonic()
while os.sched_getscheduler(0) == os.SCHED_RR and time.monotonic() - began < 10:
    pass
print(os.sched_getscheduler(0) == os.SCHED_RR)
"""


def run(kind):
    command = [sys.executable, "-c", PROGRAM, kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def granted():
    return os.geteuid() == 0


def test_a_thread_that_computes_without_a_pause_loses_it():
    assert run("computes") == (["True", "True", "False"] if granted() else ["False", "False", "False"])


def test_who_may_not_have_it_plays_without():
    if granted():
        assert run("refused") == ["False", "False", "False"]
    else:
        assert run("computes")[0] == "False"
