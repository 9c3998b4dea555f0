"""A trained network as a streaming TorchScript file for nn~. Runs in a training, and in what plays it."""

import io

import torch
from torch import nn

from .layers import CausalConv
from .network import Rave

LABELS = ("(signal) sound", "(signal) latent {}")


class Streaming(nn.Module):
    """The methods encode, decode and forward, each [batch, channels, n]; a call goes on where the last one ended.

    The latents are rotated to principal components, the one that varies most first. encode gives their means, so that
    the same sound gives the same curves. The attribute `noise` switches the decoder's noise.

    mean [latent], components [latent, latent] (a row each), fidelity [latent]: see `principal_components`.
    """

    def __init__(self, rave: Rave, mean, components, fidelity):
        super().__init__()
        size = rave.size
        self.encoder, self.decoder = rave.encoder, rave.decoder
        for module in self.modules():
            if isinstance(module, CausalConv):
                module.remembers = True
        self.sr = size.rate
        self.latent_size = self.full_latent_size = size.latent
        self.n_channels = self.target_channels = 1
        self.register_buffer("latent_mean", mean)
        self.register_buffer("latent_pca", components)
        self.register_buffer("fidelity", fidelity)
        sound, latent = [LABELS[0]], [LABELS[1].format(i + 1) for i in range(size.latent)]
        self._describe("encode", (1, 1, size.latent, size.ratio), sound, latent)
        self._describe("decode", (size.latent, size.ratio, 1, 1), latent, sound)
        self._describe("forward", (1, 1, 1, 1), sound, sound)
        self.noise = (True,)
        self.register_buffer("noise_params", torch.zeros(1, dtype=torch.long))

    def _describe(self, method, params, inputs, outputs):
        self.register_buffer(f"{method}_params", torch.tensor(params))
        setattr(self, f"{method}_input_labels", inputs)
        setattr(self, f"{method}_output_labels", outputs)

    @torch.jit.export
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        mean, _ = self.encoder(x)
        return torch.matmul(self.latent_pca, mean - self.latent_mean[:, None])

    @torch.jit.export
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        z = torch.matmul(self.latent_pca.t(), z) + self.latent_mean[:, None]
        return self.decoder(z)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["noise"]

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return self.sr

    @torch.jit.export
    def get_noise(self) -> tuple[bool]:
        return self.noise

    @torch.jit.export
    def set_noise(self, on: bool) -> int:
        self.noise = (on,)
        self.decoder.noisy = on
        return 0


@torch.no_grad()
def principal_components(rave, sounds):
    """(mean, components, fidelity) of the latents of sounds [batch, 1, n], as `Streaming` takes them.

    fidelity[i]: the share of the variance that the first i + 1 components explain.
    """
    mean, _ = rave.encoder(sounds)
    points = mean.transpose(1, 2).reshape(-1, mean.shape[1])
    centre = points.mean(0)
    _, spread, components = torch.linalg.svd(points - centre, full_matrices=False)
    variance = spread**2
    return centre, components, variance.cumsum(0) / variance.sum()


def export(rave, sounds, path):
    """Write a .ts file; sounds [batch, 1, n] are what its components are computed from."""
    streaming = Streaming(rave, *principal_components(rave, sounds)).eval()
    part = path.with_suffix(".part")
    content = io.BytesIO()
    torch.jit.save(torch.jit.script(streaming), content)  # into a file, a full disk would end the process
    part.write_bytes(content.getvalue())
    part.replace(path)
