"""Pictures and sounds of the lessons: what is linked is there, what is there is linked, and sounds can be heard."""

import re

import numpy as np
import pytest
import soundfile
from support.course_copy import ROOT

LESSONS = sorted(ROOT.glob("0[0-9]_*/README.md"))
PAGES = [*LESSONS, ROOT / "README.md", ROOT / "setup/TEACHING.md"]
SOUNDS = {".flac", ".wav"}
KINDS = {".png", ".svg", *SOUNDS}
SHOWN_BYTES = 60_000  # of the picture of a patch
QUIETEST = 0.01  # root of the mean square of a sound that is heard


def linked(page):
    """The files of pictures and sounds that a page links to."""
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    return {
        (page.parent / target).resolve() for target in targets if re.search(r"\.(png|svg|flac|wav)$", target)
    }


def media():
    return [file for day in LESSONS for file in (day.parent / "media").iterdir() if file.suffix in KINDS]


def test_what_is_linked_is_there_and_what_is_there_is_linked():
    found = set.union(*map(linked, PAGES))
    assert [file for file in found if not file.exists()] == []
    assert [file for file in media() if file.resolve() not in found] == []


@pytest.mark.parametrize(
    "file", [file for file in media() if file.suffix in SOUNDS], ids=lambda file: file.name
)
def test_a_sound_can_be_heard(file):
    sound, _ = soundfile.read(file)
    assert np.sqrt(np.mean(sound**2)) > QUIETEST and np.abs(sound).max() < 1


def test_every_lesson_has_a_sound():
    assert [day for day in LESSONS if not [file for file in linked(day) if file.suffix in SOUNDS]] == []


def test_pictures_of_patches_are_small():
    patches = {patch.stem for day in LESSONS for patch in day.parent.glob("*.pd")}
    shots = [file for file in media() if file.stem in patches]
    assert len(shots) >= 10 and [file for file in shots if file.stat().st_size > SHOWN_BYTES] == []
