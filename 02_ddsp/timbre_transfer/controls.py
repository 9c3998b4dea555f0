"""What a player can change between listening and playing.

The controls are those of DDSP's timbre transfer, with its meaning (`ddsp.training.postprocessing`
and `ddsp.colab.colab_utils`, ddsp 3.7): first adjust, quiet and autotune, then the shifts, then the mask.
"""

from dataclasses import dataclass, replace

import numpy as np

from .engine.pitch import hertz, midi

SILENCE_DB = -80.0
SMOOTHING_FRAMES = 40
NOTE_CONFIDENCE = 0.7
NOTE_THRESHOLD = 1.0
HIGHEST_MIDI = 110.0
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True)
class Controls:
    """octave_shift: octaves; threshold: confidence (0 to 1) below which no pitch is played; loudness_shift: dB;
    adjust: move pitch and loudness into the model's range; quiet: dB by which all but the notes is lowered
    (with adjust); autotune: 0 (as sung) to 1 (on the scale; with adjust). Not of the original: breath: where no pitch
    is played, 0 (the instrument's noise) to 1 (the input's); dynamics: 0 (as the instrument makes them) to 1 (as loud
    as the input). The input counts as raised by as many dB as its notes are on the whole.
    """

    octave_shift: float = 0.0
    threshold: float = 0.2
    loudness_shift: float = 0.0
    adjust: bool = True
    quiet: float = 20.0
    autotune: float = 0.0
    breath: float = 0.0
    dynamics: float = 0.0


def apply(features, controls, statistics=None):
    """(f0_hz, loudness_db) for the model; f0 is 0 where no pitch is to be played.

    statistics: of the model's training sounds (statistics.Statistics); without them nothing is adjusted.
    """
    if controls.adjust and statistics is not None:
        features = adjust(features, controls, statistics)
    loudness = features.loudness_db + controls.loudness_shift
    highest = hertz(HIGHEST_MIDI)
    f0_hz = np.clip(features.f0_hz * 2.0**controls.octave_shift, 0, highest)
    return np.where(features.confidence < controls.threshold, 0, f0_hz), loudness


def adjust(features, controls, statistics):
    """Features brought to the pitch and loudness of the training sounds."""
    on, ratio = notes(features)
    if not on.any():
        return features
    pitch = midi(features.f0_hz)
    octaves = (statistics.mean_pitch - pitch[on].mean()) / 12
    pitch = pitch + 12 * (np.floor(octaves) if octaves > 1.5 else np.ceil(octaves))
    loudness = np.array(features.loudness_db)
    loudness[on] = match_quantiles(loudness[on], statistics.loudness_quantiles)
    loudness[~on] -= controls.quiet * (1 - ratio[~on])
    if controls.autotune:
        pitch = pitch - controls.autotune * distance_to_scale(pitch, on)
    return replace(features, f0_hz=hertz(pitch), loudness_db=loudness)


def raised_db(features, loudness_db):
    """Mean dB by which the notes of features are louder in loudness_db [T]; 0.0 where there is none."""
    on, _ = notes(features)
    return float((loudness_db - features.loudness_db)[on].mean()) if on.any() else 0.0


def notes(features):
    """(on bool [T], ratio [T]): where a note sounds; `ratio` 1 and more is one. Silence has none."""
    above_silence = features.loudness_db - SILENCE_DB
    threshold = above_silence.mean() * NOTE_CONFIDENCE**2
    if threshold <= 0:
        return np.zeros(len(features), bool), np.zeros(len(features))
    ratio = smooth(features.confidence**2) * above_silence / threshold
    return ratio >= NOTE_THRESHOLD, ratio


def smooth(values):
    """Mean over 40 frames, zeros outside; frame t sees t-19 to t+20."""
    before = (SMOOTHING_FRAMES - 1) // 2
    padded = np.pad(values, (before, SMOOTHING_FRAMES - 1 - before))
    return np.convolve(padded, np.full(SMOOTHING_FRAMES, 1 / SMOOTHING_FRAMES), "valid")


def match_quantiles(values, wanted):
    """Values with their own distribution replaced by another one.

    wanted: quantiles [n] at equal steps from 0 to 1.
    """
    shares = np.linspace(0, 1, max(1, min(1000, len(values))))
    own = np.maximum.accumulate(np.percentile(values, 100 * shares))
    upper = np.interp(values, own, shares)
    lower = -np.interp(-values, -own[::-1], -shares[::-1])
    position = np.where(values == own[-1], 1.0, np.where(values == own[0], 0.0, (upper + lower) / 2))
    return np.interp(position, np.linspace(0, 1, len(wanted)), wanted)


def distance_to_scale(pitch, on):
    """How far (in semitones) each pitch lies above the nearest note of the major scale that fits the notes best."""
    degrees = np.arange(-12, 140)
    scales = [degrees[np.isin((degrees - root) % 12, MAJOR_SCALE)] for root in range(12)]
    best = min(scales, key=lambda scale: np.abs(_above(pitch[on], scale)).mean())
    return _above(pitch, best)


def _above(pitch, scale):
    after = np.clip(np.searchsorted(scale, pitch), 1, len(scale) - 1)
    below, above = scale[after - 1], scale[after]
    return pitch - np.where(pitch - below <= above - pitch, below, above)
