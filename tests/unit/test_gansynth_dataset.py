"""From a folder of sounds to a training set of GANSynth."""

import json

import numpy as np
import pytest
import soundfile
from dlwakit.training.sounds import Reader
from gansynth import dataset
from support.sounds import hertz, tone

RATE = 8000


@pytest.mark.parametrize(
    "name, pitch",
    [
        ("keyboard_060-100", 60),  # NSynth: pitch and velocity
        ("guitar_acoustic_001-048-075", 48),
        ("piano_60", 60),  # the course
        ("piano_C4", 60),
        ("Bb3", 58),
        ("horn F#2 loud", 42),
        ("violin_C4_1", 60),
        ("guitar_A#3_120", 58),
        ("take_999", None),
        ("take_3", None),
        ("recording-12", None),
        ("2023-05-04", None),
        ("2023-05-24", None),
        ("loop_120", None),
        ("rain", None),
    ],
)
def test_pitches_in_names(name, pitch):
    assert dataset.pitch_from_name(name) == pitch


@pytest.mark.parametrize("text, pitch", [("60", 60), ("C4", 60), ("bb3", 58), ("name", "name"), ("0", 0)])
def test_the_pitch_that_is_asked_for(text, pitch):
    assert dataset.parse_arguments(["sounds", "--pitch", text]).pitch == pitch


@pytest.mark.parametrize("text", ["300", "-1", "H4", "C44", "loud"])
def test_a_pitch_that_cannot_be(text, capsys):
    with pytest.raises(SystemExit):
        dataset.parse_arguments(["sounds", f"--pitch={text}"])
    assert "such as C4" in capsys.readouterr().err


@pytest.mark.parametrize(
    "files",
    [
        {"a_60.wav": 60, "a_60.flac": 60, "b_64.wav": 64, "c_67.wav": 67},  # of two kinds
        {"a/b_60.wav": 60, "a-b_60.wav": 60, "c_67.wav": 67},  # in folders
        {"a_60.wav": 60, "a_60.ogg": 60, "a_60.flac": 60, "z_72.wav": 72},
    ],
    ids=lambda files: next(iter(files)),
)
def test_sounds_of_one_name_keep_their_own_labels(files, tmp_path):
    for name, pitch in files.items():
        file = tmp_path / "sounds" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, tone(1.0, RATE, hertz(pitch)), RATE)
    dataset.main(
        [str(tmp_path / "sounds"), "--data", str(tmp_path / "set"), "--seconds", "1", "--rate", str(RATE)]
    )
    notes = np.load(tmp_path / "set/notes.npy") / 32767
    labels = [entry["pitch"] for entry in json.loads((tmp_path / "set/meta.json").read_text()).values()]
    assert len(labels) == len(files)
    assert labels == [dataset.detect_pitch(note, RATE) for note in notes]


def test_a_pitch_that_is_heard():
    assert dataset.detect_pitch(tone(1.0, RATE, hertz(57)), RATE) == 57
    assert dataset.detect_pitch(np.random.default_rng(0).normal(size=RATE) * 0.1, RATE) is None


def test_pieces_begin_every_step_and_the_last_is_filled_up():
    found = list(dataset.pieces(np.arange(1.0, 11), length=4, step=3))
    assert [piece.tolist() for piece in found] == [[1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 10]]
    assert next(dataset.pieces(np.ones(2), length=4, step=4)).tolist() == [1, 1, 0, 0]
    assert len(list(dataset.pieces(np.ones(9), length=8, step=8))) == 1  # one sample more is no piece


