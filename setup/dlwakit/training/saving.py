"""The state of a training, in a file that is there whole or not at all. Runs in a training."""

import io

import torch

from dlwakit.runs.folder import write_whole


def save_state(state, path):
    """Write what `torch.load(path, weights_only=True)` reads.

    torch itself ends the process, or tells a story of its own, where a disk is full; a file of Python says so.
    """
    content = io.BytesIO()
    torch.save(state, content)
    write_whole(path, content.getvalue())
