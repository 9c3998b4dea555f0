"""Every patch of the course, opened by real Pd: what it says without the external, and what Pd saves."""

import re

import pytest
from dlwakit.cli.format_patches import all_patches
from dlwakit.pdtools.patch_format import formatted
from dlwakit.pdtools.pd_session import PatchObject, PdError
from support.course_copy import ROOT
from support.external import EXTERNAL

PATCHES = all_patches(ROOT)
MISSING = "The Python object is missing: run setup/dlwa install in a terminal, then open this patch again."
GROWN = [ROOT / "06_rave/rave~.pd"]  # makes inlets and outlets in itself


def saved(pd, patch, folder):
    """What Pd writes when a patch is opened and saved."""
    pd.open(patch)
    pd.send(f"pd-{patch.name}", "savetofile", patch.name, str(folder), 0)
    pd.sync()
    pd.send(f"pd-{patch.name}", "menuclose", 1)
    pd.sync()
    return (folder / patch.name).read_text()


@pytest.mark.parametrize("external", [True, False], ids=["with the external", "without it"])
def test_a_patch_that_pd_has_saved_is_the_patch(play, tmp_path, external):
    path = [EXTERNAL] if external else []
    pd = play(path=path, environment={"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)})
    changed = [
        patch.name
        for patch in PATCHES
        if not (external and patch in GROWN)
        and formatted(saved(pd, patch, tmp_path), patch) != patch.read_text()
    ]
    assert changed == []


def pages():
    """{patch: the name of its Python object} of every patch that has one, and a status line."""
    found = {}
    for patch in PATCHES:
        text = patch.read_text()
        if "dlwa-status" in text and "-help" not in patch.name and patch.parent.name[:2].isdigit():
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
