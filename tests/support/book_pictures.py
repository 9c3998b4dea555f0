"""Takes pictures of all pages of the book, on a laptop and on a telephone, and of all concept patches, to look at.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/book_pictures.py FOLDER [PART OF A NAME ...]

FOLDER gets a picture of each, and sheets of several. The interpreter is that of the environment torch; it needs the
environment book, Chromium, and for the patches Xvfb and ImageMagick.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from dlwakit.book.build import build
from matplotlib.image import imread, imsave

from support.contact_sheets import picture, sheets
from support.course_copy import ROOT
from support.pd_window import Screen

WINDOWS = {"laptop": (1366, 768), "phone": (390, 844)}
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1")
# The page in a frame as wide as a telephone, for a window of Chromium is never narrower than 500 pixels.
FRAME = '<style>*{{margin:0;border:0}}</style><iframe src="{}" width="{}" height="{}"></iframe>'


def page_picture(profile, page, file, size):
    """Write the picture of the top of a page into a file."""
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(page.name, *size))
    window = f"--window-size={max(500, size[0])},{size[1]}"
    words = ["chromium", *FLAGS, f"--user-data-dir={profile}", f"--screenshot={file}", window, frame.as_uri()]
    subprocess.run(words, capture_output=True, check=True, timeout=120)
    frame.unlink()
    imsave(file, imread(file)[: size[1], : size[0], :3])


def pages(folder, words):
    """Write the pictures of the pages that have one of the words in their name; {window: pictures}."""
    taken = {name: [] for name in WINDOWS}
    with tempfile.TemporaryDirectory() as place:
        book = Path(place, "book")
        build(book)
        for page in sorted(book.rglob("*.html")):
            name = str(page.relative_to(book).with_suffix("")).replace("/", "-")
            if words and not any(word in name for word in words):
                continue
            for window, size in WINDOWS.items():
                file = folder / f"{name}_{window}.png"
                page_picture(Path(place, "profile"), page, file, size)
                taken[window].append(np.uint8(imread(file)[..., :3] * 255))
    return taken


def concepts(folder, words):
    """Write the pictures of the concept patches; pictures."""
    screen, taken = Screen(), []
    for patch in sorted(ROOT.glob("[0-9][0-9]_*/concepts/*.pd")):
        if not words or any(word in patch.stem for word in words):
            taken.append(picture(patch, screen, ()))
            imsave(folder / f"{patch.parts[-3]}-{patch.stem}.png", taken[-1].copy())
    screen.close()
    return taken


def main(folder, *words):
    """Write the pictures."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name, taken in {**pages(folder, words), "concepts": concepts(folder, words)}.items():
        for number, sheet in enumerate(sheets(taken), 1):
            imsave(folder / f"sheet_{name}_{number}.png", sheet)
            print(folder / f"sheet_{name}_{number}.png", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
