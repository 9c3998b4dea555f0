"""What the rehearsal of a day in class, tests/benchmarks/class_day.py, knows of the patches that it clicks on."""

import re

import pytest
from support.class_place import DAYS, ROOT, openers, opens


@pytest.mark.parametrize("patch", DAYS)
def test_each_button_that_opens_another_patch_is_known(patch):
    text = (ROOT / patch).read_text(encoding="utf-8")
    assert len(openers(patch)) == len(re.findall(r" dlwa-(?:patch|idea|day) \S+ \S+\.pd[ ;]", text))


def test_a_button_of_the_patch_s_own_is_one():
    patch = "02_ddsp/timbre_transfer.pd"
    place = re.search(r"#X obj (\d+) (\d+) bng .*play\\ live", (ROOT / patch).read_text(encoding="utf-8"))
    left, top = map(int, place.groups())
    assert opens(patch, left + 12, top + 12)
    assert not opens(patch, left - 5, top + 12)
