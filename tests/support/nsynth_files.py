"""A small NSynth of random weights, with notes of its own."""

import nsynth
import numpy as np
import torch
from nsynth.engine.config import Config
from nsynth.engine.network import Autoencoder, save

HOP, RATE = 64, 8000


def write_model(folder):
    """Write a model with five notes of 160 ms to a folder, which is returned; its loops are compiled here."""
    torch.manual_seed(0)
    save(folder, Autoencoder(Config(RATE, HOP, 16, 4, 2, 8, 8, 2, 2, 8)), 1)
    notes = np.random.default_rng(0).standard_normal((5, 20, 16), np.float32)
    np.savez(folder / "notes.npz", **{f"note_{number}": note for number, note in enumerate(notes)})
    nsynth.load(folder)  # a worker of low priority may take minutes to compile them
    return folder
