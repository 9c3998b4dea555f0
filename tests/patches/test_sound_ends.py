"""Sounds that end off zero, played by the shared player and by a key of day 3, recorded in real Pd: silence follows."""

import math

import numpy as np
import pytest
from dlwakit.pdtools.pd_session import wait_for_sound
from support.course_copy import ROOT

RATE = 44100
FALSE_END = 0.4  # what an array ends on
PATHS = [ROOT / "setup/patches", ROOT / "03_gansynth"]
HOST = r"""#N canvas 40 30 1000 300 12;
#X obj 10 10 dlwa-remote \$0 page;
#X obj 20 40 dlwa-output~ \$0 1;
#X obj 260 40 dlwa-recorder~ \$0;
#X obj 20 200 throw~ \$0-left;
#X obj 20 80 array define \$0-tone 9;
#X obj 20 120 SOURCE;
#X obj 20 100 r \$0-note;
#X connect 5 0 3 0;
"""
PLAYER, VOICE = "dlwa-player~ \\$0-tone", "gansynth-voice~ 1 \\$0-tone"


@pytest.fixture
def record(play, tmp_path):
    """record(source, samples, name, message): what is heard of a tone that ends off zero, and 300 ms after."""
    soundfile = pytest.importorskip("soundfile")

    def start(source, samples, name, *message):
        patch, file = tmp_path / "page.pd", tmp_path / "heard.wav"
        cord = "#X connect 6 0 5 0;\n" if source == VOICE else ""
        patch.write_text(HOST.replace("SOURCE", source) + cord)
        pd = play([patch], path=PATHS, listen=["page-out"])
        pd.send("page", "number")
        number = int(pd.expect("page-out", "number")[1])
        tone = [FALSE_END * math.cos((n - samples) / 20) for n in range(samples)]
        pd.set_array(f"{number}-tone", [*tone, FALSE_END])
        pd.send("pd", "dsp", 1)
        pd.send(f"{number}-record-file", "symbol", str(file))
        pd.send(f"{number}-{name}", *message)
        pd.let_time_pass(1000 * samples / RATE + 300)
        pd.send(f"{number}-record-file", "stop")
        pd.expect("page-out", "saved")
        wait_for_sound(file)
        pd.quit()
        return soundfile.read(file)[0][:, 0]

    return start


@pytest.mark.parametrize("samples", [50, 8000])
@pytest.mark.parametrize("source", [PLAYER, VOICE], ids=["player", "voice"])
def test_a_sound_that_ends_off_zero_fades_and_is_followed_by_silence(record, source, samples):
    message = ("note", 127, 0, samples, RATE) if source == VOICE else ("tone-play",)
    heard = record(source, samples, *message)
    sounding = np.nonzero(heard)[0]
    assert 0.8 * samples < sounding[-1] - sounding[0] <= samples + 1
    assert len(heard) - sounding[-1] > RATE / 10
    assert np.abs(heard).max() > 0.1
    assert np.abs(np.diff(heard[sounding[-1] - 20 :])).max() < 0.05
