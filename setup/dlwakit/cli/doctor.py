"""Check each component: is it there, does it work, and which command repairs it.

The exit status is 1 if something that playing needs is missing. With --class it prints one line, to compare the
laptops of a class.
"""

import json
import platform
import re
import shutil
import subprocess
from pathlib import Path

from modelfiles.errors import UserError
from pdworker.confinement import landlock_version
from pdworker.host.sandbox import obstacle

from dlwakit.base.console import human_size, say
from dlwakit.base.files import fingerprint
from dlwakit.base.paths import ENVIRONMENTS, EXTERNAL_SOURCE, ROOT, data_folder, library_folder
from dlwakit.course import registry
from dlwakit.course.days import all_days
from dlwakit.install import system
from dlwakit.install.environment import Environment, ToolsForTests, descriptions
from dlwakit.install.external import External
from dlwakit.install.packages import PLAY, TEST

OLDEST_PD = (0, 52)
PLACES_OF_EXTERNALS = [
    *map(
        Path,
        (
            "~/.local/lib/pd/extra",
            "~/pd-externals",
            "~/Documents/Pd/externals",
            "/usr/local/lib/pd-externals",
        ),
    ),
    *map(Path, ("/usr/lib/pd/extra", "/usr/local/lib/pd/extra", "/usr/lib/pd-externals")),
]
OTHER_PY = re.compile(r"(py|pyext|pyext~|pym)\.(pd_linux|l_i386|l_ia64|linux-.*\.so)")


def add_arguments(parser):
    """--json, --class."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    form.add_argument("--class", dest="line", action="store_true", help="print one line, to compare laptops")


def check(name, ok, found, fix="", needed=True):
    """One line of the report."""
    return {"name": name, "ok": bool(ok), "needed": needed, "found": found, "fix": "" if ok else fix}


def _system():
    name, version, title = system.distribution()
    python = system.system_python_facts().get("version", "no system Python")
    tried = system.tried()
    seen = f"tried {tried['date']} with Pd {tried['Pd']}: {tried['result']}" if tried else "never tried on it"
    return check(
        "system",
        (name, version) in system.SUPPORTED,
        f"{title}, Python {python}; {seen}",
        "made for Debian 12 and 13 and Ubuntu 22.04, 24.04 and 26.04; others may do as well",
        needed=False,
    )


def _packages(packages, needed):
    absent = [name for name, is_there in packages.items() if not is_there()]
    title = "system packages" if needed else "system packages for the tests"
    return check(
        title,
        not absent,
        f"missing: {', '.join(absent)}" if absent else f"all {len(packages)}",
        "setup/dlwa install" if needed else "setup/dlwa test",
        needed,
    )


def _pd_version():
    pd = shutil.which("pd")
    if pd is None:
        return check("Pd", False, "not found", "setup/dlwa install")
    done = subprocess.run([pd, "-version"], capture_output=True, text=True, timeout=20, check=False)
    text = (done.stdout + done.stderr).strip().splitlines()
    found = re.search(r"Pd-(\d+)\.(\d+)\S*", "\n".join(text))
    if not found:
        return check("Pd", False, f"{pd} does not tell its version", "setup/dlwa install")
    new_enough = (int(found[1]), int(found[2])) >= OLDEST_PD
    return check("Pd", new_enough, f"{found[0]}, {pd}", "a Pd of 0.52 or later from https://puredata.info")


def _external():
    component = External()
    missing = component.missing()
    if missing:
        return check(component.name, False, "; ".join(missing), component.fix)
    ok, console = load_in_pd()
    return check(
        component.name,
        ok,
        str(library_folder()) if ok else f"does not load: {console}",
        "setup/dlwa uninstall --yes && setup/dlwa install; a double-precision Pd (pd64) cannot load it",
    )


def _other_py():
    """Is there another `py` that Pd could load instead, such as the one of flext?"""
    folders = [*PLACES_OF_EXTERNALS, *_places_of_preferences()]
    paths = {path for folder in folders for level in ("*", "*/*") for path in folder.expanduser().glob(level)}
    found = sorted(
        str(path) for path in paths if OTHER_PY.fullmatch(path.name) and library_folder() not in path.parents
    )
    return check(
        "other Python externals",
        not found,
        ", ".join(found) or "none",
        f"move these away, or take them out of Pd's start-up libraries: {EXTERNAL_SOURCE.name} has the same names",
        needed=False,
    )


def _places_of_preferences():
    """The folders of Pd's search path, and of its start-up libraries, in the preferences of this user."""
    file = Path("~/.pdsettings").expanduser()
    lines = file.read_text(errors="replace") if file.is_file() else ""
    found = re.findall(r"^path\d+: *(/.+)$|^loadlib\d+: *(/.+)/", lines, re.MULTILINE)
    return [Path(path or library) for path, library in found]


