"""`setup/dlwa compare`: one sound through the models, and the page that plays them side by side."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from support.course_copy import ROOT
from support.tools import setup_dlwa


@pytest.mark.slow
def test_a_sound_is_played_by_every_model_that_takes_one(tmp_path):
    voice, rate = soundfile.read(ROOT / "02_ddsp/media/sung.wav")
    soundfile.write(tmp_path / "my voice.wav", voice[:rate], rate)
    setup_dlwa("compare", tmp_path / "my voice.wav", tmp_path / "page", "--no-browser", environment="torch")
    page = (tmp_path / "page/index.html").read_text()
    files = re.findall(r'src="([^"]+)"', page)
    assert len(files) == 7 and not re.search(r'(src|href)="https?:', page)
    for file in files:
        sound, _ = soundfile.read(tmp_path / "page" / file)
        assert len(sound) and np.abs(sound).max() > 0.01, file


def test_a_file_that_is_not_there_is_said():
    said = subprocess.run(
        [sys.executable, ROOT / "setup/dlwa", "compare", "nothing.wav"], capture_output=True, text=True
    )
    assert said.returncode == 1 and "there is no file" in said.stderr


def test_a_copied_second_is_found_where_it_is(tmp_path):
    data, rng = tmp_path / "data", np.random.default_rng(1)
    data.mkdir()
    steps = np.arange(16000 * 4) / 16000
    for number in range(4):
        tune = np.sin(2 * np.pi * np.cumsum(rng.uniform(100, 2000, 16).repeat(4000)) / 16000)
        soundfile.write(data / f"tune{number}.wav", 0.3 * tune * (1 + np.sin(7 * steps)) / 2, 16000)
    copied, _ = soundfile.read(data / "tune2.wav")
    soundfile.write(tmp_path / "made.wav", copied[32000:52000] + rng.normal(0, 1e-4, 20000), 16000)
    done = subprocess.run(
        [sys.executable, ROOT / "setup/compare/listen_back.py", tmp_path / "made.wav", data, tmp_path / "page"],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((f"{ROOT}/pyext_py3", f"{ROOT}/setup"))},
    )  # fmt: skip
    first = done.stdout.splitlines()[0]
    assert "near tune2.wav at 2.0 s" in first and "closer than 100 %" in first, done.stdout
    assert (tmp_path / "page/index.html").read_text().count("<audio") == 2 * len(done.stdout.splitlines())
