"""AI Duet: a recurrent network goes on from a melody. Pd imports this package, so it imports nothing by itself."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from pathlib import Path

    from .model import MelodyModel


def load(name_or_path: str | Path = "starter_attention_rnn", engine: str = "small") -> MelodyModel:
    """Load a network by its name or path, to generate with it; see `ai_duet.model.load`."""
    from . import model

    return model.load(name_or_path, engine)
