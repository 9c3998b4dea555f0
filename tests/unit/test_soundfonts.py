"""What is said where FluidSynth cannot play: it takes another SoundFont where one is missing, and says nothing."""

import pytest
from dlwakit.training import fluidsynth
from modelfiles.errors import UserError
from timbre_transfer import soundfont

MUSESCORE = "MuseScore_General_Full.sf2"


def test_a_soundfont_that_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(soundfont, "SOUNDFONT", str(tmp_path / MUSESCORE))
    assert soundfont.main(["trumpet", str(tmp_path / "out"), "--minutes", "0.4"]) == 1
    line = f"soundfont: there is no SoundFont {tmp_path / MUSESCORE} - sudo apt-get install musescore-general-soundfont"
    assert capsys.readouterr().err.startswith(line)
    assert list((tmp_path / "out").iterdir()) == []


def test_no_fluidsynth(tmp_path, monkeypatch):
    (tmp_path / "own.sf2").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="there is no FluidSynth - sudo apt-get install fluidsynth"):
        fluidsynth.play(tmp_path / "own.sf2", tmp_path / "score.mid", tmp_path / "sound.wav", 16000, 0.5)
