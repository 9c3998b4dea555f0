"""A DDSP model that learns: the decoder, the synthesiser, and a room. Runs in a training."""

import numpy as np
import torch

from ..engine.decoder import Network
from ..engine.timbre_model import below
from .network import drawn, tensors_of
from .presets import INPUTS
from .synthesis import filtered_noise, harmonic, harmonic_amplitudes, reverb, sines

LOUDNESS_RANGE_DB, PITCH_RANGE_MIDI = 80.0, 127.0
ROOM_NOISE = 1e-6  # standard deviation of a room that is not learned yet
DECODER, ROOM = "decoder/", "processor_group/reverb/ir"


class Instrument(torch.nn.Module):
    """What `engine.timbre_model.TimbreModel` plays, with derivatives, for many examples at once.

    Parameters
    ----------
    size : dict
        See `presets.gin_text`.
    tensors : dict of str to numpy.ndarray, optional
        Weights by their names below `model/`; drawn if not given. A room that is not among them begins empty.
    inputs : sequence of str
        The decoder's inputs in the order of its stacks.
    seed : int
        Of what is drawn.
    """

    def __init__(self, size, tensors=None, inputs=INPUTS, seed=0):
        super().__init__()
        self.size, self.inputs = size, tuple(inputs)
        self._splits = [1, size["harmonics"], size["noise"]]
        if tensors is None:
            decoder = drawn(size, len(inputs), sum(self._splits), seed)
        else:
            decoder = {name: np.array(values) for name, values in below(DECODER, tensors).items()}
        self.network = Network(decoder, len(inputs))
        self.room = None
        if size["reverb"]:
            random = np.random.default_rng(seed)
            room = (tensors or {}).get(ROOM, random.normal(0, ROOM_NOISE, size["reverb"]))
            self.room = torch.nn.Parameter(torch.from_numpy(np.array(room, np.float32)))

    def forward(self, f0_hz, loudness_db, noise):
        """Sound [batch, samples] of curves [batch, frames] and noise [batch, samples] from -1 to 1."""
        order = {
            "f0_scaled": scaled_pitch(f0_hz),
            "ld_scaled": loudness_db / LOUDNESS_RANGE_DB + 1,
        }
        outputs, _ = self.network([order[name][..., None] for name in self.inputs])
        amps, distribution, magnitudes = outputs.split(self._splits, -1)
        amplitudes = harmonic_amplitudes(amps, distribution, f0_hz)
        sound = harmonic(amplitudes, sines(f0_hz, self.size["harmonics"]))
        sound = sound + filtered_noise(magnitudes, noise)
        return sound if self.room is None else reverb(sound, self.room)

    def tensors(self):
        """The weights by their names below `model/`."""
        tensors = {f"{DECODER}{name}": values for name, values in tensors_of(self.network).items()}
        if self.room is not None:
            tensors[ROOM] = self.room.detach().numpy().copy()
        return tensors


def scaled_pitch(f0_hz):
    """A pitch in Hz as the decoder takes it: a part of MIDI 127; 0 for none."""
    midi = 12 * torch.log2(f0_hz.clamp(min=1e-9) / 440) + 69
    return torch.where(f0_hz > 0, midi, 0.0) / PITCH_RANGE_MIDI
