"""`setup/dlwa compare`: one sound through the models, and the page that plays them side by side."""

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
