"""Gather all that an installation needs into a folder, for laptops without a network.

Made on a machine of the same kind as the laptops: distribution, processor, system Python. On a laptop then:

    tar xzf FOLDER/course.tar.gz && course/setup/dlwa install --from FOLDER

Started again it keeps what is in the folder already.
"""

import errno
import json
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import Activity, human_size, say
from dlwakit.base.files import copy, remove, sha256, write_json
from dlwakit.base.paths import ROOT, find_python
from dlwakit.book.build import BOOK, build, is_current
from dlwakit.course import registry
from dlwakit.course.bundle import COURSE, FACTS, machine, wheels_folder
from dlwakit.course.days import find_day
from dlwakit.install import apt
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment
from dlwakit.install.packages import PLAY
from dlwakit.install.system import python_version

CLASS = ROOT / "setup/classroom.yml"
KEYS = ("days", "checkpoints", "environments")
WHOLE = ("ok", "unverified")
FULL = 20e6  # bytes left on a disk that counts as full
TO_JSON = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"


def add_arguments(parser):
    """FOLDER, --class, --yes."""
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument(
        "--class", dest="classroom", metavar="FILE", type=Path, default=CLASS,
        help="what the class gets: days, checkpoints, environments (default: setup/classroom.yml)",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Gather everything, then write down what there is."""
    start = time.monotonic()
    folder = args.folder.expanduser().resolve()
    _check_folder(folder)
    ensure([Environment("torch")], yes=args.yes)
    wanted = _classroom(args.classroom)
    environments = [Environment(name) for name in wanted["environments"]]
    ensure([*environments, Environment("book")], yes=args.yes)
    for environment in environments:
        _check_python(environment)
    checkpoints = _checkpoints(wanted["days"], wanted["checkpoints"])
    try:
        size = _gather(folder, environments, checkpoints)
    except (UserError, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC or shutil.disk_usage(folder).free < FULL:
            raise UserError(
                "file",
                f"the disk of {folder} is full",
                "Make room there; the same command goes on from here.",
            ) from None
        if isinstance(error, OSError):
            raise UserError("file", f"{error.filename or folder}: {error.strerror}") from None
        raise
    say(f"{folder}: {human_size(size)}, {time.monotonic() - start:.0f} s")
    say("On each laptop, in the folder where the course shall be:")
    say(f"  tar xzf FOLDER/{COURSE} && course/setup/dlwa install --from FOLDER")
    return 0


def _check_folder(folder):
    """Only an empty folder, or one that this command has begun, is written to."""
    ours = {FACTS, COURSE, "wheels", "packages", "checkpoints"}
    others = sorted({path.name for path in folder.iterdir()} - ours) if folder.is_dir() else []
    if others:
        raise UserError("state", f"{folder} has other things in it: {others[0]}", "Name a new folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError("file", f"{folder}: {error.strerror}") from None


def _classroom(file):
    """{"days", "checkpoints", "environments"} of a classroom.yml, read by the PyYAML of the environment `torch`."""
    try:
        text = file.expanduser().read_bytes()
    except OSError as error:
        raise UserError("file", f"{file}: {error.strerror}", f"An example: {CLASS}") from None
    done = subprocess.run([find_python("torch"), "-c", TO_JSON], input=text, capture_output=True, check=False)
    if done.returncode:
        raise UserError("file", f"{file} is not YAML", done.stderr.decode(errors="replace").strip())
    settings = json.loads(done.stdout)
    lists = isinstance(settings, dict) and all(isinstance(value, list) for value in settings.values())
    if not lists or not set(settings) <= set(KEYS):
        raise UserError(
            "input",
            f"{file}: made of lists with the names {', '.join(KEYS)}, nothing else",
            f"An example: {CLASS}",
        )
    return {
        "days": [find_day(str(word)) for word in settings.get("days", [])],
        "checkpoints": [str(name) for name in settings.get("checkpoints", [])],
        "environments": [str(name) for name in settings.get("environments", ["torch"])],
    }


def _check_python(environment):
    """A laptop without a network has the system's Python alone."""
    here, system = python_version(find_python(environment.environment)), machine()["python"]
    if here != system:
        raise UserError(
            "environment",
            f"'{environment.environment}' has Python {here} here, but the laptops only have the system's {system}",
            "Such a bundle would not install. Take the environment out of the class's file.",
        )


def _checkpoints(days, names):
    """{file name: Entry}: the days' official ones that are here, and those named, which must be. Raises UserError."""
    found = []
    for entry in (entry for day in days for entry in registry.of_day(day) if entry.kind == "official"):
        if registry.state(entry) in WHOLE:
            found.append(entry)
        else:
            say(f"Left out: {entry.name} of {entry.day}, {registry.state(entry)}")
    movable = {entry.name: entry for entry in registry.entries() if entry.kind != "starter"}
    for name in names:
        if name not in movable:
            raise UserError(
                "input", f"there is no checkpoint '{name}'", f"Known: {', '.join(movable) or 'none'}"
            )
        entry = movable[name]
        if registry.state(entry) not in WHOLE:
            action = "get" if entry.kind == "official" else "add"
            raise UserError(
                "checkpoint",
                f"the checkpoint '{name}' is {registry.state(entry)}",
                f"setup/dlwa checkpoints {action} {name}",
            )
        found.append(entry)
    return {entry.path.name: entry for entry in found}


def _gather(folder, environments, checkpoints):
    """Fill the folder; bundle.json, which makes it a bundle, comes last. Returns its bytes."""
    (folder / FACTS).unlink(missing_ok=True)
    say("The course, with the book of its lessons")
    if not is_current():
        build(BOOK)
    pack_course(folder / COURSE)
    say(f"  {human_size((folder / COURSE).stat().st_size)}")
    say("System packages")
    apt.gather(PLAY, folder / "packages")
    homes = [folder / wheels_folder(environment) for environment in environments]
    for old in (folder / "wheels").glob("*"):
        if old not in homes:
            remove(old)
    for environment, home in zip(environments, homes):
        say(f"Packages of {environment.name}")
        home.mkdir(parents=True, exist_ok=True)
        environment.gather(home)
    remove(folder / "checkpoints")
    for file, entry in checkpoints.items():
        say(f"Checkpoint {entry.name}, licence: {entry.licence}")
        copy(entry.path, folder / "checkpoints" / file)
    known = registry.recorded()
    with Activity("checksums"):
        files = {
            path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)}
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    facts = {
        "machine": machine(),
        "environments": [environment.environment for environment in environments],
        "checkpoints": {file: known[file] for file in checkpoints},
        "files": files,
    }
    write_json(folder / FACTS, facts)
    return sum(file["bytes"] for file in files.values())


def pack_course(target, book=BOOK):
    """This checkout's own files as they stand, without its history, and the book, which a laptop then need not make."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False
    ).stdout.split("\0")
    files = {name: ROOT / name for name in listed if name and (ROOT / name).exists()}
    if not files:
        raise UserError(
            "environment",
            f"{ROOT} is no git clone, so its own files cannot be told from others",
            "git clone it.",
        )
    files |= {f"book/{path.relative_to(book)}": path for path in sorted(book.rglob("*")) if path.is_file()}
    with tarfile.open(target, "w:gz") as archive:
        for name, path in files.items():
            archive.add(path, f"course/{name}")
