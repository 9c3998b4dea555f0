"""OSC: another program plays the open patches and hears what they say, by setup/osc.pd."""

import os
import re
import sys

import pytest
from support.course_copy import ROOT
from support.external import EXTERNAL
from support.osc import Program, free_udp_port, udp_addresses
from support.waiting import wait_until

OSC = ROOT / "setup/osc.pd"
CIRCLE = "In and out need two ports, or the patches answer themselves."
TAKEN = "The port is taken by another program, or a second window like this: choose another one."
LOCAL = "0100007F"  # 127.0.0.1 in /proc/net/udp


@pytest.fixture
def program():
    """The other program."""
    other = Program()
    yield other
    other.close()


@pytest.fixture
def listening(program):
    """`listening(pd)`: let Pd listen to a port, which is returned, and send to the other program."""

    def start(pd):
        port = free_udp_port()
        pd.listen("osc-status")
        pd.open(OSC)
        pd.send("dlwa-osc", "listen", port)
        pd.expect("osc-status", "label", "Listening.")
        pd.send("dlwa-osc", "send", program.port)
        pd.sync()
        return port

    return start


def test_no_socket_is_open_before_a_port_is_chosen_and_then_only_for_this_computer(page):
    page = page("r \\$0-level", "s seen")
    page.pd.listen("osc-status")
    page.pd.open(OSC)
    page.pd.let_time_pass(100)
    pid, port = page.pd.process.pid, free_udp_port()
    assert udp_addresses(pid) == []
    page.pd.send("dlwa-osc", "listen", port)
    page.pd.expect("osc-status", "label", "Listening.")
    assert udp_addresses(pid) == [(LOCAL, port)]
    page.pd.send("dlwa-osc", "listen", 0)
    page.pd.sync()
    assert udp_addresses(pid) == [] and page.pd.errors() == []


def test_messages_are_those_of_pd_and_so_are_the_answers(page, program, listening):
    page = page("r \\$0-level", "s seen", cords=[(1, 2)])
    page.listen("do", "level")
    port = listening(page.pd)
    program.send(port, "/page/press/level", 0.25)
    program.send(port, "/page/press", "level", 3)
    assert [page.hear("level"), page.hear("level")] == [[0.25], [3]]
    program.send(port, "/page/load", "my model", "--loud")
    assert page.hear("do") == ["load", "my model", "--loud"]
    program.send(port, "/nobody/load", "x")
    program.send(port, "/page/number")
    assert program.expect("/page/number")[1] == int(page.own("").strip("-"))
    page.say("from", "take", "a name", 2.5)
    assert program.expect("/page/take") == ["/page/take", "a name", 2.5]
    page.say("from", "done")
    assert program.expect("/page/done") == ["/page/done"]
    assert page.heard("do") == [["load", "my model", "--loud"]]


def test_a_port_that_is_taken_and_a_circle_are_told(page, program, listening):
    page = page("r \\$0-level", "s seen")
    port = listening(page.pd)
    page.pd.send("dlwa-osc", "send", port)
    page.pd.expect("osc-status", "label", CIRCLE)
    page.pd.send("dlwa-osc", "listen", program.port)
    page.pd.expect("osc-status", "label", TAKEN)
    assert (LOCAL, program.port) not in udp_addresses(page.pd.process.pid)


def test_the_shared_tempo_is_set_and_its_beats_are_heard(page, program, listening):
    page = page("dlwa-tempo")
    page.pd.listen("dlwa-tempo")
    port = listening(page.pd)
    program.send(port, "/tempo/bpm", 90)
    assert page.pd.expect("dlwa-tempo", 90) == [90]
    program.send(port, "/tempo/run", 1)
    assert program.expect("/tempo/beat") == ["/tempo/beat", 1, 1]
    assert program.expect("/tempo/beat") == ["/tempo/beat", 1, 2]


def test_a_fader_is_learned_and_a_flood_or_rubbish_harms_nothing(
    page, program, listening, tmp_path, monkeypatch
):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    page = page("dlwa-slider \\$0 speed speed 0 100 5", "dlwa-presets \\$0", "r \\$0-level", "s seen")
    page.listen("speed", "do", "level")
    page.say("do", "page", int(page.own("").strip("-")), "page")
    port = listening(page.pd)
    page.say("presets", "learn", 1)
    page.say("speed-set", 3)
    page.pd.sync()
    program.send(port, "/1/fader2", 0.5)
    file = tmp_path / "takes/presets/page.json"
    wait_until(lambda: file.exists() and '"/1/fader2": "speed"' in file.read_text(), "the fader")
    page.say("presets", "learn", 0)
    for step in range(2000):
        program.send(port, "/1/fader2", step / 4000)
        program.send_bytes(port, os.urandom(step % 80))
    wait_until(
        lambda: program.send(port, "/1/fader2", 1.0) or page.heard("speed")[-1] == [100], "the control"
    )
    assert page.pd.process.poll() is None


def test_a_day_is_played_from_outside(play, program, listening, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    environment = {"DLWA_PYTHON_TORCH": sys.executable}
    patch = ROOT / "01_ai_duet/ai_duet.pd"
    pd = play([patch], path=[EXTERNAL], listen=["ai_duet-out"], environment=environment)
    port = listening(pd)
    program.send(port, "/ai_duet/load", "starter_basic_rnn")
    while program.expect("/ai_duet/worker")[1] != "on":
        pass
    program.send(port, "/ai_duet/note", 60, 90)
    pd.let_time_pass(200)
    program.send(port, "/ai_duet/note", 60, 0)
    pd.let_time_pass(200)
    program.send(port, "/ai_duet/press", "generate")
    _, name = program.expect("/ai_duet/take")
    assert list((tmp_path / "takes").glob(f"*/{name}.mid"))
    assert pd.errors() == []


def test_the_guide_names_every_patch():
    guide = (ROOT / "setup/book/other_programs.md").read_text()
    patches = [patch.read_text() for patch in ROOT.glob("[0-9][0-9]_*/*.pd")]
    names = {name for text in patches for name in re.findall(r"dlwa-remote \\\$0 ([\w-]+);", text)}
    assert len(names) > 10 and [name for name in names if f"`{name}`" not in guide] == []
