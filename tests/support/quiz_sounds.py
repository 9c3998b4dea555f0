"""Makes the sounds of the listening quiz anew, from the starters and from recordings: WAV files in setup/quiz/sounds.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/quiz_sounds.py [NAME ...]

The interpreter is that of the environment torch. NAME is a sound's name without `.wav`; without one all are made. The
recordings are those of `dlwakit.training.material`, which says from which Debian packages.
"""

import sys
import tempfile
from functools import cache
from pathlib import Path

import librosa
import numpy as np
import soundfile
from dlwakit.training import material

from support.lesson_sounds import ROOT, load_of

RATE, SECONDS, PEAK, FADE = 16000, 2.5, 0.7, 160  # Hz, seconds, full scale 1, samples
SOUNDS = ROOT / "setup/quiz/sounds"


def lesson(day, name, start=0.0):
    """A part of an example sound of a lesson."""
    sound, rate = soundfile.read(ROOT / day / "media" / name, always_2d=True, dtype="float32")
    return sound.mean(axis=1)[round(start * rate) :], rate


@cache
def recordings(kind):
    """The files of a kind of recordings, in order."""
    folder = Path(tempfile.mkdtemp())
    material.KINDS[kind](folder, Path("/"))
    return sorted(folder.iterdir())


def recording(kind, number, start=0.0):
    """A part of a recording."""
    sound, rate = soundfile.read(recordings(kind)[number], always_2d=True, dtype="float32")
    return sound.mean(axis=1)[round(start * rate) :], rate


def speech(number):
    """A sentence of the English speaker."""
    found = sorted((Path("/") / material.VOICES).glob(f"{material.SPEAKERS[0]}*/**/*.g722"))
    found = [path for path in found if path.stat().st_size >= material.LEAST_BYTES]
    with tempfile.TemporaryDirectory() as folder:
        material.decode(found[number], Path(folder, "speech.wav"))
        return soundfile.read(Path(folder, "speech.wav"), dtype="float32")


def samples(name, temperature, seed):
    """What SampleRNN makes."""
    model = load_of("samplernn")(name)
    return model.generate(SECONDS, temperature=[temperature], seed=seed)[0], model.config.sample_rate


def through(name, given):
    """What RAVE makes of a sound."""
    model, (sound, rate) = load_of("rave_rt")(name), given
    sound = librosa.resample(sound[: round(SECONDS * rate)], orig_sr=rate, target_sr=model.rate)
    return model.forward(sound, seed=1)[0], model.rate


ALL = {
    "net-1": lambda: lesson("01_ai_duet", "theme_and_answer.flac", 1),
    "net-2": lambda: lesson("01_ai_duet", "theme_and_answer.flac", 8),
    "net-3": lambda: lesson("02_ddsp", "starter_violin.flac", 0.5),
    "net-4": lambda: lesson("02_ddsp", "starter_flute.flac", 1.5),
    "net-5": lambda: lesson("03_gansynth", "four_timbres.flac", 1),
    "net-6": lambda: lesson("03_gansynth", "from_one_to_another.flac"),
    "net-7": lambda: lesson("05_samplernn", "temperature-1.flac"),
    "net-8": lambda: samples("starter_beat", 1.0, 4),
    "net-9": lambda: lesson("06_rave", "starter_drums.flac"),
    "net-10": lambda: lesson("06_rave", "starter_voice.flac", 2),
    "rec-1": lambda: speech(30),
    "rec-2": lambda: lesson("05_samplernn", "beat-held-out.wav"),
    "rec-3": lambda: recording("strings", 9, 1),
    "rec-4": lambda: recording("others", 30, 1),
    "rec-5": lambda: through("starter_voice", speech(90)),
    "rec-6": lambda: samples("starter_beat", 0.9, 7),
    "rec-7": lambda: through("starter_strings", recording("strings", 2, 1)),
    "rec-8": lambda: lesson("02_ddsp", "starter_saxophone.flac", 1),
    "temp-1": lambda: samples("starter_voice", 0.7, 5),
    "temp-2": lambda: samples("starter_voice", 1.0, 6),
    "temp-3": lambda: samples("starter_voice", 1.3, 7),
    "temp-4": lambda: samples("starter_beat", 0.7, 5),
    "temp-5": lambda: samples("starter_beat", 1.0, 6),
    "temp-6": lambda: samples("starter_beat", 1.3, 7),
}


def write(name):
    """Write a sound: mono, all of one length at most and with one peak, so that neither gives it away."""
    sound, rate = ALL[name]()
    sound = librosa.resample(
        np.asarray(sound[: round(SECONDS * rate)], np.float32), orig_sr=rate, target_sr=RATE
    )
    sound[:FADE] *= np.linspace(0, 1, FADE)
    sound[-FADE:] *= np.linspace(1, 0, FADE)
    sound = PEAK * sound / np.abs(sound).max()
    soundfile.write(SOUNDS / f"{name}.wav", sound, RATE, subtype="PCM_16")
    print(f"{name}: {len(sound) / RATE:.1f} s, {20 * np.log10(np.std(sound) + 1e-9):.0f} dB", flush=True)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ALL:
        write(chosen)
