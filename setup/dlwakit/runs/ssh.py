"""Trainings on another machine that OpenSSH reaches: start, status, stop, fetch. On the command line.

The course and the data go up by rsync, into ~/dlwa-training: course/ (this checkout), data/, runs/. The training is
started detached from the connection; it is a run of that machine, whose own `setup/dlwa runs` is asked.
"""

import hashlib
import json
import shlex
import subprocess
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT
from dlwakit.runs import folder as files
from dlwakit.runs.records import record, records
from dlwakit.runs.state import State, Status

BASE = "dlwa-training"
OPTIONS = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10"]
LEFT_HERE = (".git", "/runs", "/demo", "__pycache__", "*.part", ".*_cache")


def start(host, model, arguments, folder, dry_run):
    """Bring course and data to the host and start `setup/dlwa train` there. Raises UserError.

    arguments: those of the model's program, without --run; those that are paths here are taken along.
    """
    there = f"runs/{model}/{folder.name}"
    _refuse_namesake(host, there, folder)
    arguments, uploads = _with_paths(arguments)
    usual = Path("runs", model, "data")
    if usual.is_dir():
        uploads.append((usual, f"runs/{model}"))
    run = ["python3", "course/setup/dlwa", "train", "--yes", model, *arguments, "--run", there]
    begin = f"cd {BASE} && mkdir -p {shlex.quote(there)} && {_detached(run, there)}"
    if dry_run:
        for source, target in [(ROOT, "course"), *uploads]:
            say(f"$ {shlex.join(_rsync(host, source, target))}")
        say(f"$ ssh {host} {shlex.quote(begin)}")
        say("Nothing was started (--dry-run).")
        return
    made = {f"{BASE}/course", f"{BASE}/runs/{model}", *(f"{BASE}/{target}" for _, target in uploads)}
    known = _ssh(host, f"mkdir -p {shlex.join(sorted(made))} && test -d {BASE}/{shlex.quote(there)}; echo $?")
    say(f"bringing the course and {len(uploads)} data to {host}")
    for source, target in [(ROOT, "course"), *uploads]:
        _copy(_rsync(host, source, target))
    if known.strip() == "1" and folder.is_dir():
        _copy(["rsync", "-a", "-e", _shell(), f"{folder}/", f"{host}:{BASE}/{there}/"])
    _ssh(host, begin)
    record(folder, model, {"kind": "ssh", "host": host, "run": there})
    say(f"started on {host}; it goes on there whatever happens to the connection")
    say(f"next  setup/dlwa runs follow {shlex.quote(folder.name)}")


def _refuse_namesake(host, there, folder):
    for run in records():
        same_place = run["place"] == {"kind": "ssh", "host": host, "run": there}
        if same_place and run["folder"] != str(folder):
            raise UserError(
                "state", f"{host} has a run '{folder.name}' of {run['folder']}", "Give another --run FOLDER."
            )


def _detached(command, there):
    starter = shlex.quote(f"{there}/{files.STARTER}")
    output = shlex.quote(f"{there}/{files.OUTPUT}")
    return f"{{ setsid nohup {shlex.join(command)} < /dev/null >> {output} 2>&1 & echo $! > {starter}; }}"


def _with_paths(arguments):
    """(arguments with paths as they are over there, [(path here, folder there)])."""
    changed, uploads = [], []
    for argument in map(str, arguments):
        option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
        path = Path(value).expanduser()
        if value and path.exists():
            digest = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:8]
            uploads.append((path, f"data/{digest}"))
            argument = f"{option}{equals}data/{digest}/{path.absolute().name}"
        changed.append(argument)
    return changed, uploads


def _rsync(host, source, target):
    if target == "course":
        left = [f"--exclude={name}" for name in LEFT_HERE]
        return ["rsync", "-a", "--delete", *left, "-e", _shell(), f"{source}/", f"{host}:{BASE}/course/"]
    return ["rsync", "-a", "-e", _shell(), str(source.absolute()), f"{host}:{BASE}/{target}/"]


def status(run, offset=0):
    """The Status of a run over there, with its output from the offset on."""
    there, host = run["place"]["run"], run["place"]["host"]
    ask = (
        f"cd {BASE} && python3 course/setup/dlwa runs list --json {shlex.quote(there)} && "
        f"tail -c +{offset + 1} {shlex.quote(f'{there}/{files.OUTPUT}')}"
    )
    try:
        said = _ssh(host, ask)
    except UserError as error:
        return Status(State("unknown", note=error.message), "", offset)
    facts, _, output = said.partition("\n")
    return Status(State(**json.loads(facts)[0]["state"]), output, offset + len(output.encode()))


def stop(run):
    """Let the training over there save and end; waits for it. Raises UserError."""
    place = run["place"]
    _ssh(place["host"], f"cd {BASE} && python3 course/setup/dlwa runs stop {shlex.quote(place['run'])}")


def fetch(run):
    """Bring the run folder back; files that are here already are not sent again. Raises UserError."""
    place, folder = run["place"], Path(run["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    source = f"{place['host']}:{BASE}/{place['run']}/"
    left = [f"--exclude={name}" for name in (files.STARTER, ".lock")]
    _copy(["rsync", "-a", "--partial", *left, "-e", _shell(), source, f"{folder}/"])


def _shell():
    return shlex.join(["ssh", *OPTIONS])


def _ssh(host, command):
    """What a command on the host prints. Raises UserError."""
    return _call(["ssh", *OPTIONS, host, command], host)


def _copy(command):
    _call(command, "rsync")


def _call(command, name):
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise UserError(
            "environment",
            f"there is no {command[0]} on this machine",
            f"sudo apt-get install {PACKAGES[command[0]]}",
        ) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [
            f"it ended with {done.returncode}"
        ]
        refused = "Permission denied" in done.stderr
        hint = "Log in with a key instead of a password: ssh-copy-id HOST, once." if refused else ""
        raise UserError(
            "environment", f"{name}: {lines[0] if lines[0].startswith('setup/dlwa') else lines[-1]}", hint
        )
    return done.stdout


PACKAGES = {"ssh": "openssh-client", "rsync": "rsync"}
