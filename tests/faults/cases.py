"""Situations that people reported of programs like these, and the test that shows what happens here.

    python tests/faults/cases.py [WORD ...]

Runs the tests of all rows, or of those whose situation holds one of the words, and prints a table: the situation,
whether it holds, the test. The exit status is 1 where one does not.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]

TABLE = Path(__file__).with_suffix(".txt")  # a situation and its test in each line
CASES = dict(line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines())


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
    chosen = {case: node for case, node in CASES.items() if not words or any(word in case for word in words)}
    found = run(chosen.values())
    states = {case: found.get(node.partition("::")[2], "is missing") for case, node in chosen.items()}
    for case, node in chosen.items():
        print(f"{case:<72} {states[case]:<8} {node}")
    return int(any(state not in ("holds", "skipped") for state in states.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
