"""The instructor's guide against the project: its error lines, commands, links and minutes."""

import ast
import re
from pathlib import Path

import pytest
from dlwakit.cli import COMMANDS as KNOWN

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "setup/TEACHING.md"
TEXT = GUIDE.read_text()
QUOTED = [
    line
    for section in re.findall(r"## What goes wrong\n(.*?)\n## ", TEXT, flags=re.S)
    for line in re.findall(r"^\| `([^`]+)`", section, flags=re.M)
]
COMMANDS = sorted(set(re.findall(r"setup/dlwa ([a-z-]+)", TEXT)))


def said_in_the_code():
    """Everything that the project's programs and patches can say, as pieces of text."""
    for file in ROOT.rglob("*.py"):
        if "tests" not in file.relative_to(ROOT).parts:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    for file in [*ROOT.rglob("*.cpp"), *ROOT.rglob("*.pd")]:
        text = file.read_text().replace("\\ ", " ").replace("\\,", ",")
        yield re.sub(r'"\s*\n\s*"', "", text)  # a literal of C++ on more than one line


@pytest.fixture(scope="module")
def code():
    return list(said_in_the_code())


def test_there_are_lines_to_look_up():
    assert len(QUOTED) > 20


@pytest.mark.parametrize("line", QUOTED)
def test_each_quoted_line_is_one_that_the_project_says(line, code):
    for piece in filter(str.strip, re.split(r"\.\.\.| - ", line)):  # what differs; message and hint
        assert any(piece in text for text in code), piece


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_exists(command):
    assert command in KNOWN


def test_each_link_leads_somewhere():
    headings = {
        re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, flags=re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in headings
        elif not target.startswith("https://"):
            assert (GUIDE.parent / target).exists(), target


def test_a_meeting_has_165_minutes():
    for table in re.findall(r"^\| [^\n]*\| minutes \|\n\| --- \| --- \|\n((?:\|.*\n)+)", TEXT, flags=re.M):
        minutes = [int(line.split("|")[2]) for line in table.strip().splitlines()]
        assert sum(minutes) == 165 or set(minutes) == {165}, table


def test_the_points_are_100():
    table = re.search(r"^\| \| of 100 .*?\n\n", TEXT, flags=re.M | re.S)[0]
    assert sum(map(int, re.findall(r"\| (\d+) \|", table))) == 100
