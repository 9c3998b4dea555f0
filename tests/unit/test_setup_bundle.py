"""A class's bundle: gathered from a small package source, then installed elsewhere with no server to ask.

apt, dpkg, pip and venv are the real ones; the environment and the distribution's packages are tiny.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from dlwakit.base.files import sha256, write_json
from dlwakit.install import apt
from dlwakit.install.external import BINARY, External
from dlwakit.install.external import STAMP as EXTERNAL_STAMP
from dlwakit.install.packages import PLAY
from dlwakit.install.system import system_python_facts
from support.course_copy import CourseCopy
from support.tools import cannot, without

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
NOWHERE = "http://127.0.0.1:9"  # no server listens there
NO_SERVER = {"PIP_INDEX_URL": NOWHERE, "PIP_EXTRA_INDEX_URL": NOWHERE, "PIP_FIND_LINKS": ""}

pytestmark = pytest.mark.needs("apt-get", "unshare")


def wheel(folder, name):
    """A package with one module of its name."""
    folder.mkdir(exist_ok=True)
    facts = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", "")
        file.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{facts}/RECORD", "")


def distribution(folder):
    """A package source with what playing needs, all of it empty; one package needs a further one.

    Returns the file that APT_CONFIG has to name.
    """
    source = folder / "source"
    (folder / "lists/partial").mkdir(parents=True)
    for name in [*PLAY, "libtoy"]:
        control = folder / name / "DEBIAN/control"
        control.parent.mkdir(parents=True)
        needs = "Depends: libtoy\n" if name == "make" else ""
        control.write_text(
            f"Package: {name}\nVersion: 1:2.0\nArchitecture: all\n{needs}Maintainer: t <t@example.org>\n"
            "Description: empty\n"
        )
        source.mkdir(exist_ok=True)
        command = ["dpkg-deb", "--root-owner-group", "--build", folder / name, source / f"{name}.deb"]
        subprocess.run(command, check=True, capture_output=True)
    apt.write_index(source)
    (folder / "sources.list").write_text(f"deb [trusted=yes] copy:{source} ./\n")
    config = folder / "apt.conf"
    config.write_text(
        f'Dir::Etc::SourceList "{folder}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
        f'Dir::State::Lists "{folder}/lists";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
        'APT::Sandbox::User "root";\nDebug::NoLocking "true";\n'
    )
    environment = {**os.environ, "APT_CONFIG": str(config)}
    subprocess.run(["apt-get", "update"], env=environment, check=True, capture_output=True)
    return config


GENERATOR = """#!/bin/sh
cd docs && find . -name '*.md' | while read -r page; do
    mkdir -p "../site/${page%/*}"
    echo '<article class="md-content__inner md-typeset">lesson</article>' > "../site/${page%.md}.html"
done
"""


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """`(course, bundle folder, variables)` of an instructor who bundled day 1 and a network of their own."""
    if system_python_facts().get("version") != VERSION:
        cannot("these tests run in another Python than the system's")
    folder = tmp_path_factory.mktemp("instructor")
    course = CourseCopy(folder)
    course.add_day()
    facts = {"for": "tests", "pythons": [VERSION], "pip": [["torch.txt"]],
             "check": "import tune", "minutes": 1, "megabytes": 1}  # fmt: skip
    both = {"torch": facts, "book": {**facts, "pip": [["book.txt"]]}}
    (course.root / "environments/index.json").write_text(json.dumps(both))
    (course.root / "environments/torch.txt").write_text("tune==1.0\n")
    generator = folder / "generator"  # of pages that say one word
    generator.write_text(GENERATOR)
    generator.chmod(0o755)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=course.root, check=True)
    wheel(folder / "wheels", "tune")
    variables = {
        "PIP_FIND_LINKS": str(folder / "wheels"),
        "PIP_NO_INDEX": "1",
        "DLWA_PYTHON_TORCH": sys.executable,
        "DLWA_PYTHON_BOOK": str(generator),
        "APT_CONFIG": str(distribution(folder / "distribution")),
    }
    (folder / "voice.mag").write_bytes(bytes(1000))
    assert course.dlwa("checkpoints", "add", folder / "voice.mag").returncode == 0
    (folder / "class.yml").write_text("days: [1]\ncheckpoints: [voice]\n")
    target = folder / "my stick"
    said = course.dlwa("bundle", target, "--class", folder / "class.yml", **variables)
    assert said.returncode == 0, said.stderr
    assert "course.tar.gz" in said.stdout
    return course, target, variables


def venv(folder):
    """A new virtual environment; its pip is a link to ours, which takes no time."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    place = f"lib/python{VERSION}/site-packages/pip"
    (folder / place).symlink_to(Path(sys.prefix, place))


