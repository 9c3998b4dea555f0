"""A sound's spectrogram, small enough for a Pd patch to draw; in the worker process."""

import numpy as np

COLUMNS, ROWS = 48, 32
WINDOW = 1024
RANGE = 70.0  # decibels below the loudest point that can be told apart


def thumbnail(audio, sample_rate):
    """Loudness [COLUMNS, ROWS], 0 to 1, float32: columns from left to right, rows from low to high.

    Rows are equally wide on the mel scale, from 40 Hz to half the sample rate; each shows the loudest frequency in
    it. A silent sound is all zeros.
    """
    power = _power(np.asarray(audio, np.float32))
    frequencies = np.fft.rfftfreq(WINDOW, 1 / sample_rate)
    mel = np.log1p(np.array([40.0, sample_rate / 2]) / 700)
    edges = np.searchsorted(frequencies, 700 * np.expm1(np.linspace(*mel, ROWS + 1)))
    rows = [power[:, low : max(low + 1, high)].max(axis=1) for low, high in zip(edges, edges[1:])]
    grid = np.stack(rows, axis=1)
    loudest = grid.max()
    if loudest <= 0:
        return np.zeros((COLUMNS, ROWS), np.float32)
    decibels = 10 * np.log10(np.maximum(grid / loudest, 10 ** (-RANGE / 10)))
    return np.float32(1 + decibels / RANGE)


def _power(audio):
    """Spectral power [COLUMNS, bins] of windows spread evenly over the sound."""
    padded = np.pad(audio, (WINDOW // 2, WINDOW))
    starts = np.linspace(0, max(len(audio) - 1, 0), COLUMNS).astype(int)
    frames = padded[starts[:, None] + np.arange(WINDOW)]
    return np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
