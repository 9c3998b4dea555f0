"""Small DDSP models of random weights, for tests."""

import pickle
from pathlib import Path

import numpy as np
from timbre_transfer.engine import configuration
from timbre_transfer.engine.decoder import SUFFIX
from timbre_transfer.engine.timbre_model import TimbreModel

from support.checkpoint_writer import write_v2

GIN = """
Autoencoder.decoder = @decoders.RnnFcDecoder()
RnnFcDecoder.input_keys = ('ld_scaled', 'f0_scaled')
RnnFcDecoder.output_splits = (('amps', 1), ('harmonic_distribution', 12), ('noise_magnitudes', 9))
ProcessorGroup.dag = [
  (@synths.Harmonic(), ['amps', 'harmonic_distribution', 'f0_hz']),
  (@synths.FilteredNoise(), ['noise_magnitudes']),
  (@processors.Add(), ['filtered_noise/signal', 'harmonic/signal']),
]
Harmonic.sample_rate = 16000
FilteredNoise.window_size = 0
"""


def tensors(noise=True):
    """Random weights, 8 wide; without noise only harmonics sound."""
    random = np.random.default_rng(2)
    width, outputs = 8, 22

    def weights(*shape):
        return random.normal(0, 1 / np.sqrt(shape[0]), shape).astype(np.float32)

    named = {}
    for stack, inputs in {"input_stacks/0": 1, "input_stacks/1": 1, "out_stack": 3 * width}.items():
        layer = f"decoder/{stack}/layer_with_weights-0/layer_with_weights"
        named[f"{layer}-0/kernel"], named[f"{layer}-0/bias"] = weights(inputs, width), weights(width)
        named[f"{layer}-1/gamma"], named[f"{layer}-1/beta"] = np.ones(width, np.float32), weights(width)
    cell = "decoder/rnn/rnn/cell/"
    named[cell + "kernel"] = weights(2 * width, 3 * width)
    named[cell + "recurrent_kernel"], named[cell + "bias"] = (
        weights(width, 3 * width),
        weights(2, 3 * width),
    )
    named["decoder/dense_out/kernel"] = 3 * weights(width, outputs)
    named["decoder/dense_out/bias"] = np.zeros(outputs, np.float32)
    if not noise:
        named["decoder/dense_out/kernel"][:, 13:] = 0
        named["decoder/dense_out/bias"][13:] = -30
    return named


def small_model(noise=True):
    """A model of these weights."""
    return TimbreModel("small", configuration.read(GIN), tensors(noise))


def write_model(folder, statistics=None):
    """Write the model as training leaves it; statistics: what the pickle holds. Returns the folder."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    write_v2(folder / "ckpt-7", {f"model/{name}{SUFFIX}": values for name, values in tensors().items()})
    (folder / "operative_config-0.gin").write_text(GIN)
    if statistics is not None:
        (folder / "dataset_statistics.pkl").write_bytes(pickle.dumps(statistics))
    return folder
