"""One folder with whatever people have in theirs, made into a data set of every model: the same words for the same."""

import json
import os
import resource
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
from dlwakit.training import sources
from dlwakit.training.sounds import PIECE_S, Reader, hold_out
from modelfiles.errors import UserError
from modelfiles.sounds import find_sounds, read_sound
from support.melody_files import abc, tune
from support.sounds import hertz, tone

ROOT = Path(__file__).parents[2]
SOUND_MODELS = {
    "ddsp": ("timbre_transfer.dataset", ["--seconds", "1"]),
    "gansynth": ("gansynth.dataset", ["--seconds", "1", "--pitch", "60"]),
    "samplernn": ("samplernn.dataset", []),
    "rave": ("rave_rt.dataset", ["--rate", "16000"]),
}
MODELS = {**SOUND_MODELS, "melody": ("ai_duet.dataset", [])}
NFD = unicodedata.normalize("NFD", "Glückswürfel.wav")


def encode(wave, *paths):
    for path in paths:
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", wave, path], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sounds, and melodies, of many kinds; some of no use."""
    folder = tmp_path_factory.mktemp("any") / "meine Klänge"
    (folder / "Übung").mkdir(parents=True)
    soundfile.write(folder / "a.wav", tone(2, 44100, hertz(60), 5, 2), 44100)
    soundfile.write(folder / "Übung/b ö.flac", tone(2, 8000, hertz(64), 5), 8000)
    soundfile.write(folder / NFD, tone(2, 96000, hertz(67), 5), 96000, "PCM_24")
    soundfile.write(folder / "c.ogg", tone(2, 48000, hertz(62), 5, 2), 48000)
    soundfile.write(folder / "d.mp3", tone(2, 32000, hertz(69), 5), 32000)
    encode(folder / "a.wav", folder / "phone.m4a", folder / "browser.webm")
    soundfile.write(folder / "silent.wav", np.zeros(16000), 16000)
    (folder / "empty.wav").write_bytes(b"")
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    (folder / "half.m4a").write_bytes((folder / "phone.m4a").read_bytes()[:500])
    for rubbish in ("._a.wav", "._tune-0.abc", ".DS_Store", "Übung/.DS_Store", "notes.txt"):
        (folder / rubbish).write_bytes(b"\0\5\26\7")
    for number in range(4):
        (folder / f"tune-{number}.abc").write_text(abc(tune(number)), encoding="utf-8")
    (folder / "broken.mid").write_bytes(b"MThd nothing")
    (folder / "empty.mid").write_bytes(b"")
    return folder


def dataset(model, folder, data):
    """What `dataset` of a model says, (status, lines, complaint)."""
    module, words = MODELS[model]
    path = os.pathsep.join(
        str(ROOT / name) for name in ("setup", "pyext_py3", *(p.name for p in ROOT.glob("0*")))
    )
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder), "--data", str(data), *words],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.mark.slow
@pytest.mark.needs("ffmpeg")
@pytest.mark.parametrize("model", SOUND_MODELS)
def test_each_model_takes_the_same_folder_and_says_the_same(model, folder, tmp_path):
    status, said, error = dataset(model, folder, tmp_path / "data")
    assert status == 0, error
    assert sorted(line for line in said if line.startswith("left out")) == [
        "left out broken.wav: it cannot be read: Format not recognised",
        "left out empty.wav: it is empty",
        "left out half.m4a: it cannot be read: Format not recognised",
        "left out silent.wav: it is silent",
    ]
    assert "read 7 sounds, 14 s" in said
    assert any(line.startswith("that is little: ") for line in said) or model == "gansynth"
    assert said[-1] == f"next: setup/dlwa train {model} --data {tmp_path / 'data'}"
    table = sources.read(tmp_path / "data")
    assert set(table) == {
        "a.wav", "Übung/b ö.flac", "Glückswürfel.wav", "c.ogg", "d.mp3", "phone.m4a", "browser.webm",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.needs("ffmpeg")
def test_melodies_of_the_same_folder(folder, tmp_path):
    status, said, error = dataset("melody", folder, tmp_path / "data")
    assert status == 0, error
    left_out = [line.partition(": ")[0] for line in said if line.startswith("left out")]
    assert left_out == ["left out broken.mid", "left out empty.mid"]
    assert "read 6 files, 6 pieces" in said and any(line.startswith("that is little: ") for line in said)
    assert said[-1] == f"next: setup/dlwa train melody --data {tmp_path / 'data'}"
    assert set(sources.read(tmp_path / "data")) == {f"tune-{number}.abc" for number in range(4)}
    assert str(tmp_path.parent) not in (tmp_path / "data/melodies.json").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("model", SOUND_MODELS)
def test_where_nothing_can_be_used(model, tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/a_60.wav").write_bytes(b"RIFF nothing")
    status, said, error = dataset(model, tmp_path / "sounds", tmp_path / "data")
    assert status == 1 and said == ["left out a_60.wav: it cannot be read: Format not recognised"]
    assert error.startswith(f"setup/dlwa dataset {model}: no sound ") and error.count("\n") == 1


@pytest.mark.needs("ffmpeg")
def test_sounds_of_phones_and_browsers(folder):
    wave = read_sound(folder / "a.wav")[0]
    for name, rate in (("phone.m4a", 44100), ("browser.webm", 48000)):
        samples, own = read_sound(folder / name)
        assert own == rate and len(samples) / own == pytest.approx(2, abs=0.1)
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(wave**2)), rel=0.1)


