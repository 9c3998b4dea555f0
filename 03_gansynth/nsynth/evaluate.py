"""Evaluate NSynth models on the sounds of a data set. On the command line.

    setup/dlwa evaluate nsynth CHECKPOINT [--data DATASET]

`bits` are what the decoder needs for each sample of held-out sounds, given those before it: fewer are better, blind
guessing needs 8. `reconstruction_db` is how far encoded and decoded sounds are from the originals: the mean distance of
log-mel spectrograms, at temperature 0.8. Beside the model: the originals in mu-law codes and back, which is the best
that can be reached, and the same network with random weights. `between_db` is how far the decoded middle of two
encodings is from the mean of the two spectrograms; beside it the plain mix of both sounds (`cross-fade`). So is
`off_the_middle`, which hears past a decoder's noise: how far the energy of the spectrum is from half way between its
places in the two sounds, where 0 is half way, and 1 as far as either sound is. `off_in_features` says the same of six
features of timbre: centroid, spread, skewness and kurtosis of the spectrum, attack time and temporal centroid. Both are
medians of all pairs of the sounds, 28 at most.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser
from modelfiles.errors import UserError

from . import sheet
from .dataset import read_set
from .engine import mulaw
from .engine.network import Autoencoder, load
from .model import NSynth
from .training.trainer import bits_per_sample

SOUNDS = 8


def compare(path, sounds, options):
    """The Sheet of a model, beside mu-law, a plain mix and random weights."""
    network, random = load(path), np.random.default_rng(options.seed)
    if network.config.sample_rate != sounds.rate:
        own = network.config.sample_rate
        hint = f"make the set with --rate {own}"
        raise UserError("input", f"the sounds have {sounds.rate} Hz, the model {own}", hint)
    rows = np.sort(random.permutation(len(sounds.audio))[: options.sounds])
    some = sounds.audio[rows] / np.float32(32768)
    torch.manual_seed(options.seed)
    found, played = {}, {"data": list(some)}
    for name, net in (("checkpoint", network), ("untrained", Autoencoder(network.config))):
        model = NSynth(net)
        played[name] = decoded = sheet.decode_all(model, some, options.seed)
        between = sheet.between(model, some, options.seed)
        found[name] = {
            "bits": bits_per_sample(net, sounds.audio[sounds.held_out]),
            "reconstruction_db": sheet.reconstruction(some, decoded, sounds.rate),
            **{figure: values[0] for figure, values in between.items()},
        }
    ceiling = sheet.reconstruction(some, mulaw.decode(mulaw.encode(some)), sounds.rate)
    checkpoint = found.pop("checkpoint")
    rows = {
        "checkpoint": checkpoint,
        "mu-law": {"reconstruction_db": ceiling},
        "cross-fade": {figure: values[1] for figure, values in between.items()},
        **found,
    }
    return Sheet(rows, played, sounds.rate)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("nsynth", __doc__, data=True, seed=True, threads=True)
    what = f"sounds of the set that are decoded, 2 or more (default: {SOUNDS})"
    parser.add_argument("--sounds", metavar="N", type=int, default=SOUNDS, help=what)
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())

    def work():
        sounds = read_set(Path(options.data))
        return evaluate("nsynth", options, __file__, lambda path: compare(path, sounds, options))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
