"""The autoencoder of day 6 as one short program: sound to a few curves, and curves to sound. Runs anywhere.

Only numpy is needed. `weights` are arrays by name, "encoder.layers.1.weight" and so on, in the order of the layers.
A sound is an array [channels, samples]; a kernel is [outputs, inputs, taps].
"""

import numpy as np


def convolve(x, kernel, bias, stride=1, dilation=1):
    """A causal convolution: each output is a weighted sum of inputs up to now, never of later ones."""
    outputs, inputs, taps = kernel.shape
    past = (taps - 1) * dilation + 1 - stride
    padded = np.concatenate([np.zeros((inputs, past)), x], axis=1)
    count = x.shape[1] // stride
    total = np.zeros((outputs, count)) + bias[:, None]
    for tap in range(taps):
        start = tap * dilation
        total += kernel[:, :, tap] @ padded[:, start : start + (count - 1) * stride + 1 : stride]
    return total


def leaky(x):
    """Leaky ReLU: what is negative is made five times smaller."""
    return np.where(x > 0, x, 0.2 * x)


def residual(x, weights, name, dilation):
    """x plus a small change: the network learns what to add."""
    inner = convolve(leaky(x), weights[f"{name}.wide.weight"], weights[f"{name}.wide.bias"], 1, dilation)
    return x + convolve(leaky(inner), weights[f"{name}.point.weight"], weights[f"{name}.point.bias"])


def interleave(x, factor):
    """[channels * factor, n] to [channels, n * factor]: neighbouring channels become successive samples."""
    return x.reshape(-1, factor, x.shape[1]).transpose(0, 2, 1).reshape(-1, x.shape[1] * factor)


def amplitude(x):
    """Any number to an amplitude between 0 and 2."""
    return 2 / (1 + np.exp(-x)) ** 2.3 + 1e-7


def encode(sound, weights, ratios, dilations):
    """Sound [1, samples] to the mean of its latent curves [latent, samples / ratio]."""

    def layer(x, number, **how):
        name = f"encoder.layers.{number}"
        name += "" if f"{name}.weight" in weights else ".conv"
        return convolve(x, weights[f"{name}.weight"], weights[f"{name}.bias"], **how)

    bands = weights["encoder.layers.0.conv.weight"].shape[0]
    x = layer(layer(sound, 0, stride=bands), 1)  # the filter bank, then the first learned layer
    number = 2
    for ratio in ratios:
        for dilation in dilations:
            x = residual(x, weights, f"encoder.layers.{number}", dilation)
            number += 1
        x = layer(leaky(x), number + 1, stride=ratio)  # fewer values in a second, more channels
        number += 2
    both = layer(leaky(x), number + 1)
    return both[: len(both) // 2]  # the other half says how blurred each mean is


def decode(z, weights, ratios, dilations, noise=None):
    """Latent curves [latent, n] to sound [1, n * ratio]. noise: uniform -1 to 1, [bands, samples / bands], or none."""

    def head(x, name):
        return convolve(x, weights[f"decoder.{name}.weight"], weights[f"decoder.{name}.bias"])

    x = head(z, "layers.0")
    number = 1
    for ratio in reversed(ratios):
        x = interleave(head(leaky(x), f"layers.{number + 1}.conv"), ratio)  # more values in a second
        number += 2
        for dilation in dilations:
            x = residual(x, weights, f"decoder.layers.{number}", dilation)
            number += 1
    x = leaky(x)
    bands = np.tanh(head(x, "wave")) * amplitude(head(x, "loudness"))
    if noise is not None:
        bands = bands + amplitude(head(x, "noise")) * noise
    return interleave(head(bands, "synthesis.conv"), len(bands))


def main():
    """Encode and decode a tone with the starter `base`; print the curves' size and the levels."""
    from rave_rt.training.network import Size
    from rave_rt.training.warm import open_source

    weights, size = open_source("base"), Size(rate=48000)
    rate = size.rate
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(rate // size.ratio * size.ratio) / rate)[None]
    curves = encode(tone, weights, size.ratios, size.dilations)
    back = decode(curves, weights, size.ratios, size.dilations)
    print(f"{tone.shape[1]} samples became {curves.shape[0]} curves of {curves.shape[1]} values")
    print(f"level in {np.sqrt((tone**2).mean()):.3f}, out {np.sqrt((back**2).mean()):.3f}")


if __name__ == "__main__":
    main()
