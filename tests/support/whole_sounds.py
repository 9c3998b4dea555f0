"""What models make of whole sounds, for comparison with what is played live."""

import importlib
import sys
from functools import cache
from pathlib import Path

from modelfiles.resample import resample

ROOT = Path(__file__).resolve().parents[2]


@cache
def loaded(day, package, model):
    """A model in this process."""
    sys.path.append(str(ROOT / day))
    return importlib.import_module(package).load(model)


def note(model, point, pitch, rate):
    """A note of a GANSynth as a whole."""
    gan = loaded("03_gansynth", "gansynth", model)
    (sound,) = gan.generate([point], [pitch])
    return resample(sound, gan.folder.sample_rate, rate)


def violin(sound, rate):
    """A whole sound, played by starter_violin as [timbre_transfer~] does.

    The pitch is that of its own tracker, and an offset stays in the sound: else notes begin and end a little sooner or
    later.
    """
    instrument = loaded("02_ddsp", "timbre_transfer", "starter_violin")
    live = importlib.import_module("timbre_transfer.live")
    audio = resample(sound, rate, live.SAMPLE_RATE)
    found = live.QuickFeatureExtractor().extract(audio)
    settings = live.controls.Controls(adjust=False, breath=1.0, dynamics=0.5)
    made, *_ = instrument.play(found, settings, audio[: len(found) * live.HOP_SIZE], seed=0)
    return resample(made, instrument.sample_rate, rate)
