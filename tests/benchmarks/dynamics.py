"""Whether an instrument of day 2 plays as loud and as soft as what is played to it, live and as a whole.

dynamics.violin, .flute, .voice  the sung phrase of the lesson, with an s of known loudness in front of each of eight
                                 beats, through that starter in pieces, as `[timbre_transfer~]` does it, and as a
                                 whole, as `transfer` does

seconds is what it takes. For the settings dynamics and breath at 0 (as the original), at the usual ones and at 1:
follows_0, follows_usual, follows_1, the correlation of the loudness (dB) of both over the frames in which something is
played; s_0, s_usual, s_1, by how many dB more an s is raised than a note. The same with whole_ in front.
"""

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("pyext_py3", "02_ddsp")]

from modelfiles.sounds import read_sound  # noqa: E402
from pdworker.serving.live import StreamForm  # noqa: E402
from timbre_transfer import load  # noqa: E402
from timbre_transfer.controls import Controls  # noqa: E402
from timbre_transfer.engine.loudness import loudness_db  # noqa: E402
from timbre_transfer.features import prepare  # noqa: E402
from timbre_transfer.live import LiveInstrument  # noqa: E402

RATE, BEATS, S_SECONDS, S_LEVEL = 16000, 8, 0.12, 0.02
AUDIBLE_DB = -60
SETTINGS = {"0": (0, 0), "usual": (0.5, 1), "1": (1, 1)}  # dynamics, breath


def phrase():
    """(the sung phrase with an s in front of each beat, where these are as frames, bool)."""
    audio = prepare(*read_sound(ROOT / "02_ddsp/media/sung.wav"))[: 8 * RATE]
    noise = np.diff(np.random.default_rng(1).normal(0, S_LEVEL, round(S_SECONDS * RATE) + 1))  # bright
    frames = np.zeros(len(audio) // 64, bool)
    for start in np.linspace(0, len(audio) - len(noise) - RATE // 10, BEATS).astype(int):
        audio[start : start + len(noise)] = noise
        frames[start // 64 + 4 : (start + len(noise)) // 64 - 4] = True
    return audio, frames


def played(instrument, audio, dynamics, breath):
    """What comes out live, in step with what goes in."""
    settings = Controls(adjust=False, dynamics=dynamics, breath=breath)
    chain = LiveInstrument(instrument, 40, settings).make_chain(StreamForm(RATE, 64, 1, 1), False)
    pieces = np.split(audio, range(chain.piece, len(audio), chain.piece))
    return np.concatenate([chain.process(piece[None])[0] for piece in pieces])


def whole(instrument, audio, dynamics, breath):
    """What comes out of all of it at once, adjusted, as the patch does it."""
    return instrument.transfer(audio, RATE, seed=0, dynamics=dynamics, breath=breath)


def compared(sound, audio, noisy):
    """(correlation of both loudnesses, dB by which noise is raised more than notes)."""
    heard = loudness_db(sound)
    given = loudness_db(audio)[: len(heard)]
    audible, s, raised = given > AUDIBLE_DB, noisy[: len(heard)], heard[: len(given)] - given
    follows = np.corrcoef(given[audible], heard[: len(given)][audible])[0, 1]
    return float(follows), float(np.median(raised[s]) - np.median(raised[audible & ~s]))


def measure(name):
    """A benchmark of a starter."""

    def benchmark():
        instrument, (audio, noisy), found = load(name), phrase(), {}
        began = time.perf_counter()
        for label, (dynamics, breath) in SETTINGS.items():
            sound = played(instrument, audio, dynamics, breath)
            found[f"follows_{label}"], found[f"s_{label}"] = compared(sound, audio, noisy)
        seconds = (time.perf_counter() - began) / len(SETTINGS)
        for label, settings in SETTINGS.items():
            sound = whole(instrument, audio, *settings)
            found[f"whole_follows_{label}"], found[f"whole_s_{label}"] = compared(sound, audio, noisy)
        return {
            "seconds": seconds,
            "audio_seconds": len(audio) / RATE,
            "reference_seconds": None,
            **found,
        }

    return benchmark


RUNS = 1
BENCHMARKS = {
    "dynamics.violin": measure("starter_violin"),
    "dynamics.flute": measure("starter_flute"),
    "dynamics.voice": measure("starter_voice"),
}
