"""Small SampleRNNs with random weights, for tests."""

import dataclasses

import torch
from samplernn.engine.config import Config
from samplernn.engine.network import SampleRNN

CONFIG = Config(frame_sizes=(4, 16), dim=40, num_rnn_layers=2, emb_size=8, seq_len=64, sample_rate=8000)


def small_model(**changes):
    """A SampleRNN with random weights, louder than at the start of a training."""
    torch.manual_seed(4)
    made = SampleRNN(dataclasses.replace(CONFIG, **changes)).eval()
    with torch.no_grad():
        for value in made.parameters():
            value.mul_(2)
    return made
