"""The button *lesson* in the head of a page: what it opens in the browser, clicked with the mouse on a screen."""

import shutil

import pytest
from support.course_copy import ROOT
from support.pd_window import TITLE, where
from support.waiting import wait_until

SHARED = "setup/patches"
PAGE = "#N canvas 40 30 1000 300 12;\n#X obj 2 2 dlwa-status \\$0 Bells A\\ page;\n"
BUTTON = (771, 19)  # its middle, from the corner of the title bar

pytestmark = pytest.mark.needs("Xvfb", "xdotool")


@pytest.fixture
def course(tmp_path):
    """A course with one day, whose patch has a head; no book."""
    root = tmp_path / "my course"
    (root / "09_bells").mkdir(parents=True)
    (root / "09_bells/bells.pd").write_text(PAGE)
    shutil.copytree(ROOT / SHARED, root / SHARED, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


@pytest.fixture
def opened(tmp_path):
    """The file in which a browser of the test writes what it was asked to open, a line each."""
    browser, file = tmp_path / "bin/xdg-open", tmp_path / "opened"
    browser.parent.mkdir()
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{file}"\n')
    browser.chmod(0o755)
    file.touch()
    return file


def test_it_opens_the_page_of_its_day_or_says_how_the_book_is_made(play, screen, course, opened):
    patch = course / "09_bells/bells.pd"
    environment = {"PATH": f"{opened.parent}/bin:/usr/bin:/bin"}
    pd = play([patch], path=[course / SHARED], display=screen.name, environment=environment)
    wait_until(lambda: len(where(screen.picture(), TITLE)[0]) > 5000, "the window")
    rows, columns = where(screen.picture(), TITLE)
    left, top = columns.min(), rows.min()
    expected = []
    for page in ("../book/not_built.html", "../../book/index.html", "../../book/09_bells/index.html"):
        file = course / SHARED / page
        file.parent.resolve().mkdir(parents=True, exist_ok=True)
        file.touch()
        expected.append(str(file))
        screen.xdotool("mousemove", left + BUTTON[0], top + BUTTON[1], "click", 1)
        wait_until(lambda: len(opened.read_text().splitlines()) == len(expected), opened.read_text)
    assert opened.read_text().splitlines() == expected
    assert pd.errors() == []
