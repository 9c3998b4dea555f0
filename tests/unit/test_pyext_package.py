"""The external as a package: one version everywhere, what `make install` and `make deken` put where."""

import hashlib
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from support.external import EXTERNAL

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "pyext_py3"
VERSION = (ROOT / "VERSION").read_text().strip()
OBJECTS = ["py", "pyext", "pyext~", "pym", "pystream~"]
PACKAGES = ("pdworker", "modelfiles")


@pytest.fixture
def source(tmp_path):
    """A copy of the sources beside a binary that is there already, with Python's caches in its packages."""
    if not (EXTERNAL / "py.pd_linux").exists():
        pytest.fail("the external is not built: setup/dlwa install")
    copy = tmp_path / "source"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.o", "*.pd_linux", "build"))
    shutil.copy(EXTERNAL / "py.pd_linux", copy)
    for package in PACKAGES:
        (copy / package / "__pycache__").mkdir()
        (copy / package / "__pycache__/old.pyc").write_text("")
    return copy


def make(source, *arguments):
    """Run make without building the binary anew."""
    command = ["make", "-C", str(source), "-o", "py.pd_linux", *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def relative_files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def package_files(source):
    paths = [path for package in PACKAGES for path in (source / package).rglob("*") if path.is_file()]
    return {str(path.relative_to(source)) for path in paths if "__pycache__" not in path.parts}


@pytest.mark.parametrize("patch", sorted(SOURCE.glob("*.pd")), ids=lambda patch: patch.name)
def test_every_patch_states_the_version(patch):
    text = patch.read_text()
    stated = re.findall(r"VERSION (\S+?),|pyext (\d\S*?);", text)
    assert stated and {first or second for first, second in stated} == {VERSION}


def test_the_meta_patch_lists_every_object():
    assert [path.name.removesuffix("-help.pd") for path in sorted(SOURCE.glob("*-help.pd"))] == OBJECTS
    line = re.search(r"LIBRARY ([^,;]*)", (SOURCE / "py-meta.pd").read_text())
    assert sorted(line[1].split()) == OBJECTS


def test_make_install_twice(source, tmp_path):
    target = tmp_path / "my externals"
    for _ in range(2):
        make(source, "install", f"PDLIBDIR={target}")
        names = relative_files(target / "pyext")
        link = {name for name in names if re.fullmatch(r"py\.linux-\w+-64\.so", name)}
        patches = {path.name for path in source.glob("*.pd")}
        expected = {"py.pd_linux", "pyext_help.py", "README.md", "LICENSE"} | patches | package_files(source)
        assert len(link) == 1
        assert names - link == expected
        assert (target / "pyext" / link.pop()).resolve() == target / "pyext/py.pd_linux"
        (target / "pyext/pdworker/of_an_older_version.py").write_text("")


def test_make_deken(source):
    make(source, "deken")
    (package,) = (source / "build").glob("*.dek")
    assert package.name.startswith(f"pyext[v{VERSION}](Linux-")
    names = set(zipfile.ZipFile(package).namelist())
    for name in {"py.pd_linux", "py-meta.pd", "Makefile", "VERSION", "LICENSE", "src/py.cpp"} | package_files(
        source
    ):
        assert f"pyext/{name}" in names
    assert not any(name.endswith((".o", ".pyc")) for name in names)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert Path(f"{package}.sha256").read_text() == f"{digest}  {package.name}\n"
    lines = Path(f"{package}.txt").read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == OBJECTS
