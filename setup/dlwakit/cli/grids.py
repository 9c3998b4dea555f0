"""Make what lies between four sounds with NSynth, GANSynth and RAVE, to play the three on one pad.

Without sounds, the corners are four instruments of GANSynth: its notes at middle C are what the others encode. With
four SOUNDs (lower left, lower right, upper left, upper right) there is no grid of GANSynth, which has no encoder. A
grid of plain mixes is made, too. They are in demo/grids/, where the patch `setup/dlwa open 3 one_pad` finds them, or
in FOLDER, from which nsynth.pd opens each.
"""

from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT
from dlwakit.cli.compare import existing, run_program

CORNERS, SIDE = 4, 4


def add_arguments(parser):
    """SOUND ..., --to, --side, --yes."""
    parser.add_argument("sounds", metavar="SOUND", type=Path, nargs="*", help="four sound files, or none")
    parser.add_argument("--to", metavar="FOLDER", type=Path, help="where the grids go")
    parser.add_argument(
        "--side", metavar="N", type=int, default=SIDE, help=f"points at a side (default: {SIDE})"
    )
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Run the program in the environment that plays all days."""
    if len(args.sounds) not in (0, CORNERS):
        raise UserError(
            "usage", f"{len(args.sounds)} sounds", "give four sounds, one for each corner, or none"
        )
    folder = (args.to or ROOT / "demo/grids").expanduser().resolve()
    status = run_program("grids.py", [folder, args.side, *map(existing, args.sounds)], args)
    if status == 0:
        say(f"The grids: {folder}")
    return status
