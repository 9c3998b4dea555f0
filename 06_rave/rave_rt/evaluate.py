"""Evaluate exported RAVE models on sounds that they were not trained on. Runs on the command line.

    setup/dlwa evaluate rave CHECKPOINT [--data DATASET]

`held_out` is the multi-scale spectral distance of what comes out to what goes in (lower is better), beside that of
silence and that of the same network with random weights; `train` is the same on sounds that it learned from.
`realtime_factor` and `latency_samples` say what playing block by block costs on one processor core.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser

from .dataset import read_data
from .training.losses import spectral_distance

BLOCK = 2048  # samples at a time, as when it plays
UNTRAINED = 3  # networks with weights drawn anew
LONGEST_S = 20  # of the sounds


@torch.inference_mode()
def measure(path, sounds, rate, seed=0):
    """The Sheet of a .ts file that `export` wrote, beside silence and random weights.

    sounds: {"train", "held_out": int16 [n]}, at its rate.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    sound, known = (_beginning(sounds[part], rate) for part in ("held_out", "train"))
    model = torch.jit.load(path)
    latency = dict(model.named_buffers())["encoder.layers.0.conv.memory"].shape[2]

    def distance(made, sound=sound):
        return float(spectral_distance(sound[..., :-latency], made[..., latency:]))

    play(model, sound[..., : 4 * BLOCK])  # torch optimises at the first calls
    began = time.perf_counter()
    made = play(torch.jit.load(path), sound)
    seconds, count = time.perf_counter() - began, sound.shape[2]
    random = [play(untrained(path), sound) for _ in range(UNTRAINED)]
    rows = {
        "checkpoint": {
            "held_out": distance(made),
            "train": distance(play(torch.jit.load(path), known), known),
            "realtime_factor": seconds * rate / count,
            "latency_samples": latency,
            "seconds": count / rate,
        },
        "silence": {"held_out": distance(torch.zeros_like(sound))},
        "untrained": {"held_out": float(np.mean(list(map(distance, random))))},
    }
    heard = {"checkpoint": made, "untrained": random[0], "data": sound}
    return Sheet(rows, {name: [audio[0, 0].numpy()] for name, audio in heard.items()}, rate)


def _beginning(samples, rate):
    """The first seconds of int16 samples [n] as whole blocks, float32 [1, 1, n]."""
    count = min(len(samples), LONGEST_S * rate) // BLOCK * BLOCK
    return torch.tensor(samples[:count].astype(np.float32) / 32768)[None, None]


def play(model, sound):
    """What a model makes of a sound [1, 1, n], block by block."""
    return torch.cat([model(block) for block in sound.split(BLOCK, 2)], 2)


def untrained(path):
    """The same network with its weights drawn anew, as at the beginning of a training."""
    model = torch.jit.load(path)
    for name, weight in model.named_parameters():
        if weight.requires_grad and weight.dim() == 3:
            torch.nn.init.kaiming_uniform_(weight, a=5**0.5)
        elif weight.requires_grad:
            weight.fill_(-4.0 if name == "decoder.noise.bias" else 0.0)
    return model


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("rave", __doc__, data=True, seed=True)
    options = parser.parse(arguments)

    def work():
        facts, sounds = read_data(Path(options.data))
        return evaluate(
            "rave",
            options,
            __file__,
            lambda path: measure(path, sounds, facts["rate"], options.seed),
            (".ts",),
        )

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
