"""Evaluate SampleRNN models on sound that they were not trained on, beside simple predictors. On the command line.

    setup/dlwa evaluate samplernn CHECKPOINT [--data DATASET]

The fewer bits per sample, the better the next sample is predicted; pure noise needs all 8 bits of 256 levels. The
predictors know the data set's training chunks: how often each level occurs (unigram), and the best linear prediction.
Few bits are no sound, so there is what it makes at four temperatures as well: `level_db` against the data's, and
`start_db`, the level of the first 50 ms against the whole.
"""

import math
import sys
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser
from torch.nn import functional

from . import sheet
from .dataset import read_data
from .engine import quantise, store
from .model import Generator

ORDER = 16


def with_silence(codes, config):
    """Codes [batch, n] with one big frame of silence before them."""
    return np.pad(codes, ((0, 0), (config.big_frame_size, 0)), constant_values=config.q_levels // 2)


def bits_per_sample(model, chunks, device="cpu"):
    """Mean -log2 p of every sample of chunks [n, samples] int16, states carried from start to end."""
    config = model.config
    length = chunks.shape[1] // config.seq_len * config.seq_len
    codes = quantise.encode(chunks[:, :length] / 32768, config.q_type, config.q_levels)
    codes = torch.from_numpy(with_silence(codes, config).astype(np.int64))
    states, total = (None, None), 0.0
    with torch.no_grad():
        for start in range(0, length, config.seq_len):
            part = codes[:, start : start + config.big_frame_size + config.seq_len].to(device)
            logits, states = model(part, states)
            target = part[:, config.big_frame_size :].flatten()
            total += functional.cross_entropy(logits.flatten(0, 1), target, reduction="sum").item()
    return total / math.log(2) / (len(chunks) * length)


def unigram(codes, seen, levels):
    """Bits per sample if every code is as probable as it was frequent (each once more, so that none is impossible)."""
    counts = np.bincount(seen.ravel(), minlength=levels) + 1.0
    return float(-np.log2(counts / counts.sum())[codes].mean())


def linear(codes, seen, config):
    """Bits per sample of the best linear prediction from the ORDER samples before, with Laplace-distributed errors.

    The prediction is fitted by least squares, and the distribution's width by maximum likelihood, on the codes `seen`
    [n, samples]; a code's probability is the distribution's part between the borders of its level.
    """
    middles = quantise.decode(np.arange(config.q_levels), config.q_type, config.q_levels).astype(np.float64)
    inner = (middles[1:] + middles[:-1]) / 2

    def windows(rows):
        parts = np.lib.stride_tricks.sliding_window_view(middles[rows], ORDER + 1, axis=1).reshape(
            -1, ORDER + 1
        )
        return parts[:, :ORDER], parts[:, ORDER]

    past, present = windows(seen)
    weights = np.linalg.lstsq(past.T @ past + 1e-9 * np.eye(ORDER), past.T @ present, rcond=None)[0]
    width = max(np.abs(present - past @ weights).mean(), 1e-5)
    past, _ = windows(codes)
    predictions, target = past @ weights, codes[:, ORDER:].ravel()

    def below(border):
        x = (border - predictions) / width
        return np.where(x < 0, np.exp(np.minimum(x, 0)) / 2, 1 - np.exp(-np.maximum(x, 0)) / 2)

    low = np.where(target == 0, 0.0, below(np.concatenate(([0], inner))[target]))
    high = np.where(target == config.q_levels - 1, 1.0, below(np.concatenate((inner, [0]))[target]))
    floor = 1e-4 / config.q_levels  # a little of everything, as for the codes never seen above
    return float(-np.log2((1 - 1e-4) * (high - low) + floor).mean())


def baselines(train, validation, config):
    """Bits per sample on chunks `validation` of three predictors that know the chunks `train`, [n, samples] int16."""
    seen, codes = (
        quantise.encode(part / 32768, config.q_type, config.q_levels) for part in (train, validation)
    )
    return {
        "uniform": float(np.log2(config.q_levels)),
        "unigram": unigram(codes, seen, config.q_levels),
        "linear": linear(codes, seen, config),
    }


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("samplernn", __doc__, data=True, threads=True)
    options = parser.parse(arguments)

    def work():
        torch.set_num_threads(options.threads or torch.get_num_threads())
        train, validation, _ = read_data(Path(options.data))

        def measure(path):
            model = store.load(path)
            rows = {
                name: {"bits_per_sample": value}
                for name, value in {
                    "checkpoint": bits_per_sample(model, validation),
                    **baselines(train, validation, model.config),
                }.items()
            }
            own, predicted = rows["checkpoint"], rows["linear"]["bits_per_sample"]
            own |= {
                "linear_predictor_bits": predicted,
                "below_linear": predicted - own["bits_per_sample"],
            }
            found, sounds = sheet.of_model(Generator(model), train)
            own["level_db"] = {name.split()[1]: figures["level_db"] for name, figures in found.items()}
            sounds = {"data": sheet.of_data(train), **sounds}
            return Sheet({**rows, "data": {}, **found}, sounds, model.config.sample_rate)

        return evaluate("samplernn", options, __file__, measure, (".safetensors",))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
