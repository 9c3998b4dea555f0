"""SampleRNN: the generator against a plain float32 loop in torch over the same weights, in the same run.

The plain loop is slow, so it makes PLAIN_SECONDS of sound, and its time for the whole is worked out from that.
"""

import time

import torch
from samplernn.engine.config import PRESETS
from samplernn.engine.network import SampleRNN
from samplernn.model import Generator

PLAIN_SECONDS = 0.04

_generators = {}


def generator_of(preset):
    """A generator with random weights, made once; random ones cost as much as trained ones."""
    if preset not in _generators:
        torch.manual_seed(0)
        _generators[preset] = Generator(SampleRNN(PRESETS[preset]))
    return _generators[preset]


def measure(preset, sequences, seconds):
    """One run of the generator, and one of the plain loop."""
    generator = generator_of(preset)
    fast = generator.engine
    assert fast != "float32", f"rounded weights lose {generator.bits_lost} bits per sample here"
    temperature = [1.0] * sequences
    took = timed(lambda: generator.generate(seconds, temperature=temperature))
    torch.set_num_threads(generator.threads)
    generator.engine = "float32"
    try:
        plain = timed(lambda: generator.generate(PLAIN_SECONDS, temperature=temperature))
    finally:
        generator.engine = fast
    return {
        "seconds": took,
        "audio_seconds": float(seconds * sequences),
        "reference_seconds": plain / PLAIN_SECONDS * seconds,
        "samples_per_second": seconds * sequences * generator.config.sample_rate / took,
        "bits_lost": generator.bits_lost,
    }


def timed(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def course():
    """The course's full size, 111.6 M parameters: two sequences of 4 s at 16 kHz."""
    return measure("course", 2, 4.0)


def laptop():
    """The size of the starters: one sequence of 10 s."""
    return measure("laptop", 1, 10.0)


BENCHMARKS = {"samplernn.course_2x4s": course, "samplernn.laptop": laptop}
