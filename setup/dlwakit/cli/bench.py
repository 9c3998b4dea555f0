"""Measure how quick things are here; each figure is the median of several runs.

realtime_factor is seconds / audio_seconds (below 1 is quicker than real time); ratio is seconds /
reference_seconds, where the reference is the plain or upstream way, measured in the same run.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from modelfiles.errors import UserError

from dlwakit.base.console import say, warn
from dlwakit.base.files import write_json
from dlwakit.base.paths import EXTERNAL_SOURCE, ROOT, find_python
from dlwakit.cli.install import to_play
from dlwakit.install.components import ensure
from dlwakit.install.environment import Environment, ToolsForTests
from dlwakit.install.packages import BENCH, Packages

FOLDER = ROOT / "tests/benchmarks"


def add_arguments(parser):
    """NAME ..., --json, --runs, --yes."""
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="such as melody.20s, or a group, melody (default: all)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to a file")
    parser.add_argument("--long", action="store_true", help="with figures that take hours (own)")
    parser.add_argument("--runs", metavar="N", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def names_in(file):
    """The names in a file's BENCHMARKS, without running it (it needs a model's environment)."""
    value = _constant(file, "BENCHMARKS")
    return [key.value for key in value.keys] if value else []


def needs_of(file):
    """The components that a file's NEEDS names, which its benchmarks need beyond what playing needs."""
    value = _constant(file, "NEEDS")
    names = ast.literal_eval(value) if value else ()
    packages = {name: BENCH[name] for name in names if name in BENCH}
    components = [Packages("system packages for the benchmarks", packages)] if packages else []
    for name in names:
        if name not in BENCH:
            components.append(ToolsForTests() if name == "test tools" else Environment(name))
    return components


def most_runs_of(file):
    """How often a file's benchmarks run at most: its RUNS, where one run takes minutes."""
    value = _constant(file, "RUNS")
    return ast.literal_eval(value) if value else sys.maxsize


def _constant(file, name):
    """The syntax tree of what a file assigns to a name at its top; None where it does not."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == name for target in node.targets):
            return node.value
    return None


def choose(wanted, known):
    """The names of `known` that the user means by full names and groups; UserError for others."""
    for word in wanted:
        if not any(name == word or name.startswith(f"{word}.") for name in known):
            raise UserError(
                "input",
                f"there is no benchmark '{word}'",
                f"Benchmarks here: {', '.join(known) or 'none yet'}",
            )
    return [name for name in known if not wanted or name in wanted or name.split(".")[0] in wanted]


def figures(runs):
    """Medians and ratios of several runs of one benchmark, and the medians of what else it measures."""

    def middle(key):
        values = [run[key] for run in runs if run.get(key) is not None]
        return median(values) if values else None

    seconds, audio, reference = middle("seconds"), middle("audio_seconds"), middle("reference_seconds")
    more = {key: middle(key) for key, value in runs[0].items() if isinstance(value, (int, float))}
    return more | {
        "seconds": seconds,
        "audio_seconds": audio,
        "realtime_factor": seconds / audio if audio else None,
        "reference_seconds": reference,
        "ratio": seconds / reference if reference else None,
    }


def run(args):
    """Run the benchmarks in the environment `torch`; 1 if one fails."""
    files = {name: file for file in sorted(FOLDER.glob("*.py")) for name in names_in(file)}
    chosen = choose(args.names, list(files))
    if not chosen:
        raise UserError("input", "there are no benchmarks yet")
    ensure(to_play("torch"), yes=args.yes)
    measured, failed = {}, []
    for file in dict.fromkeys(files[name] for name in chosen):
        names = [name for name in chosen if files[name] == file]
        try:
            ensure(needs_of(file), yes=args.yes)
        except UserError as error:
            failed += names
            warn(UserError(error.kind, f"{', '.join(names)}: {error.message}", error.hint))
            continue
        for name, runs in _measure(file, min(args.runs, most_runs_of(file)), names, args.long):
            errors = [run["error"] for run in runs if "error" in run]
            if errors or not runs:
                failed.append(name)
                warn(UserError("internal", f"{name}: {errors[0] if errors else 'did not run'}"))
                continue
            measured[name] = figures(runs)
            _print(name, measured[name])
            if args.json:
                write_json(args.json, {"benchmarks": measured})
    if args.json and measured:
        say(f"Written: {args.json}")
    return 1 if failed else 0


def _measure(file, count, names, long):
    """(name, runs) of each benchmark, as soon as it has run; without runs for those that did not."""
    folders = [ROOT / "setup", EXTERNAL_SOURCE, ROOT / "tests", *sorted(ROOT.glob("[0-9][0-9]_*"))]
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "DLWA_BENCH_LONG": "1" if long else "",
    }
    command = [find_python("torch"), "-m", "dlwakit.benchmarks", file, count, *names]
    waiting, runs = list(names), []
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, env=variables
    ) as program:
        for line in program.stdout:
            runs.append(json.loads(line))
            if len(runs) == count or "error" in runs[-1]:
                yield waiting.pop(0), runs
                runs = []
    yield from ((name, []) for name in waiting)


def _print(name, values):
    words = [f"{values['seconds']:.3g} s"]
    if values["realtime_factor"] is not None:
        words.append(
            f"for {values['audio_seconds']:.3g} s of audio, realtime factor {values['realtime_factor']:.3g}"
        )
    if values["ratio"] is not None:
        words.append(f"reference {values['reference_seconds']:.3g} s, ratio {values['ratio']:.3g}")
    usual = {"seconds", "audio_seconds", "realtime_factor", "reference_seconds", "ratio"}
    words += [f"{key.replace('_', ' ')} {values[key]:.3g}" for key in sorted(values.keys() - usual)]
    say(f"{name}: {'; '.join(words)}")
