"""`setup/dlwa evaluate` for every model: a starter, a data set of a few seconds; a table, JSON, a page of sounds."""

import json
import math
import re

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
    "ddsp": (
        "starter_violin",
        lambda folder: ["--sounds", tones(folder / "tones")],
        ["untrained", "silence", "data"],
    ),
    "gansynth": ("starter_instruments", lambda _: ["--points", 2, "--notes", 4], ["untrained"]),
    "ganspace": (
        "starter_instruments",
        lambda _: ["--samples", 200],
        ["conv0, random directions", "conv1", "conv1, random directions"],
    ),
    "samplernn": ("starter_beat", chunks, ["uniform", "unigram", "linear", "data", *TEMPERATURES]),
    "nsynth": ("starter_notes", pieces, ["mu-law", "cross-fade", "untrained", "data"]),
    "rave": ("starter_drums", sounds, ["silence", "untrained", "data"]),
    "prior": (
        "starter_drums",
        sounds,
        ["temperature 0.5", "temperature 1.5", "Gaussian", "random walk", "noise", "held out"],
    ),
}
HEARD = {"rms_db", "peak", "clicks", "silent", "flatness"}
OWN = {
    "melody": {"perplexity", "note_perplexity", "accuracy"},
    "ddsp": {"held_out", "pitch_within_50_cents"} | HEARD,
    "gansynth": {"pitch_right", "octave_right", "between_db", "within_db", "first_50ms_energy"} | HEARD,
    "ganspace": {"first", "all", "variance_ratio"} | HEARD,
    "samplernn": {"bits_per_sample", "linear_predictor_bits", "level_db"},
    "nsynth": {"bits", "reconstruction_db"} | HEARD,
    "rave": {"held_out", "train", "latency_samples"} | HEARD,
    "prior": {"nats", "frechet", "nearest"} | HEARD,
}
FIRST = {
    "ganspace": ("conv0", "conv0"),
    "samplernn": ("checkpoint", "temperature_1"),
}  # rows: own, with sounds
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
    file, page = tmp_path / "figures.json", tmp_path / "page"
    words = *prepare(tmp_path / "data"), "--json", file, "--page", page
    done = evaluate(model, checkpoint, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    assert written["model"] == model
    ((name, own),) = written["checkpoints"].items()
    baselines = own.pop("baselines")
    assert name == checkpoint and list(baselines) == others and own.keys() >= OWN[model]
    first, heard = FIRST.get(model, ("checkpoint", "checkpoint"))
    numbers = [value for figures in (own, *baselines.values()) for value in numbers_of(figures)]
    assert all(math.isfinite(number) for number in numbers)
    assert own not in baselines.values()
    assert f"/checkpoints/{checkpoint}" in done.stdout
    assert table({first: own, **baselines}) in done.stdout
    played = re.findall(r'src="([^"]+)"', (page / "index.html").read_text(encoding="utf-8"))
    assert sorted(played) == sorted(path.name for path in page.glob("*.wav"))
    assert f"{checkpoint}_{heard}_1.wav" in played
    assert min(soundfile.info(page / sound).frames for sound in played) > 1000


def numbers_of(value):
    """All numbers in figures, however deep."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [number for part in parts for number in numbers_of(part)]
    return [] if value is None else [value]


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
    rows["mine"]["by_temperature"] = {"0.7": -3.0}  # not in the table
    assert table(rows).splitlines() == [
        "              loss  right notes",
        "mine         1.235",
        "another  1.235e+04          0.5",
    ]
