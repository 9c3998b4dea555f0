"""The encoder of models with a latent z: timbre of the sound beside pitch and loudness. Runs in the worker process.

The layers are those of `ddsp.training.encoders.MfccTimeDistributedRnnEncoder` (ddsp 3.7); the mel filters and the
cosine transform are `tf.signal`'s.
"""

import numpy as np
import torch
from scipy.fft import dct

from .configuration import Z_TIME_STEPS
from .decoder import dense, gru
from .pitch import SAMPLE_RATE

FRAMING = dict(
    zip(Z_TIME_STEPS, ((2048, 1024), (1024, 512), (1024, 256), (512, 128), (256, 64)))
)  # frame size, hop size
MEL_BINS, MFCC_BINS = 128, 30
LOWEST_HZ, HIGHEST_HZ = 20.0, 8000.0
NORM_EPSILON, LOG_EPSILON = 1e-5, 1e-5
STRETCH_FRAMES = 2500  # computed at once


class Encoder:
    """MFCCs, normalised over the whole sound, a GRU over time, a dense layer.

    tensors: name to array, as the checkpoint has them under `model/encoder/` (without prefix and suffix).
    time_steps: z frames in 4 s, one of Z_TIME_STEPS. KeyError names a tensor that is missing.
    """

    def __init__(self, tensors, time_steps):
        self._frame_size, self._hop_size = FRAMING[time_steps]
        self._scale, self._shift = (tensors[f"z_norm/{part}"].reshape(-1) for part in ("scale", "shift"))
        self._gru, self._dense_out = gru(tensors, "rnn/rnn/cell"), dense(tensors, "dense_out")

    @torch.inference_mode()
    def __call__(self, audio, frames):
        """z for a whole sound: mono audio at 16 kHz in, float32 [frames, z_dims] out."""
        values = mfcc(audio, self._frame_size, self._hop_size)
        values = (values - values.mean(0)) / np.sqrt(values.var(0) + NORM_EPSILON)
        values = torch.from_numpy((values * self._scale + self._shift).astype(np.float32))
        found, state = [], None
        for stretch in values.split(STRETCH_FRAMES):
            hidden, state = self._gru(stretch[None], state)
            found.append(self._dense_out(hidden[0]).numpy())
        return resample(np.concatenate(found), frames)


def mfcc(audio, frame_size, hop_size):
    """MFCC of mono audio at 16 kHz, float64 [ceil(samples / hop), 30]; the last frames are filled with silence."""
    frames = -(-len(audio) // hop_size)
    padded = np.pad(np.asarray(audio, np.float32), (0, frame_size))
    windows = np.lib.stride_tricks.sliding_window_view(padded, frame_size)[::hop_size][:frames]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_size) / frame_size)
    mel = mel_matrix(frame_size // 2 + 1)
    found = []
    for start in range(0, frames, STRETCH_FRAMES):
        powers = np.abs(np.fft.rfft(windows[start : start + STRETCH_FRAMES] * hann)) @ mel
        logs = np.log(np.where(powers <= 0, LOG_EPSILON, powers))
        found.append(dct(logs, type=2)[:, :MFCC_BINS] / np.sqrt(2 * MEL_BINS))
    return np.concatenate(found)


def mel_matrix(bins):
    """Triangles on the mel scale, [bins, 128], none on 0 Hz: `tf.signal.linear_to_mel_weight_matrix`."""

    def mel(hertz):
        return 1127 * np.log1p(np.asarray(hertz) / 700)

    edges = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), MEL_BINS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    places = mel(np.linspace(0, SAMPLE_RATE / 2, bins))[:, None]
    slopes = np.minimum((places - lower) / (centre - lower), (upper - places) / (upper - centre))
    slopes[0] = 0
    return np.maximum(slopes, 0)


def resample(values, frames):
    """[T, n] drawn out to [frames, n], linearly; the last value is held."""
    positions = np.arange(frames) * (len(values) / frames)
    before = positions.astype(int)
    after, share = np.minimum(before + 1, len(values) - 1), (positions - before)[:, None].astype(np.float32)
    return values[before] + share * (values[after] - values[before])
