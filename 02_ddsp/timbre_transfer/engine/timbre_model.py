"""A DDSP model in torch and numpy, and what it plays stretch by stretch. Runs in the worker process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.bending import TOO_FAR, Bending
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.finding import latest
from modelfiles.regular import read_text
from numpy.typing import ArrayLike, NDArray

from ..model import Instrument, ignore
from . import configuration, statistics
from .configuration import Configuration
from .decoder import SUFFIX, Decoder
from .encoder import Encoder
from .pitch import HOP_SIZE, midi
from .statistics import Statistics
from .synthesiser import FilteredNoise, Harmonic, Reverb

LOUDNESS_RANGE_DB = 80.0
SILENT = -100.0  # what the network says of amplitudes to be silent
PITCH_RANGE_MIDI = 127.0
STRETCH_FRAMES = 2500  # computed at once


def read_folder(folder: Path) -> TimbreModel:
    """The model in a folder. Raises UserError."""
    text = read_text(configuration.newest(folder))
    try:
        settings = configuration.read(text)
    except UserError as error:
        raise UserError(
            "checkpoint",
            f"{folder.name}: {error.message}; only the ddsp package can play it",
            "load it with --engine upstream",
        ) from None
    tensors = decoder_tensors(load_checkpoint(latest(folder)))
    return TimbreModel(folder.name, settings, tensors, statistics.load(folder))


def decoder_tensors(checkpoint: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """The model's tensors under their names below `model/`."""
    names = (
        name
        for name in checkpoint
        if name.startswith("model/") and name.endswith(SUFFIX) and ".OPTIMIZER_SLOT" not in name
    )
    tensors = {name[len("model/") : -len(SUFFIX)]: checkpoint[name] for name in names}
    if "decoder/dense_out/kernel" not in tensors:
        raise UserError(
            "checkpoint",
            "the checkpoint holds no DDSP decoder",
            "Is it a checkpoint of another kind of model?",
        )
    return tensors


