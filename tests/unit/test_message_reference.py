"""The message tables of lessons and help patches: those of the objects' classes, for every object of every day."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from dlwakit.pdtools.reference import lesson_with, markdown, patch_with, references
from modelfiles.errors import UserError
from pdworker.host.arguments import message
from pdworker.host.settings import Toggle, Whole

ROOT = Path(__file__).resolve().parents[2]
DAYS = sorted(ROOT.glob("[0-9][0-9]_*"))
BOX = re.compile(r"^#X obj \d+ \d+ pyext\. 1 1 (\S+) ([\w~]+)", re.MULTILINE)
TABLES = list(references())
MARK = "<!-- messages of toy.pd toy, also in toy-help.pd -->"
PATCH = """#N canvas 40 30 450 300 12;
#N canvas 100 100 300 200 messages 0;
#X text 10 10 Old words.;
#X restore 20 20 pd messages;
#X obj 20 60 r \\$0-do;
"""


@pytest.fixture(scope="module")
def outdated():
    """The files that the program would change, as it says itself."""
    program = [sys.executable, "-m", "dlwakit.pdtools.reference", "--check"]
    path = f"{ROOT / 'setup'}:{ROOT / 'pyext_py3'}"
    result = subprocess.run(program, env={"PYTHONPATH": path}, capture_output=True, text=True)
    assert result.stderr == ""
    files = [Path(line.removeprefix("would change: ")) for line in result.stdout.splitlines()]
    assert result.returncode == bool(files)
    return files


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_every_object_of_a_day_has_its_table(day):
    in_patches = {found for patch in day.glob("*.pd") for found in BOX.findall(patch.read_text())}
    in_lesson = {(table.module, table.name) for table in TABLES if table.lesson.parent == day}
    assert in_patches
    assert in_lesson == in_patches


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_that_of_the_class(table, outdated):
    assert not {table.lesson, table.patch} & set(outdated), "run: python -m dlwakit.pdtools.reference"


class Toy:
    """A class as the tables see it."""

    SETTINGS = {"seed": Whole(None, -1, 2**24, none_below=0, help="chance; or not"), "on": Toggle(True)}
    ALIASES = {"power": "on"}

    @message("play FROM|all")
    def play_1(self, start):
        """play `it`, from here."""


def test_the_table_of_a_lesson():
    assert markdown(Toy).splitlines()[2:] == [
        "| `play FROM\\|all` | Play `it`, from here |  |  |",
        "| `seed NUMBER` | Chance; or not | -1 to 16777216 | -1 |",
        "| `on 0\\|1` |  | 0 or 1 | 1 |",
        "",
        "Older words do the same: `power` for `on`.",
    ]


def test_an_old_table_is_replaced_and_nothing_else():
    (table,) = (reference for reference in TABLES if reference.name == "ai_duet")
    lesson = f"# Day\n\n{MARK.replace('toy', 'ai_duet')}\nold\n<!-- end of messages -->\n\n{MARK}\nmine\n"
    lesson += "<!-- end of messages -->\nMore.\n"
    new = lesson_with(lesson, table, "| a |\n")
    assert new == lesson.replace("old\n", "\n| a |\n\n")
    assert lesson_with(new, table, "| a |\n") == new


def test_the_table_of_a_patch_is_replaced_and_nothing_else():
    new = patch_with(PATCH, Toy)
    assert "Old words" not in new and "Toy:\\ messages" in new
    # Pd begins a new line after a semicolon, and would print such a number as 1.67772e+07.
    assert "Chance \\, or not, f" in new and " -1 to 16.8M \\, default -1, f" in new
    assert new.startswith(PATCH.splitlines()[0]) and new.endswith(PATCH.splitlines()[-1] + "\n")
    assert patch_with(new, Toy) == new


def test_a_help_patch_without_a_place_for_the_table_is_refused():
    with pytest.raises(UserError, match=r"toy-help\.pd needs one subpatch 'pd messages', it has 0"):
        patch_with(PATCH.replace("pd messages", "pd other"), Toy, "toy-help.pd")
