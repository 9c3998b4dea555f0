"""What is in a model's folder, as magenta's trainer leaves it: settings, stages, pitches.

Needs neither torch nor TensorFlow; both engines start here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.bounded import read_json
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.unpacking import unpacked
from numpy.typing import ArrayLike, NDArray

NEEDED = re.compile(
    r"(experiment\.json|meta\.json|checkpoint|\.index|\.data-\d{5}-of-\d{5})$"
)  # in an archive
UPSTREAM = "try load with --engine upstream"
NSYNTH_PITCHES = range(24, 85)
SCOPE = "Generator/progressive_gan_generator/progressive_gan_block_{}/{}/ExponentialMovingAverage"

# What magenta's model assumes where experiment.json is silent.
DEFAULTS = {
    "audio_length": 64000,
    "sample_rate": 16000,
    "mag_normalizer_a": 0.0661371661726,
    "mag_normalizer_b": 0.113718730221,
    "p_normalizer_a": 0.8,
    "p_normalizer_b": 0.0,
    "latent_vector_size": 256,
    "start_height": 4,
    "start_width": 8,
    "num_resolutions": 7,
    "stable_stage_num_images": 32,
    "transition_stage_num_images": 32,
    "train_progressive": True,
}

# What a model can be made of: beyond these, nothing that has been trained, or that a machine could play.
RANGES = {
    "audio_length": (1, 1 << 22),
    "sample_rate": (1000, 384000),
    "latent_vector_size": (1, 1 << 16),
    "start_height": (1, 1 << 10),
    "start_width": (1, 1 << 10),
    "num_resolutions": (1, 12),
}


@dataclass
class ModelFolder:
    """A trained model on disk.

    name: the folder's. flags: what experiment.json says, with magenta's defaults. stage, stages: how far its
    training went. checkpoint: its newest weights, name to array. pitches: the MIDI pitches it knows, ascending.
    """

    name: str
    path: Path
    flags: dict[str, Any]
    stage: int
    checkpoint: Any
    pitches: list[int] = field(default_factory=list)

    @property
    def latent_size(self) -> int:
        """Numbers in a latent vector."""
        return int(self.flags["latent_vector_size"])

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return int(self.flags["sample_rate"])

    @property
    def audio_length(self) -> int:
        """Samples of a note."""
        return int(self.flags["audio_length"])

    @property
    def stages(self) -> int:
        """How many stages a whole training has."""
        return 2 * int(self.flags["num_resolutions"]) - 1

    @property
    def blocks(self) -> int:
        """How many blocks the network has at its stage."""
        return (self.stage + 1) // 2 + 1

    def random(self, count: int, seed: int | None = None) -> NDArray[np.float32]:
        """`count` random points of the latent space, [count, latent_size], float32."""
        return np.random.default_rng(seed).standard_normal((count, self.latent_size), np.float32)

    def label(self, pitch: int) -> int:
        """The network's number for a MIDI pitch; UserError if it has none."""
        if pitch in self.pitches:
            return self.pitches.index(pitch)
        low, high = self.pitches[0], self.pitches[-1]
        known = (
            f"{low} to {high}" if len(self.pitches) == high - low + 1 else ", ".join(map(str, self.pitches))
        )
        raise UserError("input", f"{self.name} has no pitch {pitch:g}; it knows {known}")

    def inputs(self, latents: ArrayLike, pitches: Sequence[int]) -> tuple[NDArray[np.float32], list[int]]:
        """Latent vectors as [notes, latent_size], float32, and labels as [notes]; UserError."""
        points = np.atleast_2d(np.asarray(latents, np.float32))
        if points.shape[1] != self.latent_size:
            raise UserError(
                "input",
                f"a latent vector of {points.shape[1]} numbers; {self.name} needs {self.latent_size}",
            )
        if not np.isfinite(points).all():
            raise UserError("input", "a latent vector holds something that is not a number")
        if len(points) != len(pitches):
            raise UserError("input", f"{len(points)} latent vectors for {len(pitches)} pitches")
        return points, [self.label(pitch) for pitch in pitches]


def open_folder(path: str | Path) -> ModelFolder:
    """Look into a model's folder, or into a .zip of one, which is unpacked the first time: beside it or in the cache.

    Raises UserError in a line that says what is wrong with it.
    """
    path = _unpacked(Path(path)) if Path(path).suffix == ".zip" else Path(path)
    flags = _read_flags(path / "experiment.json")
    stage, stage_path = _last_stage(path)
    if stage > 2 * flags["num_resolutions"] - 2:
        raise UserError(
            "checkpoint", f"{stage_path} lies beyond the {flags['num_resolutions']} sizes of experiment.json"
        )
    folder = ModelFolder(path.name, path, flags, stage, load_checkpoint(stage_path))
    for name in (*generator_names(folder.blocks), "global_step"):
        if name not in folder.checkpoint:
            raise UserError(
                "checkpoint", f"{stage_path} is not a whole GANSynth checkpoint: it has no {name}"
            )
    kernel = folder.checkpoint.shapes[generator_names(1)[0]]
    folder.pitches = _pitches(path, kernel[2] - folder.latent_size)
    return folder


def generator_names(blocks):
    """The names of a generator's averaged weights in a checkpoint."""
    return [
        SCOPE.format(block, f"{layer}/{part}")
        for block in range(1, blocks + 1)
        for layer in ("conv0", "conv1", "to_rgb")
        for part in ("conv2d/kernel", "bias")
    ]


def _unpacked(archive):
    """The model's folder out of an archive; only what is needed is unpacked."""
    found = sorted(unpacked(archive, NEEDED.search).rglob("experiment.json"))
    if not found:
        raise UserError("checkpoint", f"{archive} holds no GANSynth model: it has no experiment.json")
    return found[0].parent


def _read_flags(file):
    if not file.is_file():
        raise UserError("checkpoint", f"{file.parent} is no GANSynth model: it has no experiment.json")
    flags = DEFAULTS | read_json(file)
    for name, (low, high) in RANGES.items():
        value = flags[name]
        if type(value) not in (int, float) or not low <= value <= high:
            raise UserError("checkpoint", f"{file.name} says {name} = {str(value)[:40]}, not {low} to {high}")
    return flags


def _last_stage(folder):
    """(number, path) of the last stage that holds a checkpoint; a stage just begun holds none yet."""
    stages = sorted(path for path in folder.glob("stage_*") if any(path.glob("*.index")))
    if not stages:
        raise UserError("checkpoint", f"{folder} has no stage with a checkpoint", "unpack the whole archive")
    return int(stages[-1].name.removeprefix("stage_")), stages[-1]


def _pitches(folder, labels):
    """The MIDI pitches behind the labels: those of meta.json (course models), else NSynth's if as many."""
    file = folder / "meta.json"
    source = file.name if file.exists() else "NSynth"
    pitches = list(NSYNTH_PITCHES)
    if file.exists():
        try:
            pitches = sorted({int(entry["pitch"]) for entry in read_json(file).values()})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError("checkpoint", f"{file} is damaged: it does not tell the pitches") from None
    if len(pitches) != labels:
        raise UserError(
            "checkpoint",
            f"{folder.name} has {labels} pitches, but {source} has {len(pitches)}",
            f"put the meta.json of its training set into {folder}",
        )
    return pitches
