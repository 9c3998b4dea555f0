"""One tempo for all open patches: one clock in several copies, day 1's answers, day 3's spacing, the sketch pad."""

import sys

import pytest
from support.course_copy import ROOT
from support.duet_player import Duet
from support.external import EXTERNAL
from support.page import Page
from support.waiting import wait_until

COPY = "dlwa-tempo"
SHARED = ROOT / "setup/patches"
BAR_MS = 1000  # at 240 BPM
# How long after the last first beat, in logical milliseconds, an answer begins.
PROBE = r"""#N canvas 0 0 300 300 12;
#X obj 20 20 r dlwa-beat;
#X obj 20 45 unpack f f;
#X obj 60 70 sel 1;
#X obj 150 20 r ai_duet-out;
#X obj 150 45 route roll;
#X obj 150 70 route play;
#X obj 150 95 t b;
#X obj 60 130 timer;
#X obj 60 160 s since-bar;
#X connect 0 0 1 0;
#X connect 1 1 2 0;
#X connect 2 0 7 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 6 0 7 1;
#X connect 7 0 8 0;
"""
ENVIRONMENT = {"DLWA_PYTHON_TORCH": sys.executable}


def listening(pd):
    """Pd, which hears the tempo and the beats."""
    for name in ("dlwa-beat", "dlwa-tempo"):
        pd.listen(name)
    return pd


def beats(pd, *bars_and_beats):
    """Wait for these beats, the next ones."""
    for bar_and_beat in bars_and_beats:
        assert pd.expect("dlwa-beat") == list(bar_and_beat)


