"""Sounds for tests, and how loud a sound is."""

import numpy as np


def hertz(pitch):
    """The frequency of a MIDI pitch."""
    return 440 * 2 ** ((pitch - 69) / 12)


def tone(seconds, rate, f0_hz=440.0, harmonics=1, channels=1):
    """A steady tone, each harmonic weaker than the one below: samples, or [samples, channels] if there are several."""
    times = np.arange(round(seconds * rate)) / rate
    sound = 0.35 * sum(np.sin(2 * np.pi * k * f0_hz * times) / k for k in range(1, harmonics + 1))
    return sound if channels == 1 else np.stack([sound] * channels, 1)


def loudness(samples):
    """The root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples))))
