"""GANSynth's generator with gradients: the layers of `generator`, as parameters. Runs in a training.

The picture of the last block alone is trained (no progressive growth). Names and layout of the weights in a
checkpoint are magenta's; see `generator` for the architecture.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from ..folder import SCOPE

LEAK = 0.2
EPSILON = 1e-8


class Activate(torch.autograd.Function):
    """Leaky rectifier, then pixel norm over dimension 1, in few passes over memory and with one saved tensor."""

    @staticmethod
    def forward(context, x):
        y = functional.leaky_relu(x, LEAK)
        inverse = (y * y).mean(1, keepdim=True).add_(EPSILON).rsqrt_()
        y.mul_(inverse)
        context.save_for_backward(y, inverse)
        return y

    @staticmethod
    def backward(context, gradient):
        y, inverse = context.saved_tensors
        along = (gradient * y).mean(1, keepdim=True)
        across = torch.addcmul(gradient, y, along, value=-1).mul_(inverse)
        return torch.ops.aten.leaky_relu_backward(across, y, LEAK, True)


activate = Activate.apply


def pixel_norm(x):
    """Bring dimension 1 to a mean square of one."""
    return x * torch.rsqrt((x * x).mean(1, keepdim=True) + EPSILON)


def doubling_kernel(kernel):
    """The 4 x 4 kernel of a transposed convolution that does what doubling a picture and a 3 x 3 kernel do.

    Parameters
    ----------
    kernel : torch.Tensor [outputs, inputs, 3, 3]

    Returns
    -------
    torch.Tensor [inputs, outputs, 4, 4]
        For `conv_transpose2d` with stride 2 and padding 1: four ninths of the products.
    """
    mirrored = kernel.permute(1, 0, 2, 3).flip(2, 3)
    rows = functional.pad(mirrored, (0, 0, 0, 1)) + functional.pad(mirrored, (0, 0, 1, 0))
    return functional.pad(rows, (0, 1)) + functional.pad(rows, (1, 0))


def channels(block, flags):
    """How many channels block `block` (from 1) has."""
    return int(min(flags["fmap_base"] / 2**block, flags["fmap_max"]))


class TrainableGenerator(nn.Module):
    """The generator of `flags["num_resolutions"]` blocks.

    Parameters
    ----------
    flags : dict
        Magenta's flags: start_height, start_width, num_resolutions, fmap_base, fmap_max, latent_vector_size.
    labels : int
        How many pitches it knows.
    """

    def __init__(self, flags, labels):
        super().__init__()
        self.blocks, self.latent = flags["num_resolutions"], flags["latent_vector_size"]
        self.size = flags["start_height"], flags["start_width"]
        inputs = self.latent + labels
        kernels, biases = {}, {}
        for block in range(1, self.blocks + 1):
            outputs = channels(block, flags)
            first = self.size if block == 1 else (3, 3)
            shapes = {
                "conv0": (*first, inputs, outputs),
                "conv1": (3, 3, outputs, outputs),
                "to_rgb": (1, 1, outputs, 2),
            }
            for layer, shape in shapes.items():
                kernels[f"{layer}_{block}"] = nn.Parameter(torch.randn(shape))
                biases[f"{layer}_{block}"] = nn.Parameter(torch.zeros(shape[-1]))
            inputs = outputs
        with torch.no_grad():  # one number of the pitch beside `latent` of the same size would hardly count
            kernels["conv0_1"][:, :, self.latent :] *= math.sqrt(self.latent)
        self.kernels, self.biases = nn.ParameterDict(kernels), nn.ParameterDict(biases)
        for block in range(1, self.blocks):  # pictures of the smaller sizes are not trained
            self.kernels[f"to_rgb_{block}"].requires_grad_(False)
            self.biases[f"to_rgb_{block}"].requires_grad_(False)

    def forward(self, latents, labels, window=None):
        """Pictures in -1 to 1 for points of the latent space.

        Parameters
        ----------
        latents : torch.Tensor [batch, latent]
        labels : torch.Tensor [batch, labels]
            One-hot.
        window : (int, int), optional
            First frame and frame behind the last of the part of the picture that is wanted. The larger blocks,
            which cost most, are computed for this part and a margin that the convolutions reach into.

        Returns
        -------
        torch.Tensor [batch, 2, frames, bands]
        """
        x = activate(self._dense(torch.cat([latents, labels], dim=1)))
        x = x.contiguous(memory_format=torch.channels_last)
        first, window = 0, window or (0, self.size[0] << (self.blocks - 1))
        for block in range(1, self.blocks + 1):
            if block > 1:
                x, first = self._part(x, block, first, window)
                kernel, bias = self._weights(f"conv0_{block}")
                x = functional.conv_transpose2d(x, doubling_kernel(kernel), bias, stride=2, padding=1)
                x, first = activate(x), 2 * first
            kernel, bias = self._weights(f"conv1_{block}")
            x = activate(functional.conv2d(x, kernel, bias, padding=1))
        kernel, bias = self.kernels[f"to_rgb_{self.blocks}"], self.biases[f"to_rgb_{self.blocks}"]
        weights = kernel[0, 0] / math.sqrt(kernel.shape[2])
        x = x[:, :, window[0] - first : window[1] - first]
        return torch.tanh(x.permute(0, 2, 3, 1) @ weights + bias).permute(0, 3, 1, 2)

    def _part(self, x, block, first, window):
        """(rows that `block` needs of the block before, number of the first of them) for a window of frames.

        Each of a block's two convolutions reaches one of its rows further.
        """
        start, end = window
        for _ in range(self.blocks - block + 1):
            start, end = (start - 2) // 2, -(-(end + 2) // 2)
        start, end = max(start, 0), min(end, self.size[0] << (block - 2))
        return x[:, :, start - first : end - first], start

    def _dense(self, inputs):
        kernel = self.kernels["conv0_1"]
        height, width, count, outputs = kernel.shape
        weights = math.sqrt(2 / kernel[..., 0].numel()) * kernel.flip(0, 1).permute(2, 0, 1, 3)
        points = pixel_norm(inputs) @ weights.reshape(count, -1)
        points = points.view(-1, height, width, outputs) + self.biases["conv0_1"]
        return points.permute(0, 3, 1, 2)

    def _weights(self, name):
        kernel = self.kernels[name]
        scale = math.sqrt(2 / kernel[..., 0].numel())
        return scale * kernel.permute(3, 2, 0, 1), self.biases[name]

    def tensors(self):
        """Name to array of all weights, as they are called in a checkpoint."""
        found = {}
        for name in self.kernels:
            layer, _, block = name.rpartition("_")
            for part, held in (("conv2d/kernel", self.kernels), ("bias", self.biases)):
                found[SCOPE.format(block, f"{layer}/{part}")] = held[name].detach().numpy()
        return found

    def take(self, tensors):
        """Take the weights of a checkpoint, name to array, of the same shapes."""
        with torch.no_grad():
            for name, array in self.tensors().items():
                array[...] = tensors[name]
