"""The arrays that a model was given for a take, in one file; in Pd, off its thread. Needs numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.errors import UserError

MAX_BYTES = 1 << 30
_KINDS = "iuf"


def packed(arrays: Sequence[np.ndarray]) -> tuple[list[dict[str, Any]], bytes]:
    """Return what is known of each array, plain values, and all their numbers.

    Examples
    --------
    >>> packed([np.zeros((2, 3), np.float32)])[0]
    [{'type': '<f4', 'shape': [2, 3]}]
    """
    ordered = [np.asarray(array, np.asarray(array).dtype.newbyteorder("<")) for array in arrays]
    known = [{"type": array.dtype.str, "shape": list(array.shape)} for array in ordered]
    return known, b"".join(array.tobytes() for array in ordered)


def unpacked(path: Path, known: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """Return the arrays of a file.

    Parameters
    ----------
    path : Path
    known : sequence of dict
        What `packed` has returned.

    Raises
    ------
    UserError
        The file is not there, or is not what is known of it.
    """
    if not known:
        return []
    try:
        forms = [(np.dtype(str(one["type"])), tuple(map(int, one["shape"]))) for one in known]
        sizes = [form.itemsize * math.prod(shape) for form, shape in forms]
        fits = all(form.kind in _KINDS and min(shape, default=0) >= 0 for form, shape in forms)
        if not fits or sum(sizes) != path.stat().st_size or sum(sizes) > MAX_BYTES:
            raise ValueError
        content = path.read_bytes()
        places = np.cumsum([0, *sizes])
        return [
            np.frombuffer(content[start : start + size], form).reshape(shape)
            for (form, shape), size, start in zip(forms, sizes, places)
        ]
    except OSError as error:
        raise UserError("file", f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, OverflowError):
        raise UserError("file", f"{path.name} is damaged") from None