@pytest.fixture
def laptop(classroom, tmp_path):
    """Another machine's home and checkout, from the bundle; the external counts as built, and a venv is there."""
    copy = CourseCopy(tmp_path / "laptop")
    venv(copy.data / "environments/torch")
    shutil.rmtree(copy.root)
    command = ["tar", "xzf", classroom[1] / "course.tar.gz", "-C", copy.root.parent]
    subprocess.run(command, check=True)
    (copy.root.parent / "course").rename(copy.root)
    external = External(copy.root / "pyext_py3", copy.home / ".local/lib/pd/extra/pyext")
    write_json(external.folder / EXTERNAL_STAMP, external._stamp())
    (external.folder / BINARY).touch()
    return copy


def test_what_a_bundle_holds(classroom):
    _, folder, _ = classroom
    facts = json.loads((folder / "bundle.json").read_text())
    names = set(facts["files"])
    assert {"course.tar.gz", "packages/Packages", "checkpoints/voice.mag"} < names
    assert {name.split("_")[0] for name in names if name.endswith(".deb")} == {
        f"packages/{package}" for package in [*PLAY, "libtoy"]
    }
    assert [name.rpartition("/")[2] for name in names if name.endswith(".whl")] == [
        "tune-1.0-py3-none-any.whl"
    ]
    assert all(sha256(folder / name) == file["sha256"] for name, file in facts["files"].items())
    assert names | {"bundle.json"} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }


def test_a_laptop_is_installed_from_it_with_no_server_in_reach(classroom, laptop):
    _, folder, _ = classroom
    said = laptop.dlwa("install", "--from", folder, "--yes", **NO_SERVER)
    assert said.returncode == 0, said.stdout + said.stderr
    python = laptop.data / "environments/torch/bin/python"
    assert subprocess.run([python, "-c", "import tune"], check=False).returncode == 0
    assert (laptop.data / "checkpoints/voice.mag").stat().st_size == 1000
    assert "own" in laptop.dlwa("checkpoints", "list").stdout
    again = laptop.dlwa("install", "--from", folder, **NO_SERVER)
    assert (again.returncode, "Everything is there already" in again.stdout) == (0, True)


