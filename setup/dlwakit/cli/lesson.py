"""Open the lessons in a browser: the page of a day; without a day, the first page of the book.

The book is made from the lessons of this checkout, in a few seconds, and again when a lesson has changed. It is a
folder of plain files: no network, no server. With --build it is made in a folder of yours, to copy. With --slides the
day's slides are opened, one for each section of its lesson: the arrow keys turn them. --pdf prints the whole book.
"""

import webbrowser
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.book.build import BOOK, build, is_current
from dlwakit.book.pdf import write_pdf
from dlwakit.book.sheets import PRINT, SLIDES
from dlwakit.course.days import find_day
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment


def add_arguments(parser):
    """DAY, --slides, --pdf, --build, --yes."""
    parser.add_argument("day", metavar="DAY", nargs="?", help="as in setup/dlwa open")
    parser.add_argument("--slides", action="store_true", help="open the slides of the day")
    parser.add_argument("--pdf", metavar="FILE", type=Path, help="print the whole book into a file")
    parser.add_argument("--build", metavar="FOLDER", type=Path, help="make the book there")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Make the book where it is missing or old, then open or print it."""
    if args.slides and not args.day:
        raise UserError("input", "slides are those of a day", "For example: setup/dlwa lesson 1 --slides")
    page = (
        f"{find_day(args.day).name}/{SLIDES if args.slides else 'index.html'}" if args.day else "index.html"
    )
    folder = args.build.expanduser().resolve() if args.build else BOOK
    if args.build or not is_current():
        make(folder, args.yes)
    if args.pdf:
        file = args.pdf.expanduser().resolve()
        write_pdf(folder / PRINT, file)
        say(f"The book: {file}")
        return 0
    say(f"The book: {folder / page}")
    if not args.build and not webbrowser.open((folder / page).as_uri()):
        raise UserError("environment", "there is no browser here", f"Open {folder / page} in one.")
    return 0


def make(folder, yes):
    """Install the generator if it is missing, then make the book in a folder."""
    ensure([Environment("book")], yes=yes)
    build(folder)
