"""Figures of what can be heard in any sound: level, peak, clicks, silence, noise. Runs in evaluations and trainings."""

import librosa
import numpy as np

LOWEST_DB = -120
SILENT_DB = -60  # of a frame, full scale 0
WINDOW, HOP = 1024, 512  # of a spectrum
AUDIBLE_DB = 50  # below the loudest frame
CLICK, LEAST_CLICK = 12, 0.01  # a click's corner: times what is around it, and at least
AROUND_S, WITHIN = 0.005, 3  # seconds around a click; samples of the click itself


def figures(sounds, rate):
    """Figures of sounds.

    Parameters
    ----------
    sounds : list of array_like, float [samples]
        -1 to 1 is full scale.
    rate : int
        In Hz.

    Returns
    -------
    dict of str to float or None
        rms_db: the root mean square of all, full scale 0. peak: the largest value. clicks: a second. silent: the
        share of 50 ms frames below -60 dB. flatness: how much is noise, 0 (tones) to 1 (white noise), None where all
        is silent.
    """
    sounds = [np.asarray(sound, np.float64).ravel() for sound in sounds]
    whole = np.concatenate(sounds)
    flat = [value for sound in sounds if not np.isnan(value := flatness(sound))]
    return {
        "rms_db": level(whole),
        "peak": float(np.abs(whole).max()),
        "clicks": sum(clicks(sound, rate) for sound in sounds) * rate / len(whole),
        "silent": float(np.mean(np.concatenate([_levels(sound, rate) for sound in sounds]) < SILENT_DB)),
        "flatness": float(np.mean(flat)) if flat else None,
    }


def level(samples):
    """Root mean square of samples from -1 to 1, in decibels below 1; at least LOWEST_DB."""
    mean = np.sqrt(np.mean(np.square(np.asarray(samples, np.float64))))
    return float(20 * np.log10(max(10 ** (LOWEST_DB / 20), mean)))


def _levels(samples, rate):
    size = max(1, round(0.05 * rate))
    return [level(samples[start : start + size]) for start in range(0, len(samples), size)]


def flatness(samples):
    """Mean spectral flatness of the frames that can be heard, 0 to 1; nan where there are none."""
    power = np.abs(librosa.stft(np.asarray(samples, np.float32), n_fft=WINDOW, hop_length=HOP)) ** 2
    energy = power.sum(axis=0)
    heard = power[1:, energy > max(1e-9, energy.max() * 10 ** (-AUDIBLE_DB / 10))] + 1e-10
    if not heard.shape[1]:
        return float("nan")
    return float(np.mean(np.exp(np.log(heard).mean(axis=0)) / heard.mean(axis=0)))


def clicks(samples, rate):
    """How many single corners a sound has: places where it bends far more than before and after.

    An attack bends before a louder sound and is none; neither is noise. Clicks nearer than 5 ms to each other are one.
    """
    bend = np.abs(np.diff(np.asarray(samples, np.float64), 2, prepend=0, append=0))
    size = max(2, round(AROUND_S * rate))
    total = np.concatenate([[0], np.cumsum(bend**2)])
    places = np.flatnonzero(bend > LEAST_CLICK)

    def around(begin, end):
        begin, end = np.clip(begin, 0, len(bend)), np.clip(end, 0, len(bend))
        return np.sqrt(np.maximum(0, total[end] - total[begin]) / np.maximum(1, end - begin))

    before = around(places - WITHIN - size, places - WITHIN)
    after = around(places + WITHIN + 1, places + WITHIN + 1 + size)
    found = places[bend[places] > CLICK * np.maximum(before, after)]
    return int(len(found) and 1 + np.count_nonzero(np.diff(found) > size))
