"""The piece without a window: models of five days make its parts, and they are mixed as its score says."""

import os
import subprocess
from pathlib import Path

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT, find_python, worker_path

HERE = Path(__file__).resolve().parent
PARTS = "parts.py"
SCORE = "piece.txt"


def demo(out_dir):
    """Write the parts, the mix, the stems and the mix's spectrogram; returns the mix and the picture.

    A part that cannot be made is said, and left out. Raises RuntimeError where nothing can be mixed.
    """
    folder, rendered = Path(out_dir), Path(out_dir, "rendered")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCORE).write_text((HERE / SCORE).read_text(encoding="utf-8"), encoding="utf-8")
    for line in _run(HERE / PARTS, folder, may_fail=True).splitlines():
        say(f"  without {line}")
    _run("-m", "sketchpad.mix", folder / SCORE, rendered)
    picture = folder / "piece.png"
    _run("-m", "dlwakit.training.pictures", rendered / "mix.wav", picture)
    return [rendered / "mix.wav", picture]


def _run(*words, may_fail=False):
    """Run a program in the environment that plays all days, and return what it prints."""
    path = os.pathsep.join(map(str, worker_path(ROOT / "setup/sketch")))
    command = [find_python("torch"), *map(str, words)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    if done.returncode and not may_fail:
        raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1])
    return done.stdout
