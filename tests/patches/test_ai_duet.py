"""Day 1 in real Pd: the very patch that students open, its messages, its buttons, and what can go wrong."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from support.duet_player import DAY, NETWORK, OUT, PROBES, TWINKLE, Duet
from support.external import EXTERNAL
from support.waiting import wait_until
from support.worker_desk import ended


@pytest.fixture
def environment(tmp_path):
    return {
        "DLWA_PYTHON_TORCH": sys.executable,
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }


@pytest.fixture
def duet(play, environment):
    pd = play([DAY / "ai_duet.pd"], path=[EXTERNAL, PROBES], listen=[OUT], environment=environment)
    return Duet(pd)


def children(pid):
    """The processes that a process started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, parent = re.search(r"\((.*)\) \S+ (\d+)", stat.read_text()).groups()
        except (OSError, AttributeError):
            continue
        if int(parent) == pid and not name.startswith("pd"):
            found.append(int(stat.parent.name))
    return found


def workers(duet):
    return children(duet.pd.process.pid)


def test_opening_the_patch_makes_no_error_and_starts_nothing(duet):
    assert duet.expect("worker", "off")
    assert duet.pd.errors() == []
    assert workers(duet) == []


# The buttons, clicked where they are.


def buttons():
    """Every button of the patch that does not open a file dialogue: {name: (x, y of its middle)}."""
    found, depth = {}, 0
    for line in (DAY / "ai_duet.pd").read_text().splitlines():
        depth += line.startswith("#N canvas")
        depth -= line.startswith("#X restore")
        box = re.match(r"#X obj (\d+) (\d+) (bng|tgl) (\d+) .*? \\\$0-([\w-]+)", line)
        if box and depth == 1:
            x, y, _, size, name = box.groups()
            found[name] = (int(x) + int(size) // 2, int(y) + int(size) // 2)
    dialogues = ("open-network", "open", "save")
    return {name: place for name, place in found.items() if name not in dialogues}


NAMES = ("basic_rnn", "mono_rnn", "lookback_rnn", "attention_rnn")
EXPECTED = {name: ["load", name] for kind in ("", "starter_") for name in (kind + n for n in NAMES)}
EXPECTED.update({name: [name] for name in ("unload", "play", "stop", "undo", "clear", "cancel")})
EXPECTED.update(generate=["generate", 10], duet=["duet", 1], estimate=["tempo", 120])


def test_every_button_sends_its_message(duet):
    duet.pd.listen(duet.own("do"))
    duet.pd.send("pd-ai_duet.pd", "vis", 1)
    places = buttons()
    assert set(places) - set(EXPECTED) == {"dsp", "typing", "midi-in", "phrases", "shared"}
    for name, message in EXPECTED.items():
        duet.pd.forget(duet.own("do"))
        for act in ("mouse", "mouseup"):
            duet.pd.send("pd-ai_duet.pd", act, *places[name], 1, 0)
        duet.pd.sync()
        assert duet.pd.received[duet.own("do")] == [message], name


def test_the_box_of_phrases_is_on_and_sends_both_settings(duet):
    duet.pd.listen(duet.own("do"))
    for bars in (0, 4):
        duet.pd.forget(duet.own("do"))
        duet.pd.send(duet.own("phrases-set"), "bang")
        duet.pd.sync()
        assert sorted(duet.pd.received[duet.own("do")]) == [["key", min(bars, 1)], ["phrase", bars]]


def test_a_click_on_a_key_is_a_note(duet):
    duet.pd.send("pd-ai_duet.pd", "vis", 1)
    duet.pd.sync()
    x, y = re.search(r"#X obj (\d+) (\d+) duet-keys", (DAY / "ai_duet.pd").read_text()).groups()
    for right, down, pitch in ((10, 80, 48), (40, 80, 50), (32, 20, 49)):  # two white keys and a black one
        duet.pd.send("pd-ai_duet.pd", "mouse", int(x) + right, int(y) + down, 1, 0)
        duet.pd.send("pd-ai_duet.pd", "mouseup", int(x) + right, int(y) + down, 1, 0)
        assert duet.expect("roll", "theme", pitch)


def test_the_status_line_says_what_happens_and_never_outgrows_the_window(duet):
    status = duet.own("status")
    duet.pd.listen(status)

    def line():
        duet.pd.sync()
        return [message[1] for message in duet.pd.received[status] if message[0] == "label"][-1]

    duet.send("load", "no_such_network_" * 8)
    duet.expect("error")
    assert line().startswith("Error: there is no checkpoint 'no_such_network_")
    assert len(line()) <= 131 and line().endswith("...")
    duet.load()
    assert line() == f"Ready: {NETWORK}. Play a melody, then press generate."
    duet.play()
    duet.send("generate", 2)
    duet.expect("played")
    assert line() == "Ready: generate again, play on, or clear."


# Playing.


def test_the_network_answers_a_theme(duet):
    duet.load()
    duet.play()
    duet.send("seed", 5)
    duet.send("generate", 4)
    answer = duet.answer()
    duet.expect("played")
    assert answer
    assert tuple(pitch for pitch, start, length in duet.drawn("theme")) == TWINKLE
    notes = duet.all("note")
    assert [pitch for pitch, velocity in notes if velocity] == [pitch for pitch, start, length in answer]
    assert sounding(notes) == set()
    assert duet.pd.errors() == []


def sounding(notes):
    """The pitches that were struck and not let go."""
    held = set()
    for pitch, velocity in notes:
        (held.add if velocity else held.discard)(pitch)
    return held


REFUSED = [
    (["note", 60], "note PITCH VELOCITY"),
    (["note", "c", "sharp"], "note PITCH VELOCITY"),
    (["note", 128, 100], "pitch 128 is out of range"),
    (["note", -1, 100], "pitch -1 is out of range"),
    (["generate"], "generate SECONDS"),
    (["generate", 0], "out of range"),
    (["generate", 5], "no theme"),
    (["play"], "nothing to play"),
    (["undo"], "nothing to undo"),
    (["temperature", 0], "out of range"),
    (["candidates", 0], "out of range"),
    (["tempo", "allegro"], "tempo BPM|estimate"),
    (["seed", "lucky"], "seed NUMBER"),
    (["rest", 1], "out of range"),
    (["duet", 2], "out of range"),
    (["open"], "open FILE"),
    (["open", "nowhere.mid"], "no file"),
    (["save", "empty.mid"], "nothing to save"),
]


def test_a_message_that_makes_no_sense_gets_one_clear_line(duet):
    for count, (message, complaint) in enumerate(REFUSED, 1):
        duet.send(*message)
        assert complaint in duet.expect("error")[1]
        wait_until(lambda count=count: len(duet.pd.errors()) >= count, f"the error of {message}")
        assert len(duet.pd.errors()) == count and complaint in duet.pd.errors()[-1]
    duet.play([60])
    assert duet.expect("roll", "theme", 60)


def test_an_answer_without_notes_has_been_played_at_once(duet):
    duet.load()
    for message in (["phrase", 0], ["tempo", 120], ["note", 60, 100]):
        duet.send(*message)
    duet.pd.let_time_pass(2000)
    duet.send("note", 60, 0)
    duet.send("generate", 0.1)
    assert duet.expect("generated")[1] == 0
    duet.expect("played", timeout=5)


def test_generate_before_load(duet):
    duet.play([60, 62])
    duet.send("generate", 5)
    assert "no model is loaded" in duet.expect("error")[1]
    assert workers(duet) == []


def test_keys_let_go_or_struck_twice(duet):
    for pitch, velocity in ((60, 100), (60, 90), (60, 0), (60, 0), (62, 0)):
        duet.send("note", pitch, velocity)
        duet.pd.let_time_pass(30)
    assert [pitch for pitch, start, length in duet.drawn("theme")] == [60, 60]
    assert duet.pd.errors() == []


def test_notes_are_heard_at_once_while_a_network_loads(duet):
    duet.send("load", NETWORK)
    duet.play([60])
    duet.expect("worker", "on")
    said = duet.pd.received[OUT]
    assert said.index(next(m for m in said if m[:2] == ["roll", "theme"])) < said.index(
        next(m for m in said if m[:2] == ["worker", "on"])
    )


def test_the_same_seed_gives_the_same_answer(duet):
    duet.load()
    duet.play()
    duet.send("tempo", 120)
    duet.send("candidates", 2)
    answers = []
    for seed, temperature in ((7, 1.0), (7, 1.0), (8, 1.0), (7, 1.8)):
        duet.send("seed", seed)
        duet.send("temperature", temperature)
        duet.start_over()
        duet.send("generate", 6)
        answers.append(duet.answer())
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]
    assert answers[0] != answers[3]


