"""Bad circumstances, one after the other, for each object that plays live, in real Pd with a starter.

One core and no real-time priority, what the model can't have, silence or nothing that comes in, floods, another sample
rate and block size: what is to be said is one line, and the sound goes on.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from support.external import EXTERNAL
from support.live_sound import undisturbed
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
OUT = "bad-out"
PATIENCE = 60  # seconds: where loops have to be compiled first
FLOOD = 1000
SOURCE, BOX = 1, 3  # objects of PATCH, by number
PATCH = """#N canvas 100 100 500 400 12;
#X obj 20 20 phasor~ 220;
#X obj 20 50 *~ 0;
#X obj 120 20 receive level;
#X obj 20 100 {box};
#X obj 200 20 receive bad;
#X obj 200 140 send bad-out;
#X obj 320 20 receive record;
#X obj 20 180 tabwrite~ heard;
#X obj 20 260 array define heard 48000;
#X obj 400 20 receive block;
#X obj 400 50 block~ 64;
#X obj 20 290 array define z 16;
#X connect 0 0 1 0;
#X connect 2 0 1 1;
#X connect 3 0 7 0;
#X connect 3 {outlet} 5 0;
#X connect 4 0 3 0;
#X connect 6 0 7 0;
#X connect 9 0 10 0;
"""


class Live(NamedTuple):
    """An object: where it is, its box, its outlet for messages, its model, and what is asked of it.

    impossible: what it can't have, what it says of that, and what makes it good; many(n): one message of a flood;
    sounds: what makes it sound in the end.
    """

    folder: str
    box: str
    outlet: int
    model: str
    impossible: tuple
    many: object
    sounds: tuple


SMALL = ("buffer", 1000), "can't have a buffer of 1000 samples: it has 1024", ("buffer", 8192)
SHORT = ("latency", 1), "a latency of 1 ms is too short: it is", ("latency", 1000)
OBJECTS = {
    "rave": Live(
        "06_rave", "rave~ none forward 8192", 1, "starter_drums", SMALL,
        lambda n: ("bias", 1, n / FLOOD), ("bias", 1, 0),
    ),
    "nn": Live(
        "06_rave/nn", "nn~ void 1 1", 1, "starter_drums", SMALL,
        lambda n: ("bias", 1, n / FLOOD), ("bias", 1, 0),
    ),
    "timbre_transfer": Live(
        "02_ddsp", "timbre_transfer~ none 1000", 1, "starter_violin", SHORT,
        lambda n: ("note", 40 + n % 40, n % 2 * 90), ("octave", 0),
    ),
    "samplernn": Live(
        "05_samplernn", "samplernn~ none 1 1000", 6, "starter_beat", SHORT,
        lambda n: ("temperature", n / FLOOD), ("temperature", 1),
    ),
    "gansynth": Live(
        "03_gansynth", "gansynth~ none z", 1, "starter_instruments", (),
        lambda n: ("note", 48 + n % 36, n % 2 * 90), ("note", 60, 100),
    ),
}  # fmt: skip


def heard(pd):
    """A second of what comes out."""

    def record():
        pd.send("record")
        pd.let_time_pass(48000 / 44.1 + 50)
        return np.array(pd.array("heard"))

    return undisturbed(pd, OUT, record)


@pytest.mark.slow
@pytest.mark.parametrize("name", OBJECTS)
def test_it_says_one_line_and_plays_on(poor_machine, play, tmp_path, name):
    live = OBJECTS[name]
    patch = tmp_path / "bad.pd"
    patch.write_text(PATCH.format(box=live.box, outlet=live.outlet))
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    path = [EXTERNAL, ROOT / live.folder]
    pd = play([patch], ["-lib", "py"], path=path, listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send("bad", "load", live.model)
    pd.expect(OUT, "worker", "on", timeout=PATIENCE)
    if live.impossible:  # it plays on a stream
        pd.send("pd-bad.pd", "connect", SOURCE, 0, BOX, 0)
        pd.expect(OUT, "alive", 1, timeout=PATIENCE)
        pd.expect_console("no permission for real-time priority")
        asked, said, good = live.impossible
        pd.send("bad", *asked)
        assert said in pd.expect(OUT, "note", timeout=PATIENCE)[1]
        pd.send("bad", *good)
        assert np.isfinite(heard(pd)).all()
        pd.send("pd-bad.pd", "disconnect", SOURCE, 0, BOX, 0)
        assert np.isfinite(heard(pd)).all()
        pd.send("pd-bad.pd", "connect", SOURCE, 0, BOX, 0)
    for number in range(FLOOD):
        pd.send("bad", *live.many(number))
    for words in (("pd", "audio-dialog", *[0] * 16, 48000, 20, 0, 64), ("block", "set", 512)):
        pd.send(*words)
        if live.impossible:
            pd.expect(OUT, "latency", timeout=PATIENCE)
    pd.send("level", 0.3)
    pd.send("bad", *live.sounds)
    wait_until(lambda: heard(pd).std() > 1e-4, "sound")
    assert pd.errors() == []
