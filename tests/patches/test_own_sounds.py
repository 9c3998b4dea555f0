"""Sounds of one's own in real Pd: collected, looked at, trained on, and the model played in the patch."""

import sys
from pathlib import Path

import numpy as np
import pytest
from dlwakit.runs.folder import read_run, read_state
from modelfiles.sounds import read_sound, write_sound
from support.external import EXTERNAL
from support.melody_files import abc
from support.waiting import wait_until

RATE = 16000
OBJECT = "own_sounds-out"
PATCH = Path(__file__).parents[2] / "03_gansynth/gansynth.pd"


@pytest.fixture
def folder(tmp_path):
    """Two good sounds, a silent one, a clipped one, and a file that is none."""
    folder = tmp_path / "meine Klänge"
    folder.mkdir()
    seconds = np.arange(2 * RATE) / RATE
    for name, pitch in (("low", 220), ("high", 440)):
        write_sound(
            folder / f"{name}.wav", 0.5 * np.sin(2 * np.pi * pitch * seconds) * np.exp(-2 * seconds), RATE
        )
    write_sound(folder / "loud.wav", np.clip(3 * np.sin(2 * np.pi * 330 * seconds), -1, 1), RATE)
    write_sound(folder / "nothing.wav", np.zeros(RATE), RATE)
    (folder / "._low.wav").write_bytes(b"macOS")
    (folder / "broken.wav").write_bytes(b"RIFF no sound")
    return folder


@pytest.fixture
def pd(play, tmp_path):
    """Day 3's patch, with nobody's data but its own, and the window of one's own sounds opened."""
    variables = {
        "DLWA_PYTHON_TORCH": sys.executable,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    listen = [OBJECT, "gansynth-out"]
    pd = play([PATCH], path=[EXTERNAL], listen=listen, environment=variables)
    pd.send("own_sounds", "load", "gansynth")
    pd.expect(OBJECT, "sounds", 0, 0, 0, timeout=60)
    return pd


def test_each_sound_is_shown_with_what_is_wrong_with_it(pd, folder, tmp_path):
    pd.send("own_sounds", "add", str(folder))
    shown = {
        message[4]: (message[2], message[5]) for message in (pd.expect(OBJECT, "sound") for _ in range(5))
    }
    assert shown["low.wav"] == shown["high.wav"] == (1, "good")
    assert shown["loud.wav"] == (1, "clipped")
    assert shown["nothing.wav"] == (0, "silent")
    used, fault = shown["broken.wav"]
    assert used == 0 and "cannot be read" in fault
    assert pd.expect(OBJECT, "sounds")[1:3] == [5, 3]
    pd.send("own_sounds", "use", 0, 0)
    assert pd.expect(OBJECT, "sound")[1:3] == [0, 0]
    pd.send("own_sounds", "use", 9, 0)
    pd.expect(OBJECT, "error", "there is no sound 10, only 5")


def test_a_recording_is_kept_as_a_sound_file(pd, tmp_path):
    pd.send("own_sounds", "number")
    number = int(pd.expect(OBJECT, "number")[1])
    pd.send(f"{number}-mic", "resize", RATE)
    pd.sync()
    tone = 0.5 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)
    pd.set_array(f"{number}-mic", tone.tolist())
    pd.send("own_sounds", "record", f"{number}-mic", RATE)
    assert pd.expect(OBJECT, "sound")[4:6] == ["recording-01.wav", "good"]
    samples, rate = read_sound(tmp_path / "data/dlwa/own/gansynth/my_sounds/recordings/recording-01.wav")
    assert rate == RATE
    np.testing.assert_allclose(samples, tone, atol=1e-4)
    pd.send("own_sounds", "hear", 0)
    pd.expect(OBJECT, "preview", RATE, RATE)


def add_good_sounds(pd, folder):
    """Add the two sounds of the folder with which nothing is wrong."""
    for sound in ("low", "high"):
        pd.send("own_sounds", "add", str(folder / f"{sound}.wav"))
    pd.expect(OBJECT, "sounds", 2, 2)


def test_it_trains_is_heard_meanwhile_and_plays_in_the_patch(pd, folder, tmp_path):
    add_good_sounds(pd, folder)
    pd.send("own_sounds", "minutes", 0.5)
    pd.send("own_sounds", "train")
    model = pd.expect(OBJECT, "model", timeout=300)[1]
    pd.expect(OBJECT, "preview", RATE, timeout=60)
    pd.expect("gansynth-out", "worker", "on", "name", Path(model).name, timeout=300)
    pd.send("own_sounds", "stop")
    assert pd.expect(OBJECT, "ended", timeout=60)[1] in ("stopped", "done")
    pd.send("own_sounds", "keep", "mine")
    kept = Path(pd.expect(OBJECT, "saved")[1])
    assert kept == tmp_path / "data/dlwa/checkpoints/mine" and (kept / "experiment.json").exists()
    pd.send("own_sounds", "minutes", 60)
    pd.send("own_sounds", "train")
    pd.expect(OBJECT, "progress", 0, "training begins", timeout=60)
    pd.send("own_sounds", "train")
    pd.expect(OBJECT, "error", "it is training already - stop it first", timeout=60)
    pid = wait_until(lambda: pid_at_work(tmp_path), "the training at work")
    assert pd.quit() == 0
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the training")


def test_other_sounds_begin_a_run_with_what_was_learned(pd, folder, tmp_path):
    add_good_sounds(pd, folder)
    pd.send("own_sounds", "minutes", 0.05)
    pd.send("own_sounds", "train")
    assert pd.expect(OBJECT, "ended", timeout=300)[1] == "done"
    pd.send("own_sounds", "use", 0, 0)
    pd.send("own_sounds", "train")
    assert pd.expect(OBJECT, "ended", timeout=300)[1] == "done"
    runs = tmp_path / "data/dlwa/own/gansynth/my_sounds"
    assert read_run(runs / "my_sounds-2")["settings"]["source"] == str(runs / "my_sounds-1")
    assert pd.errors() == []


def test_melodies_are_drawn_and_heard(play, tmp_path):
    (tmp_path / "scale.abc").write_text(abc([60, 62, 64, 65, 67, 69, 71, 72] * 8))
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_DATA_HOME": str(tmp_path / "data")}
    patch = PATCH.parents[1] / "01_ai_duet/ai_duet.pd"
    pd = play([patch], path=[EXTERNAL], listen=[OBJECT], environment=variables)
    pd.send("own_sounds", "load", "melody")
    pd.expect(OBJECT, "sounds", 0, 0, 0, timeout=60)
    pd.send("own_sounds", "number")
    number = int(pd.expect(OBJECT, "number")[1])
    pd.send("own_sounds", "picture", f"{number}-picture")
    pd.send("own_sounds", "add", str(tmp_path))
    assert pd.expect(OBJECT, "sound", 0, 1)[3:6] == [16, "scale.abc", "good"]
    assert pd.expect(OBJECT, "sounds")[1:3] == [1, 1]
    drawn = pd.array(f"{number}-picture-0")
    assert len(drawn) == 96 and min(drawn) == pytest.approx(-0.8) and max(drawn) == pytest.approx(0.8)
    pd.send("own_sounds", "hear", 0)
    pd.expect(OBJECT, "preview", RATE)


def pid_at_work(tmp_path):
    """The process of the newest run, while it trains."""
    newest = max((tmp_path / "data/dlwa/own/gansynth/my_sounds").glob("my_sounds-*"))
    state = read_state(newest)
    return state["pid"] if state.get("state") == "running" else None