def test_stop_and_clear_end_what_sounds(duet):
    duet.load()
    duet.play()
    for end, last in (("stop", "stopped"), ("clear", "roll")):
        duet.send("generate", 8)
        duet.expect("generated")
        duet.expect("note")
        duet.send(end)
        duet.expect(last)
        assert sounding(duet.all("note")) == set()
    duet.send("generate", 2)
    assert "no theme" in duet.expect("error")[1]


def test_deleting_the_patch_ends_the_worker(duet):
    duet.load()
    (worker,) = workers(duet)
    duet.pd.send("pd-ai_duet.pd", "menuclose", 1)
    wait_until(lambda: ended(worker), "the end of the worker")
    assert duet.pd.errors() == []


def test_undo_takes_back_the_answer_then_the_notes(duet):
    duet.load()
    duet.play([60, 64])
    duet.send("generate", 3)
    duet.expect("generated")
    for _ in range(3):
        duet.send("undo")
    duet.send("undo")
    assert "nothing to undo" in duet.expect("error")[1]


@pytest.mark.parametrize("save, open_", [("save", "open"), ("write", "read")])
def test_midi_files_are_saved_and_opened_also_by_the_older_words(duet, tmp_path, save, open_):
    duet.load()
    duet.play()
    duet.send("generate", 4)
    count = duet.expect("generated")[1]
    duet.send(save, str(tmp_path / "my duet"))
    path = Path(duet.expect("saved")[1])
    assert path == tmp_path / "my duet.mid"
    assert path.read_bytes().startswith(b"MThd")
    duet.send(open_, str(path))
    assert duet.expect("opened")[1] == count + len(TWINKLE)
    assert duet.pd.errors() == []


