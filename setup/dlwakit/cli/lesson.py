"""Open the lessons in a browser: the page of a day; without a day, the first page of the book.

The book is made from the lessons of this checkout, in a few seconds, and again when a lesson has changed. It is a
folder of plain files: no network, no server. With --build it is made in a folder of yours, to copy or print.
"""

import webbrowser
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.book.build import BOOK, build, is_current
from dlwakit.course.days import find_day
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment


def add_arguments(parser):
    """DAY, --build, --yes."""
    parser.add_argument("day", metavar="DAY", nargs="?", help="as in setup/dlwa open")
    parser.add_argument("--build", metavar="FOLDER", type=Path, help="make the book there")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Make the book where it is missing or old, then open it."""
    page = f"{find_day(args.day).name}/index.html" if args.day else "index.html"
    if args.build:
        folder = args.build.expanduser().resolve()
        make(folder, args.yes)
        say(f"The book: {folder / page}")
        return 0
    if not is_current():
        make(BOOK, args.yes)
    say(f"The book: {BOOK / page}")
    if not webbrowser.open((BOOK / page).as_uri()):
        raise UserError("environment", "there is no browser here", f"Open {BOOK / page} in one.")
    return 0


def make(folder, yes):
    """Install the generator if it is missing, then make the book in a folder."""
    ensure([Environment("book")], yes=yes)
    build(folder)
