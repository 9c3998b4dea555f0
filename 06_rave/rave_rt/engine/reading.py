"""RAVE files played without their program: what the archive says, and our own layers for it. Runs in the worker.

`read_own` knows what acids-rave 2.3 exports and what this day's own training does. A class counts as known where its
name and the operations that its text names are those of the table in `known`; else `Unknown` says what is not, and the
file may be given to the interpreter.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from modelfiles.torchscript import Module, read_modules
from torch import Tensor, nn

from . import layers, parts
from .delay import delay_of
from .known import Unknown, check

EXPORTS = "scripts.export."
MOST_CHANNELS, MOST_SAMPLES = 1 << 13, 1 << 17  # a damaged or hostile file may say any number


def read_own(path: str | Path) -> nn.Module:
    """Read a RAVE file as numbers; nothing of it is run.

    Parameters
    ----------
    path : str or Path
        A TorchScript file.

    Returns
    -------
    nn.Module
        With the methods of nn~'s convention, as `engine.torchscript.Model` takes it.

    Raises
    ------
    Unknown
        The program in it is another one.
    UserError
        The file is damaged, or no TorchScript file.
    """
    top = read_modules(path)
    try:
        if top.kind.startswith("rave_rt."):
            return _own_training(top)
        model = _official(top).eval()
        model.delay = delay_of(model)
        for name in ("bank", "encoder", "decoder"):  # compiled, each layer costs less
            setattr(model, name, torch.jit.script(getattr(model, name)))
        _try(model)
    except Unknown:
        raise
    except Exception as error:  # whatever a stranger's numbers lead to
        raise Unknown(f"its parts do not fit together ({type(error).__name__})") from error
    return model


def _try(model: parts.OwnRave) -> None:
    """Send silence through a copy: what does not fit is found before it plays. Raises Unknown."""
    twin: Any = copy.deepcopy(model)
    samples = int(twin.encode_params[3])
    if not 0 < samples <= MOST_SAMPLES:
        raise Unknown(f"one latent is for {samples} samples")
    with torch.inference_mode():
        answer = twin(torch.zeros(1, twin.channels, samples))
    if list(answer.shape) != [1, twin.channels, samples]:
        raise Unknown("it answers another length")


def _own_training(top: Module) -> nn.Module:
    """The network of this day's training."""
    from ..training.export import Streaming
    from ..training.network import Rave, Size

    values = dict(top.tensors())
    size = Size(*_size(top, values))
    facts = (_tensor(values[name]) for name in ("latent_mean", "latent_pca", "fidelity"))
    model = Streaming(Rave(size), *facts).eval()
    own = dict(model.named_parameters()) | dict(model.named_buffers())
    if {name: tuple(one.shape) for name, one in own.items()} != {n: one.shape for n, one in values.items()}:
        raise Unknown("it is a network of another kind")
    for name, one in own.items():
        one.data = _tensor(values[name])
    model.set_noise(bool(top.values["noise"][0]))
    return torch.jit.script(model)


