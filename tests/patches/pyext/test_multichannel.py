"""`[pystream~ -m]`: one cord for all signals of a side where Pd has such cords, a sentence where not."""

import threading

import numpy as np
import pytest
from pdworker.serving.audio_stream import Stream
from support.tools import cannot
from support.waiting import wait_until

PATCH = """#N canvas 0 0 500 400 12;
#X obj 20 20 sig~ 1;
#X obj 80 20 sig~ 2;
#X obj 140 20 sig~ 3;
#X obj 20 60 snake~ in 3;
#X obj 20 100 pystream~ -m 3 2 64;
#X obj 20 140 snake~ out {outputs};
#X obj 200 100 send stream-out;
#X obj 200 20 receive stream;
#X obj 300 20 receive look;
#X obj 20 300 send seen;
#X connect 0 0 3 0;
#X connect 1 0 3 1;
#X connect 2 0 3 2;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 4 1 6 0;
#X connect 7 0 4 0;
"""
OUTPUTS = 70  # that are looked at


@pytest.fixture
def stream(rig):
    """The Pd of the rig with the patch open and its sound on."""
    rig.pd.listen("stream-out")
    rig.pd.listen("seen")
    looks = "".join(
        f"#X obj 20 180 snapshot~;\n#X connect 5 {i} {10 + i} 0;\n#X connect 8 0 {10 + i} 0;\n"
        f"#X connect {10 + i} 0 9 0;\n"
        for i in range(OUTPUTS)
    )
    (rig.folder / "multichannel.pd").write_text(PATCH.format(outputs=OUTPUTS) + looks)
    rig.pd.open(rig.folder / "multichannel.pd")
    rig.pd.send("pd", "dsp", 1)
    yield rig.pd
    rig.pd.send("pd-multichannel.pd", "menuclose", 1)
    rig.pd.sync()


def is_missing(rig):
    return any("no multichannel signals" in line for line in rig.console)


class Worker(threading.Thread):
    """Answers each signal's sum, and then as many multiples of the last one as there are outputs."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.stream, self.ended = Stream(path), False
        self.start()

    def run(self):
        while not self.ended:
            audio = self.stream.read(64, 0.1)
            if audio is not None:
                factors = np.arange(self.stream.outputs - 1, dtype=np.float32)[:, None]
                self.stream.write(np.concatenate([audio.sum(0, keepdims=True), factors * audio[-1]]))

    def end(self):
        self.ended = True
        self.join()


def seen(pd):
    before = len(pd.received["seen"])
    pd.send("look")
    pd.sync()
    return sorted(message[-1] for message in pd.received["seen"][before:])


def expect_to_see(pd, wanted):
    wait_until(lambda: np.allclose(seen(pd), wanted), lambda: f"{wanted}, not {seen(pd)}")


def test_signals_go_through_one_cord_as_many_as_the_object_is_told(rig, stream):
    if is_missing(rig):
        assert sum("0.54 and later have" in line for line in rig.console) == 1
        cannot("this Pd has no multichannel signals (tests/support/other_pd.sh FOLDER brings a newer one)")
    for message, sums in (
        (("bang",), [6.0, 0.0]),
        (("channels", 5, OUTPUTS), [9.0, *2.0 * np.arange(69)]),
    ):  # of three channels the first come again
        stream.send("stream", *message)
        worker = Worker(stream.expect("stream-out", "stream")[1])
        expect_to_see(stream, sorted([*sums, *(OUTPUTS - len(sums)) * [0.0]]))
        worker.end()
