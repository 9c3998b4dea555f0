"""Magenta's graph of a network, which a bundle holds so that magenta can play it; the program `train`.

The two graphs beside this file were made by upstream/graphs.py, with sizes that are recognised again here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from modelfiles.wire_writer import bytes_field

FOLDER = Path(__file__).parent
PLAIN, ATTENTION = "plain.npz", "attention.npz"
ATTENTION_LENGTH = 40  # steps; magenta's default for attention_rnn
# Sizes that stand for those of a network; their sums and multiples differ from each other too.
SIZES = {"input": 3001, "labels": 5003, "units 0": 1009, "units 1": 1013}
INT32 = 3


def metagraph(name: str, sizes: Mapping[str, int]) -> bytes:
    """A MetaGraphDef.

    Parameters
    ----------
    name : str
        PLAIN or ATTENTION.
    sizes : dict of str to int
        Those of the network, by the names of SIZES.
    """
    from tensorboardX.proto.graph_pb2 import GraphDef

    template = np.load(FOLDER / name)
    graph = GraphDef.FromString(template["graph"].tobytes())
    numbers = _replacements(sizes)
    for node in graph.node:
        for value in node.attr.values():
            for shape in (value.shape, value.tensor.tensor_shape, *value.list.shape):
                for dim in shape.dim:
                    dim.size = numbers.get(dim.size, dim.size)
        if node.op == "Const" and node.attr["dtype"].type == INT32:
            _replace(node.attr["value"].tensor, numbers)
    # Fields of a message may stand in any order.
    return template["rest"].tobytes() + bytes_field(2, graph.SerializeToString(deterministic=True))


def _replace(tensor, numbers: Mapping[int, int]) -> None:
    """Replace numbers in a constant, in both ways in which it may hold them."""
    tensor.int_val[:] = [numbers.get(number, number) for number in tensor.int_val]
    held = np.frombuffer(tensor.tensor_content, "<i4").tolist()
    tensor.tensor_content = struct.pack(f"<{len(held)}i", *(numbers.get(number, number) for number in held))


def _replacements(sizes: Mapping[str, int]) -> dict[int, int]:
    """{number in the graph: number of the network} for all that depends on the network's sizes."""
    sums = [{name: 1} for name in SIZES] + [
        {"units 0": 4},
        {"units 1": 4},
        {"units 0": 2},
        {"units 0": ATTENTION_LENGTH},
        {"input": 1, "units 0": 1},
        {"units 0": 1, "units 1": 1},
    ]
    return {_sum(SIZES, parts): _sum(sizes, parts) for parts in sums}


def _sum(sizes: Mapping[str, int], parts: Mapping[str, int]) -> int:
    return sum(sizes[name] * count for name, count in parts.items())
