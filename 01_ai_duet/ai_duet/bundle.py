"""Magenta's `.mag` bundles, read as data: the file that packs a trained Melody RNN.

A bundle is one `GeneratorBundle` message (note_seq/protobuf/generator.proto): which configuration it is, a V1
checkpoint, and the graph that made it. The graph is never built; only one number is looked up in it, since a
graph from a stranger can do whatever TensorFlow can.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pdworker.checkpoints import CheckpointError, load_checkpoint
from pdworker.checkpoints.wire import Message


class Bundle(NamedTuple):
    """A bundle's configuration, weights by name, and the width of its network's state (None if not told)."""

    name: str
    description: str
    variables: Mapping
    state_width: int | None


def read_bundle(path):
    """Read a `.mag` file; CheckpointError if it is damaged or something else."""
    path = Path(path)
    try:
        message = Message(path.read_bytes())
        name = message.message(1).text(1)
        checkpoints = message.blobs(2)
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror}") from None
    except CheckpointError as error:
        raise CheckpointError(
            f"{path.name} is not a Magenta bundle, or it is damaged ({error.message})"
        ) from None
    if not name or len(checkpoints) != 1:
        raise CheckpointError(f"{path.name} is not a Magenta bundle, or it is damaged")
    return Bundle(
        name, message.message(4).text(1), load_checkpoint(checkpoints[0]), _state_width(message.blob(3))
    )


def _state_width(metagraph):
    """How many numbers of state a sequence has in the graph's collection `initial_state`.

    No variable tells how long a network's attention is; the state does. Field numbers: tensorflow's meta_graph,
    graph, node_def and attr_value.proto.
    """
    graph = Message(metagraph)
    collections = {entry.text(1): entry.message(2) for entry in graph.messages(4)}
    if "initial_state" not in collections:
        return None
    outputs = collections["initial_state"].message(1).texts(1)
    wanted = {name.split(":")[0] for name in outputs}
    shapes = {}
    for blob in graph.message(2).blobs(1):
        node = Message(blob)
        if node.text(1) in wanted:
            attributes = {entry.text(1): entry.message(2) for entry in node.messages(5)}
            if "_output_shapes" in attributes:
                shapes[node.text(1)] = [
                    _sizes(shape) for shape in attributes["_output_shapes"].message(1).messages(7)
                ]
    width = 0
    for name in outputs:
        node, _, number = name.partition(":")
        sizes = shapes.get(node, [])[int(number or 0) :]
        if not sizes or len(sizes[0]) != 2 or sizes[0][1] < 0:
            return None
        width += sizes[0][1]
    return width


def _sizes(shape):
    return [dim.integer(1) for dim in shape.messages(2)]
