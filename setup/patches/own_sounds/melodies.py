"""What files of melodies hold: their pictures, faults and sounds, from day 1's own program. In the worker process."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from dlwakit.course.days import find_program
from modelfiles.errors import UserError
from modelfiles.sounds import read_sound

SUFFIXES = (".mid", ".midi", ".abc", ".xml", ".musicxml", ".mxl")
MODEL = "melody"
AT_ONCE = 500  # files


def is_melody(path: Path) -> bool:
    """Whether a file holds notes, by its name."""
    return path.suffix.lower() in SUFFIXES


def look_at(paths: list[Path]) -> list[dict]:
    """For each file {"seconds", "fault", "picture"}; see `ai_duet.look`. Raises UserError where day 1 cannot look."""
    found: list[dict] = []
    for start in range(0, len(paths), AT_ONCE):
        lines = _run([str(path) for path in paths[start : start + AT_ONCE]])
        found += [json.loads(line) for line in lines.splitlines()]
    return found


def hear(path: Path) -> tuple[np.ndarray, int]:
    """What a file sounds like, float32 (n,), and its sample rate in Hz. Raises UserError."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "sound.wav")
        _run([str(path), "--sound", str(sound)])
        if not sound.exists():
            raise UserError("input", f"{path.name} cannot be heard")
        return read_sound(sound)


def _run(words: list[str]) -> str:
    program = find_program(MODEL, "look")
    variables = {**os.environ, **program.variables}
    done = subprocess.run(program.command(words), capture_output=True, text=True, env=variables)
    if done.returncode:
        raise UserError("input", f"the melodies cannot be read: {done.stderr.strip()[-200:]}")
    return done.stdout
