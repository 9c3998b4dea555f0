"""Day 1's patch on the screen of a small laptop, 1366 x 768 pixels, under Xvfb."""

import itertools
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from duet_player import DAY, OUT, Player
from external import EXTERNAL
from worker_desk import wait_until

WIDTH, HEIGHT = 1366, 768
LETTER, LINE = 7, 15  # pixels, Pd's font 12
TITLE, STEP, STATUS = (43, 93, 143), (79, 157, 105), (230, 230, 230)

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("Xvfb", "xdotool", "import"))), reason="needs xvfb, xdotool and imagemagick"
)


@pytest.fixture
def screen():
    """The name of an X display of its own."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f":{server.stdout.readline().strip()}"
    server.terminate()
    server.wait(10)


@pytest.fixture
def duet(play, screen, tmp_path):
    environment = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path)}
    patch, path = DAY / "ai_duet.pd", [EXTERNAL]
    return Player(play([patch], path=path, listen=[OUT], display=screen, environment=environment))


def picture(screen):
    """All pixels of a display as an array [y, x, colour]."""
    command = ["import", "-display", screen, "-window", "root", "-depth", "8", "rgb:-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(HEIGHT, WIDTH, 3)


def where(image, colour):
    """The rows and columns that have this colour."""
    return np.nonzero((image == colour).all(axis=2))


def boxes():
    """(left, top, right, bottom, line) of everything on the patch's face, as Pd's font 12 has it."""
    found, depth = [], 0
    for line in (DAY / "ai_duet.pd").read_text().splitlines():
        depth += line.startswith("#N canvas")
        depth -= line.startswith("#X restore")
        if depth == 1 and re.match(r"#X (obj|msg|text|restore) ", line):
            found += _box(line)
    return found


def _box(line):
    words = [word.replace("\\", "") for word in re.findall(r"(?:\\.|[^\s;])+", line)]
    kind, x, y = words[1], *map(int, words[2:4])
    if kind == "text":
        wrapped = re.fullmatch(r"#X text \d+ \d+ (.*?)(?:, f (\d+))?;", line)
        text, letters = wrapped[1].replace(" \\,", ","), int(wrapped[2] or 60)
        lines = _lines(text, letters)
        return [(x, y, x + LETTER * min(len(text), letters), y + LINE * lines, line)]
    kind = words[4]
    label = {"bng": 11, "tgl": 9, "nbx": 13, "hsl": 13}.get(kind)
    size = {
        "bng": lambda: (int(words[5]),) * 2,
        "tgl": lambda: (int(words[5]),) * 2,
        "hradio": lambda: (int(words[5]) * int(words[8]), int(words[5])),
        "nbx": lambda: (10 + 11 * int(words[5]), int(words[6])),
        "hsl": lambda: (int(words[5]), int(words[6])),
        "duet-keys": lambda: (708, 96),
        "duet-roll": lambda: (708, 154),
        "cnv": lambda: (0, 0),
    }.get(kind, lambda: (LETTER * len(" ".join(words[4:])) + 4, 20))()
    found = [(x, y, x + size[0], y + size[1], line)] if kind != "cnv" else []
    if label and words[label] != "empty":
        text, right, down = words[label], *map(int, words[label + 1 : label + 3])
        found.append((x + right, y + down - 6, x + right + LETTER * len(text), y + down + 6, line))
    return found


def cords():
    """The cords on the patch's face."""
    depth, found = 0, []
    for line in (DAY / "ai_duet.pd").read_text().splitlines():
        depth += line.startswith("#N canvas")
        depth -= line.startswith("#X restore")
        found += [line] if depth == 1 and line.startswith("#X connect") else []
    return found


def _lines(text, letters):
    lines, room = 1, letters
    for word in text.split():
        if len(word) > room:
            lines, room = lines + 1, letters
        room -= len(word) + 1
    return lines


def test_nothing_overlaps_and_no_cord_is_in_sight():
    assert cords() == []
    found = boxes()
    assert len(found) > 60
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, f"{one[:4]} {one[4]}\n{other[:4]} {other[4]}"
    assert max(box[2] for box in found) <= 984 and max(box[3] for box in found) <= 640


def test_the_whole_patch_is_on_the_screen(duet, screen):
    duet.hear("worker", "off")

    wait_until(lambda: len(where(picture(screen), STEP)[0]) > 5 * 400, "the window")
    time.sleep(1)
    image = picture(screen)
    _, titled = where(image, TITLE)
    assert titled.max() - titled.min() == 980  # all of the title: no border or scrollbar covers it
    rows, columns = where(image, STEP)
    rows = np.unique(rows[columns == titled.min() + 9])
    assert np.count_nonzero(np.diff(rows) > 1) == 4  # five steps
    below = (image[rows.max() + 8 : rows.max() + 30, titled.min() : titled.max()] == 0).all(axis=2)
    assert below.sum(axis=1).max() > 500  # the top edges of the boxes below step 5
    assert duet.pd.errors() == []


def test_computer_keys_are_piano_keys_and_do_not_stutter(duet, screen):
    duet.hear("worker", "off")
    time.sleep(2)

    def xdotool(*words):
        subprocess.run(
            ["xdotool", *map(str, words)], check=True, env={"DISPLAY": screen, "PATH": "/usr/bin:/bin"}
        )

    xdotool("mousemove", 500, 560)
    xdotool("keydown", "a", "sleep", 1.2, "keyup", "a")  # long enough for the keyboard to repeat
    length = duet.hear("roll", "theme", 60)[4]
    assert length > 0.3
    xdotool("key", "x", "key", "w")
    duet.hear("roll", "theme", 73)
    assert [pitch for pitch, start, length in duet.drawn("theme")] == [60, 73]
    assert duet.pd.errors() == []
