"""A DDSP timbre transfer model: pitch and loudness of one sound, timbre of another.

model = load(Path("checkpoints/violin"))
audio = model.play(f0_hz, loudness_db)
"""

from pathlib import Path

import numpy as np
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.finding import latest

from .engine import configuration, statistics
from .engine.decoder import SUFFIX, Decoder
from .engine.encoder import Encoder
from .engine.pitch import HOP_SIZE, midi
from .engine.synthesiser import FilteredNoise, Harmonic, Reverb

LOUDNESS_RANGE_DB = 80.0
PITCH_RANGE_MIDI = 127.0


def load(folder):
    """The model in a folder with `operative_config-*.gin` and `ckpt-*` files; the newest checkpoint counts.

    Raises UserError when a file is missing, damaged, or of a model that is not played here.
    """
    folder = Path(folder)
    text = configuration.newest(folder).read_text(encoding="utf-8", errors="replace")
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


def decoder_tensors(checkpoint):
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


def below(prefix, tensors):
    """The tensors whose names begin with the prefix, under the rest of their names."""
    return {name[len(prefix) :]: values for name, values in tensors.items() if name.startswith(prefix)}


class TimbreModel:
    """A loaded model.

    configuration: tells its sample rate and frame rate; statistics: of its training sounds, or None.
    """

    engine = "small"

    def __init__(self, name, settings, tensors, training_statistics=None):
        self.name, self.configuration, self.statistics = name, settings, training_statistics
        decoder = below("decoder/", tensors)
        try:
            self._decoder = Decoder(decoder, len(settings.input_keys))
            self._encoder = settings.z_time_steps and Encoder(
                below("encoder/", tensors), settings.z_time_steps
            )
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError("checkpoint", f"the weights in {name} do not fit together: {error}") from error
        outputs, stored = sum(size for _, size in settings.output_splits), decoder["dense_out/bias"].size
        if outputs != stored:
            raise UserError(
                "checkpoint", f"{name}: the gin file speaks of {outputs} outputs, the checkpoint has {stored}"
            )
        self._impulse_response = tensors["processor_group/reverb/ir"] if settings.reverb else None

    def play(self, f0_hz, loudness_db, noise=None, audio=None, seed=None, progress=lambda fraction: None):
        """Sound for pitch and loudness curves.

        f0_hz, loudness_db: float [T] at the model's frame rate; f0 0 is unvoiced: the harmonics are silent there.
        noise: uniform noise [T * hop] between -1 and 1; drawn with `seed` when None.
        audio: the sound that the curves come from, at 16 kHz; only models with an encoder listen to it.
        Returns float32 [T * hop_size].
        """
        performance = Performance(self, seed)
        frames, sound = len(f0_hz), []
        if self._encoder:
            z = self._encoder(np.zeros(frames * HOP_SIZE) if audio is None else audio, frames)
        for start in range(0, frames, Performance.STRETCH):
            end = start + Performance.STRETCH
            stretch = None if noise is None else noise[start * self.hop : end * self.hop]
            latent = z[start:end] if self._encoder else None
            sound.append(performance(f0_hz[start:end], loudness_db[start:end], stretch, latent))
            progress(min(end, frames) / frames)
        return np.concatenate([*sound, performance.end()])

    @property
    def hears_audio(self):
        """Whether it listens to the sound itself, as a whole, and not to its curves alone."""
        return self._encoder is not None

    @property
    def hop(self):
        """Samples a frame."""
        return self.configuration.hop_size

    @property
    def sample_rate(self):
        """Hz, of the sound that it makes."""
        return self.configuration.sample_rate

    @property
    def harmonics(self):
        """How many sines it plays."""
        return dict(self.configuration.output_splits)["harmonic_distribution"]


class Performance:
    """One sound, made stretch by stretch: the pieces joined, and the end, are the sound made at once.

    The sound comes one frame and the noise filter's delay late, since a frame's curves lead to the next one.
    """

    STRETCH = 2500

    def __init__(self, model, seed=None):
        settings = model.configuration
        self._settings, self._decoder = settings, model._decoder
        self._random = np.random.default_rng(seed)
        self._harmonic = Harmonic(settings.sample_rate, settings.hop_size, settings.normalize_below_nyquist)
        sizes = dict(settings.output_splits)
        self._noise = FilteredNoise(
            settings.hop_size, sizes["noise_magnitudes"], settings.noise_bias, settings.noise_window
        )
        self._reverb = (
            None if model._impulse_response is None else Reverb(model._impulse_response, settings.add_dry)
        )
        self._splits = np.cumsum([size for _, size in settings.output_splits])[:-1]
        self._state = self._held = None
        self._skip = self._noise.delay
        self._harmonic_waiting, self._noise_waiting = np.zeros(0), np.zeros(0)

    def __call__(self, f0_hz, loudness_db, noise=None, z=None):
        """The next piece of sound (float32, may be shorter than the curves) for the next frames.

        z: float32 [frames, z_dims], for a model with an encoder.
        """
        f0_hz = np.asarray(f0_hz, np.float64)
        inputs = {
            "f0_scaled": midi(f0_hz)[:, None] / PITCH_RANGE_MIDI,
            "ld_scaled": np.asarray(loudness_db)[:, None] / LOUDNESS_RANGE_DB + 1,
            "z": z,
        }
        stacks = [inputs[key].astype(np.float32) for key in self._settings.input_keys]
        outputs, self._state = self._decoder(*stacks, state=self._state)
        values = dict(
            zip((name for name, _ in self._settings.output_splits), np.split(outputs, self._splits, -1))
        )
        amplitudes = self._harmonic.controls(values["amps"], values["harmonic_distribution"], f0_hz)
        if noise is None:
            noise = self._random.uniform(-1, 1, len(f0_hz) * self._settings.hop_size)
        filtered = self._noise(self._noise.controls(values["noise_magnitudes"]), noise)
        return self._mix(self._hold_last(amplitudes, f0_hz), filtered)

    def end(self):
        """The rest of the sound after the last frames."""
        amplitudes, f0_hz = self._held
        return self._mix(self._harmonic(amplitudes, f0_hz), self._noise.rest())

    def _hold_last(self, amplitudes, f0_hz):
        if self._held is not None:
            amplitudes = np.concatenate([self._held[0], amplitudes])
            f0_hz = np.concatenate([self._held[1], f0_hz])
        self._held = amplitudes[-1:], f0_hz[-1:]
        if len(f0_hz) == 1:
            return np.zeros(0)
        return self._harmonic(amplitudes[:-1], f0_hz[:-1], (amplitudes[-1], f0_hz[-1]))

    def _mix(self, harmonic, noise):
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
