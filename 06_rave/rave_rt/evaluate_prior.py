"""Evaluate priors on sounds that they were not trained on. Runs on the command line.

    setup/dlwa evaluate prior CHECKPOINT [--prior FILE] [--data FOLDER]

CHECKPOINT is the model of which the latents are; its prior stands beside it, or is named. `nats` is the negative
log-likelihood of a held-out latent vector; `frechet` the distance of two minutes made up to the training sounds, in
moments of mel spectra and of how they change; `level_db` its level to theirs; `nearest` how far its stretches of
latents are from the nearest ones of the training: held-out ones are 1, copied ones 0. Lower is better in the first two.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.listening import level
from dlwakit.training.options import evaluate_parser
from modelfiles.errors import UserError
from modelfiles.places import checkpoint_folders
from scipy.spatial.distance import cdist

from .dataset import read_or_build
from .engine.prior import read_prior
from .features import frechet, mel_moments
from .model import NO_PRIOR, load
from .prior_files import find_prior
from .training.prior import baselines, likelihoods, moments

USUAL_RATE = 48000  # of a model that does not tell
SEQUENCES, SECONDS = 12, 10  # that are made up, and of each
TEMPERATURES = (0.5, 1.5)  # beside 1
STRETCH = 16  # latent vectors
MOST_STRETCHES = 300


def measure(prior_path, model, facts, sounds, seed=0):
    """The Sheet of a prior, beside its samples at other temperatures, simple means and the data.

    model: AudioModel without a prior. facts, sounds: see `dataset.read_data`.
    """
    prior, rate = read_prior(prior_path), facts["rate"]
    audio = {part: samples.astype(np.float32) / 32768 for part, samples in sounds.items()}
    scaled = {part: prior.scaled(model.encode(sound, rate)) for part, sound in audio.items()}
    count = SEQUENCES * length(prior)
    judge = Judge(model, prior, audio["train"], rate, scaled)
    rows = {
        "checkpoint": {
            "nats": nats(prior, scaled["held_out"]),
            **judge.of("checkpoint", made(prior, 1.0, seed)),
        }
    }
    for temperature in TEMPERATURES:
        name = f"temperature {temperature:g}"
        rows[name] = judge.of(name, made(prior, temperature, seed))
    simple = baselines(scaled["train"].numpy(), scaled["held_out"].numpy())
    random = np.random.default_rng(seed)
    drawn = random.multivariate_normal(*moments(scaled["train"].numpy()), count).astype(np.float32)
    rows["Gaussian"] = {"nats": simple["Gaussian"], **judge.of("Gaussian", drawn)}
    rows["random walk"] = {"nats": simple["random walk"]}
    noise = random.normal(size=(count, prior.size.latents)).astype(np.float32)
    rows["noise"] = judge.of("noise", (noise - prior.statistics["mean"]) / prior.statistics["spread"])
    rows["held out"] = judge.of("held out", scaled["held_out"].numpy())
    return Sheet(rows, judge.sounds, rate)


def nats(prior, scaled):
    """The mean negative log-likelihood of latents, scaled [n, latents]."""
    with torch.inference_mode():
        return -float(likelihoods(prior.network, scaled[None]).mean())


def length(prior):
    """Latent vectors of one sequence."""
    return round(SECONDS * prior.rate / prior.ratio)


def made(prior, temperature, seed):
    """Sequences that a prior makes up, each from nothing, scaled [SEQUENCES * length, latents]."""
    torch.manual_seed(seed)
    sequences = [prior.player().play([temperature] * length(prior)) for _ in range(SEQUENCES)]
    return prior.scaled(np.concatenate(sequences, 1)).numpy()


class Judge:
    """Compares what is made of latents with sounds.

    model, prior: what decodes and what scales. real: a sound [n] at `rate` Hz. scaled: {"train", "held_out": latents}.
    sounds: the beginnings of what was compared, by name.
    """

    def __init__(self, model, prior, real, rate, scaled):
        self._model, self._prior, self._rate, self.sounds = model, prior, rate, {}
        self._moments, self._level = mel_moments(real, rate), level(real)
        self._train = stretches(scaled["train"].numpy())
        self._usual = self._away(scaled["held_out"].numpy())

    def of(self, name, latents):
        """{"frechet", "level_db", "nearest"} of latents, scaled [n, latents]; name: what they are called."""
        statistics = self._prior.statistics
        values = latents * statistics["spread"] + statistics["mean"]
        sound = self._model.decode(values.T, self._rate, seed=0)[0]
        self.sounds[name] = [sound[: SECONDS * self._rate]]
        return {
            "frechet": frechet(self._moments, mel_moments(sound, self._rate)),
            "level_db": level(sound) - self._level,
            "nearest": self._away(latents) / self._usual,
        }

    def _away(self, latents):
        """The mean distance of stretches to the nearest ones of the training."""
        some = stretches(latents)
        some = some[:: max(1, len(some) // MOST_STRETCHES)]
        return float(cdist(some, self._train).min(1).mean())


def stretches(latents):
    """All stretches of STRETCH vectors [m, STRETCH * latents] of latents [n, latents]."""
    windows = np.lib.stride_tricks.sliding_window_view(latents, min(STRETCH, len(latents)), axis=0)
    return windows.reshape(len(windows), -1)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("prior", __doc__, data=True, seed=True)
    parser.add_argument("--prior", metavar="FILE", help="name or path (default: the one beside the model)")
    parser.set_defaults(data="runs/rave/data")
    options = parser.parse(arguments)

    def measure_one(path):
        prior = find_prior(path, options.prior, checkpoint_folders(__file__))
        if prior is None:
            raise UserError("checkpoint", f"there is no prior beside {path.name}", NO_PRIOR)
        model = load(path, prior="none")
        with TemporaryDirectory() as built:
            facts, sounds = read_or_build(Path(options.data), Path(built), model.rate or USUAL_RATE)
        return measure(prior, model, facts, sounds, options.seed)

    return parser.run(lambda: evaluate("prior", options, __file__, measure_one, (".ts",)))


if __name__ == "__main__":
    sys.exit(main())
