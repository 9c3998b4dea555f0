"""The classes of RAVE exports that our layers can stand for, by what they compute. Runs in the worker.

A class of the same name in another version, or in somebody's own, may compute something else. Its text in the archive
tells: the operations that it names. The text is looked at, not run.
"""

from __future__ import annotations

import re

from modelfiles.torchscript import Module

OPERATION = re.compile(r"\b(?:torch|ops\.\w+)\.(\w+)\(")
MOVES = (
    "RaiseException __is__ __isnot__ __not__ append any cat ceil chunk clamp copy_ data detach device dim dtype eq"
    " floordiv format ge gt index len lt ne neg numpy_T ones_like permute repeat reshape select size slice split stack"
    " sub t tensor to type_as unsqueeze zero_ zeros zeros_like add add_ div mul mul_"
)  # operations that move numbers, or that nearly every program has
PLUMBING = frozenset(MOVES.split())
KNOWN = {
    "cached_conv.convs.AlignBranches": [""],
    "cached_conv.convs.Branches": [""],
    "cached_conv.convs.CachedConv1d": ["conv1d"],
    "cached_conv.convs.CachedConvTranspose1d": ["conv_transpose1d"],
    "cached_conv.convs.CachedPadding1d": [""],
    "cached_conv.convs.CachedSequential": [""],
    "cached_conv.convs.Conv1d": ["conv1d"],
    "cached_conv.convs.ConvTranspose1d": ["conv_transpose1d"],
    "rave.blocks.AdaptiveInstanceNormalization": ["mean std"],
    "rave.blocks.DilatedUnit": [""],
    "rave.blocks.DiscreteEncoder": [""],
    "rave.blocks.Encoder": [""],
    "rave.blocks.EncoderV2": [""],
    "rave.blocks.Generator": ["repeat_interleave tanh"],
    "rave.blocks.GeneratorV2": ["sigmoid tanh"],
    "rave.blocks.NoiseGenerator": ["rand_like"],
    "rave.blocks.NoiseGeneratorV2": ["rand_like"],
    "rave.blocks.Residual": [""],
    "rave.blocks.ResidualBlock": [""],
    "rave.blocks.ResidualLayer": [""],
    "rave.blocks.ResidualStack": ["sum"],
    "rave.blocks.Snake": ["pow reciprocal sin"],
    "rave.blocks.SphericalEncoder": [""],
    "rave.blocks.UpsampleLayer": [""],
    "rave.blocks.VariationalEncoder": ["", "log mean randn_like softplus sum"],  # the mean, or a draw
    "rave.blocks.WasserteinEncoder": [""],
    "rave.pqmf.CachedPQMF": ["flip"],
    "rave.quantization.EuclideanCodebook": ["matmul max one_hot pow sum where"],
    "rave.quantization.ResidualVectorQuantization": ["sum"],
    "rave.quantization.VectorQuantization": [""],
    "scripts.export.DiscreteScriptedRAVE": ["randn"],
    "scripts.export.SphericalScriptedRAVE": [""],
    "scripts.export.VariationalScriptedRAVE": ["conv1d randn"],
    "scripts.export.WasserteinScriptedRAVE": ["randn"],
    "torch.nn.modules.activation.LeakyReLU": [""],
    "torch.nn.modules.batchnorm.BatchNorm1d": [""],
    "torch.nn.modules.container.Sequential": [""],
    "torch.nn.modules.linear.Identity": [""],
}


class Unknown(Exception):
    """A file, or a part of one, that the layers here do not know."""


def check(module: Module) -> None:
    """Raise Unknown where a module's class computes otherwise than it is known to, or is not known at all."""
    known = KNOWN.get(module.kind)
    if known is None:
        raise Unknown(f"it has a part {module.kind[:80]}")
    if operations(module) not in known:
        raise Unknown(f"its {module.kind[:80]} computes otherwise")


def operations(module: Module) -> str:
    """Name what a module's class computes, sorted."""
    return " ".join(sorted(set(OPERATION.findall(module.code)) - PLUMBING))
