"""What the file of a recording holds; in Pd, off its thread. Needs the standard library alone.

Pd's [writesf~] closes its file in a thread of its own, and one that broke off, as on a full disk, has no length.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from pathlib import Path
from typing import BinaryIO

PATIENCE_S = 5.0  # for a recording that is being closed
LOOK_S = 0.02
HEAD = 4096  # bytes in which the samples begin


def held_s(file: Path) -> float:
    """Return how many seconds a recording holds, once it is closed; one without a length gets its own."""
    deadline = time.monotonic() + PATIENCE_S
    with contextlib.suppress(OSError), open(file, "r+b") as opened:
        while not _has_length(opened) and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        return _measured(opened, repair=not _has_length(opened))
    return 0.0


def _has_length(file: BinaryIO) -> bool:
    file.seek(4)
    told = file.read(4)
    return len(told) == 4 and int.from_bytes(told, "little") + 8 == os.fstat(file.fileno()).st_size


def _measured(file: BinaryIO, repair: bool) -> float:
    """The seconds from where the samples begin to the end of the file; repair: write that into its head."""
    size, position, rate, frame, counts = os.fstat(file.fileno()).st_size, 12, 0, 0, []
    file.seek(0)
    head = file.read(HEAD)
    while position + 8 <= len(head):
        kind, length = struct.unpack_from("<4sI", head, position)
        position += 8
        if kind == b"fmt ":
            rate, _, frame = struct.unpack_from("<IIH", head, position + 4)
        if kind == b"fact":
            counts = [position]
        if kind == b"data" and rate and frame:
            frames = (size - position) // frame
            values = {4: size - 8, position - 4: frames * frame, **dict.fromkeys(counts, frames)}
            for place, value in values.items() if repair else ():
                file.seek(place)
                file.write(struct.pack("<I", min(value, 0xFFFFFFFF)))
            return frames / rate
        position += length + length % 2
    return 0.0
