"""Writes networks as magenta's `.mag` bundles, without TensorFlow; the program `train`.

A bundle is a GeneratorBundle (note_seq/protobuf/generator.proto): a configuration's name, a V1 checkpoint, the graph by
which magenta plays it, and what its maker says.
"""

from __future__ import annotations

from pathlib import Path

from modelfiles.v1_writer import checkpoint
from modelfiles.wire_writer import bytes_field

from .graphs import ATTENTION, PLAIN, metagraph
from .recurrent import Network


def write_bundle(path: Path, network: Network, description: str) -> None:
    """Write a network of two layers as a bundle that plays one melody at a time, whole or not at all."""
    name = network.configuration.encode()
    layers = {f"units {number}": units for number, units in enumerate(network.layers)}
    sizes = {"input": network.encoding.input_size, "labels": network.encoding.labels, **layers}
    fields = [
        bytes_field(1, name) + bytes_field(2, name),
        checkpoint(network.variables()),
        metagraph(ATTENTION if network.attention else PLAIN, sizes),
        bytes_field(1, description.encode()),
    ]
    part = path.with_suffix(".part")
    part.write_bytes(b"".join(bytes_field(number, field) for number, field in enumerate(fields, 1)))
    part.replace(path)