def test_apt_takes_the_bundles_packages_and_no_others(classroom):
    _, folder, _ = classroom
    with apt.options_for(folder / "packages") as options:
        for arguments in (
            ["update"],
            ["install", "--simulate", "-o", "Dir::State::status=/dev/null", "make"],
        ):
            done = subprocess.run(["apt-get", *options, *arguments], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    assert "Inst make (1:2.0" in done.stdout and "Inst libtoy (1:2.0" in done.stdout


def flip(folder):
    file = next(folder.rglob("*.whl"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def lose(folder):
    (folder / "packages/make_1_3a2.0_all.deb").unlink()


def unfinish(folder):
    (folder / "bundle.json").unlink()


def other_machine(folder):
    file = folder / "bundle.json"
    file.write_text(file.read_text().replace('"python": "', '"python": "1'))


def other_versions(folder):
    (home,) = (folder / "wheels").iterdir()
    facts = (folder / "bundle.json").read_text()
    (folder / "bundle.json").write_text(facts.replace(home.name, "torch-0"))
    home.rename(home.with_name("torch-0"))


@pytest.mark.parametrize(
    "harm, line",
    [
        (flip, "tune-1.0-py3-none-any.whl: it is not as it was made"),
        (lose, "make_1_3a2.0_all.deb: No such file"),
        (unfinish, "is no finished bundle"),
        (other_machine, "this bundle is for"),
        (other_versions, "other versions of 'torch'"),
    ],
)
def test_a_bundle_that_is_not_right_gets_one_line_and_nothing_is_installed(
    classroom, laptop, tmp_path, harm, line
):
    folder = shutil.copytree(classroom[1], tmp_path / "copy")
    harm(folder)
    said = laptop.dlwa("install", "--from", folder, "--yes", **NO_SERVER)
    assert said.returncode == 1
    assert line in said.stderr.splitlines()[0]
    assert len(said.stderr.splitlines()) == 2
    assert [path.name for path in laptop.data.iterdir()] == ["environments"]
    assert not list(laptop.data.glob("environments/torch/lib/*/site-packages/tune*"))


def test_an_environment_that_is_not_in_it(classroom, laptop):
    index = laptop.root / "environments/index.json"
    facts = json.loads(index.read_text())
    index.write_text(json.dumps({**facts, "tensorflow": facts["torch"]}))
    said = laptop.dlwa("install", "--from", classroom[1], "--env", "tensorflow", "--yes", **NO_SERVER)
    assert (said.returncode, "'tensorflow' is not in this bundle" in said.stderr) == (1, True)


@pytest.mark.parametrize(
    "text, line",
    [
        ("days: [1", "is not YAML"),
        ("days: 1", "made of lists"),
        ("dias: [1]", "made of lists"),
        ("days: [9]", "there is no day '9'"),
        ("checkpoints: [nobody]", "there is no checkpoint 'nobody'"),
        ("environments: [caffe]", "there is no environment 'caffe'"),
    ],
)
def test_a_wrong_class_file_is_told_before_anything_is_gathered(classroom, tmp_path, text, line):
    course, _, variables = classroom
    (tmp_path / "class.yml").write_text(text)
    said = course.dlwa("bundle", tmp_path / "new", "--class", tmp_path / "class.yml", **variables)
    assert (said.returncode, line in said.stderr.splitlines()[0]) == (1, True), said.stderr
    assert not list((tmp_path / "new").iterdir())


def test_a_folder_with_other_things_in_it_is_left_alone(classroom, tmp_path):
    course, _, variables = classroom
    (tmp_path / "thesis.txt").touch()
    said = course.dlwa("bundle", tmp_path, **variables)
    assert (said.returncode, "has other things in it: thesis.txt" in said.stderr) == (1, True)


def test_a_full_disk_is_told_and_leaves_no_bundle(classroom, tmp_path):
    course, _, variables = classroom
    mount = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*mount, f"mount -t tmpfs tmpfs {tmp_path}"], capture_output=True).returncode:
        without("mounting a file system in a namespace of its own")
    script = (
        f'mount -t tmpfs -o size=64k tmpfs {tmp_path} && "$@"; status=$?; ls {tmp_path}/stick; exit $status'
    )
    command = [sys.executable, course.root / "setup/dlwa", "bundle", tmp_path / "stick", "--class"]
    said = subprocess.run(
        [*mount, script, "sh", *command, course.home.parent / "class.yml"],
        env=course.environment(**variables), capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 1
    assert f"the disk of {tmp_path}/stick is full" in said.stderr
    assert "Traceback" not in said.stderr
    assert "bundle.json" not in said.stdout


def test_doctor_has_one_line_to_compare_the_laptops(laptop):
    (line,) = laptop.dlwa("doctor", "--class").stdout.splitlines()
    assert line.startswith("MISSING pyext, the Pd external, the Python environment 'torch'  course ")
    (laptop.root / "01_toy/toy.pd").write_text("#N canvas 0 0 450 300 12;\n")
    (other,) = laptop.dlwa("doctor", "--class").stdout.splitlines()
    course, checkpoints = (
        [word for word, after in zip(line.split("  "), other.split("  ")) if word == after and start in word]
        for start in ("course", "checkpoints")
    )
    assert (course, len(checkpoints)) == ([], 1)
