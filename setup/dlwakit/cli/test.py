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
# What runs beside all others, whole and with `-m quick`. A file belongs to the first part that names it, or its folder.
PARTS = (
    ("training/test_slurm.py", "patches/test_jack.py", "patches/test_contributing.py"),  # these wait mostly
    ("patches/test_*.py",),
    ("training", "fidelity", "faults", "unit/test_book*.py", "unit/test_setup_*.py"),
)
LIVE = "tests/live"  # then: sound is compared with what was played, and nothing that keeps a processor busy may run
LIVE_PARTS = (("live/test_rave.py", "live/test_timbre_live.py", "live/test_samplernn_live.py"),)
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
    results = [
        *_side_by_side(command, _divide("tests", PARTS, [LIVE])),
        *_side_by_side(command, _divide(LIVE, LIVE_PARTS)),
    ]
    failed = [result for result in results if result not in (0, NOTHING_CHOSEN)]
    return failed[0] if failed else min(results)


def _divide(folder, patterns, ignored=()):
    """What pytest is given for each part, and for all others in `folder`: its files and folders, no earlier part's."""
    taken = list(ignored)
    for part in patterns:
        found = [file for pattern in part for file in sorted((ROOT / "tests").glob(pattern))]
        found = [name for file in found if (name := str(file.relative_to(ROOT))) not in taken]
        yield [*found, *(f"--ignore={file}" for file in taken)]
        taken += found
    yield [folder, *(f"--ignore={file}" for file in taken)]


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
