"""The patch of day 7 in real Pd: its buttons make a tone, and it is heard."""

import sys
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject
from support.external import EXTERNAL

PATCH = Path(__file__).parents[2] / "07_tone/tone.pd"


def opened(play, folder):
    """The patch in Pd with the sound on; its object."""
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder)}
    pd = play([PATCH], path=[EXTERNAL], listen=["tone-out"], environment=environment)
    pd.send("pd", "dsp", 1)
    return PatchObject(pd, "tone")


def test_the_buttons_make_a_tone_that_is_heard(play, tmp_path):
    tone = opened(play, tmp_path)
    tone.send("press", "load")
    tone.expect("worker", "on", "name", "starter_a", "frequency", 440)
    tone.send("press", "seconds", 2)
    tone.send("press", "generate")
    tone.expect("generated", 88200, 44100)
    sound = tone.pd.array(tone.own("sound"))
    assert len(sound) == 88200 and max(sound) > 0.99
    tone.pd.listen(tone.own("meter"))
    tone.send("press", "sound-play")
    tone.pd.let_time_pass(500)
    widths = [message[1] for message in tone.pd.received[tone.own("meter")]]
    assert max(widths) > 100  # of the meter's 150 pixels
    assert tone.pd.errors() == []


def test_what_cannot_be_is_told_in_one_line(play, tmp_path):
    tone = opened(play, tmp_path)
    tone.send("press", "generate")
    assert "no model is loaded" in tone.expect("error")[1]
    tone.send("load", "nothing")
    assert "there is no checkpoint 'nothing'" in tone.expect("error")[1]
    tone.send("press", "load")
    tone.expect("worker", "on")
    tone.send("generate", "nowhere")
    assert "nowhere" in tone.expect("error")[1]
