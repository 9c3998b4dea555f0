"""The piece: three days' patches and their starters in one real Pd, from a theme to a sound file."""

import importlib.util
from pathlib import Path

import numpy as np
import soundfile
from support.external import EXTERNAL
from support.pd_window import STEP, TITLE, size, title, where
from support.waiting import wait_until

FOLDER = Path(__file__).resolve().parents[2] / "setup/piece"
PATCH = FOLDER / "piece.pd"
SAYS = ["piece-say", "piece-complain"]


def test_a_theme_becomes_a_piece_in_a_file(play, tmp_path):
    file = tmp_path / "a piece.wav"
    spec = importlib.util.spec_from_file_location("piece_demo", FOLDER / "demo.py")
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    pd = play([demo.PIECE], path=[EXTERNAL], listen=[demo.OUT])
    demo.compose(pd, file)
    pitches, tail = pd.array("piece-pitches"), np.array(pd.array("piece-tail"))
    notes = np.array([pd.array(f"piece-note-{number}") for number in range(8)])
    assert pd.errors() == []
    assert pd.quit() == 0
    assert (
        len(set(pitches)) > 2 and min(pitches) >= 60 and max(pitches) <= 84
    )  # the network's, not what was there
    assert (np.abs(notes).max(axis=1) > 0.01).all()
    assert np.abs(tail).max() > 0.01
    sound, rate = soundfile.read(file)
    assert 10 < len(sound) / rate < 20
    assert 0.02 < np.abs(sound).max() <= 1
    print(
        f"{len(sound) / rate:.1f} s, peak {np.abs(sound).max():.2f}; SampleRNN's part {np.abs(tail).max():.2f}"
    )


def test_a_step_that_is_too_early_is_refused(play):
    pd = play([PATCH], path=[EXTERNAL], listen=SAYS)
    pd.send("piece", "compose")
    pd.expect("piece-complain", "Not all models are loaded: press open and load, and wait for Ready.")
    pd.send("piece", "play")
    pd.expect("piece-complain", "There is nothing to play: press compose.")
    pd.send("piece", "load")
    pd.expect("piece-say", "0 of 3 models are loaded.")
    assert pd.errors() == []


def test_a_part_that_fails_is_named_and_the_piece_stops(play):
    pd = play([PATCH], path=[EXTERNAL], listen=[*SAYS, "piece-out"])
    for part in ("ai_duet", "gansynth", "samplernn"):
        pd.send(f"{part}-out", "worker", "on", "name", "starter")
    pd.expect("piece-say", "Ready: press compose.")
    pd.send("piece", "compose")
    pd.expect("piece-say", "AI Duet hears the theme")
    pd.send("piece", "compose")
    pd.expect("piece-complain", "It is being composed: wait.")
    pd.send("gansynth-out", "error", "there is no pitch 12")
    pd.expect("piece-complain", "gansynth: there is no pitch 12")
    pd.expect("piece-say", "It stopped: press compose again.")
    pd.send("samplernn-out", "worker", "off")
    pd.expect("piece-say", "2 of 3 models are loaded.")
    pd.send("piece", "play")
    pd.expect("piece-complain", "There is nothing to play: press compose.")
    assert pd.errors() == []


def test_the_days_open_behind_the_piece_and_once(play, screen):
    heard = ["ai_duet-out", "samplernn-out"]
    pd = play([PATCH], path=[EXTERNAL], listen=heard, display=screen.name)
    wait_until(lambda: len(where(screen.picture(), STEP)[0]) > 1000, "the window")
    before = screen.picture()
    top = where(before, TITLE)[0].min() - title(PATCH)[1]
    pd.send("piece", "open")
    for name in heard:
        pd.expect(name, "worker", "off", timeout=90)
    bottom = top + size(PATCH)[1] + 10
    wait_until(lambda: (screen.picture()[bottom] != before[bottom]).any(), "a day below the piece")
    wait_until(
        lambda: np.array_equal(where(screen.picture()[:bottom], STEP), where(before[:bottom], STEP)),
        "the piece",
    )
    pd.send("piece", "open")
    pd.sync()
    answers = pd.received["ai_duet-out"].count(["worker", "off"])
    pd.send("ai_duet", "status")
    pd.sync()
    assert pd.received["ai_duet-out"].count(["worker", "off"]) == answers + 1
    assert pd.errors() == []
