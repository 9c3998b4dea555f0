"""Sizes of networks, and the gin file that describes one. Used by the trainings."""

from pathlib import Path

from dlwakit.training.patience import MINUTES

from ..engine.pitch import HOP_SIZE, SAMPLE_RATE

RUNS = Path("runs/ddsp")
SMALL = {"rnn": 128, "width": 128, "layers": 2, "harmonics": 80, "noise": 65, "reverb": 0}
ROOM = SAMPLE_RATE  # samples of the room's impulse response
SIZES = {
    "minutes": SMALL,
    "coffee": {**SMALL, "reverb": ROOM},
    "night": {**SMALL, "reverb": ROOM},
}  # of the presets by patience
UPSTREAM_SIZES = {
    "tiny": {"rnn": 96, "width": 96, "layers": 1, "harmonics": 40, "noise": 33, "reverb": 0},
    "small": {"rnn": 192, "width": 192, "layers": 2, "harmonics": 60, "noise": 65, "reverb": 48000},
    "full": {"rnn": 512, "width": 512, "layers": 3, "harmonics": 60, "noise": 65, "reverb": 48000},
}
PRESETS = {**SIZES, **UPSTREAM_SIZES}
INPUTS = ("ld_scaled", "f0_scaled")

SAME = """get_model.model = @models.Autoencoder()
Autoencoder.preprocessor = @preprocessing.F0LoudnessPreprocessor()
F0LoudnessPreprocessor.compute_loudness = False
Autoencoder.encoder = None
Autoencoder.decoder = @decoders.RnnFcDecoder()
RnnFcDecoder.rnn_type = 'gru'
Autoencoder.losses = [@losses.SpectralLoss()]
SpectralLoss.loss_type = 'L1'
SpectralLoss.mag_weight = 1.0
SpectralLoss.logmag_weight = 1.0
Autoencoder.processor_group = @processors.ProcessorGroup()
Harmonic.name = 'harmonic'
Harmonic.normalize_below_nyquist = True
Harmonic.scale_fn = @core.exp_sigmoid
FilteredNoise.name = 'filtered_noise'
FilteredNoise.window_size = 0
FilteredNoise.scale_fn = @core.exp_sigmoid
processors.Add.name = 'add'
Reverb.name = 'reverb'
Reverb.trainable = True
"""  # lines of the gin file of each model


def minutes_of(preset):
    """Minutes that a training lasts where nothing else is asked for."""
    return MINUTES.get(preset, MINUTES["coffee"])


def gin_text(size, frames, inputs=INPUTS):
    """A model as a gin file that ddsp 3.7 and our engine read.

    Parameters
    ----------
    size : dict
        "rnn", "width", "layers", "harmonics", "noise", "reverb" (samples, or 0).
    frames : int
        Frames of an example.
    inputs : sequence of str
        The decoder's inputs in the order of its stacks.
    """
    reverb = "(@effects.Reverb(), ['add/signal'])," if size["reverb"] else ""
    return f"""
{SAME}F0LoudnessPreprocessor.time_steps = {frames}
RnnFcDecoder.rnn_channels = {size["rnn"]}
RnnFcDecoder.ch = {size["width"]}
RnnFcDecoder.layers_per_stack = {size["layers"]}
RnnFcDecoder.input_keys = {tuple(inputs)}
RnnFcDecoder.output_splits = (
    ('amps', 1), ('harmonic_distribution', {size["harmonics"]}), ('noise_magnitudes', {size["noise"]}))
ProcessorGroup.dag = [
    (@synths.Harmonic(), ['amps', 'harmonic_distribution', 'f0_hz']),
    (@synths.FilteredNoise(), ['noise_magnitudes']),
    (@processors.Add(), ['filtered_noise/signal', 'harmonic/signal']),
    {reverb}
]
Harmonic.n_samples = {frames * HOP_SIZE}
Harmonic.sample_rate = {SAMPLE_RATE}
FilteredNoise.n_samples = {frames * HOP_SIZE}
Reverb.reverb_length = {size["reverb"] or 48000}
"""
