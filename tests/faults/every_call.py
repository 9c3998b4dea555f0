"""Makes each call that writes, starts or connects fail in turn, or ends the program there, and looks what is left.

    python tests/faults/every_call.py [OPERATION ...] [--points N] [--folder FOLDER]

A point is one call of an operation and one thing that happens there. After it nothing half may stand under a final
name, what was said is one line and no traceback, and the same command, given again, does all that it would have done.
Prints a table of operations; the exit status is 1 where a point failed. --points: so many of each operation, at random.
Needs the environment `torch` and gcc.
"""

import argparse
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
    READ_ONLY,
    Faults,
)

FOLDER = "FAULTS_FOLDER"  # where one operation is tried, in a process that has the library
FAULTS = FAILS, FULL, READ_ONLY, KILLED, HALFWAY, CTRL_C


def points(count, faults, limit, chance):
    """The (fault, number of the call) that are tried of an operation of so many calls."""
    every = [(fault, number) for fault in faults for number in range(1, count + 1)]
    return every if limit is None else chance.sample(every, min(limit, len(every)))


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


def try_operation(name, folder, limit, chance):
    """Print the row of one operation, and what is wrong; returns how many points failed."""
    begun = time.monotonic()
    place = folder / "place"
    faults = Faults(folder, place)
    operation = operations.OPERATIONS[name](folder, place)
    operation.begin()
    status, said = operation.run()
    if status:
        raise RuntimeError(said)
    operation.keep()
    operation.begin()
    with faults.at(0, FAILS):
        operation.run()
    count, tried, failed, wrong = faults.count, 0, 0, []
    kinds = (*FAULTS, PART_KILLED) if operation.has_parts else FAULTS
    for fault, number in points(count, kinds, limit or operation.limit, chance):
        found = try_point(operation, faults, fault, number)
        tried += found is not None
        if found:
            failed += 1
            wrong.append(f"    call {number} ({faults.call}), {fault.name}:")
            wrong += [f"        {line}" for line in found]
    row(name, count, tried, failed, f"{time.monotonic() - begun:.0f}")
    print(*wrong, sep="\n")
    return failed


def row(name, *cells):
    """Print a row of the table."""
    print(f"{name:<24}" + "".join(f"{cell:>8}" for cell in cells), flush=True)


def main():
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=", ".join(operations.OPERATIONS))
    parser.add_argument("--points", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if FOLDER in os.environ:
        (name,) = options.operations
        chance = random.Random(options.seed)
        return bool(try_operation(name, Path(os.environ[FOLDER]), options.points, chance))
    row("operation", "calls", "points", "failed", "s")
    status = 0
    for name in options.operations or operations.OPERATIONS:
        words = [
            name,
            "--seed",
            str(options.seed),
            *(["--points", str(options.points)] if options.points else []),
        ]
        with tempfile.TemporaryDirectory() as folder:
            variables = {FOLDER: folder, **Faults(folder, folder).variables}
            done = subprocess.run([sys.executable, __file__, *words], env=os.environ | variables)
        status |= done.returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
