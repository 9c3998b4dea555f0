"""Statistics of training sounds, as `dataset_statistics.pkl` holds them for auto adjust. Runs in a training.

The numbers are those of `ddsp.training.postprocessing.compute_dataset_statistics` (ddsp 3.7). The pickle names ddsp's
class, as ddsp's own readers want it; nothing here needs ddsp.
"""

import pickle

import numpy as np

from ..controls import NOTE_CONFIDENCE, SILENCE_DB, smooth
from ..engine.pitch import HOP_SIZE, midi

FRAME = 1024  # samples that a frame's power is of
UNUSED = 20  # last frames of each example, which are left out
QUANTILES, MOST = 1000, 100000
THEIRS = b"ddsp.training.postprocessing"


class QuantileTransformer:
    """Stands for ddsp's class of this name: it holds the same attributes."""

    def __init__(self, values):
        self.n_quantiles, self.output_distribution, self.subsample = QUANTILES, "uniform", MOST
        self.n_quantiles_ = max(1, min(QUANTILES, len(values)))
        self.references_ = np.linspace(0, 1, self.n_quantiles_)
        quantiles = np.nanpercentile(values, 100 * self.references_).astype(np.float32)
        self.quantiles_ = np.maximum.accumulate(quantiles)[:, None]


def statistics_of(examples):
    """The bytes of dataset_statistics.pkl.

    Parameters
    ----------
    examples : dict of str to numpy.ndarray
        audio [N, samples]; f0_hz, f0_confidence, loudness_db [N, frames].
    """
    used = slice(None, -UNUSED)
    pitch, loudness = midi(examples["f0_hz"][:, used]), examples["loudness_db"][:, used]
    on = _notes(examples["f0_confidence"][:, used], loudness)
    curves = {"pitch": pitch, "power": _power_db(examples["audio"])[:, used], "loudness": loudness}
    found = {}
    for name, curve in curves.items():
        found |= _figures(name, curve, np.ones_like(on))
    for name, curve in curves.items():
        found |= _figures(f"{name}_note", curve, on)
    found["quantile_transform"] = QuantileTransformer(loudness[on])
    return pickle.dumps(found, protocol=2).replace(__name__.encode(), THEIRS)


def _notes(confidence, loudness):
    """Where notes sound, [N, frames]: louder and surer than the mean of all; where there are none, everywhere."""
    threshold = (loudness.mean() - SILENCE_DB) * NOTE_CONFIDENCE**2
    sure = np.stack([smooth(row**2) for row in confidence])
    on = sure * (loudness - SILENCE_DB) >= max(threshold, 1e-9)
    return on | ~on.any(axis=1, keepdims=True)


def _figures(name, curve, mask):
    highest = [row[part].max() for row, part in zip(curve, mask)]
    lowest = [row[part].min() for row, part in zip(curve, mask)]
    all_of_them = curve[mask]
    figures = {
        f"mean_{name}": all_of_them.mean(),
        f"max_{name}": all_of_them.max(),
        f"min_{name}": all_of_them.min(),
        f"mean_max_{name}": np.mean(highest),
        f"mean_min_{name}": np.mean(lowest),
        f"std_{name}": all_of_them.std(),
    }
    return {key: float(value) for key, value in figures.items()}


def _power_db(audio):
    """Power of each frame in decibels, [N, frames]."""
    padded = np.pad(np.asarray(audio, np.float64) ** 2, ((0, 0), (FRAME // 2, FRAME // 2)))
    total = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1)
    starts = np.arange(audio.shape[1] // HOP_SIZE) * HOP_SIZE
    mean = (total[:, starts + FRAME] - total[:, starts]) / FRAME
    return np.maximum(10 * np.log10(np.maximum(mean, 1e-20)), SILENCE_DB)
