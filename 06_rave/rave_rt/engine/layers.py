"""The layers of a RAVE that acids-rave exported: with memory, or with zeros around each sound. Runs in forks.

The arithmetic is that of acids-ircam/RAVE 2.3 and acids-ircam/cached_conv 2.5, so that what comes out is the same.
Where those delay a signal and then keep its end in two caches, there is one memory here.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Delay(nn.Module):
    """[batch, channels, n] later by the length of its memory [rows, channels, length], which begins the sound."""

    memory: Tensor

    def __init__(self, memory: Tensor):
        super().__init__()
        self.register_buffer("memory", memory, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = remembered(self.memory, x)
        return x[..., : x.shape[-1] - self.memory.shape[-1]]


class Conv(nn.Module):
    """A convolution over [batch, inputs, n], n a whole number of strides.

    memory [rows, inputs, length] begins the sound, and `delay` of what would follow is left for the next call; `ahead`
    of it lies to the right of the middle. Without a memory, zeros stand at both ends of each sound: `around`.
    """

    memory: Tensor | None

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        memory: Tensor | None = None,
        delay: int = 0,
        ahead: int = 0,
        around: list[int] | None = None,
    ):
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)
        self.stride, self.dilation, self.groups = stride, dilation, groups
        self.delay, self.ahead, self.around = delay, ahead, around or [0, 0]
        self.register_buffer("memory", memory, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        memory = self.memory
        if memory is None:
            x = functional.pad(x, self.around)
        elif memory.shape[-1] > 0:
            x = remembered(memory, x)
            if self.delay > 0:
                x = x[..., : x.shape[-1] - self.delay]
        return functional.conv1d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class Transposed(nn.Module):
    """A transposed convolution from [batch, inputs, n] to [batch, outputs, n * stride], two inputs wide.

    memory [rows, outputs, stride] is what the last input of a call adds to the next call; without one, half a stride is
    cut off at both ends.
    """

    memory: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, stride: int, memory: Tensor | None = None):
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)
        self.stride = stride
        self.register_buffer("memory", memory, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        stride, memory = self.stride, self.memory
        y = functional.conv_transpose1d(x, self.weight, None, stride)
        if memory is None:
            y = y[..., stride // 2 : y.shape[-1] - stride // 2]
        else:
            y[..., :stride] += memory[: x.shape[0]]
            memory[: x.shape[0]] = y[..., y.shape[-1] - stride :]
            y = y[..., : y.shape[-1] - stride]
        return y if self.bias is None else y + self.bias[:, None]


class Residual(nn.Module):
    """What two branches make of a sound, added: layers, and a delay as long as that of the layers, or nothing."""

    def __init__(self, branch: nn.Module, other: nn.Module):
        super().__init__()
        self.branch, self.other = branch, other

    def forward(self, x: Tensor) -> Tensor:
        return self.branch(x) + self.other(x)


class Sum(nn.Module):
    """The sum of what branches make of a sound."""

    def __init__(self, branches: list[nn.Module]):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        made: list[Tensor] = []
        for branch in self.branches:
            made.append(branch(x))
        return torch.stack(made).sum(0)


class Snake(nn.Module):
    """x + sin(a x)^2 / a, with an a for each channel."""

    def __init__(self, alpha: Tensor):
        super().__init__()
        self.alpha = nn.Parameter(alpha, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + (self.alpha + 1e-9).reciprocal() * (self.alpha * x).sin().pow(2)


class Statistics(nn.Module):
    """Mean and deviation of channels, learned from what passes: [rows, channels, 1] each."""

    mean: Tensor
    deviation: Tensor
    updates: Tensor

    def __init__(self, mean: Tensor, deviation: Tensor, updates: Tensor):
        super().__init__()
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self.register_buffer("updates", updates, persistent=False)
        self.learns = False

    @torch.jit.export
    def learn(self, x: Tensor) -> None:
        """Take a sound into the running means."""
        self._approach(self.mean, x.mean(-1, keepdim=True))
        self._approach(self.deviation, x.std(-1, keepdim=True))
        self.updates += 1

    def _approach(self, kept: Tensor, new: Tensor) -> None:
        kept[: new.shape[0]] += (new - kept[: new.shape[0]]) / (self.updates + 1)

    @torch.jit.export
    def reset(self) -> None:
        """Forget what was learned."""
        self.mean.zero_()
        self.deviation.fill_(1)
        self.updates.zero_()


class AdaptiveNorm(nn.Module):
    """Channels with the statistics of another sound (X. Huang and S. Belongie, adaptive instance normalization, 2017).

    source, target: what was learned of the sound that comes in, and of the one that it should be like.
    """

    def __init__(self, source: Statistics, target: Statistics):
        super().__init__()
        self.source, self.target = source, target
        self.adapts = True

    def forward(self, x: Tensor) -> Tensor:
        source, target, rows = self.source, self.target, x.shape[0]
        if target.learns:
            target.learn(x)
            return x
        if source.learns:
            source.learn(x)
        if not bool(source.updates) or not bool(target.updates):
            return x
        x = (x - source.mean[:rows]) / (source.deviation[:rows] + 1e-5)
        return x * target.deviation[:rows] + target.mean[:rows]


class FilteredNoise(nn.Module):
    """Noise through filters whose responses a network draws: [batch, channels, n] to [batch, bands, n * size].

    size: samples of a band for each filter.
    """

    def __init__(self, net: nn.Module, bands: int, size: int):
        super().__init__()
        self.net, self.bands, self.size = net, bands, size

    def forward(self, x: Tensor) -> Tensor:
        levels = amplitude(self.net(x) - 5).permute(0, 2, 1)
        levels = levels.reshape(levels.shape[0], levels.shape[1], self.bands, -1)
        response = impulse_response(levels, self.size)
        noise = torch.rand_like(response) * 2 - 1
        spectrum = torch.fft.rfft(noise, 2 * self.size) * torch.fft.rfft(response, 2 * self.size)
        made = torch.fft.irfft(spectrum)[..., : self.size].permute(0, 2, 1, 3)
        return made.reshape(made.shape[0], made.shape[1], -1)


class Bank(nn.Module):
    """A filter bank: sound [batch, 1, n] to [batch, bands, n / bands], and back."""

    signs: Tensor

    def __init__(self, bands: int, analysis: nn.Module, synthesis: nn.Module):
        super().__init__()
        self.bands, self.analysis, self.synthesis = bands, analysis, synthesis
        signs = torch.ones(bands, 1)
        signs[1::2] = -1
        self.register_buffer("signs", signs, persistent=False)

    @torch.jit.export
    def split(self, x: Tensor) -> Tensor:
        """Cut a sound into its bands."""
        return self._mirrored(self.analysis(x))

    @torch.jit.export
    def join(self, bands: Tensor) -> Tensor:
        """Make sound of bands."""
        y = self.synthesis(self._mirrored(bands)) * self.bands
        return y.flip(1).transpose(1, 2).reshape(y.shape[0], 1, -1)

    def _mirrored(self, bands: Tensor) -> Tensor:
        """Every other band's every other value has the other sign: its spectrum is the wrong way round."""
        bands = bands.clone()
        bands[..., ::2] *= self.signs
        return bands


def remembered(memory: Tensor, x: Tensor) -> Tensor:
    """A sound after the end of the one before, which `memory` [rows, channels, length] holds and gets anew."""
    rows = x.shape[0]
    x = torch.cat([memory[:rows], x], -1)
    memory[:rows] = x[..., x.shape[-1] - memory.shape[-1] :]
    return x


def amplitude(x: Tensor) -> Tensor:
    """Any number to an amplitude: 2 sigmoid(x)^2.3 + 1e-7 (J. Engel et al., DDSP, 2020)."""
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


def impulse_response(levels: Tensor, size: int) -> Tensor:
    """Levels of frequencies [..., n] to a windowed response of no phase [..., size], its middle at 0."""
    response = torch.fft.irfft(torch.complex(levels, torch.zeros_like(levels)))
    length = response.shape[-1]
    response = torch.roll(response, length // 2, -1) * torch.hann_window(length, dtype=levels.dtype)
    return torch.roll(functional.pad(response, (0, size - length)), -(length // 2), -1)
