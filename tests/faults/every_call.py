"""Makes each call that writes, starts or connects fail in turn, or ends the program there, and looks what is left.

    python tests/faults/every_call.py [OPERATION ...] [--points N]
    python tests/faults/every_call.py [OPERATION ...] --minutes 9 --record FILE

A point is one call of an operation and one thing that happens there. After it nothing half may stand under a final
name, what was said is one line and no traceback, and the same command, given again, does all that it would have done.
Calls of one name that the same lines of Python make, called by the same lines, are repeats, and so are all that one
import makes: for each fault one of them is tried, by chance, with --repeats all. Prints a table of operations; the exit
status is 1 where a point failed. Its columns: calls of an undisturbed run, points, those that are no repeats, tried,
failed, seconds.
--points: so many of each operation, at random.
--minutes and --record: go on where the last run ended that wrote this file, for so long, and print the table of all of
them; so the whole is done in pieces.
Needs the environment `torch` and gcc.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("setup", "pyext_py3", "tests")]
sys.path[:0] = [str(path) for path in sorted(ROOT.glob("0*"))]

from support import operations  # noqa: E402
from support.faults import (  # noqa: E402
    CTRL_C,
    FAILS,
    FULL,
    HALFWAY,
    KILLED,
    PART_KILLED,
    READ_FAILS,
    READ_ONLY,
    Faults,
)

FOLDER = "FAULTS_FOLDER"  # where one operation is tried, in a process that has the library
FAULTS = FAILS, FULL, READ_ONLY, KILLED, HALFWAY, CTRL_C
FOUND = "found.json"  # in that folder: the row of the operation
IMPORT = "<frozen importlib"
COLUMNS = "calls", "points", "unlike", "tried", "failed", "s"
SUMS = "tried", "failed", "s"  # of several runs


def calls_of(operation, faults, fault):
    """What makes each call of an undisturbed run at which this can happen, as text."""
    operation.begin()
    with tempfile.TemporaryDirectory() as kept:
        with faults.at(0, fault, kept):
            operation.run()
        calls = [Path(kept, str(number)).read_text() for number in range(1, faults.count + 1)]
    if not any("  File " in call for call in calls):  # no Python told its lines: none is a repeat
        calls = [f"{call} {number}" for number, call in enumerate(calls)]
    return calls


def unlike(calls, chance):
    """The number, from 1, of one call of each kind, by chance."""
    kinds = {}
    for number, call in enumerate(calls, 1):
        kinds.setdefault(kind(call), []).append(number)
    return [chance.choice(numbers) for numbers in kinds.values()]


def kind(call):
    """What calls of one kind have in common: the program, the call, and the lines of Python up to the first import."""
    what, *lines = call.split("\n")  # the innermost line comes first
    imports = [number for number, line in enumerate(lines) if IMPORT in line]
    return "\n".join([what, *(lines[imports[-1] :] if imports else lines)])


def try_point(operation, faults, fault, number):
    """What is wrong after a fault at one call and the same command again; None where there was no such call."""
    operation.begin()
    with faults.at(number, fault):
        status, said = operation.run()
    if not faults.call:
        return None
    wrong = [] if fault.ends else list(complaints(status, said))
    wrong += operation.left()
    if status or wrong:
        again, repeated = operation.run()
        wrong += [f"again it ends with {again}: {repeated[-700:]}"] if again else []
    return [*wrong, *operation.done()]


def complaints(status, said):
    """What is wrong with the words of a program that could end by itself."""
    if "Traceback" in said:
        yield f"a traceback: {said[-1500:]}"
    if status and not said.strip():
        yield f"it ended with {status} without a word"
    if status < 0:
        yield f"it was ended by signal {-status}: {said[-300:]}"


def try_operation(name, folder, options):
    """Try an operation, and print what is wrong. Returns its row: calls, points, tried, failed, seconds."""
    begun = time.monotonic()
    place = folder / "place"
    faults = Faults(folder, place)
    operation = operations.OPERATIONS[name](folder, place)
    operation.begin()
    status, said = operation.run()
    if status:
        raise RuntimeError(said)
    operation.keep()
    calls = [calls_of(operation, faults, fault) for fault in (FAILS, READ_FAILS)]
    kinds = (*FAULTS, READ_FAILS, PART_KILLED) if operation.has_parts else (*FAULTS, READ_FAILS)
    chance, every = random.Random(options.seed), []
    for fault in kinds:
        of_fault = calls[fault.reads]
        numbers = range(1, len(of_fault) + 1) if options.repeats else unlike(of_fault, chance)
        every += [(fault, number) for number in numbers]
    chance.shuffle(every)
    tried = failed = 0
    last = options.points and options.skip + options.points
    for fault, number in every[options.skip : last]:
        if time.monotonic() - begun > 60 * options.minutes:
            break
        found = try_point(operation, faults, fault, number)
        tried += 1
        if found:
            failed += 1
            print(f"    call {number} ({faults.call}), {fault.name}:", *found, sep="\n        ", flush=True)
    return {
        "calls": sum(map(len, calls)),
        "points": sum(len(calls[fault.reads]) for fault in kinds),
        "unlike": len(every),
        "tried": tried,
        "failed": failed,
        "s": round(time.monotonic() - begun),
    }


def row(name, *cells):
    """Print a row of the table."""
    print(f"{name:<24}" + "".join(f"{cell:>8}" for cell in cells), flush=True)


def in_its_own_process(name, words):
    """(exit status, row) of an operation, in a process that has the library."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        variables = {FOLDER: folder, **Faults(folder, folder).variables}
        command = [sys.executable, __file__, name, *words]
        status = subprocess.run(command, env=os.environ | variables).returncode
        found = Path(folder, FOUND)
        return status, json.loads(found.read_text()) if found.exists() else {}


def parsed():
    """The words of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=", ".join(operations.OPERATIONS))
    parser.add_argument("--points", type=int)
    parser.add_argument("--repeats", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--skip", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Run the program; returns its exit status."""
    options = parsed()
    if FOLDER in os.environ:
        found = try_operation(options.operations[0], Path(os.environ[FOLDER]), options)
        Path(os.environ[FOLDER], FOUND).write_text(json.dumps(found))
        return bool(found["failed"])
    rows = json.loads(options.record.read_text()) if options.record and options.record.exists() else {}
    end = time.monotonic() + 60 * options.minutes
    status = 0
    row("operation", *COLUMNS)
    for name in options.operations or operations.OPERATIONS:
        before = rows.get(name, {"unlike": math.inf, **dict.fromkeys(SUMS, 0)})
        left = end - time.monotonic()
        if before["tried"] < before["unlike"] and left > 0:
            words = ["--seed", str(options.seed), "--skip", str(before["tried"]), "--minutes", str(left / 60)]
            words += ["--points", str(options.points)] * bool(options.points)
            failed, found = in_its_own_process(name, words + ["--repeats"] * options.repeats)
            status |= failed
            if found:
                rows[name] = {**found, **{key: before[key] + found[key] for key in SUMS}}
            if options.record:
                options.record.write_text(json.dumps(rows, indent=1))
        if name in rows:
            row(name, *(rows[name].get(column, "?") for column in COLUMNS))
    return status


if __name__ == "__main__":
    sys.exit(main())
