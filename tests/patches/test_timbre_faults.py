"""Whatever a student feeds day 2's patch with: a sound comes back, or one line that says what is wrong."""

import shutil

import numpy as np
import pytest
import soundfile
from support.timbre_player import OUT, ROOT, opened, phrase

RATE = 16000
HOLED = phrase(RATE)
HOLED[4000:5000], HOLED[9000] = np.nan, np.inf

SOUNDS = {
    "noise": (np.random.default_rng(0).uniform(-1, 1, RATE), RATE),
    "clipping": (np.clip(20 * phrase(RATE), -1, 1), RATE),
    "a phrase with an offset": (phrase(RATE) + 3, RATE),
    "a phrase with holes": (HOLED, RATE),
    "8 kHz": (phrase(8000), 8000),
    "96 kHz": (phrase(96000), 96000),
}
SILENT = {
    "silence": np.zeros(RATE),
    "a microphone's hiss": np.random.default_rng(0).normal(0, 0.0005, RATE),
    "nothing but an offset": np.full(RATE, 0.7),
    "no numbers at all": np.full(RATE, np.nan),
}


@pytest.fixture
def player(play, tmp_path):
    return opened(play, tmp_path)


def test_every_sound_becomes_a_sound_of_its_length(player):
    player.load()
    for what, (audio, rate) in SOUNDS.items():
        file = player.folder / f"{what}.wav"
        soundfile.write(file, audio, rate, subtype="FLOAT")
        player.send("open", "in", str(file))
        assert player.expect("opened")[2:] == [len(audio), rate]
        player.send("transfer", "in", "out")
        player.expect("transferred")
        sound, out_rate = player.saved()
        assert len(sound) / out_rate == len(audio) / rate, what
        assert np.isfinite(sound).all(), what
        assert np.abs(sound).max() > 0.5, what
    assert player.pd.errors() == []


@pytest.mark.parametrize("what", SILENT)
def test_a_silent_sound_is_called_silent_and_no_drone(player, what):
    player.load()
    file = player.folder / "silent.wav"
    soundfile.write(file, SILENT[what], RATE, subtype="FLOAT")
    player.send("open", "in", str(file))
    player.expect("opened")
    player.send("transfer", "in", "out")
    assert player.expect("error")[1].startswith("the sound is silent")
    player.pd.sync()
    assert "transferred" not in [message[0] for message in player.pd.received[OUT]]


def test_what_is_no_sound_is_said_and_the_next_one_plays(player):
    player.load()
    player.send("open", "in", player.sound(phrase(RATE), RATE))
    player.expect("opened")
    player.send("open", "out", player.sound(phrase(RATE)[:160], RATE))
    player.expect("opened")
    for words, *message in (
        ("0.010 seconds long, too short", "transfer", "out", "in"),
        ("there is no array nowhere", "transfer", "nowhere", "out"),
        ("there is no array nowhere", "transfer", "in", "nowhere"),
        ("1 word instead of two", "transfer", "in"),
    ):
        player.send(*message)
        (_, line) = player.expect("error")
        assert words in line and "Traceback" not in line
    player.send("transfer", "in", "out")
    player.expect("transferred")
    assert np.abs(player.saved()[0]).max() > 0.5


def test_other_checkpoints_are_refused_and_the_loaded_one_plays_on(player):
    folder = player.folder / "a model"
    for name in ("broken", "without gin"):
        shutil.copytree(folder, player.folder / name)
    index = player.folder / "broken/ckpt-7.index"
    index.write_bytes(index.read_bytes()[:40])
    (player.folder / "without gin/operative_config-0.gin").unlink()
    player.load()
    player.send("open", "in", player.sound(phrase(RATE), RATE))
    player.expect("opened")
    for path, words in {
        ROOT / "01_ai_duet/checkpoints/starter_basic_rnn.mag": "is it a DDSP model's folder?",
        ROOT / "03_gansynth/checkpoints/starter_instruments": "is it a DDSP model's folder?",
        ROOT / "05_samplernn/checkpoints/starter_beat.safetensors": "is it a DDSP model's folder?",
        ROOT / "06_rave/checkpoints/starter_drums.ts": "is it a DDSP model's folder?",
        player.folder / "without gin": "is it a DDSP model's folder?",
        player.folder / "broken": "ckpt-7",
        player.folder / "nobody": "there is no checkpoint",
    }.items():
        player.send("load", str(path))
        (_, line) = player.expect("error")
        assert words in line and "Traceback" not in line
        player.send("transfer", "in", "out")
        player.expect("transferred")
    assert not any("Traceback" in line for line in player.pd.console)