def load_in_pd():
    """Let a real Pd load the library and end. Returns (whether it did, what Pd said if it did not)."""
    pd = shutil.which("pd")
    if pd is None:
        return False, "there is no Pd"
    command = [
        pd,
        "-nogui",
        "-noprefs",
        "-noaudio",
        "-nomidi",
        "-stderr",
        "-path",
        str(library_folder()),
        "-lib",
        "py",
        "-send",
        "pd quit",
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        return False, "Pd did not end within 30 s"
    said = [
        line for line in (done.stdout + done.stderr).splitlines() if re.search(r"(?i)can't load|error", line)
    ]
    return not said and done.returncode == 0, "; ".join(said) or f"Pd ended with {done.returncode}"


def _protection():
    """What keeps a model's program from the rest of the machine."""
    landlock, no_bubblewrap = landlock_version(), obstacle()
    parts = [
        f"Landlock {landlock}" if landlock else "no Landlock in this kernel",
        no_bubblewrap or "bubblewrap",
    ]
    return check(
        "protection from models",
        landlock or not no_bubblewrap,
        "; ".join(parts),
        "setup/dlwa install, for bubblewrap; Linux has Landlock from 5.13 on. Until then day 6 refuses .ts files",
        needed=False,
    )


def _environment(name):
    component = Environment(name)
    missing = component.missing()
    found = "; ".join(missing) if missing else f"{component.folder}; {component.facts['for']}"
    return check(component.name, not missing, found, component.fix, needed=name == "torch")


def _test_tools():
    component = ToolsForTests()
    missing = component.missing()
    return check(component.name, not missing, "; ".join(missing) or "there", component.fix, needed=False)


def _checkpoints(day):
    try:
        starters = [entry for entry in registry.of_day(day) if entry.kind == "starter"]
    except UserError as error:
        return check(f"checkpoints of {day.name}", False, error.message, f"git checkout -- {day.name}")
    bad = [f"{entry.name} {state}" for entry in starters if (state := registry.state(entry)) != "ok"]
    return check(
        f"checkpoints of {day.name}",
        bool(starters) and not bad,
        "; ".join(bad) or f"{len(starters)} starter checkpoints",
        f"git checkout -- {day.name}",
    )


def _existing(place):
    while not place.exists():
        place = place.parent
    return place


def _disk():
    place = _existing(data_folder())
    free = shutil.disk_usage(place).free
    return check(
        "disk", free > 3e9, f"{human_size(free)} free at {place}", "make room: 3 GB are needed", needed=False
    )


def _graphics_card():
    has = system.has_nvidia_card()
    return check(
        "NVIDIA card" if has else "no NVIDIA card needed",
        True,
        "found; PyTorch will use it" if has else "everything plays without one",
        needed=False,
    )


def report():
    """All checks, in the order in which things build on each other."""
    return [
        _system(),
        _disk(),
        _graphics_card(),
        _packages(PLAY, True),
        _pd_version(),
        _external(),
        _other_py(),
        _protection(),
        *(_environment(name) for name in descriptions()),
        *(_checkpoints(day) for day in all_days() if day.checkpoints),
        _packages(TEST, False),
        _test_tools(),
    ]


def class_line(checks):
    """What a class's laptops should have in common, then what is this one's own, in one line.

    'course' changes with every file of the checkout that counts, 'checkpoints' with the downloaded and own ones.
    """
    name, version, _ = system.distribution()
    pd = next(re.search(r"Pd-\S+[\d]", one["found"]) for one in checks if one["name"] == "Pd")
    environments = [name for name in descriptions() if not Environment(name).missing()]
    missing = [one["name"] for one in checks if one["needed"] and not one["ok"]]
    return "  ".join(
        [
            "MISSING " + ", ".join(missing) if missing else "ready",
            f"course {course_fingerprint()[:8]}",
            f"checkpoints {fingerprint({}, json.dumps(registry.recorded(), sort_keys=True))[:8]}",
            f"environments {', '.join(environments) or 'none'}",
            pd[0] if pd else "no Pd",
            f"{name} {version}",
            f"Python {system.system_python_facts().get('version', 'none')}",
            f"| {platform.node()}, {human_size(shutil.disk_usage(_existing(data_folder())).free)} free",
        ]
    )


def course_fingerprint():
    """64 hexadecimal digits for the checkout's programs, patches, versions and starter checkpoints."""
    folders = [day.folder for day in all_days()] + [EXTERNAL_SOURCE, ENVIRONMENTS, ROOT / "setup"]
    kinds = (".py", ".pd", ".json", ".txt", ".cpp", ".h", ".mag", ".safetensors")
    files = {
        path.relative_to(ROOT).as_posix(): path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in kinds and path.is_file()
    }
    return fingerprint(files)


def run(args):
    """Print the report; 1 if something needed is missing."""
    checks = report()
    ok = all(one["ok"] for one in checks if one["needed"])
    if args.json:
        print(json.dumps({"ok": ok, "parts": checks}, indent=2, ensure_ascii=False))
        return 0 if ok else 1
    if args.line:
        say(class_line(checks))
        return 0 if ok else 1
    for one in checks:
        mark = "ok     " if one["ok"] else "MISSING" if one["needed"] else "not yet"
        say(f"{mark}  {one['name']}: {one['found']}")
        if one["fix"]:
            say(f"         -> {one['fix']}")
    say("All that playing needs is there." if ok else "Something that playing needs is missing.")
    return 0 if ok else 1
