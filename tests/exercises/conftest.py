"""What the exercises share: real Pd for all exercises of a patch, and at the end a table of what was heard."""

import re
import sys
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap

import pytest
from dlwakit.pdtools.pd_session import PatchObject, PdSession
from support.external import EXTERNAL

TITLES, WIDTHS = ("exercise", "one should hear", "measured"), (8, 56, 60)
TABLE = re.compile(r"(<!-- exercises -->\n).*?(<!-- end of exercises -->)", re.DOTALL)


def pytest_addoption(parser):
    """`--page FILE`, of all exercises."""
    parser.addoption("--page", metavar="FILE", help="write the table into a page of the book, too")


@pytest.fixture
def row(request):
    """`row("2.1", expected, measured)` puts a line into the table that stands at the end of the tests' output."""
    return lambda *cells: request.node.user_properties.append(("exercise", cells))


@pytest.fixture(scope="module")
def patch(tmp_path_factory):
    """`patch(file, name, *before)` opens a day's patch and those before it in a Pd that sounds; its PatchObject."""
    sessions = []

    def opened(file, name, *before, path=()):
        folder = tmp_path_factory.mktemp("home")
        variables = {
            "DLWA_PYTHON_TORCH": sys.executable,
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_DATA_HOME": str(folder / "data"),
        }
        patches = [*before, file] if file else [*before]
        session = PdSession(
            patches,
            ["-lib", "py"],
            path=[EXTERNAL, *path],
            listen=[f"{name}-out"],
            environment=variables,
        )
        sessions.append(session)
        assert session.errors() == []
        session.send("pd", "dsp", 1)
        return PatchObject(session, name)

    yield opened
    for session in sessions:
        session.close()


def markdown(cells):
    """A row of a table."""
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |\n"


def pytest_terminal_summary(terminalreporter, config):
    """Print the table, in the order of the days, and write it where --page says."""
    reports = [report for group in ("passed", "failed") for report in terminalreporter.getreports(group)]
    rows = [cells for report in reports for kind, cells in report.user_properties if kind == "exercise"]
    if not rows:
        return
    rows.sort(key=lambda cells: [int(part) for part in cells[0].split(".")])
    if page := config.getoption("--page", None):
        table = "".join(map(markdown, [TITLES, ["---"] * len(TITLES), *rows]))
        Path(page).write_text(TABLE.sub(lambda found: found[1] + table + found[2], Path(page).read_text()))
    terminalreporter.section("what the exercises let one hear")
    for cells in [TITLES, *rows]:
        columns = [wrap(str(cell), width) for cell, width in zip(cells, WIDTHS)]
        for parts in zip_longest(*columns, fillvalue=""):
            line = "  ".join(f"{part:{width}}" for part, width in zip(parts, WIDTHS))
            terminalreporter.write_line(line.rstrip())
