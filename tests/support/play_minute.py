"""Plays the live objects for a minute each, by a script of gestures, in real Pd: a sound, and its spectrogram.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/play_minute.py FOLDER [NAME ...]

The interpreter is that of the environment torch; it needs jackd2. NAME is rave, timbre, samplernn, gansynth or
nsynth; without one all play. FOLDER gets NAME.wav and NAME.png, in which lines say when which gesture began. It takes a
minute for each.
"""

import contextlib
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple

import librosa
import matplotlib as mpl
import numpy as np
import soundfile
from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession

from support.external import EXTERNAL
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
RATE, SECONDS = 48000, 60
PATCH = """#N canvas 100 100 500 300 12;
#X obj 20 20 readsf~;
#X obj 20 110 {box};
#X obj 20 150 *~ {gain};
#X obj 20 200 writesf~;
#X obj 120 200 dac~;
#X obj 200 20 receive live;
#X obj 200 150 send live-out;
#X obj 300 20 receive from-file;
#X obj 300 150 receive to-file;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 2 0 4 0;
#X connect 5 0 1 0;
#X connect 1 {last} 6 0;
#X connect 7 0 0 0;
#X connect 8 0 3 0;
"""
SOUND_IN = "#X connect 0 0 1 0;\n"


class Playing(NamedTuple):
    """What is played: the day's folder, the box, its last outlet, a model, what goes in, when it is ready, gestures.

    A gesture is the second at which it begins, and messages of words.
    """

    day: str
    box: str
    last: int
    model: str
    given: str | None
    ready: tuple
    gestures: list
    gain: float = 0.7


def chord(*pitches):
    """Keys pressed together."""
    return [("note", pitch, 60 + 5 * place) for place, pitch in enumerate(pitches)]


def scale(begin, pitches, step, velocity=90):
    """Gestures: one key after another, each let go when the next comes."""
    keys = [(begin + step * place, [("note", pitch, velocity)]) for place, pitch in enumerate(pitches)]
    return [*keys, *((at + 0.95 * step, [("note", words[0][1], 0)]) for at, words in keys)]


def as_lists(gestures):
    """The same keys, for an object that takes them as lists of pitch and velocity."""
    return [(at, [words[1:] for words in messages]) for at, messages in gestures]


def walk(begin, seconds, *places):
    """Gestures: the pad's place on its way from one to the next, ten times a second."""
    steps = round(10 * seconds)
    path = np.linspace(0, len(places) - 1, steps)
    xs, ys = (np.interp(path, range(len(places)), column) for column in zip(*places))
    return [(begin + step / 10, [("pad", float(x), float(y))]) for step, (x, y) in enumerate(zip(xs, ys))]


def sweep(begin, seconds, name, low, high, *before):
    """Gestures: a value that moves, ten times a second."""
    steps = round(10 * seconds)
    values = np.linspace(low, high, steps)
    return [(begin + place / 10, [(name, *before, float(value))]) for place, value in enumerate(values)]


PLAYINGS = {
    "rave": Playing(
        "06_rave", "rave~ none forward 128", 1, "starter_live", "06_rave/media/given.wav", ("alive", 1),
        [*sweep(10, 10, "bias", -3, 3, 1), (20, [("bias", 1, 0)]), *sweep(22, 8, "scale", 1, 3, 2),
         (30, [("scale", 2, 1)]), (36, [("bend", 12, "noise", 0.5, 1)]), (44, [("mend",)]), (48, [("enable", 0)]),
         (50, [("enable", 1)])],
    ),
    "timbre": Playing(
        "02_ddsp", "timbre_transfer~", 1, "starter_violin", "02_ddsp/media/sung.wav", ("alive", 1),
        [(8, [("octave", 1)]), (14, [("octave", 0)]), (18, [("dynamics", 1)]), (24, [("dynamics", 0)]),
         (28, [("midi", 1), ("vibrato", 0.4)]), *scale(29, (62, 65, 69, 74, 72, 69, 65, 62), 1.5),
         (42, [("note", 62, 110)]), *sweep(44, 4, "bend", 0, 7), (49, [("bend", 0), ("note", 62, 0)]),
         (50, [("midi", 0)])], 0.5,
    ),
    "samplernn": Playing(
        "05_samplernn", "samplernn~ none 1", 6, "starter_beat", "05_samplernn/media/beat-held-out.wav", ("alive", 1),
        [*sweep(8, 8, "temperature", 0.7, 1.3), (16, [("temperature", 1)]), (20, [("freeze", 1)]),
         (26, [("freeze", 0), ("remember", 1)]), (32, [("rewind", 1)]), (36, [("voices", 3)]), (44, [("voices", 1)]),
         (46, [("listen", 1)]), (52, [("listen", 0)])],
    ),
    "gansynth": Playing(
        "03_gansynth", "gansynth~", 1, "starter_instruments", None, ("model",),
        [(1, [("random",)]), *scale(2, (60, 62, 64, 65, 67, 69, 71, 72), 1), (12, chord(60, 64, 67)),
         (16, [("silence",), ("random",)]), (17, chord(57, 60, 64, 69)), (22, [("silence",), ("release", 2000)]),
         *[(24 + 2 * place, [("random",), *scale(0, (48 + 5 * place,), 1)[0][1]]) for place in range(8)],
         (42, [("silence",), ("transpose", 12)]), (43, chord(48, 55, 60)), (50, [("silence",)])],
        0.5,
    ),
    "nsynth": Playing(
        "03_gansynth", "nsynth~", 1, "starter_notes", None, ("corner",),
        [(3, [("grid",)]), *as_lists(scale(8, (60, 62, 64, 65, 67, 69, 71, 72), 1)), (16, [("pad", 1, 0)]),
         *as_lists(scale(16, (72, 71, 69, 67, 65, 64, 62, 60), 1)),
         *walk(24, 16, (0, 0), (1, 0), (1, 1), (0, 1), (0, 0)),
         *as_lists(scale(24, (60, 55, 64, 60, 67, 64, 72, 67), 2)), (40, [("pad", 0.5, 0.5)]),
         *as_lists([(41, chord(60, 64, 67)), (43, chord(57, 60, 64, 69))])],
        0.5,
    ),
}  # fmt: skip


