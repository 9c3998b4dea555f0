"""What the rehearsal of a day in class, tests/benchmarks/class_day.py, knows of the patches that it clicks on."""

import re
from collections import Counter

import pytest
from support.class_place import DAYS, GROWTH, ROOT, Rest, openers, opens


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


def test_a_long_recording_is_no_growth_but_other_memory_is():
    first = Rest(60, 265 << 20, 10 << 20, Counter(), Counter(), 0)
    recorded = Rest(3600, 365 << 20, 110 << 20, Counter(), Counter(), 0)
    leaking = first._replace(size=381 << 20)
    assert recorded.grown(first) == 0 < GROWTH < leaking.grown(first)
