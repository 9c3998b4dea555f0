"""Every patch of the course, opened by real Pd: what it says without the external."""

import re

import pytest
from dlwakit.cli.format_patches import all_patches
from dlwakit.course.days import all_days
from dlwakit.pdtools.patch_file import PLACED, Canvas, read
from dlwakit.pdtools.pd_session import PatchObject, PdError
from support.course_copy import ROOT
from support.external import EXTERNAL

PATCHES = all_patches(ROOT)
DAYS = {day.folder for day in all_days(ROOT)}
MISSING = "The Python object is missing: run setup/dlwa install in a terminal, then open this patch again."
ACCENT = "#f0a030"
PLAYED = "timbre_transfer_live", "gansynth_live", "samplernn_live", "rave", "rave_prior", "one_pad"


def pages():
    """{patch: the name of its Python object} of every patch that has one, and a status line."""
    found = {}
    for patch in PATCHES:
        text = patch.read_text()
        if "dlwa-status" in text and "-help" not in patch.name and patch.parent in DAYS:
            found[patch] = re.search(r"dlwa-remote \\\$0 ([\w-]+);", text)[1]
    return found


@pytest.mark.parametrize("patch, name", pages().items(), ids=[patch.stem for patch in pages()])
@pytest.mark.parametrize("external", [True, False], ids=["with the external", "without it"])
def test_a_patch_says_so_if_the_external_is_missing(play, tmp_path, patch, name, external):
    environment = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    path = [EXTERNAL] if external else []
    pd = play([patch], path=path, listen=[f"{name}-out"], environment=environment)
    status = PatchObject(pd, name).own("status")
    pd.listen(status)
    if external:
        with pytest.raises(PdError):
            pd.expect(status, "label", MISSING, timeout=1)
        pd.send(name, "status")
        pd.expect(f"{name}-out", "worker", "off")
    else:
        pd.expect(status, "label", MISSING)


@pytest.mark.parametrize(
    "patch", [patch for patch in pages() if patch.stem not in PLAYED], ids=lambda patch: patch.stem
)
def test_the_main_action_has_the_accent(patch):
    buttons = re.findall(r"^#X obj \d+ \d+ bng .* (#\w+) #\w+ #\w+;$", patch.read_text(), re.MULTILINE)
    assert buttons.count(ACCENT) in (1, 2)


@pytest.mark.parametrize(
    "patch, status, words",
    [
        ("setup/overview.pd", "overview-status", "Opened by hand."),
        ("setup/osc.pd", "osc-status", "Off."),
    ],
)
def test_the_patches_without_an_object_say_what_to_do(play, patch, status, words):
    pd = play(listen=[status])
    pd.open(ROOT / patch)
    assert pd.expect(status, "label")[1].startswith(words)


def said(canvas, start):
    """(text, object that it goes to) of the message boxes of a canvas whose text starts so."""
    boxes = [part for part in canvas.contents if isinstance(part, Canvas) or part[1] in PLACED]
    cords = [part for part in canvas.contents if not isinstance(part, Canvas) and part[1] == "connect"]
    for number, box in enumerate(boxes):
        if not isinstance(box, Canvas) and box[1] == "msg" and "_".join(box[4:]).startswith(start):
            for cord in cords:
                if int(cord[2]) == number:
                    yield box[5], " ".join(boxes[int(cord[4])][4:])


def test_no_patch_says_that_it_plays_while_the_sound_is_off():
    canvases = [canvas for patch in PATCHES for canvas in read(patch.read_text()).canvases()]
    found = [one for canvas in canvases for one in said(canvas, "symbol_Playing")]
    assert len(found) > 4
    assert [one for one in found if one[1] != r"s \$0-plays"] == []


def test_every_player_tells_its_page_what_is_played_while_the_sound_is_off():
    canvases = [canvas for patch in pages() for canvas in read(patch.read_text()).canvases()]
    boxes = [box for canvas in canvases for box in canvas.contents if not isinstance(box, Canvas)]
    players = [box for box in boxes if box[4:5] == ["dlwa-player~"]]
    assert len(players) > 10
    assert [box for box in players if len(box) < 10] == []


def test_no_label_has_a_name_that_the_status_line_hears():
    heard = set(re.findall(r" r \\\$1-([\w-]+);", (ROOT / "setup/patches/dlwa-status.pd").read_text()))
    assert len(heard) > 3
    labels = {
        patch.stem: set(re.findall(r" cnv \d+ \d+ \d+ \S+ \\\$0-([\w-]+) ", patch.read_text()))
        for patch in pages()
    }
    assert sum(map(len, labels.values())) > 20
    assert {page: names & heard for page, names in labels.items() if names & heard} == {}


def test_a_patch_has_the_arrays_that_its_presets_keep():
    kept = {}
    for patch in pages():
        text = patch.read_text()
        box = re.search(r" dlwa-takes \\\$0 \S+ \S+ ([^;]+);", text)
        kept[patch.stem] = box[1].split() if box else []
        assert set(kept[patch.stem]) <= set(re.findall(r"#X array \\\$0-([\w-]+) ", text)), patch
    assert sum(map(len, kept.values())) > 10
