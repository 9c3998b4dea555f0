"""Every patch of the course, opened and saved by real Pd without an edit: nothing in the file changes."""

import difflib

import pytest
from dlwakit.cli.format_patches import all_patches
from dlwakit.pdtools.patch_format import formatted
from support.course_copy import ROOT
from support.external import EXTERNAL


def saved(pd, patch, folder):
    """What Pd writes when it opens a patch and saves it into another folder."""
    pd.open(patch)
    pd.send(f"pd-{patch.name}", "savetofile", patch.name, str(folder), 0)
    pd.sync()
    pd.send(f"pd-{patch.name}", "menuclose", 1)
    pd.sync()
    return (folder / patch.name).read_text()


def changes(patch, text):
    """The lines in which a patch and a text of it differ."""
    old, new = patch.read_text().splitlines(), text.splitlines()
    return list(difflib.unified_diff(old, new, str(patch), "saved", lineterm="", n=0))


@pytest.mark.parametrize("external", [True, False], ids=["with the external", "without it"])
def test_a_patch_that_pd_has_saved_is_the_patch(play, tmp_path, external):
    path = [EXTERNAL] if external else []
    pd = play(path=path, environment={"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)})
    changed = [
        line
        for patch in all_patches(ROOT)
        for line in changes(patch, formatted(saved(pd, patch, tmp_path), patch))
    ]
    assert changed == []
