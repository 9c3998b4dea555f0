"""Take one sound through the models that take a sound, and make a page to hear them side by side.

The starters of days 2, 5 and 6 get the first ten seconds of SOUND. The page opens in a browser; it and the sounds
are in demo/compare/, or in FOLDER.
"""

import os
import subprocess
import webbrowser
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import EXTERNAL_SOURCE, ROOT, find_python
from dlwakit.course.days import all_days
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment


def add_arguments(parser):
    """SOUND, FOLDER, --no-browser, --yes."""
    parser.add_argument("sound", metavar="SOUND", type=Path, help="a sound file")
    parser.add_argument("folder", metavar="FOLDER", type=Path, nargs="?", help="where the page goes")
    parser.add_argument("--no-browser", action="store_true", help="make the page, do not open it")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Run the program of the comparison in the environment that plays all days, then open its page."""
    sound = existing(args.sound)
    folder = (args.folder or ROOT / "demo/compare" / sound.stem).expanduser().resolve()
    return make_page("compare.py", [sound, folder], folder, args)


def existing(path):
    """The whole path of a file or folder that a person named. Raises UserError where there is none."""
    path = path.expanduser().resolve()
    if not path.exists():
        raise UserError("file", f"there is no file {path}")
    return path


def make_page(program, words, folder, args):
    """Run a program of setup/compare, which makes a page of sounds in a folder, and open the page."""
    status = run_program(program, words, args)
    if status == 0:
        say(f"The page: {folder / 'index.html'}")
        if not args.no_browser:
            webbrowser.open((folder / "index.html").as_uri())
    return status


def run_program(program, words, args):
    """Run a program of setup/compare in the environment that plays all days; its exit status."""
    ensure([Environment("torch")], yes=args.yes)
    path = [*(day.folder for day in all_days()), EXTERNAL_SOURCE, ROOT / "setup"]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [find_python("torch"), ROOT / "setup/compare" / program, *map(str, words)]
    return subprocess.run(command, env=variables, check=False).returncode
