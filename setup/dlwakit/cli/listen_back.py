"""Find the places of a folder of sounds that a generated sound is nearest to, and make a page to hear both.

Has a model memorised? FOLDER is what it was trained on. Each second of SOUND is compared with every second of the
folder. The figure tells how unusual the likeness is: sounds of the folder, compared with each other, are the measure.
"""

from pathlib import Path

from dlwakit.base.paths import ROOT
from dlwakit.cli.compare import existing, make_page


def add_arguments(parser):
    """SOUND, FOLDER, --no-browser, --yes."""
    parser.add_argument("sound", metavar="SOUND", type=Path, help="a sound that a model has made")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the sounds that it was trained on")
    parser.add_argument("--no-browser", action="store_true", help="make the page, do not open it")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Run the program in the environment that plays all days, then open its page."""
    sound, folder = existing(args.sound), existing(args.folder)
    target = ROOT / "demo/listen-back" / sound.stem
    return make_page("listen_back.py", [sound, folder, target], target, args)
