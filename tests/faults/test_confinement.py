"""What a worker cannot do to the machine: with Landlock, with bubblewrap, with neither; as root and as another user."""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pdworker.confinement import landlock_version
from pdworker.host import process
from pdworker.host.models import ShownModels
from pdworker.host.sandbox import obstacle
from pdworker.rights import Rights
from support.hostile_attempts import FILES, READS, SHARED, SIGNALS, SYSTEM
from support.waiting import wait_until
from support.worker_desk import FAULTS

PYEXT = FAULTS.parents[1] / "pyext_py3"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
USERS = ["myself", "nobody"] if os.geteuid() == 0 else ["myself"]
LANDLOCK = landlock_version()
NOT_HERE = "this kernel has no Landlock, or an old one"


def test_continuous_integration_has_something_that_confines():
    """So that nothing below is skipped there in silence."""
    if os.environ.get("CI"):
        assert LANDLOCK or not obstacle()


@pytest.fixture
def place():
    """A folder that everybody may change, with a file, an empty folder and this folder's programs."""
    folder = Path(tempfile.mkdtemp())
    for name in ("target", "scratch", "programs/pdworker"):
        folder.joinpath(name).mkdir(parents=True)
    for name in ("__init__", "confinement", "rights", "system_calls"):
        shutil.copy(PYEXT / f"pdworker/{name}.py", folder / "programs/pdworker")
    shutil.copy(FAULTS.parent / "support/hostile_attempts.py", folder / "programs")
    kept = folder / "target/kept"
    kept.write_text("kept")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    yield folder
    SHARED.unlink(missing_ok=True)
    shutil.rmtree(folder)


@pytest.fixture(params=USERS)
def user(request):
    """What comes before a command for it to run as this user."""
    return NOBODY if request.param == "nobody" else []


@pytest.fixture
def victim(user):
    process = subprocess.Popen([*user, "sleep", "300"], start_new_session=True, env={"SECRET": "1"})
    yield process
    process.kill()
    process.wait()


def tried(user, place, victim, rights, *without):
    """What a process with these rights could not do: {what: error}, 0 for what it could."""
    text = Rights.from_text(
        json.dumps({**json.loads(rights.to_text()), "scratch": str(place / "scratch")})
    ).to_text()
    programs = place / "programs"
    words = [
        str(programs / "hostile_attempts.py"),
        str(programs),
        text,
        str(place / "target"),
        str(victim.pid),
    ]
    command = [*user, "/usr/bin/python3", "-B", *words, *without]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def done(outcome, names):
    return [name for name in names if not outcome[name]]


def assert_untouched(place, victim):
    target = place / "target"
    assert [path.name for path in target.iterdir()] == ["kept"]
    assert (target / "kept").read_text() == "kept"
    assert (target / "kept").stat().st_mode & 0o777 == 0o666
    assert (target / "kept").stat().st_mtime > 1
    assert not SHARED.exists()
    assert victim.poll() is None


@pytest.mark.skipif(not LANDLOCK, reason=NOT_HERE)
def test_with_landlock_nothing_outside_is_read_changed_or_signalled(user, place, victim):
    outcome = tried(user, place, victim, Rights(readable=(), writable=()))
    wanted = (*READS, *FILES, *SYSTEM, *(SIGNALS if LANDLOCK >= 6 else ()))
    assert done(outcome, wanted) == []
    if LANDLOCK >= 6:
        assert_untouched(place, victim)


@pytest.mark.skipif(not LANDLOCK, reason=NOT_HERE)
def test_what_is_readable_or_writable_is_no_more_than_that(user, place, victim):
    outcome = tried(user, place, victim, Rights(readable=(str(place / "target"),), writable=()))
    assert done(outcome, READS) == ["read", "list"]
    assert done(outcome, FILES) == []
    outcome = tried(user, place, victim, Rights(readable=(), writable=(str(place / "target"),)))
    assert done(outcome, FILES)[:2] == ["make", "change"]
    assert outcome["shared memory"] == errno.EACCES


def test_without_landlock_nobody_gets_a_socket_or_traces(user, place, victim):
    outcome = tried(user, place, victim, Rights(readable=(), writable=()), "without")
    assert done(outcome, (*SYSTEM, "truncate", "mode", "times")) == []


