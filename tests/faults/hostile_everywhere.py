"""Hostile files and programs, as root and as an ordinary user, with each protection alone and with none.

    sudo tests/faults/hostile_everywhere.py

Needs the environment `torch`, whose Python runs it. A row: the user, what protects, how many files were opened and did
harm (hostile_files.py), and whether programs could do anything outside (test_confinement.py; with nothing that protects
they are refused). The exit status is 1 where something did.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = Path(sys.prefix).parents[1]
PROGRAMS = {
    "landlock": "strangers_program_does and without-bubblewrap or weights_alone and not without",
    "bubblewrap": "strangers_program_does and without-landlock or weights_alone and not bubblewrap and without",
    "nothing": "where_nothing_protects or weights_alone and without-bubblewrap",
}
# Lets another user read the environment, where that lies in a home that is closed to them.
OPEN = """
mkdir -p "$1" && seen=$(mktemp -d) && mount --bind "$1" "$seen" && mount -t tmpfs -o mode=755 none "$2" &&
mkdir -p "$1" && mount --move "$seen" "$1" && shift 2 && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
"""


def command(user, words):
    """The command line that runs words as a user."""
    if user == "root":
        return words
    closed = Path.home() if ENVIRONMENT.is_relative_to(Path.home()) else Path("/mnt")
    return ["unshare", "--mount", "sh", "-c", OPEN, "sh", str(ENVIRONMENT), str(closed), *words]


def run(user, words):
    """(exit status, last line) of a program."""
    environment = os.environ | {
        "HOME": "/tmp" if user != "root" else os.environ["HOME"],
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(command(user, words), env=environment, capture_output=True, text=True, check=False)
    return done.returncode, ["", *(done.stdout or done.stderr).strip().splitlines()][-1]


def main():
    """Print the table; returns the exit status."""
    status = 0
    for user in ("root", "nobody"):
        for protection, choice in PROGRAMS.items():
            files = run(user, [sys.executable, str(HERE / "hostile_files.py"), protection])
            test = [
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                str(HERE / "test_confinement.py"),
                "-k",
                choice,
            ]
            programs = run(user, [sys.executable, *test])
            print(f"{user:<8} {protection:<12} {files[1]:<28} programs: {programs[1]}", flush=True)
            status |= bool(files[0] or programs[0])
    return status


if __name__ == "__main__":
    sys.exit(main())
