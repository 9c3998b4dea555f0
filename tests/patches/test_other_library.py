"""A patch in a Pd that has found another `py` first than the one of this course."""

import shutil

import pytest
from support.course_copy import ROOT
from support.external import EXTERNAL


def other(folder):
    """A library of an older version."""
    shutil.copytree(EXTERNAL, folder)
    with (folder / "pdworker/options.py").open("a") as file:
        file.write("\n# as it was\n")
    facts = folder / "py-meta.pd"
    facts.write_text(facts.read_text().replace("VERSION 2", "VERSION 1"))
    return folder


@pytest.mark.parametrize("is_other", [True, False])
def test_a_patch_says_which_library_pd_has_loaded_if_it_is_not_the_courses(play, tmp_path, is_other):
    loaded = other(tmp_path / "older") if is_other else EXTERNAL
    patches = [ROOT / name for name in ("05_samplernn/samplernn.pd", "06_rave/rave.pd")]
    pd = play(patches, ["-lib", "py"], path=[loaded], listen=["samplernn-out"])
    pd.send("samplernn", "status")
    pd.expect("samplernn-out", "status", timeout=90)
    found = [line for line in pd.console if "this Pd has loaded" in line]
    assert len(found) == is_other
    assert all(f"pyext 1.0.0 in {loaded}, " in line and "run setup/dlwa install" in line for line in found)
