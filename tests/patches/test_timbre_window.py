"""The mouse on day 2's patch: an instrument is chosen, a sound transferred, the live patch opened."""

import sys

import numpy as np
import pytest
import soundfile
from support.external import EXTERNAL
from support.pd_window import buttons
from support.timbre_player import OUT, PATCH, phrase
from support.waiting import wait_until

LIVE = "timbre-live-out"


@pytest.fixture
def pd(play, screen, tmp_path):
    """A Pd that shows the patch."""
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    return play([PATCH], path=[EXTERNAL], listen=[OUT, LIVE], display=screen.name, environment=environment)


@pytest.fixture
def press(pd, screen):
    """press(name) clicks on the button that sends to $0-name."""
    press = buttons(screen, PATCH)
    pd.expect(OUT, "worker", "off", timeout=90)
    return lambda name: press(f"\\$0-{name}")


def test_a_phrase_is_transferred_by_a_starter(pd, press, tmp_path):
    press("load-starter_violin")
    pd.expect(OUT, "worker", "on", timeout=240)
    soundfile.write(tmp_path / "sung.wav", phrase(44100), 44100)
    pd.send("timbre_transfer", "open", "in", str(tmp_path / "sung.wav"))
    pd.expect(OUT, "opened")
    press("transfer")
    pd.expect(OUT, "transferred", timeout=60)
    pd.send("timbre_transfer", "save", "out", str(tmp_path / "played.wav"))
    pd.expect(OUT, "saved")
    played, _ = soundfile.read(tmp_path / "played.wav")
    assert np.sqrt(np.mean(played**2)) > 0.02
    assert pd.errors() == []


def test_the_live_patch_opens_beside_it(pd, press):
    def answers():
        pd.send("timbre-live", "number")
        pd.sync()
        return pd.received[LIVE]

    press("live")
    wait_until(answers, "the live patch")
    assert pd.errors() == []
