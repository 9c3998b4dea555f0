"""What is on a patch's face, as Pd's font 12 lays it out, and what a screen of 1366 x 768 pixels shows of it."""

import re
import subprocess
from pathlib import Path

import numpy as np
from dlwakit.pdtools.processes import ending_with_us

from support.waiting import wait_until

WIDTH, HEIGHT = 1366, 768
LETTER, LINE = 7, 15  # pixels, Pd's font 12
TITLE, STEP, STATUS = (43, 93, 143), (79, 157, 105), (230, 230, 230)
MENU = 30  # pixels at the top of a window


class Screen:
    """An X display of its own, of so many pixels."""

    def __init__(self, width=WIDTH, height=HEIGHT):
        self.width, self.height = width, height
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24"]
        command = ending_with_us("TERM", command)
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.name = f":{self._server.stdout.readline().strip()}"

    def picture(self):
        """All pixels as an array [y, x, colour]."""
        command = ["import", "-display", self.name, "-window", "root", "-depth", "8", "rgb:-"]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        return np.frombuffer(data, np.uint8).reshape(self.height, self.width, 3)

    def xdotool(self, *words):
        """Move the mouse, click, type."""
        command = ["xdotool", *map(str, words)]
        subprocess.run(command, check=True, env={"DISPLAY": self.name, "PATH": "/usr/bin:/bin"})

    def wait_for_window(self, name):
        """Wait until a window whose title matches the regular expression `name` is to be seen."""
        command = ["xdotool", "search", "--onlyvisible", "--name", name]
        environment = {"DISPLAY": self.name, "PATH": "/usr/bin:/bin"}
        wait_until(
            lambda: not subprocess.run(command, env=environment, capture_output=True).returncode,
            f"the window {name}",
        )

    def close(self):
        with self._server:
            self._server.terminate()


def where(image, colour):
    """The rows and columns that have this colour."""
    return np.nonzero((image == colour).all(axis=2))


def face(patch):
    """The lines of a patch that stand on its own canvas, graphs with their size put in."""
    depth, found, graph = 0, [], ""
    for line in _lines_of(patch):
        depth += line.startswith("#N canvas")
        if depth == 2 and line.startswith("#X coords"):
            graph = line
        if depth == 2 and line.startswith("#X restore") and line.split()[4:5] == ["graph;"]:
            line = line[:-1] + " " + " ".join(graph.split()[6:8]) + ";"
        depth -= line.startswith("#X restore")
        found += [line] if depth == 1 else []
    return found


def size(patch):
    """Width and height of a patch's window, in pixels."""
    return tuple(map(int, _lines_of(patch)[0].split()[4:6]))


def boxes(patch):
    """(left, top, right, bottom, line) of everything that is seen on a patch's face, and of each label."""
    return [
        box
        for line in face(patch)
        if re.match(r"#X (obj|msg|text|restore|floatatom|symbolatom) ", line)
        for box in _box(line, Path(patch))
    ]


def cords(patch):
    """The cords on a patch's face."""
    return [line for line in face(patch) if line.startswith("#X connect")]


def buttons(screen, patch):
    """Wait for a patch's window; press(word) then clicks on the button or toggle whose words hold this one.

    In words, spaces of a label are underscores and the patch's own names begin with `\\$0-`. Returns the inside of
    what was clicked, as (left, top, right, bottom) on the screen.
    """
    wait_until(lambda: len(where(screen.picture(), TITLE)[0]) > 5000, "the window")
    rows, columns = where(screen.picture(), TITLE)
    left, top, _ = title(patch)

    def press(word):
        x, y, words = control(patch, word)
        x, y = columns.min() - left + x, rows.min() - top + y
        screen.xdotool("mousemove", x + 10, y + 10, "click", 1)
        return x + 1, y + 1, x + int(words[5]), y + int(words[5])

    return press


def control(patch, word, kinds=("bng", "tgl")):
    """(left, top, words) of the control of these kinds among whose words this one is, on a patch's canvas."""
    return _find(patch, lambda words: words[4] in kinds and word in words)


