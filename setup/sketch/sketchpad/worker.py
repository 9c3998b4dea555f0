"""What lays tracks out for Pd to play, and renders them; the worker process of [sketch]."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.sounds import write_sound
from pdworker.serving.server import Job, serve

from . import mix
from .score import Track

PARTS = Path(__file__).parents[2] / "piece/parts.py"


class Worker:
    """Tracks as sounds; its public methods are the calls of the Pd object."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp())  # it goes with the process
        self._laid: dict[tuple, tuple[Path, float]] = {}
        self._used: set[str] = set()
        self._count = 0

    def load(self, job: Job, **_: object) -> dict:
        """Return a name: there is nothing to load."""
        return {"name": "sketch"}

    def prepare(self, job: Job, *, tracks: Sequence[Sequence], rate: int) -> dict:
        """Write the tracks as they are before gain and pan, two channels, those that are not written yet.

        Returns
        -------
        dict
            `rows`: for each track its file for Pd, the seconds at which it ends, and what is wrong with it.
        """
        rows = [self._prepared(Track(*values), rate) for values in tracks]
        used = {path for path, _, _ in rows}
        for key, (path, _) in list(self._laid.items()):
            if (
                str(path) not in used | self._used
            ):  # Pd may still be about to open what was in use the last time
                path.unlink(missing_ok=True)
                del self._laid[key]
        self._used = used
        return {"rows": rows}

    def _prepared(self, track: Track, rate: int) -> tuple[str, float, str]:
        if not track.file:
            return "", 0.0, ""
        try:
            written = Path(track.file).stat().st_mtime_ns
        except OSError:
            return "", 0.0, f"{Path(track.file).name} is not there"
        key = replace(track, gain=0.0, pan=0.0), rate, written
        if key not in self._laid:
            try:
                sound = mix.laid(track, rate)
                self._count += 1
                path = self._folder / f"{self._count}.wav"
                write_sound(path, sound, rate, "FLOAT")
            except UserError as error:
                return "", 0.0, error.message
            self._laid[key] = path, sound.shape[1] / rate
        path, end = self._laid[key]
        return str(path), end, ""

    def render(self, job: Job, *, tracks: Sequence[Sequence], rate: int, folder: str) -> dict:
        """Write mix, stems and the sketch into a folder; return the files, and what is wrong with tracks left out."""
        files, faults = mix.render([Track(*values) for values in tracks], rate, Path(folder))
        return {"files": [str(path) for path in files], "faults": faults}

    def make_parts(self, job: Job, *, parts: Sequence[str], folder: str) -> dict:
        """Let the parts of the piece be made, each by a process of its own; a partial result tells of each.

        Partial results: `part` is its name, `fault` why it could not be made, else "".
        """
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(parts):
            job.progress(number / len(parts), part)
            fault = self._make(job, part, folder)
            job.progress((number + 1) / len(parts), part, {"part": part, "fault": fault})
        return {}

    def _make(self, job: Job, part: str, folder: str) -> str:
        command = [sys.executable, str(PARTS), folder, part]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as program:
            try:
                while True:
                    try:
                        said, _ = program.communicate(timeout=0.2)
                    except subprocess.TimeoutExpired:
                        job.answer("prepare")
                        job.check()
                        continue
                    lines = said.strip().splitlines() or [f"it ended with {program.returncode}"]
                    return lines[-1] if program.returncode else ""
            except BaseException:
                program.kill()
                raise


if __name__ == "__main__":
    serve(Worker())
