"""Open Pd with a day's patch, ready to use.

DAY is a number, a name or a folder: 1, 01, ai_duet, 01_ai_duet.
"""

import os
import shutil

from kit.console import DlwaError, say
from kit.days import find_day
from kit.parts import ensure

from commands.install import to_play


def add_arguments(parser):
    """DAY, --yes."""
    parser.add_argument("day", metavar="DAY")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Install what is missing, then become Pd."""
    day = find_day(args.day)
    ensure(to_play(day.environment), yes=args.yes)
    pd = shutil.which("pd")
    if pd is None:
        raise DlwaError("Pd is not on the PATH", "sudo apt-get install puredata")
    patch = day.folder / day.patch
    say(f"{day.title}: {patch}")
    os.execv(pd, [pd, "-open", str(patch)])
