"""Open Pd with a day's patch, ready to use; without a day, with the overview of all days.

DAY is a number, a name or a folder: 1, 01, ai_duet, 01_ai_duet. Some days have more than one patch: PATCH is a part
of its name, as in `setup/dlwa open 4 noz`. `setup/dlwa open 1 neuron` opens a small patch in which one idea sounds.
`setup/dlwa open quiz` opens a listening quiz, `setup/dlwa open sketch` the sketch pad, in which takes become a piece,
`setup/dlwa open piece` the same with the piece that the course brings, and `setup/dlwa open osc` the patch by which
other programs play the days that are open in the same Pd.
The overview checks sound, microphone and MIDI, and lists what is installed.
"""

import os
import shutil

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT
from dlwakit.cli import doctor
from dlwakit.cli.install import to_play
from dlwakit.course.days import find_day, find_patch
from dlwakit.install.components import ensure
from dlwakit.pdtools.pd_session import escape

OVERVIEW = ROOT / "setup/overview.pd"
SKETCH = ROOT / "setup/sketch/sketch.pd"
OTHERS = {
    "osc": (ROOT / "setup/osc.pd", ()),
    "quiz": (ROOT / "setup/quiz/quiz.pd", ()),
    "sketch": (SKETCH, ()),
    "piece": (SKETCH, ("-send", "sketch piece")),
}  # of no day, or of several: the patch, and Pd's arguments
LINES, LETTERS = 16, 48  # as many lines on the overview, as many letters in each


def add_arguments(parser):
    """DAY, PATCH, --yes."""
    words = "without one: the overview of all days; or: " + ", ".join(OTHERS)
    parser.add_argument("day", metavar="DAY", nargs="?", help=words)
    parser.add_argument(
        "patch", metavar="PATCH", nargs="?", help="part of a patch's name; without one: the first"
    )
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Install what is missing, then become Pd."""
    other, words = OTHERS.get(args.day, (None, ()))
    day = find_day(args.day) if args.day and not other else None
    patch = find_patch(day, args.patch) if day else other or OVERVIEW
    ensure(to_play(day.environment if day else "torch", days=[day.name] if day else []), yes=args.yes)
    pd = shutil.which("pd")
    if pd is None:
        raise UserError("environment", "Pd is not on the PATH", "sudo apt-get install puredata")
    say(f"{day.title if day else patch.stem.capitalize()}: {patch}")
    if patch == OVERVIEW:
        words = what_is_installed(doctor.report())
    os.execv(pd, [pd, "-open", str(patch), *words])


def what_is_installed(checks):
    """Pd's arguments that write doctor's report into the overview."""
    missing = [one["name"] for one in checks if one["needed"] and not one["ok"]]
    status = (
        "Something is missing: setup/dlwa doctor in a terminal shows how to fix it."
        if missing
        else "All that playing needs is installed."
    )
    lines = {"overview-say symbol": status}
    for number, one in enumerate(checks[:LINES], 1):
        mark = "ok" if one["ok"] else "MISSING" if one["needed"] else "not yet"
        lines[f"overview-part-{number} label"] = _short(f"{mark}: {one['name']}")
    return [word for name, text in lines.items() for word in ("-send", f"{name} {escape(text)}")]


def _short(text):
    return text if len(text) <= LETTERS else text[: LETTERS - 3] + "..."