def below(prefix: str, tensors: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """The tensors whose names begin with the prefix, under the rest of their names."""
    return {name[len(prefix) :]: values for name, values in tensors.items() if name.startswith(prefix)}


class TimbreModel(Instrument):
    """A model whose weights are computed in torch.

    Parameters
    ----------
    name : str
    settings : Configuration
    tensors : mapping of str to ndarray
        The model's weights as `decoder_tensors` gives them.
    training_statistics : Statistics, optional
        Of its training sounds.
    """

    engine = "small"

    def __init__(
        self,
        name: str,
        settings: Configuration,
        tensors: Mapping[str, NDArray],
        training_statistics: Statistics | None = None,
    ) -> None:
        self.name, self.configuration, self.statistics = name, settings, training_statistics
        self.sample_rate = settings.sample_rate
        decoder = below("decoder/", tensors)
        try:
            self.decoder = Decoder(decoder, len(settings.input_keys))
            self._encoder = settings.z_time_steps and Encoder(
                below("encoder/", tensors), settings.z_time_steps
            )
            self.impulse_response = tensors["processor_group/reverb/ir"] if settings.reverb else None
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError("checkpoint", f"the weights in {name} do not fit together: {error}") from error
        outputs, stored = sum(size for _, size in settings.output_splits), decoder["dense_out/bias"].size
        if outputs != stored:
            raise UserError(
                "checkpoint", f"{name}: the gin file speaks of {outputs} outputs, the checkpoint has {stored}"
            )
        self.needs_audio = bool(self._encoder)
        self.bending = Bending(self.decoder.weights())

    def generate(
        self,
        f0_hz: ArrayLike,
        loudness_db: ArrayLike,
        *,
        audio: ArrayLike | None = None,
        seed: int | None = None,
        progress: Callable[[float], None] = ignore,
        breath: tuple[NDArray, NDArray] | None = None,
        noise: NDArray | None = None,
    ) -> NDArray[np.float32]:
        """See `Instrument.generate`; noise: uniform, between -1 and 1, [samples], drawn with `seed` if not given."""
        f0_hz, loudness_db = np.asarray(f0_hz), np.asarray(loudness_db)
        performance = Performance(self, seed)
        frames, sound = len(f0_hz), []
        if self._encoder:
            z = self._encoder(np.zeros(frames * HOP_SIZE) if audio is None else audio, frames)
        for start in range(0, frames, STRETCH_FRAMES):
            end = start + STRETCH_FRAMES
            stretch = None if noise is None else noise[start * self.hop : end * self.hop]
            latent = z[start:end] if self._encoder else None
            breathed = breath and (breath[0][start:end], breath[1][start:end])
            sound.append(performance(f0_hz[start:end], loudness_db[start:end], stretch, latent, breathed))
            progress(min(end, frames) / frames)
        if performance.dead:
            raise UserError("checkpoint", TOO_FAR, "restore it")
        return np.concatenate([*sound, performance.end()])

    @property
    def hop(self) -> int:
        """Samples a frame."""
        return self.configuration.hop_size

    @property
    def harmonics(self) -> int:
        """How many sines it plays."""
        return dict(self.configuration.output_splits)["harmonic_distribution"]

    @property
    def noise_bands(self) -> int:
        """How many bands its noise has."""
        return dict(self.configuration.output_splits)["noise_magnitudes"]


class Performance:
    """One sound, made stretch by stretch: the pieces joined, and the end, are the sound made at once.

    The sound comes one frame and the noise filter's delay late, since a frame's curves lead to the next one.

    Attributes
    ----------
    dead : bool
        The network has answered something that is not a number: silence takes its place, and its memory begins anew.
    """

    def __init__(self, model: TimbreModel, seed: int | None = None) -> None:
        settings = model.configuration
        self._settings, self._decoder = settings, model.decoder
        self._random = np.random.default_rng(seed)
        self._harmonic = Harmonic(settings.sample_rate, settings.hop_size, settings.normalize_below_nyquist)
        sizes = dict(settings.output_splits)
        self._noise = FilteredNoise(
            settings.hop_size, sizes["noise_magnitudes"], settings.noise_bias, settings.noise_window
        )
        self._reverb = (
            None if model.impulse_response is None else Reverb(model.impulse_response, settings.add_dry)
        )
        self._splits = np.cumsum([size for _, size in settings.output_splits])[:-1]
        self._state: Any = None
        self.dead = False
        self._held: tuple[NDArray, NDArray] | None = None
        self._skip = self._noise.delay
        self._harmonic_waiting, self._noise_waiting = np.zeros(0), np.zeros(0)

    def __call__(
        self,
        f0_hz: ArrayLike,
        loudness_db: ArrayLike,
        noise: NDArray | None = None,
        z: NDArray | None = None,
        breath: tuple[NDArray, NDArray] | None = None,
    ) -> NDArray[np.float32]:
        """The next piece of sound (float32, may be shorter than the curves) for the next frames.

        z: float32 [frames, z_dims], for a model with an encoder. breath: gains [frames, bands] for the noise, and their
        share [frames, 1], from 0 (the model's own) to 1.
        """
        f0_hz = np.asarray(f0_hz, np.float64)
        inputs = {
            "f0_scaled": midi(f0_hz)[:, None] / PITCH_RANGE_MIDI,
            "ld_scaled": np.asarray(loudness_db)[:, None] / LOUDNESS_RANGE_DB + 1,
            "z": z,
        }
        stacks = [inputs[key].astype(np.float32) for key in self._settings.input_keys]
        outputs, self._state = self._decoder(*stacks, state=self._state)
        self.dead = not np.isfinite(outputs).all()
        if self.dead:
            outputs, self._state = np.full_like(outputs, SILENT), None
        values = dict(
            zip((name for name, _ in self._settings.output_splits), np.split(outputs, self._splits, -1))
        )
        amplitudes = self._harmonic.controls(values["amps"], values["harmonic_distribution"], f0_hz)
        if noise is None:
            noise = self._random.uniform(-1, 1, len(f0_hz) * self._settings.hop_size)
        magnitudes = self._noise.controls(values["noise_magnitudes"])
        if breath is not None:
            magnitudes += breath[1] * (breath[0] - magnitudes)
        filtered = self._noise(magnitudes, noise)
        return self._mix(self._hold_last(amplitudes, f0_hz), filtered)

    def end(self) -> NDArray[np.float32]:
        """The rest of the sound after the last frames."""
        if self._held is None:
            return np.zeros(0, np.float32)
        amplitudes, f0_hz = self._held
        return self._mix(self._harmonic(amplitudes, f0_hz), self._noise.rest())

    def _hold_last(self, amplitudes: NDArray, f0_hz: NDArray) -> NDArray:
        if self._held is not None:
            amplitudes = np.concatenate([self._held[0], amplitudes])
            f0_hz = np.concatenate([self._held[1], f0_hz])
        self._held = amplitudes[-1:], f0_hz[-1:]
        if len(f0_hz) == 1:
            return np.zeros(0)
        return self._harmonic(amplitudes[:-1], f0_hz[:-1], (amplitudes[-1], f0_hz[-1]))

    def _mix(self, harmonic: NDArray, noise: NDArray) -> NDArray[np.float32]:
        harmonic = np.concatenate([self._harmonic_waiting, harmonic])
        noise = np.concatenate([self._noise_waiting, noise])
        dropped, self._skip = noise[: self._skip], self._skip - min(self._skip, len(noise))
        noise = noise[len(dropped) :]
        ready = min(len(harmonic), len(noise))
        self._harmonic_waiting, self._noise_waiting = harmonic[ready:], noise[ready:]
        sound = harmonic[:ready] + noise[:ready]
        if self._reverb is not None and ready:
            sound = self._reverb(sound)
        return sound.astype(np.float32)
