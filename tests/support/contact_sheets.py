"""Takes pictures of all patches to look at: on a small and on a large screen, light and dark.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/contact_sheets.py FOLDER [PART OF A NAME ...]

FOLDER gets a picture of each patch and sheets of six each. The small screen is what a title bar and a panel leave of
1366 x 768. Dark pictures need a Pd that knows `pd colors` (the first on the PATH is taken, and
tests/support/other_pd.sh brings others), else there are light ones alone. The interpreter is that of the environment
torch.
"""

import re
import sys
from pathlib import Path

import numpy as np
from dlwakit.cli.format_patches import all_patches
from dlwakit.pdtools.pd_session import PdSession
from matplotlib.image import imsave

from support.external import EXTERNAL
from support.pd_window import TITLE, Screen, where
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "setup/patches"
NO_PAGES = ROOT / "tests", ROOT / "setup/smallest_day"  # which opens where it has been copied to
SCREENS = {"small": (1366, 698), "large": (1920, 1080)}
THEMES = {"light": (), "dark": ("#e4e4e4", "#202020", "#6ea8fe", "#8a8a8a")}  # text, paper, selection, graphs
COLUMNS, ROWS = 2, 3
LOOK_MS = 700


def is_page(patch):
    """Whether a patch of the course has a window of its own: a page, a concept, a help patch."""
    if any(folder in patch.parents for folder in NO_PAGES):
        return False
    head = re.compile(r"^#X obj \d+ \d+ dlwa-(status|concept) ", re.MULTILINE)
    return patch.name.endswith("-help.pd") or (
        patch.parent != SHARED and bool(head.search(patch.read_text()))
    )


def picture(patch, screen, theme):
    """The screen with a patch, when nothing moves on it any more; None where Pd does not know the theme."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable}
    with PdSession(
        arguments=["-lib", "py"], path=[EXTERNAL], display=screen.name, environment=variables
    ) as pd:
        if theme:
            pd.send("pd", "colors", *theme)
        pd.open(patch)
        before = []

        def is_still():
            pd.send("pd-driver.pd", "vis", 0)  # the session's own window
            pd.let_time_pass(LOOK_MS)
            before.append(screen.picture())
            titled = len(where(before[-1], TITLE)[0])
            return titled and len(before) > 2 and np.array_equal(before[-1], before[-2])

        wait_until(is_still, "a window that stands still")
        return None if theme and any("colors" in line for line in pd.console) else before[-1]


def sheets(pictures):
    """Sheets of so many pictures of one size, each half as wide and as high."""
    for start in range(0, len(pictures), COLUMNS * ROWS):
        chosen = pictures[start : start + COLUMNS * ROWS]
        some = [one.reshape(len(one) // 2, 2, -1, 2, 3).mean((1, 3)) for one in chosen]
        some += [np.full_like(some[0], 255)] * (-len(some) % COLUMNS)
        rows = [np.concatenate(some[first : first + COLUMNS], 1) for first in range(0, len(some), COLUMNS)]
        yield np.concatenate(rows).astype(np.uint8)


def main(folder, *words):
    """Write the pictures."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pages = filter(is_page, all_patches(ROOT))
    chosen = [patch for patch in pages if not words or any(word in patch.stem for word in words)]
    for size, pixels in SCREENS.items():
        screen = Screen(*pixels)
        for theme, colours in THEMES.items():
            taken = []
            for patch in chosen:
                image = picture(patch, screen, colours)
                if image is None:
                    print(f"this Pd does not know `pd colors`: no {theme} pictures")
                    break
                taken.append(image)
                imsave(folder / f"{patch.stem}_{size}_{theme}.png", image.copy())
            for number, sheet in enumerate(sheets(taken), 1):
                imsave(folder / f"sheet_{size}_{theme}_{number}.png", sheet)
                print(folder / f"sheet_{size}_{theme}_{number}.png", flush=True)
        screen.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
