"""The graph of objects in a TensorFlow checkpoint, by which TensorFlow restores it. Runs in a training.

`tf.train.Checkpoint.restore` does not go by the names of tensors but walks this graph beside the objects in memory;
without it, it restores nothing and says nothing. Field numbers: tensorflow/core/protobuf/trackable_object_graph.proto.
"""

from __future__ import annotations

from collections.abc import Iterable

from .wire_writer import bytes_field, integer_field

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # its name in a checkpoint
ATTRIBUTE = "VARIABLE_VALUE"
MARK = f"/.ATTRIBUTES/{ATTRIBUTE}"  # between the path of an object and the end of its tensor's name


def object_graph(names: Iterable[str]) -> bytes:
    """The graph of the objects that tensors belong to: a tree with an edge for each part of their paths.

    Parameters
    ----------
    names : iterable of str
        Names of tensors such as `model/decoder/dense_out/kernel/.ATTRIBUTES/VARIABLE_VALUE`.

    Returns
    -------
    bytes
        A serialised TrackableObjectGraph.
    """
    places: dict[str, int] = {"": 0}
    children: list[list[bytes]] = [[]]
    for name in names:
        parent, path = 0, ""
        for part in name.removesuffix(MARK).split("/"):
            path = f"{path}/{part}"
            if path not in places:
                places[path] = len(children)
                children[parent].append(integer_field(1, places[path]) + bytes_field(2, part.encode()))
                children.append([])
            parent = places[path]
    values = {places[f"/{name.removesuffix(MARK)}"]: name for name in names}
    return b"".join(bytes_field(1, _node(edges, values.get(place))) for place, edges in enumerate(children))


def _node(edges: list[bytes], name: str | None) -> bytes:
    """A TrackableObject: its edges, and the name of the tensor that it holds."""
    body = b"".join(bytes_field(1, edge) for edge in edges)
    if name is not None:
        value = (
            bytes_field(1, ATTRIBUTE.encode()) + bytes_field(2, name.encode()) + bytes_field(3, name.encode())
        )
        body += bytes_field(2, value)
    return body + bytes_field(5, integer_field(1, 1))  # it or what is below it has values
