"""Files made to harm whoever opens them, each opened as its day does, with the memory, the time and the words of it.

    python tests/faults/hostile_files.py [landlock|bubblewrap|nothing]

Each is opened with the rights of a worker, kept by what the word names; without a word, by all that there is. A row:
the file, its size, what was said, the memory that opening it took, the seconds. The exit status is 1 where one took
more than MEMORY, ended the process or took SECONDS, or was told in other words than one line. Needs the environment
`torch`. `hostile_everywhere.py` does all of it as root and as another user. Others, whose programs run, are in
test_confinement.py and tests/unit/test_bounded.py.
"""

import contextlib
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("setup", "pyext_py3", "tests")]
sys.path[:0] = [str(path) for path in sorted(ROOT.glob("0*"))]

from modelfiles.errors import UserError  # noqa: E402
from pdworker.confinement import confine  # noqa: E402
from pdworker.host.sandbox import confined, folders_of  # noqa: E402
from pdworker.rights import Rights  # noqa: E402
from pdworker.system_calls import refuse_numbers  # noqa: E402
from support.harmful_files import FILES, starter  # noqa: E402

MEMORY, SECONDS = 300 << 20, 300  # after which it counts as endless
LANDLOCK = 444, 445, 446  # system calls that a kernel without it does not have
INSIDE = "HOSTILE_FILES_INSIDE"  # a variable: this runs in bubblewrap


# --- opening ---------------------------------------------------------------------------------------------------


def open_midi(path):
    from ai_duet.midi import read_midi

    return read_midi(path)


def open_melodies(path):
    from ai_duet.training import reading

    pieces = list(reading.read_pieces(path))
    for _, piece in pieces:
        if isinstance(piece, UserError):
            raise piece
    return pieces


def open_sound(path):
    from modelfiles.sounds import open_sound

    with open_sound(path) as (_, blocks):
        return sum(len(block) for block, _ in zip(blocks, range(100)))


def open_rave(path):
    from rave_rt.engine.torchscript import load_module, runs_when_loaded

    return runs_when_loaded(path), load_module(path)


def open_modules(path):
    from modelfiles.torchscript import read_modules

    return read_modules(path)


def open_prior(path):
    from rave_rt.engine.prior import read_prior

    return read_prior(path)


def open_components(path):
    from ganspacesynth.components import read

    return read(path)


def open_point(path):
    from gansynth.latent import read

    return read(path)


def by_package(name):
    """The day's own load()."""
    return lambda path: __import__(name).load(str(path))


READERS = {
    "melody": by_package("ai_duet"),
    "gansynth": by_package("gansynth"),
    "ddsp": by_package("timbre_transfer"),
    "samplernn": by_package("samplernn"),
    "prior": open_prior,
    "components": open_components,
    "rave": open_rave,
    "modules": open_modules,
    "sound": open_sound,
    "midi": open_midi,
    "melody file": open_melodies,
    "point": open_point,
}


def opened(path, day, within=""):
    """(what was said, bytes of memory, seconds) of opening a file in a copy of this process; None where it ended."""
    ours, theirs = os.pipe()
    begun = time.monotonic()
    process = os.fork()
    if not process:
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
        Path("/proc/self/clear_refs").write_text("5")
        before = peak()
        if within in ("bubblewrap", "nothing"):
            refuse_numbers(LANDLOCK, errno.ENOSYS)
        confine(Rights(readable=(str(path.parent),), writable=(), scratch=tempfile.gettempdir()))
        try:
            READERS[day](path)
            said = "is opened"
        except UserError as error:
            said = error.message
        except BaseException as error:
            said = f"ESCAPES: {type(error).__name__} {error}"
        os.write(theirs, json.dumps([said, peak() - before]).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(process, 0)
    said, memory = json.loads(answer) if answer else ("THE PROCESS ENDED", 0)
    return said, memory, time.monotonic() - begun


def peak():
    """Bytes of memory that this process has had at most."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) << 10


def import_all():
    """Open what is whole once, so that copies of this process need not import anything."""
    for day, folder, name in (
        ("melody", "01", "*.mag"),
        ("gansynth", "03", "starter_textures"),
        ("ddsp", "02", "starter_flute"),
        ("samplernn", "05", "starter_beat.safetensors"),
    ):
        READERS[day](starter(folder, name))
    with tempfile.TemporaryDirectory() as empty:
        for day in READERS:
            with contextlib.suppress(UserError, OSError):
                READERS[day](Path(empty, "nothing.mid"))


def try_all(folder, within):
    """Yield (name, bytes of the file, what was said, bytes of memory, seconds)."""
    for name, (make, day) in FILES.items():
        path = folder / name
        make(path)
        size = path.stat().st_size if path.is_file() else 0
        yield name, size, *opened(path, day, within)


def harmed(said, memory):
    """Whether opening a file did harm; one that takes too long ends the process."""
    return "ESCAPES" in said or "ENDED" in said or "\n" in said or memory > MEMORY


def in_bubblewrap(words):
    """Run this program in bubblewrap, as a worker is; returns its exit status."""
    python = Path(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        command = confined([str(python), __file__, *words], [*folders_of(python), ROOT], [folder])
        return subprocess.run(command, env=os.environ | {INSIDE: "1", "TMPDIR": folder}).returncode


def main(*words):
    """Run the program; returns its exit status."""
    within = words[0] if words else ""
    if within == "bubblewrap" and INSIDE not in os.environ:
        return in_bubblewrap(words)
    import_all()
    bad = 0
    print(f"{'file':<32} {'bytes':>11} {'MB':>5} {'s':>5}  said")
    with tempfile.TemporaryDirectory() as folder:
        for name, size, said, memory, seconds in try_all(Path(folder), within):
            failed = harmed(said, memory)
            bad += failed
            words = said.replace(folder, "").replace("\n", " ")[:110]
            print(
                f"{name:<32} {size:>11} {memory >> 20:>5} {seconds:>5.1f}  {'WRONG ' * failed}{words}",
                flush=True,
            )
    print(f"{len(FILES)} files, {bad} did harm")
    return bool(bad)


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main(*sys.argv[1:]))
