"""Day 2 without a window: a sung phrase, played by each starter instrument in real Pd."""

import json
import math
import struct
import tempfile
import wave
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, PdSession
from dlwakit.pdtools.png import waveform, write_png

HERE = Path(__file__).resolve().parent
REGISTRY = json.loads((HERE / "checkpoints/registry.json").read_text())
STARTERS = [entry["name"] for entry in REGISTRY if entry["kind"] == "starter"]
RATE = 16000
REST = 0.3  # seconds of silence before and after the phrase
PHRASE = [(67, 0.5), (69, 0.5), (71, 0.5), (74, 1.0), (71, 0.5), (67, 1.0)]  # (MIDI pitch, seconds)
VOWEL = (1.0, 0.8, 0.5, 0.6, 0.3, 0.15, 0.1, 0.05)  # amplitudes of the harmonics
POINTS = 400  # of a wave's picture: the lowest and the highest value in turn

ARRAYS = "#N canvas 0 0 300 200 12;\n" + "".join(
    f"#X obj 20 {20 + 30 * row} array define {name} {length};\n"
    for row, (name, length) in enumerate(
        {"sung": 64, "sung-wave": POINTS, "played": 64, "played-wave": POINTS}.items()
    )
)


def demo(out_dir, **session):
    """Write the phrase, what each instrument makes of it, and a picture of all; returns the files.

    session: options for the PdSession. Raises RuntimeError with what went wrong.
    """
    sung = Path(out_dir, "sung.wav")
    sing(sung)
    files, views = [sung], []
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder, "arrays.pd")
        arrays.write_text(ARRAYS)
        with PdSession(
            [arrays, HERE / "timbre_transfer.pd"], listen=["timbre_transfer-out"], **session
        ) as pd:
            patch = PatchObject(pd, "timbre_transfer")
            patch.expect("worker", "off")
            for starter in STARTERS:
                patch.load(starter)
                patch.send("open", "sung", str(sung))
                patch.expect("opened")
                patch.send("transfer", "sung", "played")
                patch.expect("transferred", timeout=300)
                file = Path(out_dir, f"{starter}.wav")
                patch.send("save", "played", str(file))
                patch.expect("saved", str(file))
                files.append(file)
                views += (
                    [pd.array("sung-wave"), pd.array("played-wave")]
                    if not views
                    else [pd.array("played-wave")]
                )
    picture = Path(out_dir, "timbre_transfer.png")
    write_png(picture, [row for view in views for row in waveform(view)])
    return [*files, picture]


def sing(file):
    """Write the phrase, on one vowel, with vibrato, between two rests."""
    rest = [0] * round(REST * RATE)
    samples, phase = list(rest), 0.0
    for pitch, seconds in PHRASE:
        count = round(seconds * RATE)
        for n in range(count):
            t = n / RATE
            cents = 30 * math.sin(2 * math.pi * 5.5 * t) * min(1, t / 0.3)
            phase += 2 * math.pi * 440 * 2 ** ((pitch - 69 + cents / 100) / 12) / RATE
            loudness = min(1, t / 0.05, (seconds - t) / 0.08)
            tone = sum(level * math.sin(k * phase) for k, level in enumerate(VOWEL, 1))
            samples.append(round(2500 * loudness * tone))
    samples += rest
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
