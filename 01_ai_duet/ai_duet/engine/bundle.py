"""Reads Magenta's `.mag` bundles, the files of trained Melody RNNs, as data; worker process.

A bundle is one `GeneratorBundle` message (note_seq/protobuf/generator.proto): which configuration it is, a V1
checkpoint, and the graph that made it. The graph is never built; only one number is looked up in it, since a
graph from a stranger can do whatever TensorFlow can.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.regular import read_bytes
from modelfiles.wire import Message


class Bundle(NamedTuple):
    """What is in a bundle.

    Attributes
    ----------
    configuration : str
        Such as "attention_rnn".
    description : str
        What its maker wrote.
    variables : mapping of str to numpy.ndarray
        Weights by name.
    state_width : int or None
        Numbers of state of the network for one melody, where the graph has them.
    """

    configuration: str
    description: str
    variables: Mapping[str, np.ndarray]
    state_width: int | None


MAX_BYTES = 1 << 30  # of a bundle


def read_bundle(path: str | Path) -> Bundle:
    """Read a `.mag` file. Raises UserError if it is damaged or something else."""
    path = Path(path)
    try:
        message = Message(read_bytes(path, MAX_BYTES))
        configuration = message.message(1).text(1)
        checkpoints = message.blobs(2)
    except OSError as error:
        raise UserError("checkpoint", f"cannot read {path}: {error.strerror}") from None
    except UserError as error:
        raise UserError(
            "checkpoint", f"{path.name} is not a Magenta bundle, or it is damaged ({error.message})"
        ) from None
    if not configuration or len(checkpoints) != 1:
        raise UserError("checkpoint", f"{path.name} is not a Magenta bundle, or it is damaged")
    return Bundle(
        configuration,
        message.message(4).text(1),
        load_checkpoint(checkpoints[0]),
        _state_width(message.blob(3)),
    )


def _state_width(metagraph: memoryview) -> int | None:
    """Return how many numbers of state a melody has in the graph's collection `initial_state`; None if it has none.

    No variable shows how long a network's attention is; the state does. Field numbers: tensorflow's meta_graph,
    graph, node_def and attr_value.proto.
    """
    graph = Message(metagraph)
    collections = {entry.text(1): entry.message(2) for entry in graph.messages(4)}
    if "initial_state" not in collections:
        return None
    tensors = collections["initial_state"].message(1).texts(1)
    nodes = {name.partition(":")[0] for name in tensors}
    shapes: dict[str, list[int]] = {}  # by the name of a tensor, such as zeros_1:0
    for node in graph.message(2).messages(1):
        if node.text(1) in nodes:
            attributes = {entry.text(1): entry.message(2) for entry in node.messages(5)}
            outputs = (
                attributes["_output_shapes"].message(1).messages(7) if "_output_shapes" in attributes else []
            )
            shapes.update({f"{node.text(1)}:{number}": _sizes(shape) for number, shape in enumerate(outputs)})
    found = [shapes.get(name, []) for name in tensors]
    if any(len(sizes) != 2 or sizes[1] < 0 for sizes in found):
        return None
    return sum(width for _, width in found)


def _sizes(shape: Message) -> list[int]:
    return [dim.integer(1) for dim in shape.messages(2)]
