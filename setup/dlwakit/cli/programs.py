"""What `dataset`, `train` and `evaluate` share: they run a model's own program, which gets all that is not theirs."""

import argparse
import os
import signal
import subprocess

from modelfiles.errors import UserError

from dlwakit.base.console import say, warn
from dlwakit.course.days import all_days, find_program
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment


class _Help(argparse.Action):
    """Show the command's help; behind MODEL, leave the help to the model's program."""

    def __call__(self, parser, namespace, values, option_string=None):
        if namespace.model is None:
            models = ", ".join(model for day in all_days() for model in day.models)
            parser.epilog = f"Models: {models}."
            parser.print_help()
            parser.exit()
        namespace.help = True


def add_arguments(parser):
    """MODEL, --help, --yes."""
    parser.add_argument("model", metavar="MODEL", help="one of those below")
    parser.add_argument(
        "-h",
        "--help",
        action=_Help,
        nargs=0,
        default=False,
        help="behind MODEL: what the model's own program takes",
    )
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run_program(args, task, own=(), dry_run=False):
    """Run a model's program for a task with the arguments `own` and those that the command does not know.

    Its environment is made where it is missing. Returns its exit status.
    """
    program = find_program(args.model, task)
    if not dry_run:
        ensure([Environment(program.environment)], yes=args.yes)
    command = program.command([*args.rest, *own, *(["--help"] if args.help else [])])
    if dry_run:
        say(f"$ {' '.join(command)}")
        return 0
    status = _foreground(command, {**os.environ, **program.variables})
    if status < 0:
        goes_on = "the same command goes on from its last checkpoint" if task == "train" else ""
        word = signal.strsignal(-status) or f"signal {-status}"
        warn(UserError("state", f"{args.model}: the program was ended from outside ({word})", goes_on))
        return 128 - status
    return status


def _foreground(command, env):
    """Run a program with our own terminal; it alone decides what Ctrl-C and SIGTERM mean. Its exit status."""
    with subprocess.Popen(command, env=env) as program:
        signal.signal(signal.SIGINT, lambda *_: None)  # the terminal sends it to the program as well
        signal.signal(signal.SIGTERM, lambda *_: program.terminate())
        return program.wait()
