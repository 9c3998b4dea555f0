"""Evaluate exported RAVE models on sounds that they were not trained on. Runs on the command line.

    setup/dlwa evaluate rave CHECKPOINT [--data DATASET]

`spectral_distance` is the multi-scale spectral distance of what comes out to what goes in (lower is better), beside
that of silence and that of the same network with random weights. `realtime_factor` and `latency_samples` say what
playing block by block costs on one processor core.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.evaluation import evaluate
from dlwakit.training.options import evaluate_parser

from .dataset import read_data
from .training.losses import spectral_distance

BLOCK = 2048  # samples at a time, as when it plays
UNTRAINED = 3  # networks with weights drawn anew
LONGEST_S = 20  # of the sounds


@torch.inference_mode()
def measure(path, samples, rate, seed=0):
    """Figures of a .ts file that `export` wrote, of silence, of random weights, on int16 samples [n] at its rate."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    count = min(len(samples), LONGEST_S * rate) // BLOCK * BLOCK
    sound = torch.tensor(samples[:count].astype(np.float32) / 32768)[None, None]
    model = torch.jit.load(path)
    latency = dict(model.named_buffers())["encoder.layers.0.conv.memory"].shape[2]

    def distance(made):
        return float(spectral_distance(sound[..., :-latency], made[..., latency:]))

    play(model, sound[..., : 4 * BLOCK])  # torch optimises at the first calls
    began = time.perf_counter()
    made = play(torch.jit.load(path), sound)
    seconds = time.perf_counter() - began
    random = [distance(play(untrained(path), sound)) for _ in range(UNTRAINED)]
    return {
        "checkpoint": {
            "spectral_distance": distance(made),
            "realtime_factor": seconds * rate / count,
            "latency_samples": latency,
            "seconds": count / rate,
        },
        "silence": {"spectral_distance": distance(torch.zeros_like(sound))},
        "untrained": {"spectral_distance": float(np.mean(random))},
    }


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
            lambda path: measure(path, sounds["held_out"], facts["rate"], options.seed),
            (".ts",),
        )

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
