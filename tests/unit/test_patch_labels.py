"""What stands on the patches: labels are read on light and on dark paper, and one thing has one name."""

import re

import pytest
from dlwakit.cli.format_patches import all_patches
from support.course_copy import ROOT
from support.pd_window import face

# What the status line is told, by boxes of messages.
SAID = re.compile(r"^#X msg \d+ \d+ symbol ((?:\\.|[^\s;,])+)", re.MULTILINE)
# Where the label of a control stands among its words; its colour is seven words later.
LABEL_AT = {"bng": 11, "tgl": 9, "nbx": 13, "hsl": 13, "vsl": 13, "hradio": 11, "vradio": 11}
# `pd colors` changes the paper, and not the colours of controls.
LIGHT, DARK = "#ffffff", "#202020"
LEAST_ON_LIGHT, LEAST_ON_DARK = 4.5, 3  # to one: WCAG 2.2, 1.4.3 for text, and for large and bold text
LEAST_OF_A_CURVE = 3  # 1.4.11
ARRAY = re.compile(r"^#X array \\\$[01]-([\w-]+?)(?:-\\\$2)? \d+ float \d+;", re.MULTILINE)
OTHERS = ROOT / "tests", ROOT / "pyext_py3"  # what is not opened by players of the days
PATCHES = [patch for patch in all_patches(ROOT) if not {*OTHERS} & {*patch.parents}]


def luminance(colour):
    """The relative luminance of #rrggbb, 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one, other):
    """The contrast of two colours, 1 to 21."""
    dark, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dark + 0.05)


def words_of(patch):
    """The words of each line of a patch's face."""
    return [re.findall(r"(?:\\.|[^\s;])+", line) for line in face(patch)]


def grounds(lines, *kinds):
    """(left, top, width, height) of the canvases and sliders among these lines."""
    first = {"cnv": 6, "hsl": 5, "vsl": 5}
    found = [words for words in lines if words[:2] == ["#X", "obj"] and words[4:5] and words[4] in kinds]
    return [[int(words[at]) for at in (2, 3, first[words[4]], first[words[4]] + 1)] for words in found]


def stands_on(x, y, places):
    """Whether a point lies on one of these places."""
    return any(a <= x < a + width and b <= y < b + height for a, b, width, height in places)


def labels(patch):
    """(line, colour) of each label of a control that stands on the paper: on no canvas, and on no slider itself."""
    lines = words_of(patch)
    places = grounds(lines, "cnv", "hsl", "vsl")
    for words in lines:
        at = LABEL_AT.get(words[4], len(words)) if words[:2] == ["#X", "obj"] and words[4:5] else len(words)
        if len(words) <= at + 7 or words[at] == "empty":
            continue
        x, y = (int(words[axis]) + int(words[at + axis - 1]) for axis in (2, 3))
        if not stands_on(x, y, places):
            yield " ".join(words), words[at + 7]


def test_labels_can_be_read_on_light_and_on_dark_paper():
    found = [label for patch in PATCHES for label in labels(patch)]
    assert len(found) > 400
    for line, colour in found:
        assert contrast(colour, LIGHT) >= LEAST_ON_LIGHT, line
        assert contrast(colour, DARK) >= LEAST_ON_DARK, line


@pytest.mark.parametrize("kind", ["text", "msg", "floatatom", "symbolatom"])
def test_what_has_the_colour_of_the_theme_stands_on_its_paper(kind):
    for patch in PATCHES:
        lines = words_of(patch)
        places = grounds(lines, "cnv")
        for words in lines:
            if words[:2] == ["#X", kind]:
                assert not stands_on(int(words[2]) + 2, int(words[3]) + 8, places), f"{patch}: {words}"


def test_the_curves_can_be_seen_on_light_and_on_dark_paper():
    found = [(patch, name) for patch in PATCHES for name in ARRAY.findall(patch.read_text())]
    found = [(patch, name) for patch, name in found if name != "pad" and "-help" not in patch.name]
    assert len(found) > 80
    for patch, name in found:
        told = re.search(rf"-{name} color (\d{{3}})\b", patch.read_text())
        if not told and re.search(rf"#X obj \d+ \d+ s \\\$[01]-{name}\b", patch.read_text()):
            told = re.search(r"#X msg \d+ \d+ color (\d{3});", patch.read_text())
        assert told, f"{patch}: {name} is black"
        for paper in (LIGHT, DARK):
            assert contrast(of_array(told[1]), paper) >= LEAST_OF_A_CURVE


def of_array(number):
    """#rrggbb of a colour as arrays take it: a digit each for red, green and blue, of which 8 and 9 are the same."""
    return "#" + "".join(f"{min(255, 32 * int(digit)):02x}" for digit in number)


def test_the_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#000000", DARK) < 1.3


def test_the_switch_of_the_sound_has_one_name():
    switches = [line for patch in PATCHES for line in face(patch) if re.search(r" tgl .* \\\$0-dsp ", line)]
    assert len(switches) > 20
    for line in switches:
        assert " sound\\ on " in line, line


def test_a_sentence_begins_with_a_capital_and_ends_with_a_full_stop():
    said = [words for patch in PATCHES for words in SAID.findall(patch.read_text()) if words.count("\\ ") > 2]
    assert len(said) > 40
    for words in said:
        assert re.fullmatch(r"([A-Z]|\\\$\d).*([.?]|\\\$\d)", words), words


def test_no_box_sends_an_answer_to_a_name_that_may_have_no_receiver():
    for patch in PATCHES:
        for line in patch.read_text().splitlines():
            assert not re.match(r"#X msg .*\\; [\w-]+-out ", line), f"{patch}: use [s NAME-out]"
