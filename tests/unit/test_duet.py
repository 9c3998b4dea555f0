"""Theme, answer and undo of AI Duet, and its notes, without Pd."""

import json

import numpy as np
import pytest
from ai_duet.duet import Duet
from ai_duet.notes import Note, end_of, in_order, key_events, notes_from_rows


def play(duet, *events):
    for now, pitch, velocity in events:
        duet.note_on(pitch, velocity, now) if velocity else duet.note_off(pitch, now)


def test_the_theme_starts_with_its_first_note():
    duet = Duet()
    play(duet, (5000, 60, 100), (5500, 60, 0), (5500, 62, 90), (6250, 62, 0))
    assert duet.theme == (Note(60, 100, 0.0, 0.5), Note(62, 90, 0.5, 1.25))
    assert end_of(duet.theme) == 1.25


@pytest.mark.parametrize(
    ("events", "theme"),
    [
        ([(0, 60, 100), (500, 60, 0), (600, 60, 0)], [(60, 0, 0.5)]),  # let go twice
        ([(0, 60, 100), (500, 60, 90), (800, 60, 0)], [(60, 0, 0.5), (60, 0.5, 0.8)]),  # struck twice
        ([(0, 61, 0)], []),  # let go without being struck
        ([(0, 60, 100), (0, 60, 0)], []),  # of no length
        (
            [(0, 60, 100), (100, 64, 100), (300, 60, 0), (400, 64, 0)],
            [(60, 0, 0.3), (64, 0.1, 0.4)],
        ),  # a chord
    ],
)
def test_keys_that_are_let_go_or_struck_twice_make_no_extra_notes(events, theme):
    duet = Duet()
    play(duet, *events)
    assert [(note.pitch, note.start, note.end) for note in duet.theme] == theme
    assert not duet.sounding


def test_notes_that_still_sound_belong_to_the_theme_so_far():
    duet = Duet()
    play(duet, (1000, 60, 100), (1400, 60, 0), (1500, 67, 80))
    assert duet.theme_so_far(2000) == (Note(60, 100, 0.0, 0.4), Note(67, 80, 0.5, 1.0))
    assert duet.theme == (Note(60, 100, 0.0, 0.4),)


def test_the_answer_starts_a_sixteenth_after_the_theme():
    duet = Duet()
    play(duet, (0, 60, 100), (1000, 60, 0))
    duet.set_answer([Note(62, 100, 0.0, 0.5)], tempo=60)
    assert duet.whole[-1] == Note(62, 100, 1.25, 1.75)


def test_undo_goes_back_step_by_step():
    duet = Duet()
    play(duet, (0, 60, 100), (500, 60, 0), (600, 62, 100), (900, 62, 0))
    theme = duet.theme
    duet.set_answer([Note(64, 100, 0, 1)], 120)
    duet.set_answer([Note(65, 100, 0, 1)], 120)
    duet.clear()
    assert duet.whole == ()
    assert duet.undo() and duet.answer == (Note(65, 100, 0, 1),)
    assert duet.undo() and duet.answer == (Note(64, 100, 0, 1),)
    assert duet.undo() and duet.answer == () and duet.theme == theme
    assert duet.undo() and duet.theme == theme[:1]
    assert duet.undo() and duet.theme == ()
    assert not duet.undo()


def test_after_a_finished_theme_a_new_one_begins():
    duet = Duet()
    play(duet, (0, 60, 100), (500, 60, 0), (550, 48, 100))
    duet.set_answer([Note(64, 100, 0, 1)], 120)
    duet.finished = True
    play(duet, (9000, 72, 100), (9500, 72, 0), (9600, 48, 0))
    assert duet.theme == (Note(72, 100, 0.0, 0.5), Note(48, 100, 0.0, 0.6))
    assert duet.answer == ()
    for _ in range(3):
        assert duet.undo()
    assert duet.theme == (Note(60, 100, 0.0, 0.5),) and duet.answer


def test_playing_on_after_a_file_was_read():
    duet = Duet()
    duet.set_theme([Note(60, 100, 0.0, 2.0)], tempo=90, now=10000)
    play(duet, (10500, 64, 100), (11000, 64, 0))
    assert duet.theme[1] == Note(64, 100, 2.5, 3.0)


def test_of_two_events_at_one_time_the_end_comes_first():
    events = key_events([Note(60, 100, 0.0, 0.5), Note(60, 90, 0.5, 1.0)])
    assert events == [(0.0, 60, 100), (0.5, 60, 0), (0.5, 60, 90), (1.0, 60, 0)]


def test_notes_come_over_the_wire_as_rows():
    notes = [Note(64, 90, 0.5, 1.0), Note(60, 100, 0.0, 0.5)]
    (rows,) = json.loads(json.dumps([notes]))
    assert notes_from_rows(rows) == tuple(notes)
    (first, *_) = notes_from_rows(np.array(notes))
    assert first == notes[0] and type(first.pitch) is int and type(first.start) is float


def test_notes_in_order():
    notes = [Note(67, 90, 0.5, 1.0), Note(64, 90, 0.5, 0.6), Note(72, 90, 0.0, 2.0)]
    assert [note.pitch for note in in_order(notes)] == [72, 64, 67]
