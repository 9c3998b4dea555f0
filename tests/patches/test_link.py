"""Link: one tempo, bar and start with Live and other programs, where Pd finds [abl_link~], and words where not.

ABL_LINK=FOLDER plays two Pds with the real one, from the folder that holds the folder `abl_link~`.
"""

import os

import pytest
from support.course_copy import ROOT
from support.page import HOST
from support.tools import cannot

OSC, SHARED = ROOT / "setup/osc.pd", ROOT / "setup/patches"
REMEDY = "Link needs abl_link~: in Pd's menu Help, Find externals, install abl_link~, then press Link again."
HEARD = ["dlwa-tempo", "dlwa-run", "dlwa-beat", "dlwa-wait", "waited", "to-link", "osc-status"]
# The tempo, and how long, in logical milliseconds, a beat comes after a start.
TEMPO = (
    HOST
    + """#X obj 20 40 dlwa-tempo;
#X obj 20 100 r dlwa-run;
#X obj 20 130 t b;
#X obj 120 100 r dlwa-beat;
#X obj 120 130 t b;
#X obj 20 160 timer;
#X obj 20 190 s waited;
#X connect 2 0 3 0;
#X connect 3 0 6 0;
#X connect 4 0 5 0;
#X connect 5 0 6 1;
#X connect 6 0 7 0;
"""
)
# In place of the external: what it is told goes to `to-link`, and `link-beat` and so on are what it says.
STAND_IN = """#N canvas 0 0 400 300 12;
#X obj 20 20 inlet;
#X obj 20 50 s to-link;
#X obj 20 100 r link-step;
#X obj 80 130 r link-phase;
#X obj 140 100 r link-beat;
#X obj 200 130 r link-tempo;
#X obj 260 100 r link-run;
#X obj 20 200 outlet;
#X obj 80 200 outlet;
#X obj 140 200 outlet;
#X obj 200 200 outlet;
#X obj 260 200 outlet;
#X connect 0 0 1 0;
#X connect 2 0 7 0;
#X connect 3 0 8 0;
#X connect 4 0 9 0;
#X connect 5 0 10 0;
#X connect 6 0 11 0;
"""


@pytest.fixture
def open_pd(play, tmp_path):
    """`open_pd(folder, ...)`: a Pd with a tempo and the patch of OSC and Link, these folders on its path."""
    patch = tmp_path / "page.pd"
    patch.write_text(TEMPO)

    def start(*folders):
        return play([patch, OSC], ["-nostdpath"], path=[SHARED, *folders], listen=HEARD)

    return start


@pytest.fixture
def linked(open_pd, tmp_path):
    """A Pd in which Link is on, with a stand-in."""
    folder = tmp_path / "abl_link~"
    folder.mkdir()
    (folder / "abl_link~.pd").write_text(STAND_IN)
    (folder / "abl_link~-help.pd").write_text("#N canvas 0 0 400 300 12;\n")
    pd = open_pd(tmp_path)
    pd.send("dlwa-tempo", 90)
    pd.send("dlwa-osc", "link", 1)
    for message in (("play", 0), ("connect", 1)):
        pd.expect("to-link", *message)
    pd.send("#abl_link_num_peers", 1)
    pd.send("link-run", 0)
    pd.send("link-tempo", 120.00046)
    return pd


def test_where_there_is_no_abl_link_one_line_says_how_to_get_it(open_pd):
    pd = open_pd()
    pd.send("dlwa-osc", "link", 1)
    pd.expect("osc-status", "label", REMEDY)
    pd.send("dlwa-tempo", 240)
    pd.send("dlwa-run", 1)
    for bar_and_beat in ((1, 1), (1, 2), (1, 3), (1, 4), (2, 1)):
        assert pd.expect("dlwa-beat") == list(bar_and_beat)
    assert pd.errors() == []


