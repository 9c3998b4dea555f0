"""How good an exported model is, in numbers, on sounds that it has not heard."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from .losses import spectral_distance

BLOCK = 2048  # samples at a time, as when it plays
UNTRAINED = 3  # networks with weights drawn anew
LONGEST = 20  # seconds that are judged


@dataclass(frozen=True)
class Score:
    """Multi-scale spectral distances to the sounds (lower is better), and what playing costs on one processor core."""

    seconds: float
    distance: float
    distance_of_silence: float
    distance_of_untrained: float
    realtime_factor: float
    latency_samples: int


@torch.inference_mode()
def score(path, samples, rate):
    """The Score of a .ts file that `export` wrote, on int16 samples [n] at its rate."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    count = min(len(samples), LONGEST * rate) // BLOCK * BLOCK
    sound = torch.tensor(samples[:count].astype(np.float32) / 32768)[None, None]
    model = torch.jit.load(path)
    latency = dict(model.named_buffers())["encoder.layers.0.conv.memory"].shape[2]

    def distance(made):
        return float(spectral_distance(sound[..., :-latency], made[..., latency:]))

    play(model, sound[..., : 4 * BLOCK])  # torch optimises at the first calls
    began = time.perf_counter()
    made = play(torch.jit.load(path), sound)
    seconds = time.perf_counter() - began
    return Score(
        seconds=round(count / rate, 1),
        distance=round(distance(made), 3),
        distance_of_silence=round(distance(torch.zeros_like(sound)), 3),
        distance_of_untrained=round(
            float(np.mean([distance(play(untrained(path), sound)) for _ in range(UNTRAINED)])), 3
        ),
        realtime_factor=round(seconds * rate / count, 3),
        latency_samples=latency,
    )


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
