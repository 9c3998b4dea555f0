"""How far two sounds are from each other, as an ear would say rather than sample by sample."""

import torch

SCALES = (2048, 1024, 512, 256, 128)  # points of the Fourier transforms
LEAST = 1e-5  # amplitude that counts as nothing, 94 dB below a full sine; the logarithm needs one


def spectral_distance(x, y):
    """The multi-scale spectral distance of sounds [batch, 1, n]: RAVE (2021), equations 3 and 4.

    For each scale the relative error of the amplitudes (Frobenius norm) plus the mean error of their logarithms; a mean
    over the scales, not a sum.
    """
    x, y = x.squeeze(1), y.squeeze(1)
    return sum(_distance(amplitudes(x, scale), amplitudes(y, scale)) for scale in SCALES) / len(SCALES)


def amplitudes(x, scale):
    """[batch, n] to [batch, scale / 2 + 1, frames]."""
    window = torch.hann_window(scale, device=x.device)
    transform = torch.stft(x, scale, scale // 4, window=window, return_complex=True)
    return transform.abs() / window.sum()


def _distance(x, y):
    linear = ((x - y) ** 2).sum() / (x**2).sum().clamp(min=LEAST**2)
    logarithmic = (torch.log(x + LEAST) - torch.log(y + LEAST)).abs().mean()
    return linear + logarithmic
