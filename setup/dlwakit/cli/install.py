"""Install everything that is missing, and only that.

System packages (asks first; uses sudo), the Pd external into ~/.local/lib/pd/extra/pyext, and the Python
environment that plays all days. No preference of Pd is edited. Says what it does, how long it takes and
how to undo it; started again it goes on where it was stopped. With --from, everything comes from a folder that
setup/dlwa bundle made, and no network is needed.
"""

from pathlib import Path

from dlwakit.base.console import say
from dlwakit.course.bundle import Bundle, BundledCheckpoints
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment, descriptions
from dlwakit.install.external import External
from dlwakit.install.loops import Loops
from dlwakit.install.packages import PLAY, Packages


def add_arguments(parser):
    """--env, --from, --yes, --dry-run."""
    names = list(descriptions())
    parser.add_argument(
        "--env",
        action="append",
        metavar="NAME",
        choices=names,
        help=f"a Python environment to make, may be given again: {', '.join(names)} (default: torch)",
    )
    parser.add_argument(
        "--from",
        dest="bundle",
        metavar="FOLDER",
        type=Path,
        help="take everything from a bundle, without a network",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")


def to_play(*environments, days=None):
    """The components that playing in Pd needs; days: the folders' names of those that are played, not all."""
    made = [Environment(name) for name in environments]
    return [Packages("system packages", PLAY), External(), *made, *_loops(environments, days)]


def _loops(environments, days=None):
    """What is compiled with the environment torch, where that is wanted."""
    return [Loops(days)] if "torch" in environments else []


def run(args):
    """Make what is missing of the components that playing needs."""
    bundle = Bundle(args.bundle) if args.bundle else None
    names = args.env or (bundle.environments if bundle else ["torch"])
    components = _from_bundle(bundle, names) if bundle else to_play(*names)
    if not ensure(components, yes=args.yes, dry_run=args.dry_run):
        say("Everything is there already.")
    if not args.dry_run:
        say("Next: setup/dlwa open 1    (or setup/dlwa doctor, to see what is there)")
    return 0


def _from_bundle(bundle, environments):
    return [
        Packages("system packages", PLAY, source=bundle.packages),
        External(),
        *(bundle.environment(name) for name in environments),
        *_loops(environments),
        BundledCheckpoints(bundle),
    ]
