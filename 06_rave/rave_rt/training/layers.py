"""Causal convolutions with memory: the same sound block by block as at once. Runs in a training and in its export.

Method: A. Caillon and P. Esling, Streamable Neural Audio Synthesis With Non-Causal Convolutions (2022), here with
causal ones, so that a sound needs no sample of its future.
"""

import torch
from torch import nn


class CausalConv(nn.Module):
    """A convolution over [batch, channels, n] whose output k depends on no input after (k + 1) * stride.

    n must be a whole number of strides. With `remembers` (for streaming) the last inputs of a call stand before those
    of the next one; else zeros do.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        self.stride, self.dilation = stride, dilation
        self.remembers = False
        self.register_buffer(
            "memory", torch.zeros(1, inputs, (kernel - 1) * dilation + 1 - stride), persistent=False
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = self.memory
        if not self.remembers or before.shape[0] != x.shape[0]:
            before = torch.zeros(x.shape[0], x.shape[1], self.memory.shape[2], dtype=x.dtype, device=x.device)
        x = torch.cat([before, x], 2)
        if self.remembers:
            self.memory = x[:, :, x.shape[2] - self.memory.shape[2] :].clone()
        return nn.functional.conv1d(x, self.weight, self.bias, self.stride, dilation=self.dilation)


class Upsample(nn.Module):
    """[batch, inputs, n] to [batch, outputs, n * factor]: a transposed convolution two inputs wide."""

    def __init__(self, inputs: int, outputs: int, factor: int):
        super().__init__()
        self.factor = factor
        self.conv = CausalConv(inputs, outputs * factor, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return interleave(self.conv(x), self.factor)


class Residual(nn.Module):
    """x + f(x) with a dilated and a pointwise convolution."""

    def __init__(self, channels: int, dilation: int):
        super().__init__()
        self.wide = CausalConv(channels, channels, 3, dilation=dilation)
        self.point = CausalConv(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.point(nn.functional.leaky_relu(self.wide(nn.functional.leaky_relu(x, 0.2)), 0.2))


def interleave(x: torch.Tensor, factor: int) -> torch.Tensor:
    """[batch, channels * factor, n] to [batch, channels, n * factor]: neighbours become successive samples."""
    batch, channels, n = x.shape
    x = x.reshape(batch, channels // factor, factor, n)
    return x.transpose(2, 3).reshape(batch, channels // factor, n * factor)
