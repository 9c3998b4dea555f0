"""The patches of day 3 in real Pd, with a small model of random weights."""

import itertools
import wave
from pathlib import Path

import pytest
from support.external import EXTERNAL
from support.gansynth_files import FLAGS, write_model

ROOT = Path(__file__).parents[2]
DAY = ROOT / "03_gansynth"
SAMPLES, RATE = FLAGS["audio_length"], FLAGS["sample_rate"]


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "small")


@pytest.fixture
def session(tmp_path, play):
    """`session("gansynth.pd")`: Pd with a patch of the day and four arrays z1, z2, s1, s2 of the test's own."""

    def start(patch):
        arrays = tmp_path / "arrays.pd"
        names = itertools.product("zs", "123")
        arrays.write_text(
            "#N canvas 0 0 300 300 12;\n"
            + "".join(f"#X obj 10 10 array define {kind}{number} 8;\n" for kind, number in names)
        )
        pd = play([arrays, DAY / patch], listen=["gansynth-out"], path=[EXTERNAL])
        pd.send("pd", "dsp", 1)
        return pd

    return start


def heard(pd, *start):
    """The next message of the object that starts so; the limit is for a very busy machine."""
    return pd.expect("gansynth-out", *start, timeout=90)


def loaded(pd, model):
    pd.send("gansynth", "load", str(model))
    heard(pd, "worker", "on", "name", "small")


def read_wav(path):
    with wave.open(str(path)) as sound:
        return sound.getframerate(), sound.getnframes(), sound.readframes(sound.getnframes())


def no_errors(pd):
    assert pd.errors() == []
    assert pd.quit() == 0


def test_main_flow(session, model, tmp_path):
    pd = session("gansynth.pd")
    loaded(pd, model)
    heard(pd, "randomized")  # by the patch, as soon as it heard of the model
    heard(pd, "model", RATE, SAMPLES, 8, 60, 64)
    pd.send("gansynth", "press", "pitch", 62)
    pd.send("gansynth", "press", "synthesize")
    heard(pd, "synthesized", SAMPLES, RATE)
    pd.send("gansynth", "press", "save-file", str(tmp_path / "note.wav"))
    pd.sync()
    rate, frames, sound = read_wav(tmp_path / "note.wav")
    assert (rate, frames) == (RATE, SAMPLES)
    assert any(sound)
    no_errors(pd)


def test_the_same_seed_draws_the_same_and_undo_takes_back(session, model):
    pd = session("gansynth.pd")
    loaded(pd, model)
    for z in ("z1", "z2"):
        pd.send("gansynth", "seed", 7)
        pd.send("gansynth", "randomize_z", z)
    pd.sync()
    first = pd.array("z1")
    assert first == pd.array("z2") and len(first) == 8
    pd.send("gansynth", "randomize_z", "z1")
    pd.sync()
    assert pd.array("z1") != first
    pd.send("gansynth", "undo_z", "z1")
    pd.sync()
    assert pd.array("z1") == first
    no_errors(pd)


def test_points_go_into_files_and_come_back(session, model, tmp_path):
    pd = session("gansynth.pd")
    loaded(pd, model)
    pd.send("gansynth", "randomize_z", "z1")
    for file in ("my point.npy", "my point.txt"):
        pd.send("gansynth", "write_z", "z1", str(tmp_path / file))
        heard(pd, "saved")
        pd.send("gansynth", "read_z", "z2", str(tmp_path / file))
        heard(pd, "opened", "z2")
        assert pd.array("z2") == pytest.approx(pd.array("z1"), abs=1e-6)
        pd.set_array("z2", [0.0])
    no_errors(pd)


def test_several_notes_slerp_and_sum(session, model):
    pd = session("gansynth.pd")
    loaded(pd, model)
    pd.send("gansynth", "randomize_z", "z1", "z2")
    pd.send("gansynth", "slerp_z", "z1", "z2", "z3", 1)
    pd.sync()
    assert pd.array("z3") == pytest.approx(pd.array("z2"), abs=1e-5)
    pd.send("gansynth", "slerp_z", "z1", "z1", "z3", 0.5)
    pd.sync()
    assert pd.array("z3") == pytest.approx(pd.array("z1"), abs=1e-5)
    pd.send("gansynth", "sum_z", "z3", "z1", 0.5, "z2", -1)
    pd.sync()
    wanted = [0.5 * one - two for one, two in zip(pd.array("z1"), pd.array("z2"))]
    assert pd.array("z3") == pytest.approx(wanted, abs=1e-5)
    pd.send("gansynth", "synthesize", "z1", "s1", 60, "z2", "s2", 64)
    heard(pd, "synthesized", SAMPLES, RATE)
    one, two = pd.array("s1"), pd.array("s2")
    assert len(one) == len(two) == SAMPLES and one != two
    assert max(map(abs, one)) <= 1
    no_errors(pd)


