"""Kills a model's training at many moments and looks each time at what lies there; at its end, at where it has come.

    python tests/training/kills.py MODEL FOLDER [--moments 20] [--seed 0]

Half of the moments are moments in time, half are operations on files: before the one with a random number. What is
found wrong is printed in a line each, and the exit status is 1. Needs the environment `torch`.
"""

import argparse
import contextlib
import importlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("setup", "pyext_py3", "tests")]
sys.path[:0] = [str(path) for path in sorted(ROOT.glob("0*"))]

import torch  # noqa: E402 (once, before processes fork)
from dlwakit.runs.folder import HISTORY, read_run  # noqa: E402
from dlwakit.training import patience  # noqa: E402
from dlwakit.training.history import read as read_history  # noqa: E402
from support.tiny_trainings import TRAININGS  # noqa: E402
from support.whole_files import is_final, open_each  # noqa: E402

SAME = 0.01  # relative difference of two trainings' ends, of which one was killed
OPERATIONS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile", "shutil.copytree")


def start(training, run, words, kill_at=None):
    """The process of a training in a run folder; kill_at: the operation on a file before which it ends itself."""
    process = os.fork()
    if process:
        return process
    log = os.open(run.with_suffix(".txt"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    count = 0

    def watch(event, arguments):
        nonlocal count
        if event not in OPERATIONS or str(run) not in str(arguments[0]):
            return
        count += 1
        if event == "open" and is_final(Path(arguments[0]), run) and str(arguments[1])[:1] in ("w", "x"):
            print(f"WRONG: {arguments[0]} is written under its final name", flush=True)
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    status = 1
    try:
        status = training.main([*words, "--run", str(run)])
    finally:
        run.with_suffix(".end").write_text(json.dumps([count, list(sys.modules)]))
        os._exit(status or 0)


def import_all(names):
    """Import modules, so that the next processes that fork have them."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def ended(process):
    """The exit status of a process, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def kill(training, run, words, chance, whole):
    """Kill one start of a training; whether it was at work. whole: [seconds, operations] of one that is not killed."""
    begun = time.monotonic()
    if chance.random() < 0.5:
        killed = ended(start(training, run, words, chance.randrange(1, whole[1]))) == -signal.SIGKILL
    else:
        process = start(training, run, words)
        time.sleep(chance.uniform(0, whole[0]))
        os.kill(process, signal.SIGKILL)
        killed = ended(process) == -signal.SIGKILL
    if not killed:  # what was done by earlier starts need not be done again
        whole[:] = min(whole[0], time.monotonic() - begun), json.loads(run.with_suffix(".end").read_text())[0]
    return killed


def wrong_history(run):
    """What is wrong with the rows of a run's history."""
    rows = read_history(run / HISTORY)
    for before, after in zip(rows, rows[1:]):
        if after["step"] <= before["step"] or after["seconds"] < before["seconds"]:
            yield f"the check at step {after['step']:g} comes after that at {before['step']:g}"


def last_figure(run):
    """The figure of a run's last check."""
    return read_history(run / HISTORY)[-1][read_run(run)["watch"]]


def try_kills(training, folder, moments, chance):
    """Yield what is wrong."""
    words = training.prepare(folder)
    calm, run = folder / "calm/mine", folder / "killed/mine"
    for path in (calm, run):
        path.parent.mkdir(parents=True)
    for path in (calm.with_name("mine_first"), calm):
        begun = time.monotonic()
        if ended(start(training, path, words)):
            yield f"it fails: {path.with_suffix('.txt').read_text()[-500:]}"
            return
        operations, modules = json.loads(path.with_suffix(".end").read_text())
        import_all(modules)
    whole = [time.monotonic() - begun, operations]
    kills, finished = 0, 0
    while kills < moments and finished <= moments:
        if kill(training, run, words, chance, whole):
            kills += 1
        else:
            finished += 1
            yield from at_the_end(run, calm, training)
            run = run.parent / f"mine_{finished}"
        yield from open_each(run, training.load)
        yield from wrong_history(run)
    if status := ended(start(training, run, words)):
        yield f"it does not go on: {status}, {run.with_suffix('.txt').read_text()[-500:]}"
        return
    yield from at_the_end(run, calm, training)
    print(f"killed {kills} times in {finished + 1} trainings of {whole[0]:.1f} s and {whole[1]} operations")


def at_the_end(run, calm, training):
    """Yield what is wrong with a run at its goal, beside one that nobody killed."""
    said = run.with_suffix(".txt").read_text()
    yield from (line for line in said.splitlines() if "WRONG" in line or "Traceback" in line)
    yield from open_each(run, training.load)
    yield from wrong_history(run)
    found, wanted = last_figure(run), last_figure(calm)
    if abs(found - wanted) > SAME * abs(wanted):
        yield f"its last figure is {found:.5g}, without a kill {wanted:.5g}"


def main():
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=TRAININGS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ |= {"DLWA_RECORDED": "1", "CUDA_VISIBLE_DEVICES": ""}
    patience.CHECKS, patience.FIRST_STAGE = (0.5, 0.5, 200), 1
    training = TRAININGS[options.model]()
    wrong = list(try_kills(training, options.folder.absolute(), options.moments, random.Random(options.seed)))
    print(*wrong, sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
