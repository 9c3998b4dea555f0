"""List, follow, stop, fetch and report the trainings of this user, wherever they train.

  setup/dlwa runs list              all runs, and how each is
  setup/dlwa runs follow NAME       its output, until it ends; Ctrl-C only stops following
  setup/dlwa runs stop NAME         let it save and end; the command that began it goes on from there
  setup/dlwa runs fetch NAME        bring its folder here from another machine
  setup/dlwa runs report NAME       make its report page anew and open it

NAME is the name of a run's folder, or its path.
"""

import json
import os
import sys
import time
import webbrowser
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import find_python, worker_path
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment, call
from dlwakit.runs import folder as files
from dlwakit.runs import places
from dlwakit.runs.records import find, records
from dlwakit.runs.state import ENDED

EVERY = 2  # seconds between two requests


def add_arguments(parser):
    """The verbs and what each takes."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb, does in (
        ("list", list_),
        ("follow", follow),
        ("stop", stop),
        ("fetch", fetch),
        ("report", report),
    ):
        command = verbs.add_parser(verb, help=does.__doc__.split(".")[0], description=does.__doc__)
        command.set_defaults(verb=does)
        command.add_argument("names", metavar="NAME", nargs="*" if verb == "list" else "+")
        if verb == "list":
            command.add_argument("--json", action="store_true", help="as JSON, on one line")
        if verb == "report":
            command.add_argument("--no-open", action="store_true", help="only make it")


def run(args):
    """Do what the verb says."""
    return args.verb(args)


def _named(args):
    return [find(name) for name in args.names]


def list_(args):
    """All runs, or those of these names, and how each is."""
    runs = _named(args) or records()
    states = [places.of(run).status(run).state for run in runs]
    if args.json:
        print(json.dumps([{**run, "state": state.facts()} for run, state in zip(runs, states)]))
        return 0
    for run, state in zip(runs, states):
        say(f"{Path(run['folder']).name:20} {run['model']:10} {_where(run):22} {state.line()}")
    if not runs:
        say("There are no runs yet: setup/dlwa train MODEL begins one.")
    return 0


def _where(run):
    place = run["place"]
    return {"local": "here", "slurm": f"job {place.get('job')}", "ssh": f"on {place.get('host')}"}[
        place["kind"]
    ]


def follow(args):
    """Print the output of a run until it ends; Ctrl-C only stops following."""
    (run, *others) = _named(args)
    if others:
        raise UserError("usage", "only one run can be followed at a time")
    place, offset, before = places.of(run), 0, None
    while True:
        status = place.status(run, offset)
        state, offset = status.state, status.offset
        sys.stdout.write(status.output)
        if state.word in ("waiting", "unknown") and state != before:
            say(f"({state.line()})")
        if state.word in ENDED:
            say(f"({state.line()})")
            return 0 if state.word in ("done", "stopped") else 1
        if sys.stdout.isatty():
            print(f"{state.line()}\x1b[K\r", end="")
        sys.stdout.flush()
        before = state
        time.sleep(EVERY)


def stop(args):
    """Let runs save and end; the command that began one goes on from there."""
    for run in _named(args):
        places.of(run).stop(run)
        say(f"{Path(run['folder']).name}: {places.of(run).status(run).state.line()}")
    return 0


def fetch(args):
    """Bring the folders of runs here from another machine."""
    for run in _named(args):
        places.of(run).fetch(run)
        say(f"here: {run['folder']}")
    return 0


def report(args):
    """Make the report pages of runs anew, and open them."""
    for run in _named(args):
        places.of(run).fetch(run)
        if not files.read_run(run["folder"]):
            raise UserError("state", f"the run in {run['folder']} has not begun yet")
        ensure([Environment("torch")])
        path = os.pathsep.join(map(str, worker_path(run["folder"])))
        status = call(
            [find_python("torch"), "-m", "dlwakit.training.report", run["folder"]], env={"PYTHONPATH": path}
        )
        if status:
            return status
        if not args.no_open:
            webbrowser.open(Path(run["folder"], files.REPORT).as_uri())
    return 0
