"""Weights as `packing` rounds them to eight bits, for networks that learn with them; worker process and trainings.

A network that computes with rounded weights while it is trained learns to do without the bits that the loops leave out:
B. Jacob and others, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
CVPR 2018.
"""

import torch

LARGEST = 127  # the largest whole number of a row


def rounded(weights):
    """Return weights [rows, columns, ...], each row (of each tap, where there are more) in steps of its own size.

    The gradient is that of the weights as they were.
    """
    step = weights.detach().abs().amax(dim=1, keepdim=True).clamp(min=1e-20) / LARGEST
    return weights + ((weights / step).round() * step - weights).detach()


@torch.no_grad()
def round_layers(layers):
    """Round the weights of layers that have learned with rounded ones, in place."""
    for layer in layers:
        layer.weight.copy_(rounded(layer.weight))
