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
    return find(name, checkpoint_folders(__file__), suffixes=(SUFFIX,))


def usual_source(name, network):
    """(weights, what is said of it): those of the model that trainings begin with, as far as they fit the network."""
    try:
        weights = open_source(name)
    except UserError:
        return None, f"begins with random weights: there is no model '{name}' yet"
    fitting = fit(network, weights)
    if not fitting:
        return None, f"begins with random weights: '{name}' is a network of another size"
    part = "" if len(fitting) == len(learned(network)) else "outer "
    return weights, f"begins with the {part}weights of '{name}'; --from {NOTHING} begins with random ones"


def fit(network, weights):
    """Which of a model's weights a network can take: its own names and theirs.

    A network of other ratios has the same layers next to the sound as far as their shapes agree: the encoder's from the
    first on, the decoder's from the last back.
    """
    own = {name: tuple(weight.shape) for name, weight in learned(network)}
    theirs = {name: tuple(weight.shape) for name, weight in weights.items()}
    found = {}
    for part in ("encoder", "decoder"):
        mine, other = layers(part, own), layers(part, theirs)
        for place in sorted(mine):
            names, others = mine[place], other.get(place, {})
            if any(own[name] != theirs.get(others.get(rest)) for rest, name in names.items()):
                break
            found |= {name: others[rest] for rest, name in names.items()}
    return found


def layers(part, names):
    """A part's weights by layer, from the sound on: {place: {what a weight is in its layer: its name}}."""
    parsed = [(name, name.split(".", 3)) for name in names if name.startswith(f"{part}.")]
    places = {name: int(words[2]) for name, words in parsed if words[1] == "layers"}
    if part == "decoder":
        last = max(places.values(), default=0)
        places = {name: 1 + last - number for name, number in places.items()}
    found = {}
    for name, words in parsed:
        found.setdefault(places.get(name, 0), {})[".".join(words[3 if name in places else 1 :])] = name
    return found


def take_weights(network, weights, name):
    """Give a network the weights of a model that fit; its filter banks stay. Raises UserError where none fits."""
    fitting = fit(network, weights)
    if not fitting:
        raise UserError(
            "input",
            f"{Path(name).name} is no model of this kind: none of its weights fits",
            "take a model that setup/dlwa train rave made, or --from nothing",
        )
    with torch.no_grad():
        for part, weight in learned(network):
            if part in fitting:
                weight.copy_(torch.from_numpy(weights[fitting[part]]))


def learned(network):
    """(name, weight) of all that a training changes."""
    return [(name, weight) for name, weight in network.named_parameters() if weight.requires_grad]
