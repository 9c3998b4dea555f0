"""The window of takes, by mouse: a take is named and kept, and the next one does not get the same name."""

import struct

import pytest
from pdworker.takes import formats
from pdworker.takes.place import Place
from pdworker.takes.store import Store
from support.course_copy import ROOT
from support.external import EXTERNAL
from support.page import HOST
from support.pd_window import TITLE, where
from support.waiting import wait_until

SHARED = ROOT / "setup/patches"
NAME, KEEP, NEXT_KEEP = (640, 359), (700, 88), (700, 120)  # in the window of takes


@pytest.fixture
def click(play, screen, tmp_path, monkeypatch):
    """click(place) presses the mouse in the window of takes, where two takes are."""
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    store = Store(Place(tmp_path / "takes", 10**9))
    for _ in range(2):
        store.add(
            "toy",
            {"sounds": [{"ending": ".wav"}]},
            {".wav": formats.wav(struct.pack("<9f", *[0.5] * 9), 1, 8000)},
        )
    patch = tmp_path / "page.pd"
    patch.write_text(HOST + "#X obj 600 200 dlwa-takes \\$0 tones open-sound;\n")
    pd = play([patch], path=[SHARED, EXTERNAL], display=screen.name)
    screen.wait_for_window("page.pd")
    pd.let_time_pass(1000)  # until it is drawn

    def title():
        rows, columns = where(screen.picture(), TITLE)
        return (columns.min() - 2, rows.min() - 2) if len(rows) > 5000 else None

    screen.xdotool("mousemove", 40 + 600 + 76 + 10, 30 + 32 + 200 + 2 + 10, "click", 1)
    screen.wait_for_window(".-takes")
    left, top = wait_until(title, "the window of takes")

    def press(place):
        screen.xdotool("mousemove", left + place[0], top + place[1], "click", 1, "sleep", 0.5)

    return press


def test_a_take_is_named_by_hand(click, screen, tmp_path):
    store = Store(Place(tmp_path / "takes", 10**9))
    newest, older = (take.path for take in store.newest(0, 2)[0])
    click(NAME)
    screen.xdotool("type", "low thunder")
    screen.xdotool("key", "Return")
    click(KEEP)
    wait_until(lambda: store.newest(0, 2)[0][0].facts.get("kept"), "the take that is kept")
    assert store.newest(0, 2)[0][0].name == "low thunder"
    click(NEXT_KEEP)
    wait_until(lambda: store.newest(0, 2)[0][1].facts.get("kept"), "the next one")
    assert [take.path for take in store.newest(0, 2)[0]] == [newest, older]
    assert store.newest(0, 2)[0][1].name == older.stem
