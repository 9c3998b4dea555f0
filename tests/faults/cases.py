"""Situations that people reported of programs like these, and the test that shows what happens here.

    python tests/faults/cases.py [WORD | NUMBER | FROM-TO ...]

Runs the tests of all rows, or of those whose situation holds one of the words or that have these numbers, and prints of
each: its number, whether it holds, how long that took, the situation, what happens here, and the command that shows it
alone. The exit status is 1 where one does not hold. Words in quotes are what a person reads.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]

TABLE = Path(__file__).with_suffix(".txt")
# In each line of it a situation, what happens, and the test that shows it.
ROWS = [line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines()]
NUMBERS = re.compile(r"(\d+)(?:-(\d+))?")


def run(nodes):
    """{test: (state, seconds)} of tests, "holds", "fails" or "skipped"; one with several values fails with any."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        words = ["-q", "--no-header", f"--junitxml={report}", *(f"tests/{node}" for node in nodes)]
        subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False
        )
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    states, seconds = defaultdict(set), defaultdict(float)
    for case in cases:
        name = case.get("name").partition("[")[0]
        kinds = {child.tag for child in case}
        states[name].add(
            "fails" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "holds"
        )
        seconds[name] += float(case.get("time"))
    return {
        name: (next(word for word in ("fails", "holds", "skipped") if word in found), seconds[name])
        for name, found in states.items()
    }


def chosen(words):
    """The numbers of the rows that are meant, from 1."""
    numbers = set() if words else set(range(1, len(ROWS) + 1))
    for word in words:
        if found := NUMBERS.fullmatch(word):
            numbers.update(range(int(found[1]), int(found[2] or found[1]) + 1))
        else:
            numbers.update(number for number, row in enumerate(ROWS, 1) if word in row[0])
    return sorted(numbers & set(range(1, len(ROWS) + 1)))


def main(words):
    """Print the table; returns the exit status."""
    numbers = chosen(words)
    found = run(ROWS[number - 1][2] for number in numbers)
    bad = 0
    for number in numbers:
        situation, happens, node = ROWS[number - 1]
        state, seconds = found.get(node.partition("::")[2], ("did not end", 0))
        bad += state not in ("holds", "skipped")
        print(
            f"{number:>2}  {state:<8} {seconds:>5.1f} s  {situation}: {happens}\n{'':22}setup/dlwa test tests/{node}"
        )
    print(f"{len(numbers)} situations, {bad} do not hold")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
