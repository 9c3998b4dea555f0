"""The network that a training begins with; the program `train`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from dlwakit.training.patience import NOTHING
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from ..engine.bundle import read_bundle
from ..engine.weights import OUTER, weights_by_role
from ..model import MelodyRnn
from .graphs import ATTENTION_LENGTH
from .recurrent import Network
from .settings import STARTER

LAYERS = {"attention_rnn": (64, 128)}  # units of a network that begins with random weights
USUAL_LAYERS = (128, 128)


def begin_with(settings: dict) -> tuple[tuple[int, ...], Mapping[str, np.ndarray] | None, str]:
    """What a new run begins with.

    Parameters
    ----------
    settings : dict
        network, source, layers.

    Returns
    -------
    layers : tuple of int
        Units of each layer.
    weights : mapping, optional
        By role; None for random ones.
    said : str
        The same in words.

    Raises
    ------
    UserError
        When the source is no network of that kind and those layers. A starter that does not fit is left out.
    """
    name, network = settings["source"], settings["network"]
    wanted = tuple(settings["layers"]) if settings["layers"] else None
    usual = wanted or LAYERS.get(network, USUAL_LAYERS)
    if name == NOTHING:
        return usual, None, "begins with random weights"
    starter = name == STARTER
    try:
        model, weights = _open(f"starter_{network}" if starter else name)
        if model.configuration != network:
            raise UserError("input", f"{name} is a {model.configuration}, not a {network}", "see --network")
        if wanted and wanted != tuple(model.layers):
            raise UserError("input", f"{name} has layers of {model.layers} units, not of {list(wanted)}")
        if len(model.layers) != 2:
            raise UserError(
                "input", f"{name} has {len(model.layers)} layers; networks of two are trained here"
            )
        _check_build(name, model, weights)
    except UserError as error:
        if starter:
            return usual, None, f"begins with random weights: {error.message}"
        raise
    said = f"begins with the weights of {f'starter_{network}' if starter else name}"
    return tuple(model.layers), weights, f"{said}; --from {NOTHING} begins with random ones"


def open_network(path: Path) -> Network:
    """The network of a bundle as a module. Raises UserError for one that is not trained here."""
    model, weights = _open(str(path))
    _check_build(str(path), model, weights)
    network = Network(model.configuration, model.layers)
    network.take(weights)
    return network.eval()


def _check_build(name: str, model: MelodyRnn, weights: Mapping[str, np.ndarray]) -> None:
    if f"{OUTER}/v" in weights or model.attention_length not in (0, ATTENTION_LENGTH):
        raise UserError("checkpoint", f"{name} is of a build that is played, but not trained here")


def _open(name: str) -> tuple[MelodyRnn, Mapping[str, np.ndarray]]:
    """The network of a name, a file or a run's folder, and its weights by role. Raises UserError."""
    bundle = read_bundle(find(name, checkpoint_folders(__file__), (".mag",)))
    return MelodyRnn.from_bundle(bundle), weights_by_role(bundle.variables)