def _size(top: Module, values: dict[str, np.ndarray]) -> tuple:
    """What decides the shapes of this day's network, as `training.network.Size` takes it. Raises Unknown."""
    encoder = [part.values for _, part in _numbered(top.values["encoder"].values["layers"])]
    first = values["encoder.layers.1.weight"]
    ratios = tuple(part["stride"] for part in encoder if part.get("stride", 1) > 1)
    dilated = [part["wide"].values["dilation"] for part in encoder if "wide" in part]
    dilations = tuple(dilated[: len(dilated) // max(1, len(ratios))])
    capacity, bands, _ = first.shape
    if capacity << len(ratios) > MOST_CHANNELS or prod(ratios) * bands > MOST_SAMPLES:
        raise Unknown("it is too large")
    if any(dilation > MOST_SAMPLES for dilation in dilations):
        raise Unknown("it is too wide")
    taps = (values["encoder.layers.0.conv.weight"].shape[2] - 1) // bands
    return top.values["sr"], bands, capacity, ratios, dilations, len(values["latent_mean"]), taps


def _official(top: Module) -> parts.OwnRave:
    """The network of an export of acids-rave."""
    name = top.kind.removeprefix(EXPORTS).removesuffix("ScriptedRAVE")
    if top.kind != f"{EXPORTS}{name}ScriptedRAVE" or name not in SPACES:
        raise Unknown(f"its program is {top.kind[:80]}")
    expected = {
        "input_mode": "pqmf", "output_mode": "pqmf", "resampler": None, "spectrogram": None, "stereo_mode": False,
        "_has_prior": False, "_methods": ["encode", "decode", "forward"], "_attributes": list(parts.SWITCHES),
        "target_channels": top.values.get("n_channels"), "training": False,
    }  # fmt: skip
    for key, value in expected.items():
        if key not in top.values or top.values[key] != value:
            raise Unknown(f"{key} is {top.values.get(key, 'missing')!s:.40}")
    check(top)
    build = _Builder(top.values["n_channels"])
    encoder = top.values["encoder"]
    check(encoder)
    return parts.OwnRave(
        build(top.values["pqmf"]),
        build(encoder.values["encoder"]),
        build(top.values["decoder"]),
        SPACES[name](top, encoder),
        top.values,
    )


def _tensor(array: Any) -> Tensor:
    """A tensor of its own."""
    if not isinstance(array, np.ndarray):
        raise Unknown("a part has no numbers")
    return torch.from_numpy(np.ascontiguousarray(array).copy())


def _begun(array: Any) -> Tensor:
    """What a memory holds at first; an export of a model that answers silence with no number left none there."""
    return _tensor(array).nan_to_num()


def _numbered(module: Module) -> list[tuple[int, Module]]:
    """The modules in a list of modules, in order."""
    found = [(int(name), one) for name, one in module.values.items() if name.isdigit()]
    return sorted(found, key=lambda pair: pair[0])


class _Builder:
    """Modules of the archive to layers.

    rows: sounds that go through at once, a channel each.
    """

    def __init__(self, rows: int):
        self._rows = rows

    def __call__(self, module: Module) -> nn.Module:
        check(module)
        return MAKERS[module.kind](self, module)

    def all(self, module: Module) -> list[nn.Module]:
        """The layers of a list of modules."""
        return [self(one) for _, one in _numbered(module)]

    def sequence(self, module: Module) -> nn.Module:
        return nn.Sequential(*self.all(module))

    def inner(self, module: Module) -> nn.Module:
        return self(module.values["net"])

    def memory(self, padding: Module) -> Tensor | None:
        """What a cached padding holds; None where it has no length."""
        check(padding)
        length = padding.values["padding"]
        return _begun(padding.values["pad"][: self._rows, :, :length]) if length else None

    def delay(self, padding: Module) -> nn.Module:
        """A cached padding that delays."""
        memory = self.memory(padding)
        return nn.Identity() if memory is None else layers.Delay(memory)

    def branches(self, module: Module) -> list[nn.Module]:
        """The branches of a sound, each behind its delay."""
        check(module)
        made = self.all(module.values["branches"])
        if "paddings" not in module.values:
            return made
        delays = [self.delay(one) for _, one in _numbered(module.values["paddings"])]
        pairs = zip(delays, made)
        return [one if isinstance(delay, nn.Identity) else nn.Sequential(delay, one) for delay, one in pairs]

    def convolution(self, module: Module) -> nn.Module:
        constants, values = module.constants, module.values
        (stride,), (dilation,), groups = (constants[name] for name in ("stride", "dilation", "groups"))
        bias = values["bias"]
        own = {
            "weight": _tensor(values["weight"]),
            "bias": None if bias is None else _tensor(bias),
            "stride": stride,
            "dilation": dilation,
            "groups": groups,
        }
        if "_pad" in values:
            return layers.Conv(**own, around=list(values["_pad"]))
        cached, late = self.memory(values["cache"]), self.memory(values["downsampling_delay"])
        found = [one for one in (cached, late) if one is not None]
        inputs = own["weight"].shape[1] * groups
        memory = torch.cat(found, -1) if found else torch.zeros(self._rows, inputs, 0)
        own |= {"memory": memory, "delay": 0 if late is None else late.shape[-1]}
        if cached is None or values.get("cumulative_delay") == 0:  # a causal one
            return layers.Conv(**own)
        return layers.Conv(**own, ahead=(cached.shape[-1] + 1) // 2)

    def transposed(self, module: Module) -> nn.Module:
        constants, values = module.constants, module.values
        (stride,), (padding,), (width,) = (constants[name] for name in ("stride", "padding", "kernel_size"))
        plain = constants["dilation"], constants["groups"], constants["output_padding"]
        if (width, 2 * padding, *plain) != (2 * stride, stride, (1,), 1, (0,)):
            raise Unknown("a transposed convolution has another shape")
        bias = values["bias"]
        memory = _begun(values["cache"][: self._rows]) if "cache" in values else None
        bias = None if bias is None else _tensor(bias)
        return layers.Transposed(_tensor(values["weight"]), bias, stride, memory)

    def bank(self, module: Module) -> nn.Module:
        values = module.values
        return layers.Bank(values["n_band"], self(values["forward_conv"]), self(values["inverse_conv"]))

    def residual(self, module: Module) -> nn.Module:
        branch, other = self.branches(module.values["aligned"])
        if isinstance(other, nn.Sequential):
            other = other[0]  # a delay, before nothing
        return layers.Residual(branch, other)

    def summed(self, module: Module) -> nn.Module:
        return layers.Sum(self.branches(module.values["net"]))

    def adaptive(self, module: Module) -> nn.Module:
        values, rows = module.values, 1  # each sound has its own statistics, and there is one
        made = []
        for part in ("x", "y"):
            mean, deviation = (_tensor(values[f"{name}_{part}"][:rows]) for name in ("mean", "std"))
            made.append(layers.Statistics(mean, deviation, _tensor(values[f"num_update_{part}"])))
        return layers.AdaptiveNorm(*made)

    def batch_norm(self, module: Module) -> nn.Module:
        values = module.values
        made = nn.BatchNorm1d(len(values["weight"]), module.constants["eps"])
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(made, name).data = _tensor(values[name])
        return made.requires_grad_(False)

    def noise(self, module: Module) -> nn.Module:
        values = module.values
        bands, size = values["data_size"] * values.get("n_channels", 1), int(values["target_size"])
        if size > MOST_SAMPLES:
            raise Unknown("its noise is too long")
        return layers.FilteredNoise(self(values["net"]), bands, size)

    def loud_decoder(self, module: Module) -> nn.Module:
        values = module.values
        if values["loud_stride"] != 1:
            raise Unknown(f"loud_stride is {values['loud_stride']!s:.20}")
        wave, loudness, *noise = self.branches(values["synth"])
        decoder = parts.LoudDecoder(self(values["net"]), wave, loudness, noise[0] if noise else None)
        decoder.noisy = bool(noise) and bool(values["warmed_up"])
        return decoder

    def decoder(self, module: Module) -> nn.Module:
        values, net = module.values, self(module.values["net"])
        noise = None if values["noise_module"] is None else self(values["noise_module"])
        wave = nn.Identity() if noise is None else self(values["waveform_module"])
        return parts.Decoder(net, wave, noise, values["amplitude_modulation"])


def _variational(top: Module, encoder: Module) -> nn.Module:
    values, draws = top.values, "randn_like" in encoder.code
    mean, components = _tensor(values["latent_mean"]), _tensor(values["latent_pca"])
    return parts.Variational(mean, components, values["latent_size"], draws)


def _wasserstein(top: Module, encoder: Module) -> nn.Module:
    return parts.Wasserstein(encoder.values["noise_augmentation"])


def _spherical(top: Module, encoder: Module) -> nn.Module:
    return parts.Spherical()


def _discrete(top: Module, encoder: Module) -> nn.Module:
    quantizer, books = encoder.values["rvq"], []
    check(quantizer)
    for _, one in _numbered(quantizer.values["layers"]):
        check(one)
        for name in ("project_in", "project_out"):
            if one.values[name].kind != "torch.nn.modules.linear.Identity":
                raise Unknown("its code books are projected")
        check(one.values["_codebook"])
        books.append(_tensor(one.values["_codebook"].values["embed"]))
    return parts.Discrete(books, encoder.values["noise_augmentation"])


SPACES: dict[str, Callable[[Module, Module], nn.Module]] = {
    "Variational": _variational, "Wassertein": _wasserstein, "Spherical": _spherical, "Discrete": _discrete,
}  # fmt: skip
MAKERS: dict[str, Callable[[_Builder, Module], nn.Module]] = {
    "cached_conv.convs.CachedConv1d": _Builder.convolution,
    "cached_conv.convs.Conv1d": _Builder.convolution,
    "cached_conv.convs.CachedConvTranspose1d": _Builder.transposed,
    "cached_conv.convs.ConvTranspose1d": _Builder.transposed,
    "cached_conv.convs.CachedSequential": _Builder.sequence,
    "torch.nn.modules.container.Sequential": _Builder.sequence,
    "rave.blocks.AdaptiveInstanceNormalization": _Builder.adaptive,
    "rave.blocks.DilatedUnit": _Builder.inner,
    "rave.blocks.Encoder": _Builder.inner,
    "rave.blocks.EncoderV2": _Builder.inner,
    "rave.blocks.Generator": _Builder.loud_decoder,
    "rave.blocks.GeneratorV2": _Builder.decoder,
    "rave.blocks.NoiseGenerator": _Builder.noise,
    "rave.blocks.NoiseGeneratorV2": _Builder.noise,
    "rave.blocks.Residual": _Builder.residual,
    "rave.blocks.ResidualBlock": _Builder.inner,
    "rave.blocks.ResidualLayer": _Builder.inner,
    "rave.blocks.ResidualStack": _Builder.summed,
    "rave.blocks.Snake": lambda _, module: layers.Snake(_tensor(module.values["alpha"])),
    "rave.blocks.UpsampleLayer": _Builder.inner,
    "rave.pqmf.CachedPQMF": _Builder.bank,
    "torch.nn.modules.activation.LeakyReLU": lambda _, m: nn.LeakyReLU(m.constants["negative_slope"]),
    "torch.nn.modules.batchnorm.BatchNorm1d": _Builder.batch_norm,
    "torch.nn.modules.linear.Identity": lambda _, module: nn.Identity(),
}
