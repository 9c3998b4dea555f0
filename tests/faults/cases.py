"""Situations that people reported of programs like these, and the test that shows what happens here.

    python tests/faults/cases.py [WORD ...]

Runs the tests of all rows, or of those whose situation holds one of the words, and prints of each: whether it holds,
the situation, what happens here, the test. The exit status is 1 where one does not hold. Words in quotes are what a
person reads.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]

TABLE = Path(__file__).with_suffix(
    ".txt"
)  # in each line a situation, what happens, and the test that shows it
ROWS = [line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines()]


def run(nodes):
    """{test: "holds", "fails" or "skipped"} of tests; one that has several values fails with any of them."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        words = ["-q", "--no-header", f"--junitxml={report}", *(f"tests/{node}" for node in nodes)]
        subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False
        )
        results = {}
        for case in ElementTree.parse(report).iter("testcase"):
            name = case.get("name").partition("[")[0]
            kinds = {child.tag for child in case}
            found = "fails" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "holds"
            results.setdefault(name, set()).add(found)
    return {
        name: next(word for word in ("fails", "holds", "skipped") if word in found)
        for name, found in results.items()
    }


def main(words):
    """Print the table; returns the exit status."""
    chosen = [row for row in ROWS if not words or any(word in row[0] for word in words)]
    found = run(node for _, _, node in chosen)
    bad = 0
    for situation, happens, node in chosen:
        state = found.get(node.partition("::")[2], "is missing")
        bad += state not in ("holds", "skipped")
        print(f"{state:<8} {situation}: {happens}\n{'':<8} {node}")
    print(f"{len(chosen)} situations, {bad} do not hold")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
