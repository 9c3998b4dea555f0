"""A folder of sounds becomes a data set for RAVE."""

import json

import numpy as np
import pytest
import soundfile
from rave_rt import dataset
from support.sounds import tone

RATE = 22050


@pytest.fixture
def folder(tmp_path):
    """Twelve tones of half a second, the third one in a sub-folder, stereo, and at another rate."""
    folder = tmp_path / "my sounds"
    (folder / "more").mkdir(parents=True)
    for number in range(12):
        path = folder / f"{number:02}.wav"
        if number == 2:
            there = np.stack([tone(0.5, 48000), np.zeros(24000)], 1)
            soundfile.write(folder / "more" / path.name, there, 48000)
        else:
            soundfile.write(path, tone(0.5, RATE), RATE)
    return folder


def made(folder, out):
    lines = []
    facts = dataset.build_dataset(folder, out, RATE, log=lines.append)
    return facts, np.load(out / "train.npy"), np.load(out / "held_out.npy"), lines


def test_sounds_are_laid_end_to_end_at_one_rate(folder, tmp_path):
    facts, train, held_out, _ = made(folder, tmp_path / "out")
    each = 0.5 + dataset.PAUSE_S
    assert train.dtype == held_out.dtype == np.int16
    assert len(train) / RATE == pytest.approx(11 * each, abs=0.05)
    assert len(held_out) / RATE == pytest.approx(each, abs=0.01)
    assert np.abs(train).max() == pytest.approx(0.9 * 32767, rel=0.01)
    assert json.loads((tmp_path / "out/dataset.json").read_text()) == facts
    assert (tmp_path / "out/report.png").read_bytes().startswith(b"\x89PNG")


def test_every_tenth_sound_is_held_out_and_always_the_same(folder, tmp_path):
    facts, *_ = made(folder, tmp_path / "out")
    assert len(facts["held_out_sounds"]) == 1 and len(facts["sounds"]) == 11
    assert not set(facts["held_out_sounds"]) & set(facts["sounds"])
    assert made(folder, tmp_path / "again")[0] == facts


def test_silence_at_the_ends_is_cut(tmp_path):
    quiet = np.zeros(RATE)
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", np.concatenate([quiet, tone(0.5, RATE), quiet]), RATE)
    _, train, _, _ = made(tmp_path, tmp_path / "out")
    assert len(train) < RATE


def test_a_broken_file_is_left_out_by_name(folder, tmp_path):
    (folder / "broken.wav").write_text("no sound")
    soundfile.write(folder / "silent.wav", np.zeros(RATE), RATE)
    facts, _, _, lines = made(folder, tmp_path / "out")
    assert len(facts["sounds"]) == 11
    assert any("broken.wav" in line for line in lines)
    assert any("silent.wav: it is silent" in line for line in lines)


def test_little_sound_is_told_and_names_may_repeat(folder, tmp_path):
    soundfile.write(folder / "more/00.wav", tone(0.5, RATE), RATE)
    facts, _, _, lines = made(folder, tmp_path / "out")
    assert any("that is little" in line for line in lines)
    assert len(facts["sounds"]) + len(facts["held_out_sounds"]) == 13


def test_the_command_says_what_is_wrong_in_one_line(tmp_path, capsys):
    assert dataset.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("setup/dlwa dataset rave: there are no sounds in")
