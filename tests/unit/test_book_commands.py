"""What the book tells a reader to type: commands that exist, programs that run, and the scripts of its exercises."""

import contextlib
import os
import re
import shlex
import subprocess
import sys

import pytest
from dlwakit import cli
from dlwakit.cli.open import OTHERS
from dlwakit.course.days import all_days, find_day, find_patch, find_program
from support.book_commands import PAGES, commands
from support.course_copy import ROOT
from support.paper_checklist import places

INSIDE = sorted(ROOT.glob("0[0-9]_*/inside/README.md"))
LESSONS = sorted(ROOT.glob("0[0-9]_*/README.md"))
WHERE = {"dataset", "train", "evaluate"}  # commands whose further options are a model's


def parsed(words):
    """What the command line makes of the words; where only a command is named, of that and an argument."""
    for missing in ([], ["X"], ["X", "X"], ["list"]):
        with contextlib.suppress(SystemExit):
            return cli._parser().parse_known_args([*words, *missing])
    pytest.fail(f"setup/dlwa {' '.join(words)}")


def sources(day):
    """All that the programs of a day, and what trainings share, are written in."""
    files = [*day.folder.rglob("*.py"), *(ROOT / "setup/dlwakit").rglob("*.py")]
    return "\n".join(file.read_text() for file in files)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_can_be_typed(page):
    for command in commands(page):
        program, *words = shlex.split(command.text)
        if not words or not program.endswith("setup/dlwa"):
            continue
        args, rest = parsed(words)
        name = words[0]
        if name == "open" and args.day not in (None, "DAY", "[DAY]", *OTHERS):
            find_patch(find_day(args.day), args.patch if args.patch != "PATCH" else None)
        if name in WHERE and not args.model.isupper():
            program = find_program(args.model, name)
            day = next(day for day in all_days(ROOT) if day.folder == program.folder)
            known = sources(day)
            for option in (word.split("=")[0] for word in rest if word.startswith("--")):
                assert f'"{option}"' in known, f"{words}: {option}"
        elif name not in WHERE:
            assert args.passes_on or not rest, f"{words}: {rest}"


@pytest.mark.slow
@pytest.mark.parametrize("page", INSIDE, ids=lambda page: page.parts[-3])
def test_the_program_of_a_day_runs_as_it_is_printed(page, tmp_path):
    for file in ROOT.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (command,) = re.findall(r"^(.*/bin/python .*)$", page.read_text(), flags=re.MULTILINE)
    variables, _, words = command.rpartition("~/.local/share/dlwa/environments/torch/bin/python ")
    environment = os.environ | dict(word.split("=") for word in variables.split())
    done = subprocess.run(
        [sys.executable, *words.split()], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or [file for file in tmp_path.iterdir() if not file.is_symlink()]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.parts[-2])
def test_each_exercise_has_its_script(lesson):
    section = re.search(r"^## Exercises\n(.*?)(?=^## )", lesson.read_text(), flags=re.DOTALL | re.MULTILINE)[
        1
    ]
    numbers = re.findall(r"^(\d+)\. \*\*", section, flags=re.MULTILINE)
    (target,) = re.findall(r"\]\((\.\./tests/exercises/\w+\.py)\)", section)
    script = (lesson.parent / target).read_text()
    day = int(lesson.parts[-2][:2])
    for number in numbers:
        assert re.search(rf"^def test_(?:{day}_)?{number}_", script, flags=re.MULTILINE), number


def test_the_course_has_what_the_syllabus_names():
    assert [item for item, place in places() if not place] == []
