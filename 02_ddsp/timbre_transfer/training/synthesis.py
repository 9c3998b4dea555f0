"""The synthesiser with derivatives: from the decoder's outputs to sound, in torch. Runs in a training.

The formulas are those of `engine.synthesiser`, which plays; here the pitch is known beforehand, so that the sines are
numbers and only amplitudes, filters and the room are learned.
"""

import numpy as np
import torch

from ..engine.pitch import HOP_SIZE, SAMPLE_RATE
from ..engine.synthesiser import hann_window

NOISE_BIAS = -5.0
EXPONENT = float(np.log(10))
LEAST = 1e-7


def exp_sigmoid(values):
    """engine.synthesiser.exp_sigmoid in torch."""
    return 2 * torch.sigmoid(values) ** EXPONENT + LEAST


def harmonic_amplitudes(amps, distribution, f0_hz):
    """Amplitude of each harmonic; none above the Nyquist frequency, and none where f0 is 0.

    Parameters
    ----------
    amps, distribution : torch.Tensor [batch, frames, 1], [batch, frames, harmonics]
        The decoder's outputs.
    f0_hz : torch.Tensor [batch, frames]

    Returns
    -------
    torch.Tensor [batch, frames, harmonics]
    """
    order = torch.arange(1, distribution.shape[-1] + 1)
    below = f0_hz[..., None] * order < SAMPLE_RATE / 2
    distribution = exp_sigmoid(distribution) * below
    total = distribution.sum(-1, keepdim=True)
    voiced = f0_hz[..., None] > 0
    return voiced * exp_sigmoid(amps) * distribution / torch.where(total == 0, LEAST, total)


def sines(f0_hz, harmonics):
    """Sines at the multiples of a pitch that glides from frame to frame, 0 above the Nyquist frequency.

    Parameters
    ----------
    f0_hz : torch.Tensor [batch, frames]
    harmonics : int

    Returns
    -------
    torch.Tensor [batch, frames, hop, n]
        n: `harmonics`, or fewer where no more of them are ever below the Nyquist frequency.
    """
    start, end = f0_hz, torch.cat([f0_hz[:, 1:], f0_hz[:, -1:]], 1)
    start, end = torch.where(start > 0, start, end), torch.where(end > 0, end, start)
    glide = torch.arange(HOP_SIZE, dtype=torch.float64) / HOP_SIZE
    frequency = start.double()[..., None] + (end - start).double()[..., None] * glide
    turns = torch.cumsum(frequency.flatten(1) / SAMPLE_RATE, 1).reshape(frequency.shape)
    lowest = float(frequency[frequency > 0].min()) if (frequency > 0).any() else SAMPLE_RATE
    order = torch.arange(1, min(harmonics, max(1, int(SAMPLE_RATE / 2 / lowest))) + 1)
    phase = (turns % 1.0 * 2 * np.pi).float()[..., None]
    return torch.sin(phase * order) * (frequency[..., None] * order < SAMPLE_RATE / 2)


def harmonic(amplitudes, waves):
    """Sound [batch, samples] of amplitudes [batch, frames, harmonics] and their `sines`, cross-faded."""
    batch, frames, hop, count = waves.shape
    amplitudes = amplitudes[..., :count]
    following = torch.cat([amplitudes[:, 1:], amplitudes[:, -1:]], 1)
    both = torch.stack([amplitudes, following], -1).reshape(-1, count, 2)
    mixed = torch.bmm(waves.reshape(-1, hop, count), both)
    fade_in = 0.5 - 0.5 * torch.cos(np.pi * torch.arange(hop) / hop)
    sound = mixed[..., 0] * (1 - fade_in) + mixed[..., 1] * fade_in
    return sound.reshape(batch, frames * hop)


def filtered_noise(magnitudes, noise):
    """Noise [batch, samples] through a filter for each frame.

    Parameters
    ----------
    magnitudes : torch.Tensor [batch, frames, bands]
        The decoder's outputs.
    noise : torch.Tensor [batch, frames * hop]
        From -1 to 1.
    """
    batch, frames, bands = magnitudes.shape
    taps = 2 * (bands - 1)
    window = torch.from_numpy(hann_window(taps)).float()
    impulse = torch.fft.irfft(exp_sigmoid(magnitudes + NOISE_BIAS), taps)
    impulse = torch.fft.fftshift(impulse, -1) * window
    size = int(2 ** np.ceil(np.log2(HOP_SIZE + taps - 1)))
    pieces = torch.fft.rfft(noise.reshape(batch, frames, HOP_SIZE), size) * torch.fft.rfft(impulse, size)
    pieces = torch.fft.irfft(pieces, size).transpose(1, 2)
    length = (frames - 1) * HOP_SIZE + size
    sound = torch.nn.functional.fold(pieces, (1, length), (1, size), stride=(1, HOP_SIZE))[:, 0, 0]
    delay = (taps - 1) // 2 - 1
    return sound[:, delay : delay + frames * HOP_SIZE]


def reverb(dry, response):
    """Dry sound [batch, samples] and what the room, an impulse response [n], makes of it; its first sample is 0."""
    room = torch.cat([torch.zeros(1), response[1:]])
    samples = dry.shape[1]
    size = int(2 ** np.ceil(np.log2(samples + len(room) - 1)))
    wet = torch.fft.irfft(torch.fft.rfft(dry, size) * torch.fft.rfft(room, size), size)
    return dry + wet[:, :samples]
