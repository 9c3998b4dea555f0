"""ddsp's multi-scale spectral loss (Engel et al., DDSP, 2020, equation 4). Runs in trainings and evaluations."""

import torch

SCALES = (2048, 1024, 512, 256, 128, 64)
LEAST = 1e-5


def magnitudes(audio, scale):
    """Spectra [batch, frames, bins] of sound [batch, samples], three quarters overlapping, padded at the end."""
    hop = scale // 4
    frames = -(-audio.shape[-1] // hop)
    padded = torch.nn.functional.pad(audio, (0, (frames - 1) * hop + scale - audio.shape[-1]))
    window = torch.hann_window(scale)
    spectrum = torch.stft(padded, scale, hop, window=window, center=False, return_complex=True)
    return spectrum.abs().transpose(1, 2)


def safe_log(values, floor=0.0):
    """The logarithm, that of LEAST where there is nothing, or not more than a floor."""
    return torch.log(torch.where(values <= floor, LEAST, values))


def spectral_loss(sound, made, floor=0.0):
    """L1 of magnitudes and of their logarithms, at six scales; one number.

    Parameters
    ----------
    sound, made : torch.Tensor [batch, samples]
        At 16 kHz.
    floor : float
        LEAST to hold all that is softer for equal, such as digital silence and almost silence; ddsp does not.
    """
    total = 0.0
    for scale in SCALES:
        with torch.no_grad():
            wanted = magnitudes(sound, scale)
            wanted_log = safe_log(wanted, floor)
        found = magnitudes(made, scale)
        total = total + (wanted - found).abs().mean() + (wanted_log - safe_log(found, floor)).abs().mean()
    return total
