"""Run all tests, installing first what is missing.

Other arguments go to pytest: setup/dlwa test tests/unit -k protocol
"""

import contextlib
import os
import subprocess
import tempfile

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT, find_python
from dlwakit.cli.install import to_play
from dlwakit.install.components import ensure
from dlwakit.install.environment import ToolsForTests, call
from dlwakit.install.packages import BROWSER, TEST, Packages

passes_on = True
MOSTLY_WAITING = (
    "tests/training/test_slurm.py",
    "tests/patches/test_jack.py",
    "tests/patches/test_contributing.py",
)
HEAVY = (
    "tests/training",
    "tests/fidelity",
    "tests/faults",
    "tests/unit/test_book*.py",
    "tests/unit/test_samplernn_train.py",
    "tests/unit/test_setup_*.py",
)
LARGE_MODELS = (
    "tests/live/test_rave.py",
    "tests/live/test_timbre_live.py",
    "tests/live/test_samplernn_live.py",
)
# Parts that run side by side, whole and with `-m quick`, one round after the other. A file belongs to the last round
# that names it, or its folder, and there to the first part.
ROUNDS = (
    (MOSTLY_WAITING, ("tests/patches/test_*.py",), HEAVY, ("tests",)),
    (LARGE_MODELS, ("tests/live",)),  # compare sound with what was played: nothing may keep a processor busy
    (
        ("tests/patches/test_own_sounds.py",),
        ("tests/patches/test_prior_training.py",),
    ),  # train and give way to others
)
NOTHING_CHOSEN = 5  # pytest's exit status where no test fits


def add_arguments(parser):
    """--yes; the rest is pytest's."""
    parser.add_argument("-h", "--help", action="help", help="show this help and exit")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Install what all tests need (all environments), then run pytest in the environment `torch`.

    Where the variable CI is set, a test for which a tool is missing fails, so everything is installed.
    """
    packages = {**TEST, **BROWSER} if os.environ.get("CI") else TEST
    ensure(
        [
            Packages("system packages for the tests", packages, "a minute, 150 MB"),
            *to_play("torch", "tensorflow", "book"),
            ToolsForTests(),
        ],
        yes=args.yes,
    )
    command = [find_python("torch"), "-m", "pytest", *args.rest]
    if any((ROOT / word.partition("::")[0]).exists() for word in args.rest):
        say(f"$ {' '.join(map(str, command))}")
        return call(command, cwd=ROOT)
    results = [result for parts in _words_of_rounds() for result in _side_by_side(command, parts)]
    failed = [result for result in results if result not in (0, NOTHING_CHOSEN)]
    return failed[0] if failed else min(results)


def _words_of_rounds():
    """What pytest is given for each part of each round: files and folders, and what of them belongs to others."""
    taken, rounds = [], []
    for parts in reversed(ROUNDS):
        words = []
        for part in parts:
            found = [str(file.relative_to(ROOT)) for pattern in part for file in sorted(ROOT.glob(pattern))]
            found = [name for name in found if name not in taken]
            words.append([*found, *(f"--ignore={file}" for file in taken)])
            taken += found
        rounds.insert(0, words)
    return rounds


def _side_by_side(command, words_of_parts):
    """The exit statuses of pytest on some parts of the tests, run side by side.

    What is said of the last part is seen as it comes, and then what was said of the others.
    """
    *parts, others = [[*command, *words] for words in words_of_parts]
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(_beside(part)) for part in parts]
        say(f"$ {' '.join(map(str, others))}")
        results = [call(others, cwd=ROOT), *(process.wait() for process, _ in running)]
        for _, said in running:
            said.seek(0)
            for line in said:
                say(line.rstrip("\n"))
    return results


@contextlib.contextmanager
def _beside(command):
    """(process, file of what it says) of a command that runs beside others, and has ended when the block is left."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        say(f"$ {' '.join(map(str, command))} &")
        with subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT) as process:
            yield process, said