@pytest.fixture
def sounds(tmp_path):
    """Sounds of other rates, two channels, no name, no pitch, no sound, and files that are none."""
    folder = tmp_path / "my sounds"
    (folder / "deeper").mkdir(parents=True)
    soundfile.write(folder / "a_60.wav", np.stack([tone(2.2, 16000, hertz(60))] * 2, 1), 16000)
    soundfile.write(folder / "deeper" / "b_C5.flac", tone(1.0, RATE, hertz(72)), RATE)
    soundfile.write(folder / "voice.wav", tone(1.0, RATE, hertz(57)), RATE)
    soundfile.write(folder / "noise.wav", 0.1 * np.random.default_rng(0).normal(size=RATE), RATE)
    soundfile.write(folder / "quiet_64.wav", np.zeros(RATE), RATE)
    (folder / "broken_60.wav").write_bytes(b"RIFF nothing")
    (folder / "notes_60.w").write_bytes(b"no sound: the original's test of the ending let it in")
    (folder / "no_ending_60").write_bytes(b"nor is this")
    return folder


def test_a_training_set_from_mixed_sounds(sounds, tmp_path, capsys):
    words = [str(sounds), "--data", str(tmp_path / "set"), "--seconds", "1", "--rate", str(RATE)]
    assert dataset.main(words) == 0
    notes = np.load(tmp_path / "set/notes.npy")
    meta = json.loads((tmp_path / "set/meta.json").read_text())
    assert notes.dtype == np.int16 and notes.shape == (4, RATE)
    assert [entry["pitch"] for entry in meta.values()] == [60, 60, 72, 57]
    assert all(set(entry) >= {"instrument_str", "pitch", "qualities"} for entry in meta.values())
    assert json.loads((tmp_path / "set/dataset.json").read_text()) == {
        "sample_rate": RATE,
        "audio_length": RATE,
    }
    said = capsys.readouterr().out
    for words in (
        "4 notes of 1 s, 3 pitches, 57 to 72",
        "left out broken_60.wav: it cannot be read: Format not recognised",
        "left out noise-1: it has no clear pitch",
        "left out quiet_64.wav: it is silent",
        "fewer than 8 notes at pitch 57, 60, 72",
        "next: setup/dlwa train gansynth --data",
    ):
        assert words in said
    assert "notes_60" not in said and "no_ending" not in said


def test_one_pitch_for_all_as_the_course_does(sounds, tmp_path, capsys):
    dataset.main(
        [str(sounds), "--data", str(tmp_path / "set"), "--seconds", "1", "--rate", str(RATE), "--pitch", "32"]
    )
    meta = json.loads((tmp_path / "set/meta.json").read_text())
    assert {entry["pitch"] for entry in meta.values()} == {32} and len(meta) == 5


def test_without_a_usable_sound_it_says_so(tmp_path, capsys):
    (tmp_path / "a_60.wav").write_bytes(b"RIFF nothing")
    assert dataset.main([str(tmp_path), "--data", str(tmp_path / "set")]) == 1
    assert "setup/dlwa dataset gansynth: no sound can be used" in capsys.readouterr().err


def test_the_loudest_note_of_an_instrument_uses_the_full_range(monkeypatch):
    pytest.importorskip("pretty_midi")
    from gansynth import soundfont

    def quiet(font, program, notes, seconds, sample_rate):
        played = 0.01 * np.ones(round(len(notes) * (seconds + soundfont.REST) * sample_rate), np.float32)
        played[: len(played) // 2] *= 0.5
        return played

    monkeypatch.setattr(soundfont, "_play", quiet)
    notes = list(soundfont.render("a.sf2", [0, 1], [60, 61], [70, 110], seconds=1, sample_rate=100))
    assert [np.abs(audio).max().round(3) for _, _, audio in notes] == [0.45, 0.45, 0.9, 0.9] * 2


def test_recordings_are_cut_at_their_onsets(tmp_path):
    audio = np.zeros(4 * RATE)
    for start in (0.3, 1.7):
        at = round(start * RATE)
        audio[at : at + RATE] += tone(1.0, RATE, hertz(60)) * np.exp(-12 * np.arange(RATE) / RATE)
    soundfile.write(tmp_path / "strokes.wav", audio, RATE)
    how = {"length": RATE, "step": RATE, "pitch": 60, "cut": "onsets"}
    found = [piece for _, _, piece in dataset.read_folder(Reader(tmp_path, RATE), **how)]
    assert len(found) == 2 and all(np.argmax(np.abs(piece) > 0.1) < 0.03 * RATE for piece in found)
