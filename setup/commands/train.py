"""Train a model on your own data set; stopped and started again, training goes on.

`setup/dlwa train MODEL --help` tells what the model's own program takes.
"""

import argparse
import os

from kit.console import DlwaError
from kit.days import find_model
from kit.environment import Environment, call, python_of
from kit.parts import ensure
from kit.paths import worker_path


def add_arguments(parser):
    """MODEL and the arguments of the model's own program."""
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument(
        "arguments", metavar="...", nargs=argparse.REMAINDER, help="for the model's own program"
    )


def run(args):
    """Run the model's training program in its environment."""
    return run_program(args, "train")


def run_program(args, task):
    """Run `python -m MODULE arguments` for a task ('dataset', 'train') of a model; its exit status."""
    day, facts = find_model(args.model)
    if task not in facts:
        raise DlwaError(f"the model '{args.model}' has no program for '{task}'")
    environment = facts.get("environment", day.environment)
    ensure([Environment(environment)], yes=args.yes)
    path = os.pathsep.join(map(str, worker_path(day.folder)))
    return call([python_of(environment), "-m", facts[task], *args.arguments], env={"PYTHONPATH": path})
