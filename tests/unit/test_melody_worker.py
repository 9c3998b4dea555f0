"""The worker of AI Duet in a process of its own, asked as Pd asks it."""

import sys
from pathlib import Path

import pytest
from pdworker.host.worker import Worker
from support.melody_weights import random_weights, write_bundle
from support.worker_desk import desk  # noqa: F401, a fixture

ROOT = Path(__file__).resolve().parents[2]
THEME = [[60, 90, 0.0, 0.5], [64, 90, 0.5, 1.0], [67, 90, 1.0, 1.5]]


@pytest.fixture
def ask(desk, tmp_path):  # noqa: F811
    """`ask("generate", ...)` gives (values, None) or (None, error) from a worker; log lines are in `ask.log`."""
    for name in ("basic_rnn", "attention_rnn"):
        write_bundle(tmp_path / f"{name}.mag", name, *random_weights(name))
    worker = Worker("ai_duet.worker", "torch", [ROOT / "01_ai_duet", ROOT / "pyext_py3"], desk.post)
    desk.workers.append(worker)
    desk.start(worker, sys.executable)
    counts = {}

    def ask(name, **arguments):
        counts[name] = counts.get(name, 0) + 1
        answered = desk.note(f"{name} answered")
        worker.call(
            name,
            arguments,
            (),
            lambda values, arrays: answered(values, None),
            None,
            lambda error: answered(None, error),
        )
        return desk.wait(f"{name} answered", counts[name])

    ask.log = lambda: [line for (line,) in desk.all("log")]
    return ask


def loaded(ask, tmp_path, name="attention_rnn"):
    values, error = ask("load", checkpoint=name, folders=[str(tmp_path)])
    assert error is None
    return values


def test_load_tells_the_facts(ask, tmp_path):
    assert loaded(ask, tmp_path) == {
        "name": "attention_rnn",
        "encoding": "attention_rnn",
        "min_pitch": 48,
        "max_pitch": 83,
        "layers": "6x5",
        "engine": "small",
    }


def test_generate_answers_and_repeats_itself_with_the_same_seed(ask, tmp_path):
    loaded(ask, tmp_path)
    first, second = (
        ask("generate", notes=THEME, seconds=8, seed=3, tempo=90, candidates=2)[0] for _ in range(2)
    )
    assert (first["notes"], first["tempo"]) == (second["notes"], second["tempo"])
    assert first["log_likelihood"] == pytest.approx(second["log_likelihood"])
    assert first["tempo"] == 90
    assert first["log_likelihood"] < 0
    assert first["notes"]
    for pitch, velocity, start, end in first["notes"]:
        assert (48 <= pitch < 84, velocity) == (True, 100)
        assert 0 <= start < end <= 8


def test_midi_files_there_and_back(ask, tmp_path):
    path = str(tmp_path / "theme.mid")
    assert ask("save_midi", path=path, notes=THEME, tempo=120)[1] is None
    values, _ = ask("open_midi", path=path)
    assert values == {"notes": THEME, "tempo": 120}
    chord = [[60, 90, 0.0, 0.5], [67, 90, 0.0, 0.5]]
    ask("save_midi", path=path, notes=chord, tempo=120)
    values, _ = ask("open_midi", path=path)
    assert values["notes"] == chord[1:]
    assert any("highest notes" in line for line in ask.log())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("load", {"checkpoint": "none"}, "no checkpoint 'none'"),
        ("load", {"checkpoint": "broken"}, "broken.mag is not a Magenta bundle"),
        ("load", {"checkpoint": "drums"}, "'drum_kit_rnn' is no Melody RNN"),
        ("load", {"checkpoint": "basic_rnn", "engine": "big"}, "no engine 'big'"),
        ("generate", {"notes": THEME, "seconds": 0}, "cannot generate 0 seconds"),
        ("generate", {"notes": THEME, "seconds": 1, "temperature": 0}, "temperature must be above 0"),
        ("open_midi", {"path": "nowhere.mid"}, "no file nowhere.mid"),
        ("save_midi", {"path": "/nowhere/x.mid", "notes": THEME, "tempo": 120}, "No such file"),
    ],
)
def test_what_goes_wrong_is_one_line_and_the_worker_goes_on(ask, tmp_path, name, arguments, message):
    (tmp_path / "broken.mag").write_bytes((tmp_path / "basic_rnn.mag").read_bytes()[:500])
    write_bundle(tmp_path / "drums.mag", "drum_kit_rnn", *random_weights("basic_rnn"))
    loaded(ask, tmp_path)
    if name == "load":
        arguments = {"folders": [str(tmp_path)], **arguments}
    values, error = ask(name, **arguments)
    assert values is None
    assert message in error.message
    assert error.kind != "internal"
    assert ask("generate", notes=THEME, seconds=1)[0] is not None


def test_generate_before_load(ask):
    _, error = ask("generate", notes=THEME, seconds=1)
    assert "no model is loaded" in error.message
