"""`setup/dlwa release`: what it refuses, and what it makes."""

import hashlib
import shutil
import subprocess
import tarfile

import pytest
from support.course_copy import ROOT, CourseCopy

CHANGES = """# Changelog

## [Unreleased]

## [{version}] - 2030-01-01

### Added
- All.

## [0.1.0]

- Some.
"""
VERSION = "9.8.7"
MAKEFILE = """
deken:
	mkdir build
	echo packed > "build/pyext[v$(shell cat VERSION)](Linux-amd64-32)(Sources).dek"
"""


@pytest.fixture
def course(tmp_path):
    """A course in git that can be released, with a small external."""
    course = CourseCopy(tmp_path)
    root = course.root
    (root / "VERSION").write_text(f"{VERSION}\n")
    (root / "CHANGELOG.md").write_text(CHANGES.format(version=VERSION))
    (root / "CITATION.cff").write_text(f"title: Course\nversion: {VERSION}\n")
    (root / "pyext_py3/Makefile").write_text(MAKEFILE)
    (root / "pyext_py3/VERSION").symlink_to("../VERSION")
    shutil.copy(ROOT / ".gitignore", root)
    git(course, "init", "-q")
    commit(course)
    return course


def git(course, *words):
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", "-C", course.root, *identity, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(course):
    git(course, "add", "-A")
    git(course, "commit", "-qm", "all")


def test_a_release_is_the_external_and_the_course_with_their_checksums(course, tmp_path):
    said = course.dlwa("release", "--out", tmp_path / "out", "--yes")
    assert said.returncode == 0, said.stderr
    archive = tmp_path / f"out/dlwa-{VERSION}.tar.gz"
    package = f"pyext[v{VERSION}](Linux-amd64-32)(Sources).dek"
    assert sorted(path.name for path in archive.parent.iterdir()) == sorted(
        [archive.name, f"{archive.name}.sha256", package]
    )
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert (tmp_path / f"out/{archive.name}.sha256").read_text() == f"{digest}  {archive.name}\n"
    with tarfile.open(archive) as packed:
        names = packed.getnames()
    assert f"dlwa-{VERSION}/setup/dlwa" in names and not any("home" in name for name in names)
    assert f"git tag -a v{VERSION}" in said.stdout
    assert git(course, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "file, text, complaint",
    [
        ("CHANGELOG.md", CHANGES.format(version="9.8.6"), f"no entries under [{VERSION}]"),
        ("CHANGELOG.md", CHANGES.format(version=VERSION).replace("\n\n## [9", "\n\n- New.\n\n## [9"), "[Unreleased]"),
        ("CITATION.cff", "version: 9.8.6\n", "CITATION.cff is not about version"),
    ],
)  # fmt: skip
def test_a_checkout_that_does_not_agree_is_refused(course, tmp_path, file, text, complaint):
    (course.root / file).write_text(text)
    commit(course)
    said = course.dlwa("release", "--out", tmp_path / "out", "--yes")
    assert said.returncode == 1
    assert complaint in said.stderr
    assert not (tmp_path / "out").exists()


def test_a_change_that_is_not_committed_or_a_version_that_is_out_is_refused(course):
    assert course.dlwa("release", "--check").stdout == f"Version {VERSION} can be released.\n"
    (course.root / "new.txt").touch()
    git(course, "tag", f"v{VERSION}")
    said = course.dlwa("release", "--check")
    assert said.returncode == 1
    assert "git status" in said.stderr and "raise the number in VERSION" in said.stderr