def title(patch):
    """Left, top and width of the title bar on a patch's canvas."""
    left, top, words = _find(patch, lambda words: f"#{bytes(TITLE).hex()}" in words)
    return left, top, int(words[6])


def _find(patch, start):
    """(left, top, words) of the first object of the patch's face that `start(words)`, abstractions looked into."""
    patch = Path(patch)
    for line in face(patch):
        words = line.replace("\\ ", "_").split()
        if len(words) > 6 and start(words):
            return int(words[2]), int(words[3]), words
        drawn = _abstraction(patch, words[4].strip(";")) if words[:2] == ["#X", "obj"] else None
        found = _find(drawn, start) if drawn else None
        if found:
            *_, right, down = _view(drawn)
            return int(words[2]) + found[0] - right, int(words[3]) + found[1] - down, found[2]
    return None


def _lines_of(patch):
    """A patch's lines, broken ones joined."""
    return re.sub(r"(?<!;)\n", " ", Path(patch).read_text()).splitlines()


def _box(line, patch):
    words = [word.replace("\\", "") for word in re.findall(r"(?:\\.|[^\s;])+", line)]
    kind, x, y = words[1], *map(int, words[2:4])
    if kind == "text":
        wrapped = re.fullmatch(r"#X text \d+ \d+ (.*?)(?:, f (\d+))?;", line)
        text, letters = wrapped[1].replace(" \\,", ","), int(wrapped[2] or 60)
        lines = _wrapped(text, letters)
        return [(x, y, x + LETTER * min(len(text), letters), y + LINE * lines, line)]
    kind = words[4]
    label = {"bng": 11, "tgl": 9, "nbx": 13, "hsl": 13, "vsl": 13}.get(kind)
    sizes = {
        "bng": lambda: (int(words[5]),) * 2,
        "tgl": lambda: (int(words[5]),) * 2,
        "hradio": lambda: (int(words[5]) * int(words[8]), int(words[5])),
        "nbx": lambda: (10 + 11 * int(words[5]), int(words[6])),
        "hsl": lambda: (int(words[5]), int(words[6])),
        "vsl": lambda: (int(words[5]), int(words[6])),
        "graph": lambda: tuple(map(int, words[5:7])),
        "cnv": lambda: (0, 0),
    }
    width, height = sizes.get(kind, lambda: _drawn(patch, kind) or _plain(words[4:]))()
    found = [(x, y, x + width, y + height, line)] if kind != "cnv" else []
    if label and words[label] != "empty":
        text, right, down = words[label], *map(int, words[label + 1 : label + 3])
        found.append((x + right, y + down - 6, x + right + LETTER * len(text), y + down + 6, line))
    return found


def _plain(words):
    return LETTER * len(" ".join(words)) + 4, 20


def _drawn(patch, kind):
    """The size of an abstraction that draws on its parent, else None."""
    abstraction = _abstraction(patch, kind)
    view = _view(abstraction) if abstraction else None
    return view[:2] if view else None


def _abstraction(patch, kind):
    """The file of an abstraction that a patch finds, else None."""
    paths = re.findall(r"-path ([^\s;]+)", " ".join(_lines_of(patch)[:2]))
    files = (patch.parent / path / f"{kind}.pd" for path in ("", *paths))
    return next((file for file in files if file.exists()), None)


def _view(abstraction):
    """(width, height, left, top) of what an abstraction shows of itself on its parent, else None."""
    coords = [line.strip(";").split() for line in face(abstraction) if line.startswith("#X coords")]
    return (
        tuple(map(int, (*coords[-1][6:8], *coords[-1][9:11]))) if coords and coords[-1][8] in "12" else None
    )


def _wrapped(text, letters):
    lines, room = 1, letters
    for word in text.split():
        if len(word) > room:
            lines, room = lines + 1, letters
        room -= len(word) + 1
    return lines
