"""Day 6 without a window: real Pd plays a few notes through the starter, live, and records both."""

import tempfile
import time
import wave
from array import array
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, PdSession, wait_for_sound
from dlwakit.pdtools.png import waveform, write_png

HERE = Path(__file__).resolve().parent
STARTER = "starter"
NOTES = (45, 52, 57, 60, 64, 57, 52, 48, 45)
NOTE, TAIL = 0.7, 1.5  # seconds
WIDTH = 600  # of one sound in the picture

PATCH = r"""#N canvas 0 0 500 400 12;
#X declare -path pyext -lib py;
#X obj 20 20 r demo-note;
#X obj 20 50 mtof;
#X obj 20 80 phasor~;
#X obj 150 50 t b b;
#X msg 150 80 1 5 \, 0 600 100;
#X obj 150 110 vline~;
#X obj 20 150 *~;
#X obj 20 220 rave~ none forward 4096;
#X obj 300 20 r demo-record;
#X obj 20 280 writesf~ 2;
#X obj 300 220 s rave-out;
#X obj 300 150 r rave;
#X obj 20 110 -~ 0.5;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 0 0 3 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 2 0 12 0;
#X connect 12 0 6 0;
#X connect 5 0 6 1;
#X connect 6 0 7 0;
#X connect 6 0 9 0;
#X connect 7 0 9 1;
#X connect 8 0 9 0;
#X connect 7 1 10 0;
#X connect 11 0 7 0;
"""


def demo(out_dir, **session):
    """Write the notes and what the starter makes of them, left and right in one file, and a picture of both.

    session: options for the PdSession. Returns the files; raises RuntimeError with what went wrong.
    """
    sound, picture = Path(out_dir, "rave_notes_and_answer.wav"), Path(out_dir, "rave.png")
    session["path"] = [*session.get("path", ()), HERE]
    sound.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "demo.pd")
        file.write_text(PATCH)
        with PdSession([file], listen=["rave-out"], **session) as pd:
            patch = PatchObject(pd, "rave")
            patch.send("status")
            patch.expect("status")
            patch.load(STARTER)
            patch.expect("alive", 1)
            pd.send("demo-record", "open", "-bytes", 2, str(sound))
            pd.send("demo-record", "start")
            for note in NOTES:
                pd.send("demo-note", note)
                time.sleep(NOTE)
            time.sleep(TAIL)
            pd.send("demo-record", "stop")
            wait_for_sound(sound)
    write_png(picture, [row for view in overviews(sound) for row in waveform(view)])
    return [sound, picture]


def overviews(file):
    """For each channel the lowest and highest value in turn, a pair for each column. RuntimeError for silence."""
    with wave.open(str(file)) as sound:
        samples, channels = array("h", sound.readframes(sound.getnframes())), sound.getnchannels()
    views = []
    for channel in range(channels):
        track = samples[channel::channels]
        if not any(track):
            raise RuntimeError(f"{file.name} is silent: run setup/dlwa doctor")
        stretch = max(1, len(track) // WIDTH)
        pieces = [track[start : start + stretch] for start in range(0, stretch * WIDTH, stretch)]
        loudest = max(map(abs, track))
        views.append([edge(piece) / loudest for piece in pieces for edge in (min, max)])
    return views
