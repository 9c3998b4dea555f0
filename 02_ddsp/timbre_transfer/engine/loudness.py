"""Loudness of a sound as DDSP measures it: A-weighted power in dB, frame by frame. Runs in the worker process.

`ddsp.spectral_ops.compute_loudness` (ddsp 3.7). It is no scale with 0 dB at full level: a sine of 1 kHz at full
level is about +20 dB, silence is -80 dB.
"""

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
    frames = len(audio) // HOP_SIZE
    padded = np.pad(np.asarray(audio[: frames * HOP_SIZE], np.float32), FFT_SIZE // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP_SIZE][:frames]
    chunks = [_power_db(windows[start : start + CHUNK_FRAMES]) for start in range(0, frames, CHUNK_FRAMES)]
    return np.concatenate(chunks).astype(np.float32)


def _power_db(windows):
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SIZE) / FFT_SIZE)
    power = np.abs(np.fft.rfft(windows * hann)) ** 2
    with np.errstate(divide="ignore"):
        weighting = librosa.A_weighting(np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE))
    mean = np.mean(power * 10 ** (weighting / 10), axis=-1)
    return np.maximum(10 * np.log10(np.maximum(mean, 1e-8)), FLOOR_DB)
