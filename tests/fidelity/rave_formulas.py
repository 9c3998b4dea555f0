"""What acids-rave computes from given tensors: the formulas that a training is made of.

    python rave_formulas.py IN.npz OUT.npz

IN: numbers [n], raw [b, 2 * latents, n] as the encoder leaves it, real and made [b, 1, n], sounds.
Runs beside acids-rave as rave_acids.py does.
"""

import sys
from types import SimpleNamespace

import numpy as np
import torch
from rave_acids import prepare
from torch import nn


class Spectrogram(nn.Module):
    """The part of torchaudio.transforms.Spectrogram that is used: not normalised, complex."""

    def __init__(self, n_fft, win_length, hop_length, normalized, power):
        super().__init__()
        assert win_length == n_fft and not normalized and power is None
        self.size, self.hop = n_fft, hop_length

    def forward(self, x):
        return torch.stft(x, self.size, self.hop, window=torch.hann_window(self.size), return_complex=True)


@torch.no_grad()
def main(source, target):
    prepare()
    from rave import blocks, core, pqmf

    core.torchaudio.transforms.Spectrogram = Spectrogram
    given = SimpleNamespace(**{name: torch.from_numpy(array) for name, array in np.load(source).items()})
    scales = [2048, 1024, 512, 256, 128]
    distance = core.AudioDistanceV1(lambda: core.MultiScaleSTFT(scales, 44100), 1e-7)
    bank = pqmf.PQMF(100, 16)
    np.savez(
        target,
        amplitude=core.mod_sigmoid(given.numbers),
        divergence=blocks.VariationalEncoder.reparametrize(SimpleNamespace(beta=1.0), given.raw)[1],
        distance=distance(given.real, given.made)["spectral_distance"],
        hinge=torch.stack(core.hinge_gan(given.real, given.made)),
        matching=core.mean_difference(given.real, given.made),
        bands_and_back=bank.inverse(bank(given.real)),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
