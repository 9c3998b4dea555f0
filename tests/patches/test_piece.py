"""The piece without a window: its parts are made by the starters, and mixed as its score says."""

import importlib.util
import shutil

import numpy as np
import pytest
import soundfile
from support.course_copy import ROOT

FOLDER = ROOT / "setup/piece"

pytestmark = pytest.mark.slow


@pytest.fixture
def demo():
    spec = importlib.util.spec_from_file_location("piece_demo", FOLDER / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_parts_become_a_minute_of_music(demo, tmp_path, capsys):
    mix, picture = demo.demo(tmp_path)
    assert "without" not in capsys.readouterr().out
    sound, rate = soundfile.read(mix)
    assert 60 < len(sound) / rate < 70 and 0.3 < np.abs(sound).max() <= 1
    seconds = sound[: 60 * rate].reshape(60, rate, 2)
    levels = 10 * np.log10((seconds**2).mean(axis=(1, 2)) + 1e-12)
    assert levels[3:].min() > -45 and picture.stat().st_size > 10000
    assert len(list(mix.parent.glob("[1-8]-*.wav"))) == 8


def test_a_part_that_fails_is_named_and_left_out(demo, tmp_path, capsys, monkeypatch):
    broken = tmp_path / "piece"
    shutil.copytree(FOLDER, broken)
    program = (FOLDER / "parts.py").read_text().replace("parents[2]", f"parents[0] / {str(ROOT)!r}")
    broken.joinpath("parts.py").write_text(program.replace('"starter_textures"', '"nothing"'))
    broken.joinpath("piece.txt").write_text("1 0 0 0 0 0 0 texture.wav\n2 0 0 0 0 0 0 bass.wav\n")
    monkeypatch.setattr(demo, "HERE", broken)
    monkeypatch.setattr(demo, "PARTS", "two.py")
    broken.joinpath("two.py").write_text(
        "import sys, parts\nsys.exit(parts.main(sys.argv[1], 'texture', 'bass'))\n"
    )
    mix, _ = demo.demo(tmp_path / "out")
    assert "without texture: " in capsys.readouterr().out
    assert [file.name for file in mix.parent.glob("[1-8]-*.wav")] == ["2-bass.wav"]