def test_copies_share_one_clock_and_it_outlives_each_of_them(page, tmp_path):
    pd = listening(page(COPY, COPY).pd)
    pd.send("dlwa-tempo", 240)
    pd.send("dlwa-run", 1)
    beats(pd, (1, 1), (1, 2), (1, 3), (1, 4), (2, 1))
    other = tmp_path / "other.pd"
    other.write_text(f"#N canvas 0 0 300 100 12;\n#X declare -path {SHARED};\n#X obj 20 20 {COPY};\n")
    pd.open(other)
    pd.sync()
    assert pd.received["dlwa-tempo"][-1] == [240]  # what the newcomer found
    pd.expect("dlwa-beat")  # from here on it runs, too
    pd.send("pd-page.pd", "menuclose", 1)
    pd.sync()
    heard = pd.received["dlwa-beat"]
    count = len(heard)
    wait_until(lambda: len(heard) > count + 2, "beats of the copy that is left")
    pd.send("dlwa-run", 0)
    pd.sync()
    count = len(heard)
    pd.let_time_pass(600)
    assert heard == [[1 + at // 4, 1 + at % 4] for at in range(count)]
    assert pd.errors() == []


def test_the_clock_begins_anywhere_and_is_tapped(page):
    taps = ("r go", "t b", "s dlwa-tap", "delay 400", "s dlwa-tap")
    pd = listening(page(COPY, *taps, cords=[(2, 3), (3, 4), (3, 5), (5, 6)]).pd)
    pd.send("dlwa-run", 1, 5, 3, 100)
    beats(pd, (5, 3), (5, 4), (6, 1))
    pd.send("go")
    pd.expect("dlwa-tempo", 150)
    assert pd.errors() == []


@pytest.fixture
def duet(play):
    """Day 1's patch with a network, its tempo the shared one."""
    listen = ["ai_duet-out", "dlwa-beat", "dlwa-tempo", "since-bar"]
    pd = play([ROOT / "01_ai_duet/ai_duet.pd"], path=[EXTERNAL], listen=listen, environment=ENVIRONMENT)
    return Duet(pd)


def test_day_1_answers_in_beats_and_with_a_bar(duet, tmp_path):
    pd, page = duet.pd, Page(duet.pd, "ai_duet")
    probe = tmp_path / "probe.pd"
    probe.write_text(PROBE)
    pd.open(probe)
    page.listen("do", "seconds-set")
    duet.load()
    duet.play()
    pd.send("dlwa-tempo", 240)
    page.press("shared-set", 1)
    page.hear("seconds-set", "label", "beats")
    page.hear("do", "tempo", 240)
    pd.expect("dlwa-beat", 1, 1)  # it runs
    page.press("tempo-set", 120)
    page.press("tempo-set", 240)
    pd.sync()
    assert pd.received["dlwa-tempo"][-2:] == [[120], [240]]
    page.press("seconds-set", 8)
    page.press("generate")
    assert page.hear("do", "generate")[1] == pytest.approx(2)
    duet.expect("roll", "play")
    bars = pd.expect("since-bar")[0] / BAR_MS
    assert bars == pytest.approx(round(bars), abs=1e-4)
    page.press("estimate-set", 1)
    page.hear("seconds-set", "label", "seconds")
    page.hear("do", "in_time", 0)
    assert pd.errors() == []


def test_an_answer_that_waits_begins_when_the_clock_stops(duet):
    duet.load()
    duet.play()
    duet.send("in_time", 1)
    duet.send("generate", 2)
    duet.expect("generated")
    assert not [roll for roll in duet.all("roll") if roll[0] == "play"]
    duet.send("cancel")
    duet.send("in_time", 0)
    duet.expect("roll", "play")
    assert duet.pd.errors() == []


def test_day_3_spaces_its_notes_by_beats(play):
    patch = ROOT / "03_gansynth/gansynth_hallucination.pd"
    pd = play([patch], path=[EXTERNAL], listen=["gansynth-out"], environment=ENVIRONMENT)
    page = Page(pd, "gansynth")
    page.listen("do")
    pd.send("dlwa-tempo", 100)
    page.press("spacing-set", 2)
    for in_beats, seconds in ((1, 1.2), (0, 2)):
        page.press("in-beats-set", in_beats)
        page.press("generate")
        assert page.hear("do", "hallucinate")[4] == pytest.approx(seconds)


def test_the_sketch_pad_plays_and_is_laid_out_in_time(play, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    patch, listen = ROOT / "setup/sketch/sketch.pd", ["sketch-out", "dlwa-run", "dlwa-beat"]
    page = Page(play([patch], path=[EXTERNAL], listen=listen, environment=ENVIRONMENT), "sketch")
    page.pd.send("dlwa-tempo", 120)
    page.press("in-time-set", 1)
    page.send("file", 1, str(ROOT / "setup/sounds/cello.wav"))
    page.expect("bar", 1)
    page.send("change", 1, "start", 1.3)
    while (row := page.expect("row", 1))[3] == 0:
        pass
    assert row[3] == pytest.approx(1.5)
    page.send("play", 0.8)
    assert page.pd.expect("dlwa-run") == [1, 1, 3, pytest.approx(200, abs=0.1)]
    assert page.pd.expect("dlwa-beat") == [1, 3]
    page.send("stop")
    assert page.pd.expect("dlwa-run") == [0]
    assert page.pd.errors() == []


# A clock that lets a start wait, as Link does: half a second.
WAITING = r"""#N canvas 0 0 300 300 12;
#X obj 20 20 r dlwa-launch;
#X msg 20 50 500;
#X obj 20 80 s dlwa-wait;
#X obj 150 20 r sketch-out;
#X obj 150 45 route begin;
#X obj 150 70 t b;
#X obj 150 100 timer;
#X obj 150 130 s waited;
#X obj 60 35 route float;
#X obj 60 60 t b b;
#X connect 0 0 8 0;
#X connect 1 0 2 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 0 6 1;
#X connect 6 0 7 0;
#X connect 8 0 9 0;
#X connect 9 0 1 0;
#X connect 9 1 6 0;
"""


def test_the_sketch_pad_waits_where_the_clock_lets_it_and_no_longer_when_it_is_stopped(play, tmp_path):
    (tmp_path / "waiting.pd").write_text(WAITING)
    pad, listen = ROOT / "setup/sketch/sketch.pd", ["sketch-out", "dlwa-launch", "waited"]
    pd = play([pad, tmp_path / "waiting.pd"], path=[EXTERNAL], listen=listen, environment=ENVIRONMENT)
    page = Page(pd, "sketch")
    pd.send("dlwa-tempo", 120)
    page.send("file", 1, str(ROOT / "setup/sounds/cello.wav"))
    page.expect("bar", 1)
    page.press("in-time-set", 1)
    page.send("play", 0.75)
    pd.expect("dlwa-launch", 1.5)
    page.expect("begin", 0.75)
    assert pd.expect("waited") == [pytest.approx(500)]
    page.send("play")
    pd.expect("dlwa-launch", 0)
    page.send("stop")
    pd.let_time_pass(700)
    assert len([message for message in pd.received["sketch-out"] if message[0] == "begin"]) == 1
    assert pd.errors() == []