def test_a_worker_without_bounds_for_files_makes_no_socket_either(user, place, victim):
    outcome = tried(user, place, victim, Rights())
    assert done(outcome, SYSTEM) == []
    assert not outcome["make"]


def strangers_program(place, victim, *options):
    """The lines of confined_worker."""
    words = [str(FAULTS / "confined_worker.py"), str(PYEXT), str(place / "target"), str(victim.pid), *options]
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("user", ["myself"], indirect=True)
@pytest.mark.parametrize("options", [(), ("without-landlock",), ("without-bubblewrap",)], ids=str)
def test_a_strangers_program_does_nothing_outside(place, victim, options):
    if "without-landlock" in options and obstacle():
        pytest.skip(f"no bubblewrap here: {obstacle()}")
    if "without-bubblewrap" in options and LANDLOCK < 6:
        pytest.skip(NOT_HERE)
    *logs, (what, outcome) = strangers_program(place, victim, *options)
    assert what == "result", outcome
    assert done(outcome, (*READS, *SYSTEM)) == []
    assert_untouched(place, victim)
    assert bool(logs) == ("without-bubblewrap" in options)


@pytest.mark.parametrize("user", ["myself"], indirect=True)
def test_where_nothing_protects_a_strangers_program_does_not_start_unless_trusted(place, victim):
    nothing = ("without-landlock", "without-bubblewrap")
    ((what, error),) = strangers_program(place, victim, *nothing)
    assert what == "error" and "nothing here can confine it" in error and "--trusted" in error
    assert_untouched(place, victim)
    (_, log), (what, _) = strangers_program(place, victim, *nothing, "trusted")
    assert what == "result" and "not confined" in log


@pytest.mark.parametrize("user", ["myself"], indirect=True)
@pytest.mark.parametrize(
    "options", [(), ("without-landlock",), ("without-landlock", "without-bubblewrap")], ids=str
)
def test_a_worker_that_reads_weights_alone_is_confined_by_what_there_is(place, victim, options):
    """By Landlock; by bubblewrap where the kernel has none; and where there is neither, a line says so."""
    if options == ("without-landlock",) and obstacle():
        pytest.skip(f"no bubblewrap here: {obstacle()}")
    if not options and not LANDLOCK:
        pytest.skip(NOT_HERE)
    *logs, (what, outcome) = strangers_program(place, victim, "weights", *options)
    assert what == "result", outcome
    assert done(outcome, SYSTEM) == []
    if len(options) == 2:
        assert "not confined" in logs[0][1]
    else:
        assert logs == [] and done(outcome, READS) == []
        assert_untouched(place, victim)


# What a worker gets of the person's files and variables.


@pytest.fixture
def confined(desk, monkeypatch):
    """A running hostile_worker that may read and change nothing but what calls hand it."""
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    worker = desk.worker("hostile_worker", start=False, rights=Rights(readable=(), writable=()))
    desk.start(worker)
    return worker


def test_it_gets_no_keys_and_a_home_of_its_own(desk, confined):
    desk.call(confined, "variables")
    variables = desk.wait("variables result")[0]
    assert not {"SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY"} & set(variables)
    assert variables["HOME"] == variables["TMPDIR"] != os.environ["HOME"]
    assert "PATH" in variables


def test_files_of_a_call_are_copies_and_take_their_place_whole(desk, confined, tmp_path):
    source, target = tmp_path / "a b.txt", tmp_path / "there.txt"
    source.write_text("text")
    desk.call(confined, "copy", reads={"source": str(source)}, writes={"target": str(target)})
    values, _ = desk.wait("copy result")
    assert target.read_text() == "text!" and source.read_text() == "text"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a b.txt", "there.txt"]
    assert not Path(values["source"]).exists() and not Path(values["target"]).exists()


@pytest.mark.parametrize(
    "case, complaint",
    [
        ("missing", "there is no file"),
        ("a folder", "Is a directory"),
        ("a pipe", "it is no file"),
        ("unwritable", "cannot be written"),
    ],
)
def test_files_that_cannot_be_used_are_one_line(desk, confined, tmp_path, case, complaint):
    source, target = tmp_path / case, tmp_path / "out.txt"
    if case == "a folder":
        source.mkdir()
    elif case == "a pipe":
        os.mkfifo(source)
    elif case == "unwritable":
        source.write_text("x")
        target = tmp_path / "nowhere/out.txt"
    desk.call(confined, "copy", reads={"source": str(source)}, writes={"target": str(target)})
    error = desk.wait("copy error")[0]
    assert complaint in error.message and str(target if case == "unwritable" else source) in error.message
    desk.call(confined, "variables")
    desk.wait("variables result")


