"""Train a model on your own data set; stopped and started again, training goes on.

`setup/dlwa train MODEL --help` tells what the model's own program takes. Anywhere behind MODEL may stand:

  --on PLACE            local (the default), slurm, slurm:PROFILE, or ssh:HOST; setup/dlwa runs looks after it
  --grid SETTING=A,B,C  with slurm: a run for each value, together as one job array; may be given again
  --dry-run             say what would be done
"""

import argparse
import itertools
import json
import os
import signal
import subprocess
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT, find_python, worker_path
from dlwakit.course.days import find_model
from dlwakit.install.environment import Environment
from dlwakit.install.parts import ensure
from dlwakit.runs import places, ssh


def add_arguments(parser):
    """MODEL and the arguments of the model's own program."""
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument(
        "arguments", metavar="...", nargs=argparse.REMAINDER, help="for the model's own program"
    )


def run(args):
    """Run the model's training program in its environment, here or elsewhere."""
    ours = argparse.ArgumentParser(add_help=False, allow_abbrev=False, prog="setup/dlwa train")
    ours.add_argument("--on", default="local")
    ours.add_argument("--grid", action="append", default=[])
    ours.add_argument("--dry-run", action="store_true")
    options, args.arguments = ours.parse_known_args(args.arguments)
    place = places.parse(options.on)
    if options.grid and place.kind != "slurm":
        raise UserError("usage", "--grid needs a queue", "Add --on slurm, or slurm:PROFILE.")
    if place.kind == "local":
        return run_program(args, "train", options.dry_run)
    find_model(args.model)
    folder, arguments = _run_folder(args.model, args.arguments)
    places.refuse_second(folder, args.model)
    if place.kind == "ssh":
        ssh.start(place.name, args.model, arguments, folder, options.dry_run)
        return 0
    return _submit(args, place.name, folder, arguments, options)


def run_program(args, task, dry_run=False):
    """Run `python -m MODULE arguments` for a task ('dataset', 'train') of a model; its exit status."""
    command, variables = _program(args, task, dry_run)
    if dry_run:
        say(f"$ {' '.join(map(str, command))}")
        return 0
    return _foreground(command, {**os.environ, **variables})


def _program(args, task, dry_run):
    """(the command of a model's program, variables that it needs), its environment made where it is missing."""
    day, facts = find_model(args.model)
    if task not in facts:
        raise UserError("input", f"the model '{args.model}' has no program for '{task}'")
    environment = facts.get("environment", day.environment)
    if not dry_run:
        ensure([Environment(environment)], yes=args.yes)
    path = os.pathsep.join(map(str, worker_path(day.folder)))
    return [str(find_python(environment)), "-m", facts[task], *args.arguments], {"PYTHONPATH": path}


def _foreground(command, env):
    """Run a program with our own terminal; it alone decides what Ctrl-C and a polite kill mean. Its exit status."""
    with subprocess.Popen(command, env=env) as program:
        signal.signal(signal.SIGINT, lambda *_: None)  # the terminal has told the program as well
        signal.signal(signal.SIGTERM, lambda *_: program.terminate())
        return program.wait()


def _run_folder(model, arguments):
    """(the run's folder, the arguments without --run)."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--run", type=Path, default=Path("runs", model, f"my_{model}"))
    options, arguments = parser.parse_known_args(arguments)
    return options.run.expanduser().absolute(), arguments


def _submit(args, profile, folder, arguments, options):
    """Let dlwakit.training.submit put one run, or one for each point of the grid, into the queue; its exit status."""
    if not options.dry_run:
        ensure([Environment("torch")], yes=args.yes)
    programs = []
    for choices in itertools.product(*map(_values, options.grid)):
        name = ",".join(f"{setting}={value}" for setting, value in choices)
        run = folder / name if name else folder
        places.refuse_second(run, args.model)
        extra = [word for setting, value in choices for word in (f"--{setting}", value)]
        args.arguments = [*arguments, *extra, "--run", str(run)]
        command, variables = _program(args, "train", options.dry_run)
        env = ["env", "DLWA_RECORDED=1", *(f"{name}={value}" for name, value in variables.items())]
        programs.append({"model": args.model, "run": str(run), "command": [*env, *command]})
    order = {
        "profile": profile,
        "dry_run": options.dry_run,
        "folder": str(folder / "slurm"),
        "programs": programs,
    }
    return subprocess.run(
        [str(find_python("torch")), "-m", "dlwakit.training.submit"],
        input=json.dumps(order),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, worker_path(ROOT)))},
        text=True,
        check=False,
    ).returncode


def _values(text):
    """[(setting, value), ...] of 'rate=0.1,0.2'; else UserError."""
    setting, equals, values = text.lstrip("-").partition("=")
    if not (setting and equals and values):
        raise UserError("usage", f"--grid {text} is not SETTING=A,B,C")
    return [(setting, value) for value in values.split(",")]
