"""`setup/dlwa evaluate` for every model: a starter, a data set of a few seconds, figures as a table and as JSON."""

import json
import math

import numpy as np
import pytest
import soundfile
from dlwakit.course.days import all_days, find_program
from dlwakit.training.evaluation import table
from support.melody_files import tune
from support.tools import marks_of, setup_dlwa

pytestmark = pytest.mark.slow

TEMPERATURES = [f"temperature {number}" for number in ("0.7", "0.85", "1", "1.1")]
RATE = 16000


def melodies(folder):
    from ai_duet.training.melodies import Melody, split

    lines = {str(seed): tune(seed, notes=40) for seed in range(4)}
    pieces = [Melody(name, 16, tuple(e for p in line for e in (p, -2))) for name, line in lines.items()]
    split(pieces, "test").save(folder)
    return ["--data", folder]


def tones(folder):
    """Two seconds of a tone in each of three files."""
    folder.mkdir()
    times = np.arange(2 * RATE) / RATE
    for pitch in (220, 262, 330):
        soundfile.write(folder / f"{pitch}.wav", 0.3 * np.sin(2 * np.pi * pitch * times), RATE)
    return folder


def chunks(folder):
    from samplernn.dataset import build_dataset

    build_dataset(tones(folder / "tones"), folder, RATE, 1.0, 0.0, log=lambda line: None)
    return ["--data", folder]


def pieces(folder):
    from nsynth import dataset

    words = [str(tones(folder / "tones")), "--data", str(folder), "--seconds", "0.3"]
    assert dataset.main(words) == 0
    return ["--data", folder, "--sounds", 2]


def sounds(folder):
    from rave_rt.dataset import build_dataset

    build_dataset(tones(folder / "tones"), folder, 44100, log=lambda line: None)
    return ["--data", folder]


# The starter, small settings, and the rows below its own.
MODELS = {
    "melody": ("starter_basic_rnn", melodies, ["third-order Markov chain", "repeat the last note"]),
    "ddsp": ("starter_violin", lambda folder: ["--sounds", tones(folder / "tones")], ["untrained"]),
    "gansynth": ("starter_instruments", lambda _: ["--points", 2, "--notes", 4], ["untrained"]),
    "ganspace": (
        "starter_instruments",
        lambda _: ["--samples", 200],
        ["conv0, random directions", "conv1", "conv1, random directions"],
    ),
    "samplernn": ("starter_beat", chunks, ["uniform", "unigram", "linear", "data", *TEMPERATURES]),
    "nsynth": ("starter_notes", pieces, ["mu-law", "cross-fade", "untrained"]),
    "rave": ("starter_drums", sounds, ["silence", "untrained"]),
    "prior": (
        "starter_drums",
        sounds,
        ["temperature 0.5", "temperature 1.5", "Gaussian", "random walk", "noise", "held out"],
    ),
}
PROGRAMS = {
    model: find_program(model, "evaluate")
    for day in all_days()
    for model, tasks in day.models.items()
    if "evaluate" in tasks
}

MODEL_PARAMETERS = [
    pytest.param(model, marks=marks_of(program.environment), id=model) for model, program in PROGRAMS.items()
]


def evaluate(model, *words, **options):
    return setup_dlwa("evaluate", model, *words, environment=PROGRAMS[model].environment, **options)


def test_every_model_is_here():
    assert sorted(MODELS) == sorted(PROGRAMS)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODEL_PARAMETERS)
def test_a_starter_is_evaluated(model, tmp_path):
    checkpoint, prepare, others = MODELS[model]
    (tmp_path / "data").mkdir()
    file = tmp_path / "figures.json"
    done = evaluate(model, checkpoint, *prepare(tmp_path / "data"), "--json", file, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    assert written["model"] == model
    ((name, rows),) = written["checkpoints"].items()
    assert name == checkpoint
    own, *rest = rows
    assert rest == others
    numbers = [value for figures in rows.values() for value in figures.values() if value is not None]
    assert all(math.isfinite(number) for number in numbers)
    assert rows[own] not in [rows[other] for other in others]
    assert f"/checkpoints/{checkpoint}" in done.stdout
    assert table(rows) in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("model", MODEL_PARAMETERS)
def test_a_checkpoint_that_is_not_there_is_one_line(model, tmp_path):
    data = MODELS[model][1](tmp_path) if model in ("melody", "samplernn", "rave", "prior") else []
    done = evaluate(model, "nothing", *data, cwd=tmp_path)
    assert done.returncode == 1
    message, *hint = done.stderr.splitlines()
    assert message.startswith(f"setup/dlwa evaluate {model}: there is no")
    assert len(hint) <= 1


def test_a_table_has_its_numbers_in_columns():
    rows = {"mine": {"loss": 1.23456, "right_notes": None}, "another": {"loss": 12345.6, "right_notes": 0.5}}
    assert table(rows).splitlines() == [
        "              loss  right notes",
        "mine         1.235",
        "another  1.235e+04          0.5",
    ]
