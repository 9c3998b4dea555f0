"""How near a decoded sound comes to another: log-mel distances, also of what lies between two. In trainings."""

from __future__ import annotations

from itertools import combinations

import librosa
import numpy as np

from .features import features, off_in_features

BANDS, WINDOW, HOP = 40, 512, 256
FLOOR_DB = 60  # below the loudest point: not heard
TEMPERATURE = 0.8
PAIRS = 28  # all of eight sounds
QUANTILES = 100
HEARD_DB = 40  # below its loudest: where a sound is not silent


def log_mel(sound, rate):
    """Decibels of mel bands [BANDS, frames], the loudest point at 0, the quietest at -FLOOR_DB."""
    power = librosa.feature.melspectrogram(
        y=np.asarray(sound, np.float32), sr=rate, n_fft=WINDOW, hop_length=HOP, n_mels=BANDS
    )
    return librosa.power_to_db(power + 1e-12, ref=np.max, top_db=FLOOR_DB)


def distance(one, other):
    """Mean distance of two log-mel pictures in decibels, over the frames that both have."""
    frames = min(one.shape[1], other.shape[1])
    return float(np.abs(one[:, :frames] - other[:, :frames]).mean())


def reconstruction(sounds, decoded, rate):
    """Mean distance of decoded sounds from what was encoded, in decibels."""
    pairs = zip(sounds, decoded)
    return float(np.mean([distance(log_mel(one, rate), log_mel(other, rate)) for one, other in pairs]))


def decode_all(model, sounds, seed):
    """Sounds [n, samples] encoded and decoded, all at once."""
    return model.decode([model.encode(sound) for sound in sounds], TEMPERATURE, seed=seed)


def quantiles(picture):
    """At which mel band lies each hundredth of a frame's energy: [frames, QUANTILES], in bands.

    picture: decibels [BANDS, frames].
    """
    energy = 10 ** (picture.T / 10)
    below = np.cumsum(energy, axis=1) / energy.sum(axis=1, keepdims=True)
    below = np.concatenate([np.zeros((len(below), 1)), below], axis=1)
    wanted = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return np.stack([np.interp(wanted, frame, np.arange(BANDS + 1)) for frame in below])


def off_the_middle(one, other, sound, rate):
    """How far a sound's spectrum is from half way between those of two sounds: 0 is half way, 1 as far as these are.

    Distance and middle are those of optimal transport, frame by frame: the energy of the middle lies *between* that of
    the ends, and not at the places of both, as in a mix. Frames in which one of the two is silent do not count.
    """
    ends = [log_mel(end, rate) for end in (one, other)]
    frames = np.flatnonzero(np.min([end.max(axis=0) for end in ends], axis=0) > -HEARD_DB)
    if not len(frames):
        return 0.0
    low, high, found = (quantiles(picture[:, frames]) for picture in (*ends, log_mel(sound, rate)))
    apart = np.abs(high - low).mean() / 2
    return float(np.abs(found - (low + high) / 2).mean() / max(apart, 1e-9))


def between(model, sounds, seed):
    """Figures of the decoded middle of pairs of sounds, and of the mix: {"between_db": [decoded, mixed], ...}.

    between_db is the mean distance from the mean of the two log-mel pictures; off_the_middle and off_in_features are
    those of the functions, and medians, as both grow without bound where two sounds are nearly alike.
    sounds: [n, samples]; all pairs of them, or PAIRS at random.
    """
    rate, pairs = model.config.sample_rate, list(combinations(range(len(sounds)), 2))
    pairs = np.random.default_rng(seed).permutation(pairs)[:PAIRS]
    codes = [model.encode(sound) for sound in sounds]
    decoded = model.decode([(codes[a] + codes[b]) / 2 for a, b in pairs], TEMPERATURE, seed=seed)
    mixed = [(sounds[a] + sounds[b]) / 2 for a, b in pairs]
    blends = [(log_mel(sounds[a], rate) + log_mel(sounds[b], rate)) / 2 for a, b in pairs]
    ends = np.array([features(sound, rate) for sound in sounds])
    figures = {"between_db": [], "off_the_middle": [], "off_in_features": []}
    for found in (decoded, mixed):
        far = [distance(log_mel(one, rate), blend) for one, blend in zip(found, blends)]
        off = [off_the_middle(sounds[a], sounds[b], one, rate) for (a, b), one in zip(pairs, found)]
        away = [
            off_in_features(ends[a], ends[b], features(one, rate), ends.std(axis=0))
            for (a, b), one in zip(pairs, found)
        ]
        for figure, middle, values in zip(figures, (np.mean, np.median, np.median), (far, off, away)):
            figures[figure].append(float(middle(values)))
    return figures
