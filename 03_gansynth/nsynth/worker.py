"""The worker process of NSynth: encodes the corners, decodes the grid between them, reads and writes grids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.bounded import read_npy, read_npz
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.sounds import PEAK, SILENT, read_sound
from pdworker.serving.server import Job, serve

from . import grid_folder
from .blending import grid_encodings
from .engine.store import NOTES
from .loading import load_path

LONGEST_FILE_S = 600
COMPUTE_S = 0.2  # how long to decode for each piece of sound


class Worker:
    """Loads a model, encodes and decodes with it; the public methods are the calls."""

    def __init__(self) -> None:
        self._model: Any = None
        self._notes: dict[str, np.ndarray] = {}

    def load(
        self,
        job: Job,
        *,
        checkpoint: str = "starter_notes",
        folders: Sequence[str] = (),
        engine: str = "small",
    ) -> dict[str, Any]:
        """Load a model by name; returns facts about it."""
        path = find(checkpoint, folders, suffixes=(".index", ".tar"))
        job.progress(0.1, "reading (the very first time this takes a minute)")
        self._model = load_path(path, engine)
        file = (path if path.is_dir() else path.parent) / NOTES
        self._notes = read_npz(file) if file.is_file() else {}
        config = self._model.config
        return {
            "name": path.name,
            "rate": config.sample_rate,
            "hop": config.hop,
            "latent": config.latent,
            "layers": config.layers,
            "weights": self._model.engine,
            "notes": ",".join(self._notes),
        }

    def encode(self, job: Job, *, path: str, seconds: float) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Encode the first seconds of a sound file, its peak at 0.9, or read an encoding (.npy)."""
        model, file = self._require_model(), Path(path)
        if file.suffix == ".npy":
            return {"name": file.stem}, [self._read_encoding(file)]
        own = model.config.sample_rate
        audio, _ = read_sound(file, own, LONGEST_FILE_S)
        audio = audio[: max(1, round(seconds * own))]
        peak = np.abs(audio).max(initial=0)
        if peak < SILENT:
            raise UserError("sound", f"{file.name} is silent", "a corner needs a sound")
        job.progress(0.3, "encoding")
        return {"name": file.stem}, [model.encode(audio * (PEAK / peak))]

    def note(self, job: Job, *, name: str) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Return the encoding of one of the model's own notes."""
        self._require_model()
        if name not in self._notes:
            there = f"there is: {', '.join(self._notes)}" if self._notes else "it comes with none"
            raise UserError("input", f"this model has no note {name}", there)
        return {"name": name}, [np.asarray(self._notes[name], np.float32)]

    def write_encoding(self, job: Job, *, path: str, arrays: Sequence[np.ndarray]) -> dict[str, Any]:
        """Write an encoding as .npy, [hops, latent], as magenta's programs read it."""
        with open(path, "wb") as file:
            np.save(file, arrays[0].astype(np.float32))
        return {}

    def grid(
        self, job: Job, *, side: int, temperature: float, seed: int, arrays: Sequence[np.ndarray]
    ) -> dict[str, Any]:
        """Decode the grid between four encodings, or one for each four of several pitches, all points at once.

        The first partial result has no sound, but rate and length; the others [points, n], from `start` on.
        """
        points = grid_encodings(arrays, side)
        stream = self._require_model().stream(points, temperature, seed=seed)
        job.progress(0, "decoding", {"rate": stream.rate, "length": stream.length})
        while not stream.finished:
            start, sounds = stream.done, stream.more(COMPUTE_S, job.check)
            text = f"{stream.done / stream.rate:.1f} of {stream.length / stream.rate:.1f} s"
            job.progress(stream.done / stream.length, text, {"start": start}, [sounds])
        return {"samples": stream.done}

    def read_grid(self, job: Job, *, grid: str, **paths: str) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Read a grid that `write_grid` or the original course has written: sounds [pitches * points, samples]."""
        sounds, rate, pitches = grid_folder.read_files(grid, [Path(path) for path in paths.values()])
        side = round((len(sounds) / len(pitches)) ** 0.5)
        return {"side": side, "rate": rate, "pitches": pitches}, [sounds]

    def write_grid(
        self, job: Job, *, rate: int, pitches: list[int], arrays: Sequence[np.ndarray], **paths: str
    ) -> dict[str, Any]:
        """Write a grid's sounds [pitches * points, samples] to paths, by the names that `grid_files` gives."""
        grid_folder.write(arrays[0], rate, pitches, {name: Path(path) for name, path in paths.items()})
        return {}

    def _require_model(self) -> Any:
        if self._model is None:
            raise UserError("state", "no model is loaded", "load one first")
        return self._model

    def _read_encoding(self, file: Path) -> np.ndarray:
        encoding = np.asarray(read_npy(file), np.float32)
        encoding = encoding[0] if encoding.ndim == 3 and len(encoding) == 1 else encoding
        latent = self._model.config.latent
        if encoding.ndim != 2 or encoding.shape[1] != latent or not len(encoding):
            shape = " x ".join(map(str, encoding.shape))
            raise UserError("input", f"{file.name} holds {shape} numbers, not {latent} for each hop")
        return encoding


if __name__ == "__main__":
    serve(Worker())
