"""Sketches without Pd: their text, the mix and its stems, the example sounds."""

import json
import os

import numpy as np
import pytest
import soundfile
from modelfiles.errors import UserError
from pdworker.takes.formats import midi
from sketchpad import mix, score
from sketchpad.score import Track
from support.course_copy import ROOT

RATE = 8000
SHELF = ROOT / "setup/sounds"


@pytest.fixture
def tone(tmp_path):
    """A file of a second: 0.5 on the left, 0.25 on the right."""
    file = tmp_path / "a tone.wav"
    soundfile.write(file, np.tile([[0.5, 0.25]], (RATE, 1)), RATE, "FLOAT")
    return file


def test_a_sketch_is_text_that_comes_back(tmp_path, tone):
    tracks = [Track()] * score.TRACKS
    tracks[1] = Track(1.5, 2, 1, -3, 0.25, 0.5, str(tone))
    file = tmp_path / "sketch.txt"
    file.write_text(score.text(tracks, tmp_path))
    assert file.read_text().splitlines()[-1] == "2 1.5 2 1 -3 0.25 0.5 a tone.wav"
    assert score.read(file) == tracks
    assert score.text(tracks, tmp_path / "below").splitlines()[-1].endswith(" ../a tone.wav")


@pytest.mark.parametrize(
    "line, why",
    [
        ("1 0 0 a.wav", "eight columns"),
        ("9 0 0 0 0 0 0 a.wav", "1 to 8, not 9"),
        ("1 0 0 0 loud 0 0 a.wav", "gain should be a number, not loud"),
        ("1 0 0 0 0 2 0 a.wav", "pan 2 is out of range"),
        ("1 nan 0 0 0 0 0 a.wav", "start nan is out of range"),
    ],
)
def test_a_line_that_is_no_track_is_told_by_its_number(tmp_path, line, why):
    file = tmp_path / "sketch.txt"
    file.write_text(f"# a comment\n\n{line}\n")
    with pytest.raises(UserError, match=r"sketch\.txt, line 3: ") as raised:
        score.read(file)
    assert why in raised.value.message


def test_a_sketch_is_no_large_file_and_no_pipe(tmp_path, monkeypatch):
    monkeypatch.setattr(score, "MOST_BYTES", 100)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text(" " * 101)
    for name in ("pipe", "large"):
        with pytest.raises(UserError, match="cannot be read as a sketch"):
            score.read(tmp_path / name)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_small_file_of_hours_is_told_before_it_is_read(tmp_path, channels):
    file = tmp_path / "silence.flac"
    with soundfile.SoundFile(file, "w", RATE, channels) as opened:
        for _ in range(11):
            opened.write(np.zeros((60 * RATE, channels), np.float32))
    assert file.stat().st_size < 2e6
    with pytest.raises(UserError, match="longer than 10 minutes"):
        mix.read(str(file), RATE)
    soundfile.write(tmp_path / "slow.wav", np.zeros((10, channels)), 1)
    with pytest.raises(UserError, match="a sample rate of 1 Hz"):
        mix.read(str(tmp_path / "slow.wav"), RATE)


@pytest.mark.parametrize(
    "note", [(60, 100, 0, float("nan")), (1e6, 100, 0, 1), (60, 100, -1, 1), (60, 1, 0, 1e6), (60, 1, 0)]
)
def test_a_melody_of_impossible_notes_is_told(tmp_path, note):
    melody = tmp_path / "melody.mid"
    melody.touch()
    melody.with_suffix(".json").write_text(json.dumps({"sounds": [{"tracks": [["answer", [note]]]}]}))
    with pytest.raises(UserError, match="no take of a melody"):
        mix.read(str(melody), RATE)


def test_start_length_loop_fade_gain_and_pan(tone):
    half = 10 ** (-6.0206 / 20)
    sound = mix.laid(Track(start=0.5, length=2.5, loop=1, fade=0.25, file=str(tone)), RATE)
    assert sound.shape == (2, 3 * RATE)
    assert not sound[:, : RATE // 2].any()
    assert sound[0, RATE // 2 + RATE // 8] == pytest.approx(0.25, abs=1e-3)  # in the middle of the fade
    assert (sound[:, RATE : 2 * RATE] == [[0.5], [0.25]]).all() and abs(sound[:, -1]).max() < 1e-3
    parts, faults = mix.stems([Track(gain=-6.0206, pan=1, file=str(tone)), Track(file="gone.wav")], RATE)
    assert faults == ["track 2: gone.wav is not there"]
    assert abs(parts[1][0]).max() < 1e-6
    assert parts[1][1].max() == pytest.approx(0.25 * half * 2**0.5, rel=1e-4)
    assert Track(gain=-60).levels() == (0, 0)


def test_the_mix_is_the_sum_of_the_stems_and_melodies_have_their_midi_file(tmp_path, tone):
    notes = [(60, 100, 0, 0.5), (64, 100, 0.5, 1)]
    melody = tmp_path / "melody.mid"
    melody.write_bytes(midi([("answer", notes)], 120))
    melody.with_suffix(".json").write_text(json.dumps({"sounds": [{"tracks": [["answer", notes]]}]}))
    tracks = [Track(file=str(tone)), Track(start=1, pan=-0.5, file=str(melody))]
    files, faults = mix.render(tracks, RATE, tmp_path / "out")
    assert faults == []
    names = ["mix.wav", "sketch.txt", "1-a tone.wav", "2-melody.wav", "2-melody.mid"]
    assert [file.name for file in files] == names
    mixed, one, other = (soundfile.read(files[index])[0] for index in (0, 2, 3))
    assert len(mixed) > 2 * RATE and abs(mixed - one - other).max() < 1e-6
    assert abs(other[:RATE]).max() == 0 and abs(other[RATE:]).max() > 0.05
    assert score.read(tmp_path / "out/sketch.txt")[:2] == tracks


def test_what_cannot_be_rendered_is_told(tmp_path, tone):
    with pytest.raises(UserError, match="nothing to render"):
        mix.render([Track()], RATE, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        mix.render([Track(file=str(tone))], RATE, tmp_path / "file")
    stranger = tmp_path / "stranger.mid"
    stranger.write_bytes(midi([("x", [(60, 100, 0, 1)])], 120))
    with pytest.raises(UserError, match="no take of a melody"):
        mix.read(str(stranger), RATE)


def test_the_score_of_the_piece_has_eight_parts_that_its_program_makes():
    tracks = score.read(ROOT / "setup/piece/piece.txt")
    program = (ROOT / "setup/piece/parts.py").read_text()
    for track in tracks:
        assert f"\ndef {track.file.rpartition('/')[2].removesuffix('.wav')}():" in program


def test_the_example_sounds_are_heard_and_have_a_card():
    sounds = sorted(SHELF.glob("*.wav"))
    assert {file.stem for file in sounds} >= {"sung", "spoken", "beat", "cello", "machine", "bird"}
    assert sum(file.stat().st_size for file in sounds) < 3e6
    for file in sounds:
        card = file.with_suffix(".txt").read_text()
        assert "Source: " in card and any(f"Licence: {name}" in card for name in ("CC0", "MIT", "CC BY-SA"))
        sound, rate = soundfile.read(file)
        assert 1 < len(sound) / rate < 20 and 0.5 < abs(sound).max() < 0.95 and abs(sound.mean()) < 0.01