def minute_of(file, folder):
    """A WAV file with a sound, over and over, for the time that is played; readsf~ plays it at Pd's rate."""
    audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    audio = librosa.resample(audio.mean(1), orig_sr=rate, target_sr=RATE)
    given = folder / "given.wav"
    soundfile.write(given, np.resize(0.8 * audio / np.abs(audio).max(), RATE * (SECONDS + 2)), RATE)
    return given


def play(playing, folder, name):
    """Record a minute; returns the file."""
    file, patch = folder / f"{name}.wav", folder / f"{name}.pd"
    text = PATCH.format(box=playing.box, last=playing.last, gain=playing.gain)
    patch.write_text(text + (SOUND_IN if playing.given else ""))
    with contextlib.suppress(ValueError):  # the limit that musicians have, where it may be raised
        resource.setrlimit(resource.RLIMIT_RTPRIO, (95, 95))
    jack = Jack(rate=RATE, period=64, realtime=True)
    session = PdSession(
        [patch],
        ["-lib", "py", "-r", str(RATE), "-audiobuf", "5"],
        path=[EXTERNAL, ROOT / playing.day],
        listen=["live-out"],
        environment={"DLWA_PYTHON_TORCH": sys.executable},
        jack=jack,
    )
    try:
        with session as pd:
            pd.send("pd", "dsp", 1)
            pd.send("live", "load", playing.model)
            pd.expect("live-out", *playing.ready, timeout=120)
            if playing.given:
                pd.send("from-file", "open", str(minute_of(ROOT / playing.given, folder)))
                pd.send("from-file", 1)
            pd.send("to-file", "open", "-wave", "-bytes", 3, str(file))
            pd.send("to-file", "start")
            make_gestures(pd, playing.gestures)
            pd.send("to-file", "stop")
            wait_until(lambda: soundfile.info(file).frames > 0, "the end of the file")
            said = {message[0]: message[1:] for message in pd.received["live-out"]}
            print(name, {word: said[word] for word in ("latency", "cpu", "late", "error") if word in said})
    finally:
        jack.close()
        patch.unlink()
        (folder / "given.wav").unlink(missing_ok=True)
    return file


def make_gestures(pd, gestures):
    """Send each message when its time comes, and wait for the end."""
    began = time.monotonic()
    for at, messages in sorted(gestures, key=lambda gesture: gesture[0]):
        time.sleep(max(0, began + at - time.monotonic()))
        for words in messages:
            pd.send("live", *words)
    time.sleep(max(0, began + SECONDS - time.monotonic()))


def draw(file, gestures):
    """The spectrogram beside a sound, with a line for each gesture."""
    mpl.use("Agg")
    from matplotlib import pyplot

    audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    mel = librosa.feature.melspectrogram(
        y=audio[:, 0], sr=rate, n_fft=4096, hop_length=len(audio) // 500, n_mels=96
    )
    figure, axes = pyplot.subplots(figsize=(8.5, 2.8), dpi=72)
    axes.imshow(  # in steps of 5 dB, so that the file is small
        5 * np.round(librosa.power_to_db(mel, ref=np.max) / 5), origin="lower", aspect="auto", cmap="magma",
        vmin=-70, interpolation="nearest", extent=(0, len(audio) / rate, 0, mel.shape[0]),
    )  # fmt: skip
    before = ""
    for second, messages in sorted(gestures, key=lambda gesture: gesture[0]):
        first = messages[0][0]
        words = first if isinstance(first, str) else "note"
        if words != before:
            axes.axvline(second, color="white", linewidth=0.5)
            axes.text(second, mel.shape[0] + 1, words, fontsize=7, rotation=35)
        before = words
    axes.set(xlabel="seconds", yticks=[], ylabel="mel bands")
    figure.tight_layout()
    figure.savefig(file.with_suffix(".png"), pil_kwargs={"optimize": True})


def main(folder, *names):
    """Play the named ones, or all."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or PLAYINGS:
        file = play(PLAYINGS[name], folder, name)
        draw(file, PLAYINGS[name].gestures)
        audio, rate = soundfile.read(file)
        level = 20 * np.log10(np.sqrt(np.mean(audio**2)) + 1e-9)
        print(f"{file}: {len(audio) / rate:.0f} s, {level:.1f} dB, peak {np.abs(audio).max():.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