@pytest.mark.needs("ffmpeg")  # to make the sounds
def test_without_ffmpeg_the_line_says_what_to_do(folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match=r"phone\.m4a cannot be read: install ffmpeg or save it as WAV"):
        read_sound(folder / "phone.m4a")
    with pytest.raises(UserError, match=r"broken\.wav cannot be read: Format not recognised"):
        read_sound(folder / "broken.wav")


@pytest.mark.needs("ffmpeg")
def test_a_playlist_reaches_nothing_else(folder, tmp_path):
    playlist = tmp_path / "list.m4a"
    playlist.write_text(f"#EXTM3U\n#EXTINF:2,\n{folder / 'phone.m4a'}\nhttp://127.0.0.1:9/a.m4a\n")
    with pytest.raises(UserError, match="cannot be read"):
        read_sound(playlist)


def hour(path, rate=22050):
    """Write an hour of stereo sound: a beat a second, from the first half on quieter."""
    beat = np.stack([tone(1, rate, 220) * np.exp(-9 * np.arange(rate) / rate)] * 2, 1)
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as file:
        for second in range(3600):
            file.write(beat if second < 1800 else beat / 4)


@pytest.mark.slow
def test_an_hour_in_one_file_is_never_whole_in_memory(tmp_path):
    hour(tmp_path / "hour.flac")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reader = Reader(tmp_path, 16000, log=lambda line: None)
    lengths, peaks = [], []
    for piece in reader:
        lengths.append(len(piece.samples))
        peaks.append(np.abs(piece.normalized()).max())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; the hour is 600 MB
    assert sum(lengths) == pytest.approx(3600 * 16000, abs=16) and max(lengths) <= 1.5 * PIECE_S * 16000
    assert len(lengths) == 60
    assert max(peaks) == pytest.approx(0.9, abs=0.01) and peaks[-1] == pytest.approx(0.9 / 4, abs=0.01)


def test_what_is_held_out():
    sound = np.arange(100)
    known, held = hold_out([(name, sound) for name in "abcdefghijk"])
    assert [name for name, _ in held] == ["j"] and len(known) == 10
    known, held = hold_out([("a", sound), ("a", sound), ("b", sound)])
    assert [name for name, _ in known] == ["a", "a"] and [name for name, _ in held] == ["b"]
    known, held = hold_out([("a", sound), ("a", 2 * sound)])
    assert known == [("a", sound)] and held[0][1][1] == 2
    known, held = hold_out([("a", sound)])
    assert len(known[0][1]) == 90 and held[0][1][0] == 90


def test_a_name_that_is_no_text_is_left_out(tmp_path):
    soundfile.write(tmp_path / "good.wav", tone(1, 8000), 8000)
    os.rename(tmp_path / "good.wav", tmp_path / os.fsdecode(b"other \xfc.wav"))
    reader = Reader(tmp_path, 8000, log=lambda line: None)
    assert list(reader) == [] and reader.left_out == {
        "other ?.wav": "its name is no text in UTF-8: rename it"
    }
    assert len(find_sounds(tmp_path)) == 1


# Whose sounds they are.


def test_the_table_keeps_what_was_filled_in_and_learns_from_the_sounds_folder(tmp_path):
    sounds, data = tmp_path / "sounds", tmp_path / "data"
    sounds.mkdir()
    said = []
    sources.keep(data, ["a.wav", "b.wav"], sounds, said.append)
    assert said == [f"{data / 'sources.csv'} says whose they are: 2 of 2 rows are not complete"]
    assert (data / "sources.csv").read_text() == "file,who,licence,source\na.wav,,,\nb.wav,,,\n"
    (data / "sources.csv").write_text("file,who,licence,source\na.wav,Ada,CC0 1.0,\n")
    excel = "Source;File;Who;Remark\nZürich;a.wav;;x\nKöln;Ton für später.wav;Grete;y\n"
    (sounds / "sources.csv").write_bytes(excel.encode("cp1252"))
    sources.keep(data, ["a.wav", "Ton für später.wav"], sounds, said.append)
    assert sources.read(data) == {
        "a.wav": {"who": "Ada", "licence": "CC0 1.0", "source": "Zürich"},
        "Ton für später.wav": {"who": "Grete", "licence": "", "source": "Köln"},
    }
    assert sources.summary(sources.read(data))[1] == [1, "Grete", "not stated", "Köln"]


def test_the_card_says_whose_sounds_they_are_and_no_path(tmp_path):
    from dlwakit.training.card import draft

    table = {"a.wav": {"who": "Ada", "licence": "CC0 1.0", "source": "recorded"}}
    table |= {name: dict.fromkeys(("who", "licence", "source"), "") for name in ("b.wav", "c.wav")}
    run = {
        "model": "toy",
        "settings": {"data": "/home/grete/data", "preset": "minutes", "source": "base"},
        "data": {"sounds": 3},
        "sources": sources.summary(table),
        "starts": [{"when": "2026-01-01 10:00", "versions": {}}],
        "unit": "step",
    }
    card = draft("mine", json.loads(json.dumps(run)), {}, None)
    assert "| 1 | Ada | CC0 1.0 | recorded |" in card
    assert "| 2 | not stated | not stated | not stated |" in card
    assert "grete" not in card and "preset minutes" in card
