"""How near a decoded sound comes to another: log-mel distances, also of what lies between two. In trainings."""

from __future__ import annotations

import librosa
import numpy as np

BANDS, WINDOW, HOP = 40, 512, 256
FLOOR_DB = 60  # below the loudest point: not heard
TEMPERATURE = 0.8
PAIRS = 6


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


def between(model, sounds, seed):
    """(of the decoded middle, of the mix): mean distance in decibels from the blend of two sounds' log-mel pictures.

    sounds: [n, samples]; PAIRS pairs of them. The blend is the mean of the two pictures in decibels.
    """
    rate, random = model.config.sample_rate, np.random.default_rng(seed)
    pairs = [random.choice(len(sounds), 2, replace=False) for _ in range(PAIRS)]
    codes = [model.encode(sound) for sound in sounds]
    decoded = model.decode([(codes[a] + codes[b]) / 2 for a, b in pairs], TEMPERATURE, seed=seed)
    blends = [(log_mel(sounds[a], rate) + log_mel(sounds[b], rate)) / 2 for a, b in pairs]
    mixes = [log_mel((sounds[a] + sounds[b]) / 2, rate) for a, b in pairs]
    return (
        float(np.mean([distance(log_mel(one, rate), blend) for one, blend in zip(decoded, blends)])),
        float(np.mean([distance(mix, blend) for mix, blend in zip(mixes, blends)])),
    )
