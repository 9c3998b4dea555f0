"""The curves of day 2's patch: what is loud is not cut off, and a pause is no pitch."""

import re

import numpy as np
import pytest
from support.course_copy import ROOT
from timbre_transfer import picture

FRAMES = {
    "pitch": (picture.HIGHEST_MIDI, picture.LOWEST_MIDI),
    "loudness": (picture.HIGHEST_DB, picture.LOWEST_DB),
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_frame_in_the_patch_has_the_range_of_the_curve(name):
    patch = (ROOT / "02_ddsp/timbre_transfer.pd").read_text()
    shown = re.findall(
        rf"#X array \S+-{name} {picture.POINTS} float \d+;\n#X coords 0 (\S+) \d+ (\S+) ", patch
    )
    assert [tuple(map(float, frame)) for frame in shown] == [FRAMES[name]] * 2


def test_a_loud_tone_is_within_the_frame_and_a_pause_on_its_floor():
    levels = np.repeat([-120.0, -60.0, 6.0, 17.0], 100)
    curve = picture.loudness(levels)
    assert curve.max() == 17 and curve.min() == picture.LOWEST_DB
    curve = picture.pitch(np.repeat([440.0, 0.0, 440.0], 100))
    assert set(curve.tolist()) == {69.0, picture.LOWEST_MIDI}