def test_tempo_goes_both_ways_and_not_in_a_circle(linked):
    pd = linked
    pd.expect("dlwa-tempo", 120)
    pd.send("dlwa-tempo", 300)
    pd.expect("to-link", "tempo", 240)
    pd.send("link-tempo", 240)
    pd.sync()
    assert [words for words in pd.received["to-link"] if words[0] == "tempo"] == [["tempo", 240]]
    pd.send("dlwa-osc", "link", 0)
    pd.send("dlwa-tempo", 100)
    pd.sync()
    assert pd.received["to-link"][-1] == ["tempo", 240]
    assert pd.errors() == []


def test_the_others_start_and_halfway_between_two_beats_the_clock_hears_of_the_next(linked):
    pd = linked
    pd.send("link-run", 1)
    assert pd.expect("dlwa-run") == [1]
    pd.expect("to-link", "reset", 0, 4)
    for beat in (-1.2, -0.4, 6.4, 6.45):
        pd.send("link-beat", beat)
    assert pd.expect("dlwa-run") == [1, 1, 1, pytest.approx(200, abs=0.1)]
    assert pd.expect("dlwa-run") == [1, 2, 4, pytest.approx(300, abs=0.1)]
    pd.send("link-beat", 6.6)
    assert pd.expect("dlwa-run") == [1, 2, 4, pytest.approx(200, abs=0.1)]
    assert pd.expect("dlwa-beat", 2) == [2, 4]
    pd.send("link-run", 0)
    assert pd.expect("dlwa-run") == [0]
    pd.send("link-beat", 7.6)
    pd.sync()
    assert pd.received["dlwa-run"][-1] == [0]
    assert not [words for words in pd.received["to-link"] if words == ["play", 1]]


def test_a_start_waits_for_the_next_bar_of_the_others(linked):
    pd = linked
    pd.send("link-beat", 7.6)
    pd.send("dlwa-run", 1)
    assert pd.expect("dlwa-wait") == [pytest.approx(200, abs=0.1)]
    assert pd.expect("to-link", "reset") == ["reset", pytest.approx(-0.3), 4]  # a moment ahead
    pd.expect("to-link", "play", 1)
    assert pd.expect("waited") == [pytest.approx(200, abs=0.1)]
    assert pd.expect("dlwa-beat") == [1, 1]
    pd.send("dlwa-run", 0)
    pd.expect("to-link", "play", 0)
    pd.send("#abl_link_num_peers", 0)
    pd.send("dlwa-run", 1)
    pd.expect("waited", 0)


def test_a_start_may_ask_for_another_beat_of_the_bar(linked):
    linked.send("link-beat", 7.6)
    linked.send("dlwa-launch", 6.6)
    assert linked.expect("dlwa-wait") == [pytest.approx(1500, abs=0.1)]


def test_a_start_in_the_middle_keeps_its_bar_and_the_beat_of_the_others(linked):
    pd = linked
    pd.send("link-beat", 7.6)
    pd.send("dlwa-run", 1, 5, 3, 100)
    assert pd.expect("to-link", "reset") == ["reset", pytest.approx(19.7), 4]
    pd.send("#abl_link_num_peers", 0)
    pd.send("dlwa-run", 1, 5, 3, 100)
    assert pd.expect("to-link", "reset") == ["reset", pytest.approx(17.8), 4]


def test_two_pds_with_the_real_one_run_together(open_pd):
    if "ABL_LINK" not in os.environ:
        cannot("ABL_LINK names no folder with abl_link~")
    one, other = (open_pd(os.environ["ABL_LINK"]) for _ in range(2))
    for pd in (one, other):
        pd.listen("#abl_link_num_peers")
        pd.send("dlwa-osc", "link", 1)
    for pd in (one, other):
        pd.expect("#abl_link_num_peers", 1)
    one.send("dlwa-tempo", 180)
    other.expect("dlwa-tempo", 180)
    one.send("dlwa-run", 1)
    for pd in (one, other):
        pd.expect("dlwa-run", 1)
        for bar_and_beat in ((1, 1), (1, 2), (1, 3), (1, 4), (2, 1)):
            assert pd.expect("dlwa-beat") == list(bar_and_beat)
    other.send("dlwa-run", 0)
    one.expect("dlwa-run", 0)
    assert one.errors() == other.errors() == []
