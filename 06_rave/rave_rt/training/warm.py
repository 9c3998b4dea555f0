"""A training that begins with the weights of a model, not with noise. Runs in a training."""

from pathlib import Path

import torch
from dlwakit.training.patience import NOTHING
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders
from modelfiles.torchscript import read_weights

SUFFIX = ".ts"


def open_source(name):
    """The weights of a model's name or file, or of a run's folder, as arrays by name; nothing of it is run.

    Raises
    ------
    UserError
        There is no such model, or it cannot be read.
    """
    return read_weights(model_path(name))


def model_path(name):
    """The file of a model's name or file, or of a run's folder. Raises UserError where there is none."""
    path = find(name, checkpoint_folders(str(Path(__file__).parent)), suffixes=(SUFFIX,))
    return path / f"{path.resolve().name}{SUFFIX}" if path.is_dir() else path


def usual_source(name, network):
    """(weights, what is said of it): those of the model that trainings begin with, where its size is the network's."""
    try:
        weights = open_source(name)
    except UserError:
        return None, f"begins with random weights: there is no model '{name}' yet"
    if misfit(network, weights):
        return None, f"begins with random weights: '{name}' is a network of another size"
    return weights, f"begins with the weights of '{name}'; --from {NOTHING} begins with random ones"


def misfit(network, weights):
    """The first of a network's learned weights that is missing or of another shape, or ""."""
    for name, weight in learned(network):
        if name not in weights or weights[name].shape != tuple(weight.shape):
            return name
    return ""


def take_weights(network, weights, name):
    """Give a network the weights of a model of the same size; its filter banks stay. Raises UserError."""
    if wrong := misfit(network, weights):
        raise UserError(
            "input",
            f"{Path(name).name} is no model of this size: its {wrong} differs",
            "take a model that setup/dlwa train rave made with the same preset, or --from nothing",
        )
    with torch.no_grad():
        for part, weight in learned(network):
            weight.copy_(torch.from_numpy(weights[part]))


def learned(network):
    """(name, weight) of all that a training changes."""
    return [(name, weight) for name, weight in network.named_parameters() if weight.requires_grad]
