"""GANSynth's generator: a progressively grown network from a latent point and a pitch to a spectrogram.

Architecture: magenta's `networks.generator`; Karras et al., "Progressive Growing of GANs", 2017
(https://arxiv.org/abs/1710.10196). Layers go by the names that GANSpaceSynth gave them: `conv0` and `conv1` in
the first block, `conv0_b` and `conv1_b` in block b.
"""

import math

import torch
from torch.nn import functional

from .folder import SCOPE


def progress(images, stable, transition, blocks):
    """How far training has grown: b - 1 while block b is the largest, a fraction more while the next blends in."""
    images = min(images, blocks * stable + (blocks - 1) * transition - 1)
    whole, rest = divmod(images, stable + transition)
    return whole + max(0.0, (rest - stable) / transition)


def share(block, progress):
    """The part that a block's picture has in the sum."""
    return max(0.0, min(progress - (block - 2), block - progress))


def pixel_norm(x):
    """Bring each point's channels (dimension 1) to a mean square of one, in place."""
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x.mul_(length.square_().div_(x.shape[1]).add_(1e-8).rsqrt_())


def _activate(x):
    return pixel_norm(functional.leaky_relu_(x, 0.2))


class _Dense:
    """The first layer: a convolution over a single point amid zeros, so a product with the mirrored kernel."""

    def __init__(self, kernel, bias):
        self.height, self.width, inputs, self.channels = kernel.shape
        scale = math.sqrt(2 / (self.height * self.width * inputs))
        self.kernel = scale * kernel.flip(0, 1).permute(2, 0, 1, 3).reshape(inputs, -1)
        self._bias = bias

    def __call__(self, x):
        points = (pixel_norm(x.clone()) @ self.kernel).view(-1, self.height, self.width, self.channels)
        return _activate((points + self._bias).permute(0, 3, 1, 2))


class _Conv:
    """A 3 x 3 convolution of a picture."""

    def __init__(self, kernel, bias):
        height, width, inputs, _ = kernel.shape
        kernel = math.sqrt(2 / (height * width * inputs)) * kernel.permute(3, 2, 0, 1)
        self.kernel = kernel.contiguous(memory_format=torch.channels_last)
        self._bias = bias

    def __call__(self, x):
        return _activate(functional.conv2d(x, self.kernel, self._bias, padding="same"))


class _UpConv:
    """A picture doubled in size, then a 3 x 3 convolution, done in one.

    Two of any three neighbours in a doubled picture are the same point, so each of the four points that stand for
    one needs a 2 x 2 kernel only, less than half the work.
    """

    def __init__(self, kernel, bias):
        height, width, inputs, outputs = kernel.shape
        scaled = math.sqrt(2 / (height * width * inputs)) * kernel.permute(3, 2, 0, 1)
        first, second, third = scaled.unbind(2)
        rows = [torch.stack([first, second + third], 2), torch.stack([first + second, third], 2)]
        kernels = []
        for row in rows:
            first, second, third = row.unbind(3)
            kernels += [torch.stack([first, second + third], 3), torch.stack([first + second, third], 3)]
        self.kernel = torch.cat(kernels).contiguous(memory_format=torch.channels_last)
        self._bias = bias.repeat(4)
        self._channels = outputs

    def __call__(self, x):
        batch, _, height, width = x.shape
        corners = functional.conv2d(functional.pad(x, (1, 1, 1, 1)), self.kernel, self._bias)
        out = x.new_empty(batch, 2 * height, 2 * width, self._channels).permute(0, 3, 1, 2)
        for index, corner in enumerate(corners.split(self._channels, dim=1)):
            row, column = divmod(index, 2)
            out[:, :, row::2, column::2] = corner[:, :, row : row + height, column : column + width]
        return _activate(out)


class _ToPicture:
    """The last step of a block: its channels to the two of a picture, in -1 to 1."""

    def __init__(self, kernel, bias):
        self._weights = (kernel / math.sqrt(kernel.shape[2]))[0, 0]
        self._bias = bias

    def __call__(self, x):
        return (x.permute(0, 2, 3, 1) @ self._weights).add_(self._bias).tanh_()


class Generator:
    """The network, for inference.

    tensors: name to array, as in the checkpoint (averaged weights). blocks: how many it has.
    sizes: how many the finished network has. progress: see `progress`.
    """

    def __init__(self, tensors, blocks, sizes, progress):
        def weights(block, layer):
            names = SCOPE.format(block, f"{layer}/conv2d/kernel"), SCOPE.format(block, f"{layer}/bias")
            return [torch.from_numpy(tensors[name]) for name in names]

        self._layers = {"conv0": _Dense(*weights(1, "conv0")), "conv1": _Conv(*weights(1, "conv1"))}
        for block in range(2, blocks + 1):
            self._layers[f"conv0_{block}"] = _UpConv(*weights(block, "conv0"))
            self._layers[f"conv1_{block}"] = _Conv(*weights(block, "conv1"))
        shares = {block: share(block, progress) for block in range(1, blocks + 1)}
        self._pictures = {
            block: (part, 2 ** (sizes - block), _ToPicture(*weights(block, "to_rgb")))
            for block, part in shares.items()
            if part
        }
        first = self._layers["conv0"]
        self.shapes = {}
        for name in self._layers:
            block = int(name.partition("_")[2] or 1)
            channels = tensors[SCOPE.format(block, f"{name[:5]}/conv2d/kernel")].shape[3]
            scale = 2 ** (block - 1)
            self.shapes[name] = (first.height * scale, first.width * scale, channels)

    def weights(self):
        """{name: array} of what the layers compute with; what is changed in them is heard."""
        return {f"{name}.kernel": layer.kernel.numpy() for name, layer in self._layers.items()}

    def activations(self, inputs, layer):
        """What comes out of a layer, [batch, height, width, channels], for inputs [batch, latent + labels]."""
        x = inputs
        for name, run in self._layers.items():
            x = run(x)
            if name == layer:
                return x.permute(0, 2, 3, 1)
        raise KeyError(layer)

    def pictures(self, inputs, layer=None, offset=None, replace=False, frames=None):
        """Pictures [batch, frames, bands, 2] in -1 to 1 for inputs [batch, latent + labels].

        layer, offset: what to add to what comes out of a layer, [batch, height, width, channels];
        replace: put it in its place instead. frames: only so many from the beginning, with less work.
        """
        x, picture = inputs, 0
        rows = self._rows(frames) if frames else {}
        for name, run in self._layers.items():
            x = run(x[:, :, : rows[name]] if name in rows else x)
            if name == layer:
                change = offset.permute(0, 3, 1, 2)
                x = (change if replace else x + change).contiguous(memory_format=torch.channels_last)
            block = int(name.partition("_")[2] or 1)
            if name.startswith("conv1") and block in self._pictures:
                part, scale, to_picture = self._pictures[block]
                lod = to_picture(x)
                if scale > 1:
                    lod = lod.repeat_interleave(scale, 1).repeat_interleave(scale, 2)
                picture = picture + part * lod[:, :frames]
        return picture

    def _rows(self, frames):
        """Rows that go into each layer for so many frames of a picture, those at the edge included that go wrong.

        A kernel reaches one row further in each layer, and the first layer's input has none.
        """
        rows, needed = {}, frames
        for name in reversed(self._layers):
            block = int(name.partition("_")[2] or 1)
            if name.startswith("conv1"):
                needed += 1
                rows[name] = needed
            elif block > 1:
                needed = -(-needed // 2) + 1
                rows[name] = needed
        return rows
