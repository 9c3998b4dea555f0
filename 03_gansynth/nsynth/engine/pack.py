"""Packs a decoder's weights for the loops in `kernel`: padded, rounded to few bits; worker process.

The layers' weights have eight or four bits, as the caller wants; those behind the skips, which are few and which lose
more when they are rounded, always have eight.
"""

import numpy as np
from modelfiles.loops.lowlevel import ROWS
from modelfiles.loops.packing import matrices, pad, round_up

from .config import LEVELS, TAPS
from .layout import Conditions, Decoder, State


class Packed:
    """The decoder of an autoencoder, ready for the loops.

    Parameters
    ----------
    model : Autoencoder
    bits : int
        8 or 4.
    """

    def __init__(self, model, bits):
        self.config = model.config
        self._values = {
            name: value.detach().cpu().float().numpy() for name, value in model.state_dict().items()
        }
        self._width, self._skip = round_up(self.config.width), round_up(self.config.skip_width)
        self.decoder = self._decoder(bits)
        self.bytes = sum(part.nbytes for part in self.decoder)
        self._gates = self._conditions("cond_map_{}", "dilatedconv_{}", self._in_blocks)
        hidden, bias = (
            self._weight("cond_map_out1")[:, :, 0],
            self._bias("cond_map_out1") + self._bias("out1"),
        )
        self._hidden = pad(hidden, self._skip, self.config.latent), pad(bias, self._skip)

    def state(self, sounds):
        """The State of so many sounds before their first sample."""
        slots = int(2 * self.decoder.dilations.sum())
        return State(
            moments=np.zeros((slots, sounds, self._width), np.int16),
            moment_scales=np.zeros((slots, sounds), np.float32),
            signal=np.zeros((sounds, self._width), np.float32),
            gates=np.zeros((sounds, 2 * self._width), np.float32),
            inner=np.zeros((sounds, self._width), np.int16),
            skips=np.zeros((sounds, self._skip), np.float32),
        )

    def conditions(self, encodings):
        """The Conditions of one hop: encodings [sounds, latent] float32."""
        (gates, gate_biases), (hidden, hidden_biases) = self._gates, self._hidden
        return Conditions(
            gates=np.einsum("lrz,bz->blr", gates, encodings, dtype=np.float32) + gate_biases,
            hidden=(encodings @ hidden.T + hidden_biases).astype(np.float32),
        )

    def _weight(self, layer):
        return self._values[f"layers.{layer}.weight"]

    def _bias(self, layer):
        return self._values[f"layers.{layer}.bias"]

    def _numbers(self):
        return range(1, self.config.layers + 1)

    def _in_blocks(self, rows):
        """Rows [2 * width, ...], sigmoid's and tanh's, in the order of the loops: [2P, ...]."""
        both = rows.reshape(2, self.config.width, -1)
        both = pad(both, 2, self._width, both.shape[2]).reshape(2, self._width // ROWS, ROWS, -1)
        return both.swapaxes(0, 1).reshape(2 * self._width, -1)

    def _conditions(self, name, own, order):
        weights = np.stack([order(self._weight(name.format(n))[:, :, 0]) for n in self._numbers()])
        biases = [
            order(self._bias(name.format(n)) + self._bias(own.format(n)))[:, 0] for n in self._numbers()
        ]
        return weights, np.stack(biases)

    def _matrices(self, layers, rows, columns, bits):
        return matrices(np.stack([pad(self._weight(one)[:, :, 0], rows, columns) for one in layers]), bits)

    def _biases(self, name, length):
        return np.stack([pad(self._bias(name.format(n)), length) for n in self._numbers()])

    def _taps(self, bits):
        """(matrices, scales) of the dilated layers, [L, TAPS] of each."""
        wide = self._width
        many = [
            pad(self._in_blocks(self._weight(f"dilatedconv_{n}")[:, :, tap]), 2 * wide, wide)
            for n in self._numbers()
            for tap in range(TAPS)
        ]
        weights, scales = matrices(np.stack(many), bits)
        return weights.reshape(-1, TAPS, *weights.shape[1:]), scales.reshape(-1, TAPS, 2 * wide)

    def _decoder(self, bits):
        wide, skip, config = self._width, self._skip, self.config
        start = self._weight("startconv")[:, 0].T
        enter, enter_scale = self._matrices(["skip_start"], skip, wide, 8)
        taps, taps_scale = self._taps(bits)
        residual, residual_scale = self._matrices([f"res_{n}" for n in self._numbers()], wide, wide, bits)
        skips, skip_scale = self._matrices([f"skip_{n}" for n in self._numbers()], skip, wide, bits)
        hidden, hidden_scale = self._matrices(["out1"], skip, skip, 8)
        outputs, outputs_scale = self._matrices(["logits"], LEVELS, skip, 8)
        dilations = np.array([config.dilation(layer) for layer in range(config.layers)], np.int64)
        return Decoder(
            start=np.ascontiguousarray(pad(start, TAPS, wide)),
            start_bias=pad(self._bias("startconv"), wide),
            enter=enter[0],
            enter_scale=enter_scale[0],
            enter_bias=pad(self._bias("skip_start"), skip),
            taps=taps,
            taps_scale=taps_scale,
            residual=residual,
            residual_scale=residual_scale,
            residual_bias=self._biases("res_{}", wide),
            skip=skips,
            skip_scale=skip_scale,
            skip_bias=self._biases("skip_{}", skip),
            hidden=hidden[0],
            hidden_scale=hidden_scale[0],
            outputs=outputs[0],
            outputs_scale=outputs_scale[0],
            outputs_bias=self._bias("logits"),
            places=2 * (np.cumsum(dilations) - dilations),
            dilations=dilations,
        )
