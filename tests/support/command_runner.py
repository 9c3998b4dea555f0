"""Runs commands one after the other, each in a copy of this process, which has loaded the large libraries already.

    python command_runner.py

Runs in the environment `torch`. Reads a line of JSON for each: {"words", "folder", "log", "shell"}; a command of
setup/dlwa, or of the shell where "shell" is true. Answers with a line: [exit status, what it printed].
"""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("setup", "pyext_py3", "tests")]

import librosa.feature  # noqa: E402, F401
import scipy.signal  # noqa: E402, F401
import soundfile  # noqa: E402, F401
import torch  # noqa: E402, F401
from dlwakit import cli  # noqa: E402
from dlwakit.cli import programs  # noqa: E402

from support.operation import fork  # noqa: E402


def in_this_process(command, env):
    """What a model's program does, without another start of Python: its exit status."""
    _, _, module, *words = command
    sys.path[:0] = env["PYTHONPATH"].split(os.pathsep)
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code or 0
    return 0


def opened(program, words):
    """Instead of becoming Pd: whether there is the patch that it would open."""
    print(*words)
    sys.exit(0 if Path(words[2]).is_file() else 1)


def run(job):
    """Run a command in its folder; the exit status."""
    os.chdir(job["folder"])
    if job["shell"]:
        return subprocess.run(["bash", "-c", job["words"]], check=False).returncode
    programs._foreground = in_this_process
    os.execv = opened
    return cli.main([os.path.expanduser(word) for word in job["words"]])


if __name__ == "__main__":
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(fork(lambda job=job: run(job), job["log"])), flush=True)
