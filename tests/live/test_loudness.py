"""How loud the patches of the six days are as they open: within 3 LU of each other (ITU-R BS.1770, by ffmpeg)."""

from pathlib import Path

import pytest
from dlwakit.pdtools.pd_session import wait_for_sound
from support.external import EXTERNAL
from support.live_sound import undisturbed
from support.loudness import lufs
from support.page import Page

pytestmark = [pytest.mark.needs("ffmpeg"), pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TARGET, APART = -23.0, 1.5  # LUFS; LU that a day may be louder or softer
SUNG = ROOT / "02_ddsp/media/sung.wav"
BEAT = ROOT / "05_samplernn/media/beat-held-out.wav"
LOADED = 240


@pytest.fixture
def open_day(play):
    """`open_day(patch, door, model)`: the patch, as it opens, with a model loaded."""

    def start(patch, door, model):
        page = Page(play([ROOT / patch], ["-lib", "py"], path=[EXTERNAL], listen=[f"{door}-out"]), door)
        page.load(model, LOADED)
        return page

    return start


def loudness(page, file, begin, milliseconds):
    """LUFS of what is heard for a while after begin() was called."""
    page.say("record-file", "symbol", str(file))
    begin()
    page.pd.let_time_pass(milliseconds)
    page.say("record-file", "stop")
    page.expect("saved")
    wait_for_sound(file)
    return lufs(file)


def is_as_loud_as_the_others(page, tmp_path, begin, milliseconds):
    found = loudness(page, tmp_path / "heard.wav", begin, milliseconds)
    assert found == pytest.approx(TARGET, abs=APART)


def test_ai_duet(open_day, tmp_path):
    page = open_day("01_ai_duet/ai_duet.pd", "ai_duet", "starter_attention_rnn")

    def play_eight():
        for pitch in (60, 62, 64, 65, 67, 65, 64, 62):
            page.send("note", pitch, 90)
            page.pd.let_time_pass(250)
            page.send("note", pitch, 0)
        page.press("play")

    is_as_loud_as_the_others(page, tmp_path, play_eight, 2500)


def test_timbre_transfer(open_day, tmp_path):
    page = open_day("02_ddsp/timbre_transfer.pd", "timbre_transfer", "starter_violin")
    page.press("open", str(SUNG))
    page.expect("opened")
    page.press("transfer")
    page.expect("transferred", timeout=LOADED)
    is_as_loud_as_the_others(page, tmp_path, lambda: page.press("play-b"), 4000)


def notes(page, tmp_path):
    """Four notes of random points, one after the other."""

    def play_four():
        for _ in range(4):
            page.press("random")
            page.press("synthesize")
            page.expect("synthesized", timeout=60)
            page.press("play")
            page.pd.let_time_pass(2500)

    page.send("seed", 3)
    is_as_loud_as_the_others(page, tmp_path, play_four, 500)


def test_gansynth(open_day, tmp_path):
    notes(open_day("03_gansynth/gansynth.pd", "gansynth", "starter"), tmp_path)


def test_ganspacesynth(open_day, tmp_path):
    page = open_day("04_ganspacesynth/ganspacesynth.pd", "ganspacesynth", "starter")
    page.press("conv0")
    page.expect("loaded_pca", timeout=60)
    notes(page, tmp_path)


def test_samplernn(open_day, tmp_path):
    page = open_day("05_samplernn/samplernn.pd", "samplernn", "starter_beat")
    page.press("seconds-set", 2)
    page.press("generate")
    page.expect("generated", timeout=LOADED)
    is_as_loud_as_the_others(page, tmp_path, lambda: page.press("play-a"), 2000)


def test_rave(open_day, tmp_path):
    page = open_day("06_rave/rave.pd", "rave", "starter_drums")
    page.press("open-sound", str(BEAT))
    file = tmp_path / "heard.wav"
    found = undisturbed(
        page.pd, "rave-out", lambda: loudness(page, file, lambda: page.press("play-sound"), 5000)
    )
    assert found == pytest.approx(TARGET, abs=APART)
