"""Loudness of a sound as DDSP measures it: A-weighted power in dB, frame by frame. Runs in the worker process.

`ddsp.spectral_ops.compute_loudness` (ddsp 3.7). It is no scale with 0 dB at full level: a sine of 1 kHz at full
level is about +20 dB, silence is -80 dB.
"""

from functools import cache

import librosa
import numpy as np

from .pitch import HOP_SIZE, SAMPLE_RATE

FFT_SIZE = 512
FLOOR_DB = -80.0
CHUNK_FRAMES = 20000


def loudness_db(audio):
    """Loudness of mono audio at 16 kHz.

    audio: float [samples], at least one hop. Returns float32 [samples // 64].
    """
    windows = windows_of(audio)
    chunks = [
        of_power(power(windows[start : start + CHUNK_FRAMES]))
        for start in range(0, len(windows), CHUNK_FRAMES)
    ]
    return np.concatenate(chunks).astype(np.float32)


def windows_of(audio):
    """The stretches of sound around each hop, float32 [samples // 64, FFT_SIZE], with zeros outside."""
    frames = len(audio) // HOP_SIZE
    padded = np.pad(np.asarray(audio[: frames * HOP_SIZE], np.float32), FFT_SIZE // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP_SIZE][:frames]


def power(windows):
    """Spectra of power, [T, size // 2 + 1], of stretches of sound [T, size]."""
    return np.abs(np.fft.rfft(windows * _hann(windows.shape[-1]))) ** 2


@cache
def _hann(size):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def of_power(spectra, rate=SAMPLE_RATE):
    """Loudness in dB, [T], of spectra of power at a sample rate."""
    size = 2 * (spectra.shape[-1] - 1)
    mean = np.mean(spectra * _weighting(size, rate), axis=-1) * (FFT_SIZE / size)
    return np.maximum(10 * np.log10(np.maximum(mean, 1e-8)), FLOOR_DB)


@cache
def _weighting(size, rate):
    """The A curve as factors of power."""
    with np.errstate(divide="ignore"):
        return 10 ** (librosa.A_weighting(np.fft.rfftfreq(size, 1 / rate)) / 10)
