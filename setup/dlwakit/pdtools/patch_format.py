"""One text for one patch: what Pd 0.53 writes, without what a patch has become while it ran.

Runs in the command line and in tests. Kept: objects in their order, cords, sizes of windows and arrays, contents that
are kept on purpose (`-k`). Dropped or set to rest: the order of cords, values of controls that are not restored, labels
of canvases that messages can reach (a patch sets those itself when it opens), scalars and struct definitions (they are
made anew), where windows stood and which were open.
"""

import re

from dlwakit.pdtools import patch_file
from dlwakit.pdtools.patch_file import Canvas

CORNER, HELP_CORNER = ["40", "30"], ["60", "60"]  # where windows open: help beside what it explains
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
# Where in a control's record the flag stands that says whether its value is restored, and where the value.
VALUES = {
    "tgl": (2, 13),
    "hsl": (6, 17),
    "vsl": (6, 17),
    "nbx": (6, 17),
    "hradio": (3, 15),
    "vradio": (3, 15),
}
CANVAS_NAME, CANVAS_LABEL = 5, 6  # in the record of a `cnv`
DEFAULT_LOOKS = [["#A", "color", "0"], ["#A", "width", "1"]]


def formatted(text, name="the patch"):
    """Return the text of a .pd file, called `name`, in its normal form. Raises UserError if it is no patch."""
    root = patch_file.read(text, name)
    root.head[2:4] = HELP_CORNER if str(name).endswith("-help.pd") else CORNER
    for canvas in root.canvases():
        _set_to_rest(canvas)
    return "".join(patch_file.line([_atom(atom) for atom in record]) for record in root.records())


def _set_to_rest(canvas):
    if canvas.end:
        canvas.head[2:] = [*canvas.head[2:6], canvas.name, "0"]
    parts = [_at_rest(part) for part in canvas.contents if not _is_state(part)]
    cords = sorted(filter(_is_cord, parts), key=lambda cord: [int(cord[2]), int(cord[3])])
    views = [part for part in parts if _is_view(part)]
    canvas.contents = [part for part in parts if not _is_cord(part) and not _is_view(part)] + cords + views


def _is_state(part):
    return not isinstance(part, Canvas) and (
        part[:2] in ([], ["#X", "scalar"], ["#N", "struct"], ["#A", "resize"]) or part in DEFAULT_LOOKS
    )


def _is_cord(part):
    return not isinstance(part, Canvas) and part[:2] == ["#X", "connect"]


def _is_view(part):
    """Whether it is one of the records that Pd writes after the cords: a graph's limits and scales."""
    kinds = (["#X", kind] for kind in ("coords", "xticks", "yticks", "xlabel", "ylabel"))
    return not isinstance(part, Canvas) and part[:2] in kinds


def _at_rest(part):
    if isinstance(part, Canvas):
        return part
    if part[:2] == ["#X", "array"]:
        return part[:6]
    if part[:2] != ["#X", "obj"]:
        return part
    place, control = part[:4], part[4:]
    kind = control[0] if control else None
    if kind == "cnv" and control[CANVAS_NAME:][:1] != ["empty"]:
        control[CANVAS_LABEL] = "empty"
    flag, value = VALUES.get(kind, (0, 0))
    if control[flag:][:1] == ["0"]:
        control[value] = "0"
    return place + control


def _atom(atom):
    """An atom as Pd writes it; an escape that Pd doubles when it writes a symbol stays single."""
    if NUMBER.fullmatch(atom):
        return f"{float(atom):g}"
    if len(atom) > 4:
        atom = re.sub(r"\\\\\\([ ,;])", r"\\\1", atom)
    return re.sub(r"(?<!\\)\\\$(?!\d)", "$", atom)
