"""A training of each model that goes on with other data than it began with, and what its page says of that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("melody", "ddsp", "gansynth", "samplernn", "rave")
PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from dlwakit.runs.folder import read_run
from dlwakit.training.history import read
from support.tiny_trainings import TRAININGS

training, folder = TRAININGS[sys.argv[1]](), Path(sys.argv[2])
words = training.prepare(folder)
run, data = folder / "mine", folder / "data"

def train(steps):
    place = words.index("--steps") + 1
    assert training.main([*words[:place], str(steps), *words[place + 1 :], "--run", str(run)]) == 0
    return (run / "report.html").read_text(encoding="utf-8")

assert "are others" not in train(6)
for path in data.glob("*.np[yz]"):
    held = np.load(path)
    if path.suffix == ".npy":
        np.save(path, np.roll(held, 7, axis=0) // 2)
    else:
        np.savez(path, **{**held, "audio": held["audio"] * np.float32(0.5)})
for path in data.glob("melodies.json"):
    path.write_text(path.read_text().replace("64,", "65,"))
first = read(run / "history.csv")[-1]["step"]
page = train(12)
assert f"others since {read_run(run)['unit']} {first:.0f}" in page and "other data than before" in page
rows = read(run / "history.csv")
assert rows[-1]["step"] == 2 * first and read_run(run)["since"] == first
model = min((each for each in run.glob("mine*") if ".json" not in each.name), key=lambda each: len(each.name))
training.load(model)
assert "are others since" in train(18)  # it still says so when it has gone on once more
assert read_run(run)["since"] == first
print("went on with other data")
"""


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_it_goes_on_and_the_page_says_so(model, tmp_path):
    folders = ("setup", "pyext_py3", "tests", *sorted(path.name for path in ROOT.glob("0*")))
    variables = {"PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in folders), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model, str(tmp_path)],
        env={**os.environ, **variables, "DLWA_RECORDED": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("went on with other data\n")
    assert done.stdout.count("the data are others than before") == 1