@pytest.mark.parametrize("link", ["folder", "/etc/hostname", ""])
def test_what_is_left_in_a_files_place_is_not_followed(desk, confined, tmp_path, link):
    target = tmp_path / "take.wav"
    target.write_text("before")
    desk.call(confined, "cheat", writes={"target": str(target)}, link=link)
    assert desk.wait("cheat error")
    assert target.read_text() == "before"


@pytest.fixture
def model(tmp_path):
    """A model's folder, with a file of the person's beside it."""
    for name in ("model/config.json", "model/deep/weights", "secret"):
        tmp_path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(name).write_text(name)
    return tmp_path / "model"


def test_of_a_model_elsewhere_its_files_alone_are_read_and_none_is_changed(desk, confined, model):
    secret = str(model.parent / "secret")
    desk.call(confined, "look", shows={"model": str(model)}, model="model", beside=secret)
    seen, _ = desk.wait("look result")
    assert seen["files"] == ["config.json", "deep/weights"]
    assert (seen["name"], seen["text"]) == ("model", "model/config.json")
    if LANDLOCK:
        assert {seen["change"], seen["add"], seen["beside"]} == {"Permission denied"}
    assert (model / "config.json").read_text() == "model/config.json"


def test_what_is_wrong_with_a_model_elsewhere_is_told_by_its_own_path(desk, confined, model):
    desk.call(confined, "miss", shows={"model": str(model)}, model="model")
    assert desk.wait("miss error")[0].message == f"{model}/weights is damaged"


def test_a_link_in_a_model_leads_nowhere_else(desk, confined, model):
    (model / "more").symlink_to(model / "config.json")
    (model / "worse").symlink_to(model.parent / "secret")
    desk.call(confined, "look", shows={"model": str(model)}, model="model", beside="")
    assert (
        f"{model}/worse is a link that leads out of the model's folder" in desk.wait("look error")[0].message
    )
    (model / "worse").unlink()
    desk.call(confined, "look", shows={"model": str(model)}, model="model", beside="")
    assert desk.wait("look result")[0]["files"] == ["config.json", "deep/weights", "more"]


@pytest.mark.parametrize(
    "name, given, files",
    [
        ("a.zip", "a", ["a.config.json", "a.zip"]),
        ("ckpt-2.index", "ckpt-2", ["a.config.json", "ckpt-2.data-00000-of-00001", "ckpt-2.index"]),
    ],
)
def test_of_a_model_that_is_no_folder_what_belongs_to_it(tmp_path, name, given, files):
    for other in (
        "a.zip",
        "a.config.json",
        "ckpt-2.index",
        "ckpt-2.data-00000-of-00001",
        "diary.txt",
        "b.zip",
    ):
        (tmp_path / other).write_text("x")
    shown = tmp_path / "shown"
    shown.mkdir()
    models = ShownModels(shown)
    place = models.show(1, tmp_path / name, given)
    assert place.name == given and sorted(path.name for path in place.parent.iterdir()) == files
    models.show(2, tmp_path / "b.zip", "b.zip")
    models.keep(2)
    assert [path.name for path in shown.iterdir()] == ["2"]


def test_memory_has_a_limit(desk, confined):
    megabytes = (os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20) + 4096
    desk.call(confined, "eat", megabytes=megabytes)
    assert "MemoryError" in desk.wait("eat error")[0].message
    desk.call(confined, "variables")
    desk.wait("variables result")


def test_its_folder_goes_with_it_and_those_of_killed_pds_too(desk, confined, tmp_path, monkeypatch):
    desk.call(confined, "variables")
    folder = Path(desk.wait("variables result")[0]["TMPDIR"])
    assert folder.is_dir()
    confined.stop()
    wait_until(lambda: not folder.exists(), "its folder to go")
    left = Path(tempfile.gettempdir(), f"dlwa-{2**22 + 1}-left")
    left.mkdir()
    process.Exchange().close()
    assert not left.exists()