def test_duet_mode_answers_after_a_rest_for_as_long_as_the_phrase(duet):
    duet.load()
    duet.send("rest", 200)
    duet.send("duet", 1)
    duet.send("note", 60, 100)
    duet.pd.let_time_pass(600)
    assert duet.all("generated") == []  # a key is down
    duet.send("note", 60, 0)
    duet.send("note", 64, 100)
    duet.pd.let_time_pass(900)
    duet.send("note", 64, 0)
    duet.expect("generated")
    _, _, start, length = duet.expect("roll", "play")
    phrase = max(start + length for pitch, start, length in duet.drawn("theme"))
    assert start > phrase > 1.4
    assert length <= phrase + 1e-3
    duet.start_over()
    duet.play([72])  # the next phrase begins anew
    duet.expect("generated")
    assert [pitch for pitch, start, length in duet.drawn("theme")] == [72]
    assert duet.pd.errors() == []


def test_notes_leave_at_their_logical_times(duet):
    duet.pd.listen("heard-at")
    duet.pd.open(PROBES / "stopwatch.pd")
    duet.load()
    duet.play()
    duet.send("generate", 4)
    start = duet.expect("roll", "play")[2]
    duet.expect("played")
    due = [(pitch, 1000 * (when - start)) for pitch, when, length in duet.drawn("answer")]
    heard = [(pitch, when) for pitch, velocity, when in duet.pd.received["heard-at"] if velocity]
    assert [pitch for pitch, when in heard] == [pitch for pitch, when in due]
    assert [when for pitch, when in heard] == pytest.approx([when for pitch, when in due], abs=0.1)  # ms


def test_no_machine_learning_library_is_imported_in_pd(duet):
    duet.pd.listen("modules-out")
    duet.pd.open(PROBES / "modules.pd")
    duet.load()
    duet.play()
    duet.send("generate", 2)
    duet.expect("generated")
    duet.pd.send("modules")
    found = set(duet.pd.expect("modules-out"))
    assert "ai_duet" in found
    assert not found & {"torch", "tensorflow", "magenta", "note_seq", "scipy", "librosa", "sklearn"}


# What can go wrong: one clear line on the outlet and in the console, and the next `load` works.


def one_line(duet, text, timeout=60):
    assert text in duet.expect("error", timeout=timeout)[1]
    duet.pd.expect_console(text)
    assert len(duet.pd.errors()) == 1
    duet.load()


WHOLE = (DAY / "checkpoints" / f"{NETWORK}.mag").read_bytes()
BAD = {
    "no_such_rnn": b"",
    "half.mag": WHOLE[: len(WHOLE) // 2],
    "song.mag": b"MThd is a song, no network" * 1000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_missing_a_truncated_and_a_wrong_checkpoint(duet, environment, name):
    downloads = Path(environment["XDG_DATA_HOME"], "dlwa/checkpoints")
    downloads.mkdir(parents=True)
    if BAD[name]:
        (downloads / name).write_bytes(BAD[name])
    duet.send("load", Path(name).stem)
    one_line(duet, name)


def test_a_checkpoint_of_ones_own_by_its_path(duet, tmp_path):
    own = tmp_path / "my network.mag"
    own.write_bytes(WHOLE)
    assert duet.load(str(own))


def test_a_missing_environment(play, environment):
    environment = {**environment, "DLWA_PYTHON_TORCH": "/nowhere/python"}
    pd = play([DAY / "ai_duet.pd"], path=[EXTERNAL], listen=[OUT], environment=environment)
    duet = Duet(pd)
    duet.send("load", NETWORK)
    assert "/nowhere/python" in duet.expect("error")[1]
    duet.send("load", NETWORK, "--python", sys.executable)
    duet.expect("worker", "on")


def test_a_killed_worker(duet):
    duet.load()
    (worker,) = workers(duet)
    os.kill(worker, signal.SIGKILL)
    duet.expect("error")
    duet.expect("worker", "off")
    assert len(duet.all("error")) == 1
    duet.load()
    duet.play()
    duet.send("generate", 2)
    duet.expect("generated")


def test_no_process_outlives_a_killed_pd(duet):
    duet.load()
    (worker,) = workers(duet)
    duet.pd.process.send_signal(signal.SIGKILL)
    wait_until(lambda: ended(worker), "the end of the worker")
