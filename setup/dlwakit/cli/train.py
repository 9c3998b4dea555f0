"""Train a model on your own data set; stopped and started again, training goes on.

`setup/dlwa train MODEL --help` says what the model's own program takes.
"""

from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.cli import programs
from dlwakit.course.days import find_program
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment
from dlwakit.runs import places, slurm, ssh

passes_on = True


def add_arguments(parser):
    """MODEL, where to train, --run; all else is for the model's program."""
    programs.add_arguments(parser)
    parser.add_argument(
        "--on",
        metavar="PLACE",
        default="local",
        help="local (the default), slurm, slurm:PROFILE, or ssh:HOST; setup/dlwa runs looks after it",
    )
    parser.add_argument(
        "--grid",
        metavar="OPTION=A,B,C",
        action="append",
        default=[],
        help="with slurm: a run for each value, together as one job array; may be given again",
    )
    parser.add_argument(
        "--run", dest="folder", metavar="FOLDER", type=Path, help="run folder (default: runs/MODEL/my_...)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def run(args):
    """Run the model's training program in its environment, here or elsewhere."""
    place = places.parse(args.on)
    if args.grid and place.kind != "slurm":
        raise UserError("usage", "--grid needs a queue", "Add --on slurm, or slurm:PROFILE.")
    if place.kind == "local" or args.help:
        own = ["--run", args.folder] if args.folder else []
        return programs.run_program(args, "train", own, args.dry_run)
    program = find_program(args.model, "train")
    if not program.elsewhere:
        raise UserError("usage", f"'{args.model}' can only be computed here", "Leave --on out.")
    folder = (args.folder or Path("runs", args.model, f"my_{args.model}")).expanduser().absolute()
    points = slurm.grid(folder, args.grid)
    for run_folder, _ in points:
        places.refuse_second(run_folder, args.model)
    if place.kind == "ssh":
        ssh.start(place.name, args.model, args.rest, folder, args.dry_run)
        return 0
    if not args.dry_run:
        ensure([Environment("torch"), Environment(program.environment)], yes=args.yes)
    runs = [(run_folder, [*args.rest, *chosen]) for run_folder, chosen in points]
    return slurm.start(place.name, args.model, program, runs, folder, args.dry_run)
