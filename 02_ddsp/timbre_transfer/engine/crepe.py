"""CREPE: pitch from 64 ms of sound by a convolutional network. Runs in the worker process.

Kim, Salamon, Li, Bello, "CREPE: A Convolutional Representation for Pitch Estimation", ICASSP 2018; decoding as in
marl/crepe: Viterbi over the strongest bins, then a weighted mean around the path.
"""

import numpy as np
import torch
from torch.nn import functional

HOP_SIZE = 64  # samples
FRAME_SIZE = 1024  # samples
BINS = 360
CENTS = 1997.3794084376191 + 7180 * np.arange(BINS) / (BINS - 1)
BATCH = 128  # frames
MAX_STEP_BINS = 11  # by which the pitch may move from frame to frame
SELF_EMISSION = 0.1
EPSILON = 1e-3


def load(path):
    """The network's tensors from a `.pth` file; nothing else than tensors is read from it."""
    return torch.load(path, map_location="cpu", weights_only=True)


def estimate(tensors, audio, progress):
    """(f0_hz, confidence), float64 [samples // 64], for mono audio at 16 kHz."""
    salience = activations(tensors, audio, progress)
    path = viterbi(np.argmax(salience, axis=1))
    confidence = salience[np.arange(len(path)), path]
    return 10 * 2 ** (local_mean_cents(salience, path) / 1200), confidence


@torch.inference_mode()
def activations(tensors, audio, progress):
    """How strongly each frame is each of the 360 pitches, float32 [samples // 64, 360]."""
    padded = np.pad(np.asarray(audio, np.float32), FRAME_SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SIZE)[::HOP_SIZE]
    frames = frames[: len(audio) // HOP_SIZE]
    found = []
    for start in range(0, len(frames), BATCH):
        batch = torch.from_numpy(frames[start : start + BATCH].copy())
        batch = batch - batch.mean(1, keepdim=True)
        batch = batch / batch.std(1, correction=0, keepdim=True).clamp(min=1e-10)
        found.append(_network(tensors, batch).numpy())
        progress(min(start + BATCH, len(frames)) / len(frames))
    return np.concatenate(found)


def _network(tensors, frames):
    values = frames[:, None]
    for layer in range(1, 7):
        values = functional.pad(values, (254, 254) if layer == 1 else (31, 32))
        kernel, bias = tensors[f"conv{layer}.weight"][..., 0], tensors[f"conv{layer}.bias"]
        values = functional.relu(functional.conv1d(values, kernel, bias, stride=4 if layer == 1 else 1))
        norm = [
            tensors[f"conv{layer}_BN.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        ]
        values = functional.max_pool1d(functional.batch_norm(values, *norm, eps=EPSILON), 2)
    flat = values.transpose(1, 2).flatten(1)
    return torch.sigmoid(functional.linear(flat, tensors["classifier.weight"], tensors["classifier.bias"]))


def viterbi(observed):
    """The likeliest path of bins, int [T], for the strongest bin of each frame."""
    steps = np.arange(-MAX_STEP_BINS, MAX_STEP_BINS + 1)
    weight = MAX_STEP_BINS + 1.0 - np.abs(steps)
    inside = (np.arange(BINS)[:, None] + steps >= 0) & (np.arange(BINS)[:, None] + steps < BINS)
    move = np.log(weight / (inside * weight).sum(1, keepdims=True))  # from a bin by a step
    come_from = np.clip(np.arange(BINS)[:, None] - steps, 0, BINS - 1)
    possible = (np.arange(BINS)[:, None] - steps >= 0) & (np.arange(BINS)[:, None] - steps < BINS)
    cost = np.where(possible, move[come_from, np.arange(len(steps))], -np.inf)
    other, same = (1 - SELF_EMISSION) / BINS, SELF_EMISSION + (1 - SELF_EMISSION) / BINS
    gain = np.log(same / other)
    score, back = np.zeros(BINS), np.zeros((len(observed), BINS), np.int16)
    for frame, bin_ in enumerate(observed):
        if frame:
            candidates = score[come_from] + cost
            best = candidates.argmax(1)
            back[frame] = come_from[np.arange(BINS), best]
            score = candidates[np.arange(BINS), best]
            score -= score.max()
        score[bin_] += gain
    path = np.empty(len(observed), int)
    if len(path):
        path[-1] = score.argmax()
    for frame in range(len(observed) - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path


def local_mean_cents(salience, path):
    """Mean pitch, weighted by salience, of the nine bins around each frame's."""
    around = np.clip(path[:, None] + np.arange(-4, 5), 0, BINS - 1)
    inside = np.abs(around - path[:, None] - np.arange(-4, 5)) == 0
    weights = np.take_along_axis(salience, around, 1) * inside
    return (weights * CENTS[around]).sum(1) / np.maximum(weights.sum(1), 1e-12)
