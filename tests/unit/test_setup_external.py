"""The external's way into Pd's folder: built apart, swapped in whole, the second time untouched."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from dlwakit.base.files import scratch_folder
from dlwakit.install.components import ensure
from dlwakit.install.external import External
from modelfiles.errors import UserError

MAKEFILE = """
py.pd_linux: src/py.o
	cp src/py.o py.pd_linux
src/py.o: src/py.cpp
	@echo building with $(PYTHON)
	cp src/py.cpp src/py.o
install: py.pd_linux
	mkdir "$(PDLIBDIR)/pyext"
	cp -R py.pd_linux *.pd pdworker "$(PDLIBDIR)/pyext"
"""


@pytest.fixture
def external(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    source = tmp_path / "my course/pyext_py3"  # GNU make cannot build below a path with a space
    for folder in ("src", "pdworker/__pycache__", "modelfiles"):
        (source / folder).mkdir(parents=True)
    (source / "Makefile").write_text(MAKEFILE)
    (source / "src/py.cpp").write_text("one")
    (source / "py-help.pd").write_text("#N canvas;")
    (source / "pdworker/client.py").write_text("")
    (source / "pdworker/__pycache__/client.pyc").write_text("")
    return External(source)


def installed(external):
    return sorted(
        str(path.relative_to(external.folder)) for path in external.folder.rglob("*") if path.is_file()
    )


def test_builds_and_installs_and_the_second_time_nothing(external):
    assert ensure([external], yes=True)
    assert installed(external) == sorted([".dlwa.json", "pdworker/client.py", "py-help.pd", "py.pd_linux"])
    assert not ensure([external], yes=True)
    assert sorted(path.name for path in external.source.iterdir()) == [
        "Makefile",
        "modelfiles",
        "pdworker",
        "py-help.pd",
        "src",
    ]


@pytest.mark.parametrize("file", ["src/py.cpp", "pdworker/client.py", "py-help.pd", "pdworker/new.py"])
def test_a_changed_source_is_noticed(external, file):
    ensure([external], yes=True)
    (external.source / file).write_text("two")
    assert external.missing()
    ensure([external], yes=True)
    assert external.missing() == []
    assert (external.folder / "py.pd_linux").read_text() == (external.source / "src/py.cpp").read_text()


def test_only_its_own_sources_build_the_binary_anew(external, capsys):
    ensure([external], yes=True)
    (external.source / "pdworker/client.py").write_text("two")
    capsys.readouterr()
    ensure([external], yes=True)
    assert "--old-file=py.pd_linux" in capsys.readouterr().out
    assert (external.folder / "pdworker/client.py").read_text() == "two"
    assert (external.folder / "py.pd_linux").read_text() == "one"
    (external.source / "src/py.cpp").write_text("two")
    ensure([external], yes=True)
    assert "--old-file" not in capsys.readouterr().out
    assert (external.folder / "py.pd_linux").read_text() == "two"


def test_what_a_developers_make_leaves_does_not_count(external):
    ensure([external], yes=True)
    (external.source / "py.pd_linux").write_text("developer's")
    (external.source / "src/py.o").write_text("developer's")
    assert external.missing() == []


def test_a_failed_build_leaves_the_old_library(external, capsys):
    ensure([external], yes=True)
    (external.source / "Makefile").write_text("install:\n\t@echo no pybind11 here; false\n")
    with pytest.raises(UserError):
        ensure([external], yes=True)
    assert "no pybind11 here" in capsys.readouterr().err
    assert (external.folder / "py.pd_linux").read_text() == "one"
    assert [path.name for path in external.folder.parent.iterdir()] == ["pyext"]


def test_an_interrupted_swap_is_mended(external):
    ensure([external], yes=True)
    rest = external.folder.parent / ".pyext-rest"
    rest.mkdir()
    external.folder.rename(rest / "old")
    ensure([external], yes=True)
    assert [path.name for path in external.folder.parent.iterdir()] == ["pyext"]


def test_half_a_checkout_is_named(external, capsys):
    shutil.rmtree(external.source)
    with pytest.raises(UserError):
        ensure([external], yes=True)
    assert "no Makefile" in capsys.readouterr().err


@pytest.fixture
def an_ordinary_user():
    """root may change any folder: these tests are another user's, where it runs them."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield
    os.seteuid(was)


def test_what_went_wrong_is_told_where_nothing_may_be_changed_any_more(an_ordinary_user):
    parent = Path(tempfile.mkdtemp())  # pytest's own folder is its user's alone
    with pytest.raises(FileNotFoundError), scratch_folder(parent, "stage-") as stage:
        parent.chmod(0o555)
        (stage / "missing").read_text()
    parent.chmod(0o755)
    with scratch_folder(parent, "stage-") as stage:
        (stage / "file").write_text("")
    assert not stage.exists()
    shutil.rmtree(parent)
