"""What a painted picture is worth: distances of power, of frequency and of the sound. Runs in a training.

All are means over the batch; pictures are [batch, frames, bands], peaks and weights [batch, 1, 1].
"""

import math

import librosa
import torch

from ..spectrogram import POWER_FLOOR

DECIBELS = 10 / math.log(10)  # of one neper of power
RANGE = 80 / DECIBELS  # nepers below a note's peak from which nothing is heard
LEAST = 0.25  # weight of what is not heard
AUDIBLE = 0.35  # exponent of power that weighs frequencies: 0.7 of magnitude
WINDOWS = (256, 512, 1024)
ENERGY_WINDOW, ENERGY_BANDS = 1024, 64
ENERGY_RANGE = 60 / DECIBELS  # nepers below the loudest band from which a band counts as silent
SILENCE = 0.05  # added to the magnitudes of the sound's spectra, whose peaks are near 200


def linear_power(power, to_linear):
    """Log power of linear bins for log mel power."""
    return (power.exp() @ to_linear).clamp(min=0).add(POWER_FLOOR).log()


def audibility(power, peak):
    """How much the frequency of a point counts, by its log power and the note's largest."""
    return torch.exp(AUDIBLE * (power - peak))


def power_loss(painted, wanted, peak):
    """Loudness-weighted distance of log powers; below the audible range only what is above it counts."""
    floor = peak - RANGE
    weight = LEAST + (1 - LEAST) * ((wanted - floor) / RANGE).clamp(min=0)
    distance = (painted - wanted.maximum(floor)).abs()
    silent = (painted < floor) & (wanted <= floor)
    return (weight * distance.masked_fill(silent, 0)).mean()


def frequency_loss(painted, wanted, weight):
    """Circular distance of frequencies in half turns; weight: of each point, with a mean near one."""
    return (weight * (1 - torch.cos(math.pi * (painted - wanted)))).mean()


def sound_loss(played, wanted):
    """Mean distance of log magnitudes of two sounds [batch, samples] at three resolutions."""
    total = 0
    for length in WINDOWS:
        window = torch.hann_window(length)
        spectra = [
            torch.stft(sound, length, length // 4, window=window, center=False, return_complex=True).abs()
            for sound in (played, wanted)
        ]
        total = total + ((spectra[0] + SILENCE).log() - (spectra[1] + SILENCE).log()).abs().mean()
    return total / len(WINDOWS)


def energy_bands(sample_rate):
    """What brings power spectra to the energies of mel bands, [ENERGY_WINDOW / 2 + 1, ENERGY_BANDS]."""
    bands = librosa.filters.mel(sr=sample_rate, n_fft=ENERGY_WINDOW, n_mels=ENERGY_BANDS)
    return torch.from_numpy(bands.T.copy())


def energy_loss(played, wanted, bands):
    """Mean distance in nepers of the energies of bands, over the whole length of two sounds [batch, samples].

    Distances of single points of a picture favour the middle of what is uncertain, so that partials whose phases
    are painted less exactly come out too quiet. Energies over time say so. bands: of `energy_bands`.
    """
    window = torch.hann_window(ENERGY_WINDOW)
    levels = [
        (
            torch.stft(
                sound, ENERGY_WINDOW, ENERGY_WINDOW // 4, window=window, center=False, return_complex=True
            )
            .abs()
            .square()
            .mean(dim=2)
            @ bands
        )
        .add(1e-9)
        .log()
        for sound in (played, wanted)
    ]
    floor = levels[1].max(dim=1, keepdim=True).values - ENERGY_RANGE
    return (levels[0].maximum(floor) - levels[1].maximum(floor)).abs().mean()


def spectral_distance(one, other, length=1024, depth=60.0):
    """Log-spectral distance of two sounds in decibels: root mean square over frequency, mean over time.

    Levels are those of the second sound's peak and `depth` decibels below it.
    """
    window = torch.hann_window(length)
    levels = []
    for sound in (one, other):
        spectrum = torch.stft(
            torch.as_tensor(sound), length, length // 4, window=window, center=True, return_complex=True
        )
        levels.append(20 * torch.log10(spectrum.abs() + 1e-9))
    floor = levels[1].max() - depth
    difference = levels[0].maximum(floor) - levels[1].maximum(floor)
    return difference.square().mean(dim=0).sqrt().mean().item()
