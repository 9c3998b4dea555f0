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
LIVE = "tests/live"  # then: sound is compared with what was played, and nothing else may run
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
    return in_parts(command)


def in_parts(command):
    """Run pytest on the parts of the tests and on all others, side by side, then on live sound; the exit status.

    What is said of all others is seen as it comes, and then what was said of the parts.
    """
    *parts, others = [[*command, *words] for words in _words_of_parts()]
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(_beside(part)) for part in parts]
        say(f"$ {' '.join(map(str, others))}")
        results = [call(others, cwd=ROOT), *(process.wait() for process, _ in running)]
        for _, said in running:
            said.seek(0)
            for line in said:
                say(line.rstrip("\n"))
    say(f"$ {' '.join(map(str, [*command, LIVE]))}")
    results.append(call([*command, LIVE], cwd=ROOT))
    failed = [result for result in results if result not in (0, NOTHING_CHOSEN)]
    return failed[0] if failed else min(results)


def _words_of_parts():
    """What pytest is given for each part, and for all others: the files and folders, without those of earlier parts."""
    taken = []
    for part in PARTS:
        found = [file for pattern in part for file in sorted((ROOT / "tests").glob(pattern))]
        found = [name for file in found if (name := str(file.relative_to(ROOT))) not in taken]
        yield [*found, *(f"--ignore={file}" for file in taken)]
        taken += found
    yield ["tests", *(f"--ignore={file}" for file in [*taken, LIVE])]


@contextlib.contextmanager
def _beside(command):
    """(process, file of what it says) of a command that runs beside others, and has ended when the block is left."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        say(f"$ {' '.join(map(str, command))} &")
        with subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT) as process:
            yield process, said
