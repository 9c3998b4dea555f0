"""Every command and every piece of code of the book runs, on small things and in a home of its own.

`support.book_commands` says what is not run here, why, and where it is tested.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import soundfile
from dlwakit.base.paths import library_folder
from dlwakit.cli import bench
from support.book_commands import BLOCKS, COMMAND, ELSEWHERE, FOLDERS, PAGES, SOUNDS, blocks, commands
from support.course_copy import ROOT
from support.melody_files import abc, tune
from support.sounds import hertz, tone
from support.tools import installed_environments, need_environment

RATE = 16000
TESTS = ROOT / "tests"


def to_run():
    """{page: the commands that run here}; of those of one kind the first alone, but each page has its data sets."""
    found, seen = {}, set()
    for page in PAGES:
        own = {}
        for command in commands(page):
            if not (command.elsewhere or command.only_named or command.kind in seen):
                own.setdefault(command.kind, command)
        seen |= {kind for kind in own if " dataset " not in kind}
        if own:
            found[page] = list(own.values())
    return found


TO_RUN = to_run()


def name_of(page):
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with the installation of this one, and what the book supposes that a reader has there."""
    folder = tmp_path_factory.mktemp("home")
    (folder / ".local/lib/pd/extra").mkdir(parents=True)
    (folder / ".local/lib/pd/extra/pyext").symlink_to(library_folder())
    (folder / "Downloads").mkdir()
    shutil.copy(ROOT / "06_rave/checkpoints/starter_drums.ts", folder / "Downloads/x.ts")
    model = folder / ".local/share/dlwa/checkpoints/my_model"
    ignore = shutil.ignore_patterns("*.npz")
    shutil.copytree(ROOT / "03_gansynth/checkpoints/starter_instruments", model, ignore=ignore)
    sounds = folder / "my_sounds"
    sounds.mkdir()
    for pitch in (60, 62, 64):
        sound = tone(8, RATE, hertz(pitch), 6)
        sound *= [1 - (at % RATE) / RATE for at in range(len(sound))]  # a stroke each second
        soundfile.write(sounds / f"a {pitch}.wav", sound, RATE)
    return folder


@pytest.fixture(scope="module")
def runner(home):
    """`runner(words, folder, shell)`: the exit status of a command, and what it printed."""
    need_environment("torch")
    dropped = ("XDG_", "DLWA_ENGINE")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    variables |= installed_environments() | {"HOME": str(home), "DLWA_PYTHON_TORCH": sys.executable}
    command = [sys.executable, TESTS / "support/command_runner.py"]
    with subprocess.Popen(
        command, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:

        def run(words, folder, shell=False):
            job = {"words": words, "folder": str(folder), "shell": shell, "log": str(home / "log")}
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run
        process.stdin.close()


@pytest.fixture
def folder(home, tmp_path):
    """The folder in which a reader types, with the sounds and tunes that the book's commands name."""
    (tmp_path / "setup").symlink_to(ROOT / "setup")
    (tmp_path / "material").mkdir()
    (tmp_path / "material/a 60.wav").symlink_to(home / "my_sounds/a 60.wav")
    for name in FOLDERS:
        (tmp_path / name).symlink_to(home / "my_sounds")
    for name in ("course", "My sounds"):
        (tmp_path / name).mkdir()
    for name in SOUNDS:
        soundfile.write(tmp_path / name, tone(1, RATE, 220, 6), RATE, format="WAV")
    (tmp_path / "my_midi_folder").mkdir()
    for number in range(4):
        (tmp_path / f"my_midi_folder/{number}.abc").write_text(abc(tune(number)), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", TO_RUN, ids=name_of)
def test_the_commands_of_a_page_run(page, runner, folder):
    for command in TO_RUN[page]:
        shell = "setup/dlwa" not in command.text
        status, said = runner(command.text if shell else command.words, folder, shell)
        assert status == 0, f"{command.text}\n{said}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_piece_of_code_is_a_command_or_tested_by_name(page):
    for block in blocks(page):
        known = COMMAND.match(block.strip()) or any(re.match(start, block) for start, _ in BLOCKS)
        assert known, f"{page}: {block}"


def test_what_is_not_run_here_is_in_the_book_and_has_its_test():
    texts = [command.text for page in PAGES for command in commands(page)]
    code = [block for page in PAGES for block in blocks(page)]
    for start, _, test in ELSEWHERE:
        assert [text for text in texts if re.match(start, text)], f"not in the book: {start}"
        assert (TESTS / test).is_file(), test
    for start, test in BLOCKS:
        assert [block for block in code if re.match(start, block)], f"not in the book: {start}"
        assert not test or (TESTS / test).is_file(), test


def test_the_book_names_benchmarks_and_tests_that_there_are():
    known = [name for file in bench.FOLDER.glob("*.py") for name in bench.names_in(file)]
    for command in (command for page in PAGES for command in commands(page)):
        kind, *words = command.text.removeprefix("setup/dlwa ").split()
        if kind == "bench":
            assert bench.choose(words, known)
        elif kind == "test" and (files := [word for word in words if word.endswith(".py")]):
            (chosen,) = [words[at + 1] for at, word in enumerate(words) if word == "-k"] or [""]
            assert [file for file in files if chosen in (ROOT / file).read_text()] == files
