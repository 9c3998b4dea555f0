"""Show all takes, what models have made in patches and what was recorded, as a page in the browser.

The page has pictures, players, and how each take was made. With --list they are printed, newest last. --folder and
--gigabytes say where takes are kept from now on, and how much room they may have: the oldest that nobody has marked
with `keep` in a patch go first. A new folder begins empty; what lies in the old one stays there. --quiz makes a round
of the listening quiz of them: which model made this take?
"""

import json
import webbrowser

from modelfiles.errors import UserError
from pdworker.takes.place import place, set_place
from pdworker.takes.store import Store

from dlwakit.base.console import say
from dlwakit.takes import page, quiz


def add_arguments(parser):
    """--list, --json, --quiz, --no-open, --folder, --gigabytes."""
    parser.add_argument("--list", action="store_true", help="print them")
    parser.add_argument("--json", action="store_true", help="print what is known of each, as JSON")
    parser.add_argument("--quiz", action="store_true", help="write a round for `setup/dlwa open quiz`")
    parser.add_argument("--no-open", action="store_true", help="only make the page")
    parser.add_argument("--folder", metavar="FOLDER", help="keep takes there from now on")
    parser.add_argument(
        "--gigabytes", metavar="N", type=float, help="room for takes from now on (default: 2)"
    )


def run(args):
    """Change what is asked for; else show the takes."""
    if args.folder is not None or args.gigabytes is not None:
        where = set_place(args.folder, args.gigabytes)
        say(f"Takes: {where.folder}, up to {where.limit / 1e9:g} GB")
        return 0
    where = place()
    takes = Store(where).takes()
    if args.json:
        print(json.dumps([{"path": str(take.path), **take.facts} for take in takes]))
    elif args.quiz:
        say(f"A round of the quiz: {quiz.write(where, takes)}")
    elif args.list:
        _list(where, takes)
    else:
        _show(where, takes, args.no_open)
    return 0


def _list(where, takes):
    for take in takes:
        line = f"{'*' if take.facts.get('kept') else ' '} {take.name:48} {page.about(take)}"
        say("".join(letter if letter.isprintable() else "?" for letter in line))
    if not takes:
        say(f"There are no takes in {where.folder} yet: what a model makes in a patch is kept there.")


def _show(where, takes, only_made):
    path = page.write(where, takes)
    say(f"The page of takes: {path}")
    if not only_made and not webbrowser.open(path.as_uri()):
        raise UserError("environment", "there is no browser here", f"Open {path} in one.")
