"""Melodies from MIDI files of every kind, and back."""

import random

import mido
import pytest
from ai_duet.midi import read_midi, write_midi
from ai_duet.notes import Note
from modelfiles.errors import UserError

SCALE = [Note(60, 90, 0.0, 0.5), Note(62, 80, 0.5, 1.0), Note(62, 70, 1.0, 1.25), Note(64, 60, 1.5, 2.0)]


def save(path, *tracks, **options):
    """Write a file of tracks of (ticks since the last one, message)."""
    made = [mido.MidiTrack([message.copy(time=ticks) for ticks, message in track]) for track in tracks]
    mido.MidiFile(ticks_per_beat=480, tracks=made, **options).save(path)


def on(pitch, channel=0, velocity=90):
    return mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)


def off(pitch, channel=0):
    return mido.Message("note_off", note=pitch, channel=channel)


def tempo(qpm):
    return mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(qpm))


@pytest.mark.parametrize("qpm", [40, 120, 133.7, 240])
def test_what_was_written_is_read(tmp_path, qpm):
    write_midi(tmp_path / "x.mid", SCALE, qpm)
    melody = read_midi(tmp_path / "x.mid")
    assert [note[:2] for note in melody.notes] == [note[:2] for note in SCALE]
    for ours, note in zip(melody.notes, SCALE):
        assert ours[2:] == pytest.approx(note[2:], abs=0.002)
    assert melody.tempo == pytest.approx(qpm, rel=1e-4)
    assert melody.remarks == []


def test_of_several_voices_the_first_with_notes(tmp_path):
    """Magenta stops at the second instrument."""
    drums = [(0, on(36, channel=9)), (480, off(36, channel=9))]
    save(
        tmp_path / "x.mid",
        [(0, tempo(60))],
        drums,
        [(0, on(60)), (480, off(60))],
        [(0, on(72, 1)), (480, off(72, 1))],
    )
    melody = read_midi(tmp_path / "x.mid")
    assert melody.notes == [Note(60, 90, 0.0, 1.0)]
    assert melody.remarks == ["took the first of 2 voices"]


def test_of_chords_the_highest_note(tmp_path):
    chord = [(0, on(60)), (0, on(67)), (0, on(64)), (480, off(60)), (0, off(67)), (0, off(64))]
    save(tmp_path / "x.mid", chord)
    melody = read_midi(tmp_path / "x.mid")
    assert melody.notes == [Note(67, 90, 0.0, 0.5)]
    assert melody.remarks == ["took the highest notes of chords, 1 of 3"]


def test_a_note_ends_where_the_next_begins(tmp_path):
    save(tmp_path / "x.mid", [(0, on(60)), (480, on(62)), (480, off(60)), (0, off(62))])
    assert read_midi(tmp_path / "x.mid").notes == [Note(60, 90, 0.0, 0.5), Note(62, 90, 0.5, 1.0)]


def test_notes_without_an_end_and_with_two(tmp_path):
    save(
        tmp_path / "x.mid",
        [(0, on(60)), (480, on(60)), (480, off(60)), (0, off(60)), (0, on(65)), (480, tempo(90))],
    )
    notes = read_midi(tmp_path / "x.mid").notes
    assert notes == [Note(60, 90, 0.0, 0.5), Note(60, 90, 0.5, 1.0), Note(65, 90, 1.0, 1.5)]


def test_changes_of_tempo(tmp_path):
    track = [(0, on(60)), (480, off(60)), (0, tempo(60)), (0, on(62)), (480, off(62))]
    save(tmp_path / "x.mid", [(0, tempo(120))], track)
    melody = read_midi(tmp_path / "x.mid")
    assert melody.notes == [Note(60, 90, 0.0, 0.5), Note(62, 90, 0.5, 1.5)]
    assert melody.tempo == pytest.approx(120)


@pytest.mark.parametrize("ticks", [1, 10, 17])
def test_very_short_notes_one_after_the_other_are_no_chords(tmp_path, ticks):
    run = [message for pitch in range(60, 92) for message in ((0, on(pitch)), (ticks, off(pitch)))]
    save(tmp_path / "x.mid", run)
    assert [note.pitch for note in read_midi(tmp_path / "x.mid").notes] == list(range(60, 92))


@pytest.mark.parametrize("signature", [b"\x63\x00", b"\x00\x07", b"\x80\x80"])
def test_a_wrong_key_signature_does_not_matter(tmp_path, signature):
    save(tmp_path / "x.mid", [(0, mido.MetaMessage("key_signature", key="C")), (0, on(60)), (480, off(60))])
    content = (tmp_path / "x.mid").read_bytes()
    assert b"\xff\x59\x02\x00\x00" in content
    damaged = content.replace(b"\xff\x59\x02\x00\x00", b"\xff\x59\x02" + signature)
    (tmp_path / "x.mid").write_bytes(damaged)
    assert read_midi(tmp_path / "x.mid").notes == [Note(60, 90, 0.0, 0.5)]


def test_tracks_of_a_file_of_pieces_have_tempos_of_their_own(tmp_path):
    save(tmp_path / "x.mid", [(0, tempo(60)), (480, tempo(240))], [(0, on(60)), (960, off(60))])
    content = (tmp_path / "x.mid").read_bytes()
    assert read_midi(tmp_path / "x.mid").notes == [Note(60, 90, 0.0, 1.25)]
    (tmp_path / "x.mid").write_bytes(content[:9] + b"\x02" + content[10:])
    assert read_midi(tmp_path / "x.mid").notes == [Note(60, 90, 0.0, 1.0)]


@pytest.mark.parametrize(
    "late",
    [
        [(480 * 7200, off(60))],
        [(480 * 7200, on(64)), (480, off(64))],
        [(0, off(61)), (480 * 7200, tempo(90))],
    ],
)
def test_of_a_file_of_hours_the_beginning(tmp_path, late):
    save(tmp_path / "x.mid", [(0, on(60)), *late])
    melody = read_midi(tmp_path / "x.mid")
    assert melody.notes == [Note(60, 90, 0.0, 300.0)]
    assert melody.remarks[0] == "took the first 5 minutes"
    save(tmp_path / "x.mid", [(480 * 7200, on(60)), (480, off(60))])
    with pytest.raises(UserError, match="no notes in the first 5 minutes"):
        read_midi(tmp_path / "x.mid")


def test_files_without_a_melody(tmp_path):
    save(tmp_path / "empty.mid", [(0, tempo(120))])
    save(tmp_path / "drums.mid", [(0, on(36, channel=9)), (480, off(36, channel=9))])
    (tmp_path / "text.mid").write_text("not MIDI")
    for name, message in [
        ("empty.mid", "no notes"),
        ("drums.mid", "no notes"),
        ("text.mid", "not a readable MIDI file"),
        ("nowhere.mid", "no file"),
    ]:
        with pytest.raises(UserError, match=message):
            read_midi(tmp_path / name)


@pytest.mark.slow
def test_2000_mutated_files(tmp_path):
    write_midi(tmp_path / "x.mid", SCALE, 120)
    whole = (tmp_path / "x.mid").read_bytes()
    rng = random.Random(1)
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (tmp_path / "x.mid").write_bytes(
            damaged[: rng.randint(1, len(damaged))] if rng.random() < 0.3 else damaged
        )
        try:
            notes = read_midi(tmp_path / "x.mid").notes
            assert all(0 <= note.pitch <= 127 and note.end > note.start >= 0 for note in notes)
        except UserError:
            pass
