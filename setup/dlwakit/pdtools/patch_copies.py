"""Finds subpatches that stand in more than one patch; runs in tests."""

from pathlib import Path

from dlwakit.pdtools import patch_file
from dlwakit.pdtools.patch_format import formatted

LINES = 12  # a longer one is to be an abstraction


def copies(files, lines=LINES):
    """Return [(name, lines, files)] of the subpatches of more than `lines` lines that two files or more have.

    Where objects lie does not count.
    """
    found = {}
    for file in map(Path, files):
        for canvas in patch_file.read(formatted(file.read_text(), file), file).canvases():
            if canvas.end:
                found.setdefault(_without_places(canvas), []).append(file)
    return [
        (" ".join(text[-1][2:]), len(text), sorted(set(places)))
        for text, places in found.items()
        if len(text) > lines and len(set(places)) > 1
    ]


def _without_places(canvas):
    return tuple(tuple(_without_place(record)) for record in canvas.records())


def _without_place(record):
    if record[:2] == ["#N", "canvas"]:
        return record[:2]
    if record[0] == "#X" and record[1] in patch_file.PLACED:
        return [*record[:2], *record[4:]]
    return record
