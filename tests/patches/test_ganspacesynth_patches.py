"""The patches of day 4 in real Pd, with a small model of random weights and its components."""

import os
import pickle
from pathlib import Path

import pytest
from ganspacesynth.fitting import fit
from gansynth.model import load
from support.external import EXTERNAL
from support.gansynth_files import FLAGS, write_model

ROOT = Path(__file__).parents[2]
DAY = ROOT / "04_ganspacesynth"
SAMPLES, RATE = FLAGS["audio_length"], FLAGS["sample_rate"]

ARRAYS = "#N canvas 0 0 300 300 12;\n" + "".join(
    f"#X obj 10 10 array define {name} 8;\n" for name in ("z1", "s1", "s2", "edits")
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp("models") / "small")
    fit(load(folder), samples=200, components=12, pitch=62).write(folder / "conv0.npz")
    fit(load(folder), layer="conv1", samples=200, components=12, pitch=62).write(folder / "conv1.pickle")
    return folder


@pytest.fixture
def session(tmp_path, play, model):
    """`session(patch, door)`: Pd with a patch of the day, the model loaded, and arrays of the test's own."""

    def start(patch, door):
        arrays = tmp_path / "arrays.pd"
        arrays.write_text(ARRAYS)
        pd = play([arrays, DAY / patch], listen=[f"{door}-out"], path=[EXTERNAL])
        pd.send("pd", "dsp", 1)
        pd.send(door, "load", str(model))
        pd.expect(f"{door}-out", "worker", "on", "name", "small", timeout=90)
        return pd

    return start


def no_errors(pd):
    assert pd.errors() == []
    assert pd.quit() == 0


def test_main_flow(session):
    pd = session("ganspacesynth.pd", "ganspacesynth")
    pd.send("ganspacesynth", "press", "conv0")
    pd.expect("ganspacesynth-out", "components", 12, "conv0", 62, timeout=90)
    pd.expect("ganspacesynth-out", "loaded_pca", timeout=90)
    pd.send("ganspacesynth", "press", "edit", 0, 2)
    pd.send("ganspacesynth", "press", "pitch", 64)
    pd.send("ganspacesynth", "press", "synthesize")
    pd.expect("ganspacesynth-out", "synthesized", SAMPLES, RATE, timeout=90)
    no_errors(pd)


def test_edits_change_the_sound_and_so_do_pitch_and_point(session):
    pd = session("ganspacesynth.pd", "ganspacesynth")
    pd.send("ganspacesynth", "load_ganspace_components", "conv0", "edits")
    pd.expect("ganspacesynth-out", "loaded_pca", timeout=90)
    assert pd.array("edits") == [0] * 12

    def note(pitch):
        pd.send("ganspacesynth", "synthesize", "z1", "s1", pitch)
        pd.expect("ganspacesynth-out", "synthesized", timeout=90)
        return pd.array("s1")

    pd.send("ganspacesynth", "randomize_z", "z1")
    pd.sync()
    plain = note(60)
    pd.set_array("edits", [3] + [0] * 11)
    edited = note(60)
    assert edited != plain
    assert note(64) != edited
    pd.send("ganspacesynth", "randomize_z", "z1")
    assert note(60) != edited
    no_errors(pd)


@pytest.mark.parametrize("move", [("xy", 1.5, -2), ("edit", 0, 2)], ids=["map", "slider"])
def test_a_note_follows_the_map_and_the_sliders(session, move):
    pd = session("ganspacesynth.pd", "ganspacesynth")
    pd.send("ganspacesynth", "press", "conv0")
    pd.expect("ganspacesynth-out", "loaded_pca", timeout=90)
    pd.send("ganspacesynth", "press", *move)
    pd.expect("ganspacesynth-out", "synthesized", SAMPLES, RATE, timeout=90)
    no_errors(pd)


def test_without_z(session):
    pd = session("ganspacesynth_noz.pd", "ganspacesynth")
    pd.send("ganspacesynth", "press", "conv0")
    pd.expect("ganspacesynth-out", "loaded_pca", timeout=90)
    pd.send("ganspacesynth", "press", "synthesize")
    pd.expect("ganspacesynth-out", "pitch_without_effect", 60, 62, timeout=90)
    pd.expect("ganspacesynth-out", "synthesized", SAMPLES, RATE, timeout=90)
    pd.send("ganspacesynth", "synthesize_noz", "s1", 62, 1, 2, "--", "s2", 62, 1, 2)
    pd.expect("ganspacesynth-out", "synthesized", SAMPLES, RATE, timeout=90)
    assert pd.array("s1") == pytest.approx(pd.array("s2"), rel=1e-3, abs=1e-3)
    no_errors(pd)


