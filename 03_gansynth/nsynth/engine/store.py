"""Reads and writes checkpoints with the names and shapes of magenta's NSynth; worker process and trainings.

A checkpoint's weights say all sizes but four, which a file `nsynth.json` beside it holds; without it they are those of
the official checkpoint, `model.ckpt-200000`. Of its variables magenta restores those that the training moved, not
their averages (`.../ExponentialMovingAverage`), and so does this; a checkpoint of averages alone is read as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from modelfiles.bounded import read_json
from modelfiles.checkpoint import Checkpoint, load_checkpoint
from modelfiles.errors import UserError
from modelfiles.finding import latest
from modelfiles.tensor_bundle_writer import write_checkpoint
from modelfiles.unpacking import unpacked
from numpy.typing import DTypeLike, NDArray

from .config import LEVELS, TAPS, Config, layer_shapes

FACTS = "nsynth.json"  # beside a checkpoint: what its weights do not say
NOTES = "notes.npz"  # beside a checkpoint: encodings of some sounds, by name
NEEDED = re.compile(r"(^|/)(checkpoint|[^/]*\.index|[^/]*\.data-\d{5}-of-\d{5})$")  # in an archive
UNSAID = "sample_rate", "hop", "stages", "ae_stages"
AVERAGE = "/ExponentialMovingAverage"


class NSynthCheckpoint:
    """An open checkpoint of an autoencoder.

    Attributes
    ----------
    name : str
        How error lines call it.
    prefix : Path
        Of its files.
    config : Config
    """

    def __init__(self, prefix: Path, tensors: Checkpoint, name: str) -> None:
        self.name, self.prefix, self._tensors, self._names = name, prefix, tensors, tensors.shapes
        self.config = self._config()

    def layer(self, layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return a layer's weights [out, in, taps] and biases [out]. Raises UserError."""
        inputs, outputs, taps = layer_shapes(self.config)[layer]
        weights = self._tensor(f"{layer}/W", (1, taps, inputs, outputs))
        return np.ascontiguousarray(weights[0].T), self._tensor(f"{layer}/biases", (outputs,))

    def _tensor(self, part: str, wanted: tuple[int, ...]) -> NDArray[np.float32]:
        key = self._key(part)
        if self._names[key] != wanted:
            raise UserError("checkpoint", f"{self.name}: {part} is {self._names[key]}, not {wanted}")
        value = np.array(self._tensors[key], np.float32)
        if not np.isfinite(value).all():
            raise UserError("checkpoint", f"{self.name}: {part} holds something that is not a number")
        return value

    def _key(self, part: str) -> str:
        for key in (part, part + AVERAGE):
            if key in self._names:
                return key
        raise UserError("checkpoint", f"{self.name} is no checkpoint of NSynth: it has no {part}")

    def _shape(self, layer: str) -> tuple[int, ...]:
        found = self._names[self._key(f"{layer}/W")]
        if len(found) != 4:
            raise UserError("checkpoint", f"{self.name}: {layer}/W is {found}, which is no such layer")
        return found

    def _count(self, layer: str) -> int:
        endings, number = ("", AVERAGE), 0
        while any(f"{layer}_{number + 1}/W{ending}" in self._names for ending in endings):
            number += 1
        return number

    def _config(self) -> Config:
        """The sizes that the shapes and the facts beside them tell."""
        file = self.prefix.parent / FACTS
        facts = read_json(file) if file.is_file() else {}
        if self._shape("logits")[-1] != LEVELS or self._shape("startconv")[1] != TAPS:
            raise UserError("checkpoint", f"{self.name} is no NSynth of {LEVELS} levels and {TAPS} taps")
        return Config(
            **{key: facts[key] for key in UNSAID if key in facts},
            latent=self._shape("ae_bottleneck")[-1],
            layers=self._count("dilatedconv"),
            width=self._shape("startconv")[-1],
            skip_width=self._shape("skip_start")[-1],
            ae_layers=self._count("ae_dilatedconv"),
            ae_width=self._shape("ae_startconv")[-1],
        )


def open_checkpoint(path: Path, name: str = "") -> NSynthCheckpoint:
    """Open a checkpoint.

    Parameters
    ----------
    path : Path
        A folder with a checkpoint, or a .tar of one, or the prefix of a checkpoint's files, or its file `.index`.
    name : str, optional
        How error lines call it.

    Returns
    -------
    NSynthCheckpoint

    Raises
    ------
    UserError
        There is none, it is damaged, or not of NSynth.
    """
    path, name = Path(path), name or Path(path).name
    path = unpacked(path, NEEDED.search) if path.suffix == ".tar" else path
    prefix = latest(path) if path.is_dir() else path.with_suffix("") if path.suffix == ".index" else path
    return NSynthCheckpoint(prefix, load_checkpoint(prefix), name)


def write(
    folder: Path,
    config: Config,
    layers: Mapping[str, Iterable[NDArray]],
    step: int,
    kind: DTypeLike = np.float32,
) -> None:
    """Write a checkpoint as magenta restores one, and its facts beside it; an older one there is replaced.

    Parameters
    ----------
    folder : Path
    config : Config
    layers : dict of str to (ndarray, ndarray)
        Weights [out, in, taps] and biases [out] of each layer.
    step : int
        How many steps it was trained for.
    kind : dtype
        float16 takes half the room; magenta does not read it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {key: value for key, value in config.to_dict().items() if key in UNSAID}
    part = folder / f"{FACTS}.part"
    part.write_text(json.dumps(facts, indent=1) + "\n")
    part.replace(folder / FACTS)
    tensors: dict[str, NDArray] = {"global_step": np.asarray(step, np.int32)}
    for layer, (weights, biases) in layers.items():
        tensors[f"{layer}/W"] = np.ascontiguousarray(weights.T[None], kind)
        tensors[f"{layer}/biases"] = np.asarray(biases, kind)
    write_checkpoint(folder / f"model.ckpt-{step}", tensors)
    for file in folder.glob("model.ckpt-*"):
        if not file.name.startswith(f"model.ckpt-{step}."):
            file.unlink()
