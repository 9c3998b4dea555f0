"""The weights of Melody RNN bundles of any age, by what they do; worker process.

Through the years the same weights have been called, for example,
    RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix
    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights
    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel
and the attention has been around the first cell or around the whole stack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from modelfiles.errors import UserError

INNER, OUTER = "inner attention", "outer attention"  # around the first cell, around the whole stack

_LEAVES = {"matrix": "kernel", "weights": "kernel", "kernel": "kernel", "bias": "bias", "biases": "bias"}
_ATTENTION = {
    ("attentioncellwrapper",): "input",
    ("attentioncellwrapper", "attention"): "query",
    ("attentioncellwrapper", "attnoutputprojection"): "output",
    ("attentioncellwrapper", "attentionoutputprojection"): "output",
}
_SCAFFOLD = {"rnn", "multirnncell", "linear"}
_TRAINING = re.compile(r"(/Adam(_1)?|(^|/)global_step|(^|/)beta[12]_power)$")


def unplayable(message: str) -> UserError:
    """Return the error for weights that do not make a network that can be played here."""
    return UserError("checkpoint", message, "setup/dlwa checkpoints list shows what there is")


def weights_by_role(variables: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Sort the weights of a checkpoint.

    Parameters
    ----------
    variables : mapping of str to numpy.ndarray
        By the names in the checkpoint. What only training needs is left out.

    Returns
    -------
    dict of str to numpy.ndarray
        float32, by roles such as "lstm 0/kernel" and "inner attention query/bias".

    Raises
    ------
    UserError
        For a name that no Melody RNN has, for two weights of one role, and for weights that are not finite.
    """
    weights: dict[str, np.ndarray] = {}
    for name in variables:
        if _TRAINING.search(name):
            continue
        role = role_of(name)
        if role is None:
            raise unplayable(f"the weights called {name} belong to a network of another kind")
        if role in weights:
            raise unplayable(f"there are two weights for {role}")
        weights[role] = np.asarray(variables[name], np.float32)
        if not np.isfinite(weights[role]).all():
            raise unplayable(f"the weights called {name} are not numbers")
    return weights


def layer_sizes(weights: Mapping[str, np.ndarray]) -> list[int]:
    """Return the units of each LSTM layer, from the bottom. Raises UserError when there is none."""
    sizes: list[int] = []
    while f"lstm {len(sizes)}/bias" in weights:
        sizes.append(weights[f"lstm {len(sizes)}/bias"].size // 4)
    if not sizes:
        raise unplayable("there is no LSTM layer in the weights")
    return sizes


def role_of(name: str) -> str | None:
    """Return the role of the weights of a name, or None for a name that no Melody RNN has."""
    *path, leaf = (part.replace("_", "") for part in name.lower().split("/"))
    cells = [int(part[4:]) for part in path if re.fullmatch(r"cell\d+", part)]
    place = tuple(part for part in path if part not in _SCAFFOLD and not re.fullmatch(r"cell\d+", part))
    attention = INNER if cells else OUTER
    if place == ("attentioncellwrapper", "attention") and leaf in ("attnw", "attnv"):
        return f"{attention}/{leaf[-1]}"
    if leaf not in _LEAVES:
        return None
    if place[-1:] == ("basiclstmcell",):
        return f"lstm {cells[0] if cells else 0}/{_LEAVES[leaf]}"
    if place == ("fullyconnected",):
        return f"output/{_LEAVES[leaf]}"
    return f"{attention} {_ATTENTION[place]}/{_LEAVES[leaf]}" if place in _ATTENTION else None
