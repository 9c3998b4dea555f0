"""Make a page of what everybody in a class has made: sounds, model cards, pages of trainings.

Each FOLDER is one person's, with anything in it: takes, pieces, run folders. What is shown is copied into TARGET, so
the page can be put on a stick or a web server. The newest twenty sounds of each folder are shown.
"""

import webbrowser
from pathlib import Path

from dlwakit.base.console import say
from dlwakit.takes import gallery


def add_arguments(parser):
    """TARGET, FOLDER ..., --no-browser."""
    parser.add_argument("target", metavar="TARGET", type=Path, help="where the page goes")
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="what one person has made")
    parser.add_argument("--no-browser", action="store_true", help="make the page, do not open it")


def run(args):
    """Write the page, then open it."""
    target, *folders = (path.expanduser().resolve() for path in (args.target, *args.folders))
    page = gallery.write(target, folders)
    say(f"The gallery: {page}")
    if not args.no_browser:
        webbrowser.open(page.as_uri())
    return 0
