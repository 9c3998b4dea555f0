"""Day 2's patch in real Pd: a sound is opened, played by a model, changed, and saved."""

import numpy as np
import pytest
from support.timbre_player import opened, phrase


@pytest.fixture
def player(play, tmp_path):
    return opened(play, tmp_path)


def test_a_phrase_is_transferred_changed_and_saved(player):
    pd = player.pd
    player.load()
    pd.send("pd", "dsp", 1)
    player.send("open", "in", player.sound(np.stack([phrase(44100)] * 2, 1), 44100))
    assert player.expect("opened") == ["opened", "in", 52920, 44100]
    player.send("output", 48000)
    player.send("transfer", "in", "out")
    assert player.expect("transferred") == ["transferred", 57600, 48000]
    first, rate = player.saved()
    assert rate == 48000 and len(first) == 57600
    assert np.abs(first).max() == pytest.approx(0.9, abs=1e-3)
    player.send("octave", 1)
    player.send("transfer", "in", "out")
    player.expect("transferred")
    higher, _ = player.saved()
    assert np.abs(higher - first).max() > 0.05
    assert pd.errors() == []


def test_the_originals_messages_work(player):
    gin = player.folder / "a model" / "operative_config-0.gin"
    player.send("open", "in", player.sound(phrase(16000), 16000))
    player.expect("opened")
    player.send("run", str(gin), "in", "out", 0, 0.2, 0, 16000, 32000, 1, 0, 0)
    assert player.expect("transferred") == ["transferred", 38400, 32000]
    player.send("normalize", "out", 0.5)
    player.expect("normalized")
    assert np.abs(player.saved()[0]).max() == pytest.approx(0.5, abs=1e-3)
    player.send("unload")
    player.expect("worker", "off")
    assert player.pd.errors() == []


def test_what_cannot_be_done_is_said_in_one_line(player):
    def refused(words, *message):
        player.send(*message)
        line = player.expect("error")[1]
        assert words in line and "Traceback" not in line

    refused("no model is loaded", "transfer", "in", "out")
    refused("no checkpoint 'nobody'", "load", "nobody")
    player.load()
    refused("there is no array nowhere", "transfer", "nowhere", "out")
    refused("out of range", "threshold", 2)
    refused("too short", "transfer", "in", "out")  # 1000 samples at 44.1 kHz
    refused("there is no file", "open", "in", str(player.folder / "missing.wav"))
    player.send("open", "in", player.sound(np.zeros(8000), 16000))
    player.expect("opened")
    refused("the sound is silent", "transfer", "in", "out")
    assert not any("Traceback" in line for line in player.pd.console)