def test_the_sequencer(session, tmp_path):
    pd = session("ganspacesynth_halluseq.pd", "halluseq")
    pd.send("halluseq", "press", "conv1")  # which lies there as a pickle of the original's form
    pd.expect("halluseq-out", "components", 12, "conv1", -1, timeout=90)
    pd.send("halluseq", "press", "edit", 0, 2)
    for press in ("add", "rand", "add", "remove", "prev", "next"):
        pd.send("halluseq", "press", press)
    pd.send("halluseq", "send_state")
    pd.expect("halluseq-out", "step", "count", 3, timeout=90)
    for name, value in (("sample_spacing", 0.02), ("attack", 0.01), ("sustain", 0.05), ("release", 0.02)):
        pd.send("halluseq", "press", name, value)
    pd.send("halluseq", "press", "interp_steps", 3)
    pd.send("halluseq", "press", "generate")
    length = 6 * 160 + 80 + 400 + 160
    pd.expect("halluseq-out", "hallucinated", length, RATE, timeout=90)
    pd.send("halluseq", "press", "preview")
    pd.expect("halluseq-out", "synthesized", SAMPLES, RATE, timeout=90)
    pd.send("halluseq", "write_steps", str(tmp_path / "my steps.txt"))
    pd.expect("halluseq-out", "saved", timeout=90)
    assert (tmp_path / "my steps.txt").read_text().splitlines()[:2] == ["2", "2"]
    pd.send("halluseq", "read_steps", str(tmp_path / "my steps.txt"))
    pd.expect("halluseq-out", "opened", 3, timeout=90)
    no_errors(pd)


def test_steps_that_are_none_are_refused_and_change_nothing(session, tmp_path):
    pd = session("ganspacesynth_halluseq.pd", "halluseq")
    pd.send("halluseq", "press", "conv0")
    pd.expect("halluseq-out", "loaded_pca", timeout=90)
    pd.send("halluseq", "press", "add")
    (tmp_path / "words.txt").write_text("no steps")
    for file, complaint in (("words.txt", "holds no steps"), ("nowhere.txt", "there is no file")):
        pd.send("halluseq", "read_steps", str(tmp_path / file))
        (_, text) = pd.expect("halluseq-out", "error", timeout=90)
        assert complaint in text
    pd.send("halluseq", "send_state")
    pd.expect("halluseq-out", "step", "count", 2, timeout=90)
    assert pd.quit() == 0


class Hostile:
    def __init__(self, file):
        self._file = file

    def __reduce__(self):
        return os.system, (f"touch {self._file}",)


def test_what_is_wrong_is_said(session, tmp_path, model):
    pd = session("ganspacesynth.pd", "ganspacesynth")
    (tmp_path / "cut.npz").write_bytes((model / "conv0.npz").read_bytes()[:100])
    (tmp_path / "hostile.pickle").write_bytes(pickle.dumps({"comp": Hostile(tmp_path / "was_run")}))
    other = load(write_model(tmp_path / "other", seed=9))
    fit(other, samples=100, components=5).write(tmp_path / "others.npz")
    wrong = {
        ("synthesize_noz", "s1", 60, 1): "no components are loaded",
        ("load_ganspace_components", "conv9", "edits"): "there are no components conv9",
        ("load_ganspace_components", str(tmp_path / "cut.npz"), "edits"): "damaged",
        ("load_ganspace_components", str(tmp_path / "hostile.pickle"), "edits"): "it was not run",
        ("load_ganspace_components", str(tmp_path / "others.npz"), "edits"): "computed from another model",
        ("load_ganspace_components", "conv0", "nowhere"): "no array nowhere",
        ("synthesize_noz", "s1"): "a sound and a pitch",
    }
    for words, complaint in wrong.items():
        pd.send("ganspacesynth", *words)
        (_, text) = pd.expect("ganspacesynth-out", "error", timeout=90)
        assert complaint in text
    assert not (tmp_path / "was_run").exists()
    assert pd.quit() == 0


def test_components_that_are_refused_leave_those_that_were_loaded(session, tmp_path):
    pd = session("ganspacesynth.pd", "ganspacesynth")
    pd.send("ganspacesynth", "load_ganspace_components", "conv0", "edits")
    pd.expect("ganspacesynth-out", "loaded_pca", timeout=90)
    pd.set_array("edits", [2.0] * 12)
    pd.send("ganspacesynth", "load_ganspace_components", str(tmp_path / "nowhere.npz"), "edits")
    pd.expect("ganspacesynth-out", "error", timeout=90)
    assert pd.array("edits") == [2.0] * 12
    pd.send("ganspacesynth", "synthesize_noz", "s1", 62, "edits")
    pd.expect("ganspacesynth-out", "synthesized", SAMPLES, RATE, timeout=90)
    assert pd.quit() == 0
