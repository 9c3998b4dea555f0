"""Run all tests, installing first what is missing.

Other arguments go to pytest: setup/dlwa test tests/unit -k protocol
"""

import os

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT, find_python
from dlwakit.cli.install import to_play
from dlwakit.install.components import ensure
from dlwakit.install.environment import ToolsForTests, call
from dlwakit.install.packages import BROWSER, TEST, Packages

passes_on = True


def add_arguments(parser):
    """--yes; the rest is pytest's."""
    parser.add_argument("-h", "--help", action="help", help="show this help and exit")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Install what all tests need (both environments), then run pytest in the environment `torch`.

    Where the variable CI is set, a test for which a tool is missing fails, so everything is installed.
    """
    packages = {**TEST, **BROWSER} if os.environ.get("CI") else TEST
    ensure(
        [
            Packages("system packages for the tests", packages, "a minute, 150 MB"),
            *to_play("torch", "tensorflow"),
            ToolsForTests(),
        ],
        yes=args.yes,
    )
    command = [find_python("torch"), "-m", "pytest", *args.rest]
    say(f"$ {' '.join(map(str, command))}")
    return call(command, cwd=ROOT)
