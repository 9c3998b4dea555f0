"""Tries the kit on fresh machines of several Debians, and writes into the docs what was tried, when and how it went.

    sudo python3 tests/support/tried_on.py FOLDER [--suites bookworm trixie testing] [--tests "-m quick"] [-- WORDS]

Each is made by `fresh_machine.sh` in FOLDER, which also gets the WORDS, such as `--pass PIP_INDEX_URL`: install, the
demo of each day, then the tests if --tests is given. A row of environments/tried.json is replaced by what was seen,
also where it failed. The table in CONTRIBUTING.md is made of that file, and `setup/dlwa doctor` tells its row. Without
a FOLDER it only makes the table anew.
"""

import argparse
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRIED, PAGE = ROOT / "environments/tried.json", ROOT / "CONTRIBUTING.md"
TABLE = re.compile(r"(<!-- tried on -->\n).*?(<!-- end of tried on -->)", re.DOTALL)
MACHINE = re.compile(
    r"^(?P<state>ready|MISSING.*?)  course .*  (?P<pd>Pd-\S+|no Pd)  (?P<system>\S+ \S*)  Python (?P<python>\S+)",
    re.M,
)
COLUMNS = "system", "Python", "Pd", "tried", "result", "date"


def steps(tests):
    """(what a row calls it, the commands)."""
    commands = ["setup/dlwa install --yes", "setup/dlwa demo", "setup/dlwa doctor --class"]
    what = "install, demos of all days"
    if tests is not None:
        commands.append(f"setup/dlwa test --yes {tests}")
        what += f", tests {tests}".rstrip()
    return what, " && ".join(commands)


def try_on(folder, suite, tests, words):
    """The row of a suite."""
    what, commands = steps(tests)
    machine = [ROOT / "tests/support/fresh_machine.sh", folder, "--suite", suite, *words]
    program = subprocess.Popen(
        [*map(str, machine), "--", "sh", "-c", commands],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in program.stdout:
        print(line, end="", flush=True)
        said.append(line)
    status, text = program.wait(), "".join(said)
    found = MACHINE.search(text)
    facts = found.groupdict() if found else {"system": f"debian {suite}", "python": "?", "pd": "?"}
    tests_said = re.findall(r"^=*\s*(\d+ passed.*?) in ", text, re.M)
    result = ", ".join(["passed" if not status else f"failed ({status})", *tests_said[-1:]])
    return {
        "suite": suite,
        "system": facts["system"],
        "Python": facts["python"],
        "Pd": facts["pd"].removeprefix("Pd-"),
        "tried": what,
        "result": result,
        "date": date.today().isoformat(),
    }


def table(rows):
    """The rows as Markdown."""
    named = [{**row, "system": f"{row['system'].strip()} ({row['suite']})"} for row in rows]
    lines = [COLUMNS, ["---"] * len(COLUMNS), *([row[column] for column in COLUMNS] for row in named)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(rows):
    """Write the rows and the table."""
    TRIED.write_text(json.dumps(rows, indent=1) + "\n")
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table(rows) + found[2], PAGE.read_text()))


def main():
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--suites", nargs="+", default=["bookworm", "trixie", "testing"])
    parser.add_argument("--tests", metavar="WORDS")
    given = sys.argv[1:]
    cut = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:cut])
    rows = json.loads(TRIED.read_text()) if TRIED.exists() else []
    failed = False
    for suite in options.suites if options.folder else ():
        new = try_on(options.folder, suite, options.tests, given[cut + 1 :])
        rows = sorted([*(row for row in rows if row["suite"] != suite), new], key=lambda row: row["system"])
        failed |= not new["result"].startswith("passed")
        write(rows)
    write(rows)
    print(table(rows), end="")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
