"""The text of a .pd file as records of atoms, and as a tree of canvases; runs in the command line and in tests.

A record is a list of atoms, each as the file writes it: `["#X", "obj", "20", "30", "r", "\\\\$0-do"]`. The comma that
Pd puts before a box's width is an atom of its own.
"""

import re

from modelfiles.errors import UserError

_ATOM = re.compile(r"(?:\\.|[^\s\\,;])+|,", re.S)
_RECORD = re.compile(r"((?:\\.|[^\\;])*);", re.S)
PLACED = {"obj", "msg", "text", "floatatom", "symbolatom", "listbox", "restore"}  # `#X KIND X Y ...`


class Canvas:
    """A canvas of a patch.

    head: its `#N canvas` record. contents: records and canvases, in the file's order. end: the `#X restore`
    record that places it on its parent; None for the file's own canvas.
    """

    def __init__(self, head):
        self.head, self.contents, self.end = head, [], None

    @property
    def name(self):
        """The name that Pd gives a subpatch: the word after `pd`, or `(subpatch)`."""
        words = self.end[4:]
        return words[1] if len(words) > 1 and words[1] != "," else "(subpatch)"

    def canvases(self):
        """Yield this canvas and all below it."""
        yield self
        for part in self.contents:
            if isinstance(part, Canvas):
                yield from part.canvases()

    def records(self):
        """Yield the canvas's records, and all of the canvases in it, in the file's order."""
        yield self.head
        for part in self.contents:
            if isinstance(part, Canvas):
                yield from part.records()
            else:
                yield part
        if self.end:
            yield self.end


def records(text):
    """Return the records of a file's text."""
    return [_ATOM.findall(record) for record in _RECORD.findall(text)]


def line(record):
    """Return a record as one line of a file."""
    return " ".join(record).replace(" , ", ", ") + ";\n"


def read(text, name="the patch"):
    """Return the canvas of a .pd file's text. Raises UserError if it is none."""
    root, open_canvases = None, []
    for record in records(text):
        if record[:2] == ["#N", "canvas"]:
            open_canvases.append(Canvas(record))
            root = root or open_canvases[0]
        elif not open_canvases:
            if record[:2] != ["#N", "struct"]:
                raise UserError("file", f"{name} is no Pd patch")
        elif record[:2] == ["#X", "restore"] and len(open_canvases) > 1:
            canvas = open_canvases.pop()
            canvas.end = record
            open_canvases[-1].contents.append(canvas)
        else:
            open_canvases[-1].contents.append(record)
    if len(open_canvases) != 1:
        raise UserError("file", f"{name} is no whole Pd patch")
    return root