def test_the_keyboard_is_rendered_in_the_background(session, model):
    pd = session("gansynth.pd")
    loaded(pd, write_model(model.parent / "keys" / "small", pitches=[60, 61, 62, 63, 64]))
    pd.send("gansynth", "randomize_z", "z1")
    pd.send("gansynth", "keyboard", "z1", "s1")
    heard(pd, "key", 62, 2 * SAMPLES, SAMPLES, RATE)
    heard(pd, "keyboard", 5)
    row = pd.array("s1")
    pd.send("gansynth", "synthesize", "z1", "s2", 63)
    heard(pd, "synthesized")
    assert row[3 * SAMPLES : 4 * SAMPLES] == pytest.approx(pd.array("s2"), rel=1e-3, abs=1e-3)
    no_errors(pd)


WRONG = {
    ("synthesize", "z1", "s1", 61): "no pitch 61",
    ("synthesize", "z1", "nowhere", 60): "no array nowhere",
    ("synthesize", "z1", "s1"): "generate Z SOUND PITCH",
    ("slerp_z", "z1", "s3", "z2", 0.5): "differ in size",
    ("synthesize", "s3", "s1", 60): "latent vector of 5 numbers",
    ("undo_z", "z1"): "no draw of z1",
    ("randomize_z",): "no array is named",
    ("read_z", "z1", "no.npy"): "no file",
    ("hallucinate", "s1", 65, 3): "out of range",
    ("hallucinate", "s1", 2, 1, 0.1, 0, 0, 0, 0): "nothing to hear",
    ("load", "no_such_model"): "there is no checkpoint",
}


def test_what_is_wrong_is_said_and_nothing_else_changes(session, model):
    pd = session("gansynth.pd")
    loaded(pd, model)
    pd.set_array("s3", [0.0] * 5)
    pd.set_array("s1", [0.25] * 10)
    for words, complaint in WRONG.items():
        pd.send("gansynth", *words)
        (_, text) = heard(pd, "error")
        assert complaint in text and "\n" not in text
    assert pd.array("s1") == [0.25] * 10
    pd.send("gansynth", "randomize_z", "z1")
    pd.send("gansynth", "synthesize", "z1", "s1", 60)
    heard(pd, "synthesized", SAMPLES, RATE)
    assert pd.quit() == 0


def test_without_a_model_it_says_so(session):
    pd = session("gansynth.pd")
    pd.send("gansynth", "randomize_z", "z1")
    assert "no model is loaded" in heard(pd, "error")[1]
    assert pd.quit() == 0


def test_four_sounds(session, model):
    pd = session("gansynth_multi.pd")
    loaded(pd, model)
    heard(pd, "randomized")
    for number, pitch in enumerate((60, 62, 64, 60), 1):
        pd.send("gansynth", "press", f"pitch{number}", pitch)
    pd.send("gansynth", "press", "amount", 0.25)
    heard(pd, "slerped")
    pd.send("gansynth", "press", "sum")
    heard(pd, "summed")
    pd.send("gansynth", "press", "synthesize")
    heard(pd, "synthesized", SAMPLES, RATE)
    no_errors(pd)


def test_hallucination(session, model, tmp_path):
    pd = session("gansynth_hallucination.pd")
    loaded(pd, model)
    heard(pd, "model")
    for button, value in (("notes", 3), ("steps", 2), ("pitch", 60), ("spacing", 0.1), ("trim", 0)):
        pd.send("gansynth", "press", button, value)
    for button, value in (("attack", 0.02), ("sustain", 0.05), ("release", 0.03)):
        pd.send("gansynth", "press", button, value)
    pd.send("gansynth", "press", "generate")
    length = 6 * 800 + 160 + 400 + 240
    heard(pd, "hallucinated", length, RATE)
    pd.send("gansynth", "press", "save-file", str(tmp_path / "long.wav"))
    pd.sync()
    assert read_wav(tmp_path / "long.wav")[:2] == (RATE, length)
    no_errors(pd)


def test_the_originals_short_hallucination_message(session, model):
    pd = session("gansynth_hallucination.pd")
    loaded(pd, model)
    pd.send("gansynth", "hallucinate", "s1", 2, 0, 0.1, 0, 0.02, 0.05, 0.03)
    heard(pd, "hallucinated", 800 + 800, RATE)
    no_errors(pd)
