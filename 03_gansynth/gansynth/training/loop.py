"""Steps, averaged weights, checks and saved states of a training by regression. Runs in a training."""

import numpy as np
import torch
from dlwakit.training.averaging import Average, cosine_rate
from dlwakit.training.saving import save_state

from ..timbres import known_timbres
from . import codes as latent
from . import warm
from .losses import (
    audibility,
    energy_bands,
    energy_loss,
    frequency_loss,
    linear_power,
    power_loss,
    sound_loss,
    spectral_distance,
)
from .network import TrainableGenerator
from .notes import Cache, Picture
from .pictures import Pictures
from .writer import write_model

BETAS = 0.9, 0.99
CODE_RATE = 0.25  # of the learning rate, for the codes
LARGEST_GRADIENT = 5.0
AVERAGING = 0.995
SPREADING = 0.02  # of the way to codes that are spread alike in all directions, each step
NOISE = 0.14  # standard deviation around a code
SOUND_FROM = 0.25  # share of the training from which the sound counts too
WEIGHTS = {"power": 1.0, "linear": 4.0, "mel": 1.2, "sound": 1.0, "energy": 1.0}
FOLLOW_EVERY = 100  # steps between two looks at where the codes are
WINDOW, STEP, BEGINNING = (
    32,
    8,
    0.25,
)  # frames of a picture that a step learns from; how often it is the first ones
JUDGED = 16  # notes in a check


class Trainer:
    """A generator, its codes and what is needed to train them.

    Parameters
    ----------
    notes : Notes
    flags : dict
        Magenta's flags of the network.
    settings : dict
        seed, batch_size, learning_rate.
    source : ModelFolder, optional
        A model of the same size to begin with.
    """

    def __init__(self, notes, flags, settings, source=None):
        torch.manual_seed(settings["seed"])
        self.notes, self.flags, self.settings = notes, flags, settings
        self.pictures = Pictures(flags)
        self.cache = Cache(notes, self.pictures)
        self.bands = energy_bands(flags["sample_rate"])
        self.network = TrainableGenerator(flags, len(notes.pitches))
        start, spread = self._begin_with(source) if source else self._begin()
        self.codes = torch.nn.Parameter(start)
        self.blends = latent.Blends(notes, spread)
        self.average = Average(self.network, AVERAGING)
        learned = [weight for weight in self.network.parameters() if weight.requires_grad]
        groups = [{"params": learned, "part": 1.0}, {"params": [self.codes], "part": CODE_RATE}]
        self.optimiser = torch.optim.Adam(groups, lr=settings["learning_rate"], betas=BETAS)
        self.images = self.steps = 0

    def _begin(self):
        """(codes, spread) to begin with: principal components of the timbres' pictures."""
        small = latent.features(self.notes, self.cache)
        start, spread = latent.principal(small, self.network.latent, self.settings["seed"])
        with torch.no_grad():
            self.network.kernels["conv0_1"][:, :, : self.network.latent] *= torch.from_numpy(spread)[:, None]
        return torch.from_numpy(start), spread

    def _begin_with(self, source):
        """(codes, spread) to begin with: points of a model that sound like the timbres; takes its weights."""
        warm.take_weights(self.network, source, self.notes.pitches)
        known = known_timbres(source).values()
        return warm.near_codes(self.network, self.notes, self.cache, self.settings["seed"], known)

    def learn(self, progress):
        """Take one step on one batch.

        Parameters
        ----------
        progress : float
            How much of the training is over, 0 to 1.

        Returns
        -------
        dict of str to float
            The losses.
        """
        if self.steps % FOLLOW_EVERY == 0:
            self.blends.follow(self.codes.detach().numpy())
        self._set_rate(progress)
        self.optimiser.zero_grad(set_to_none=True)
        points, labels, window, wanted = self._batch()
        painted = self.network(points, labels, window)
        losses = self._losses(painted, wanted, progress >= SOUND_FROM)
        losses["loss"] = sum(WEIGHTS[name] * value for name, value in losses.items())
        losses["loss"].backward()
        for group in self.optimiser.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], LARGEST_GRADIENT)
        self.optimiser.step()
        latent.standardise(self.codes, SPREADING)
        self.steps += 1
        self.images += len(points)
        self.average.follow()
        return {name: value.item() for name, value in losses.items()}

    def _set_rate(self, progress):
        rate = cosine_rate(self.settings["learning_rate"], progress, self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["part"]

    def _batch(self):
        """What this step learns from: half at codes, half at random points.

        Returns
        -------
        points : torch.Tensor [notes, latent]
        labels : torch.Tensor [notes, labels]
        window : (int, int)
            The frames that are learned from.
        wanted : Picture
            Of tensors [notes, frames, bands] and [notes, 1, 1].
        """
        random = np.random.default_rng([self.settings["seed"], self.steps])
        points, labels, wanted = [], [], []
        window = self._window(random)
        for place in range(self.settings["batch_size"]):
            note = random.choice(self.notes.learned)
            timbre, label = self.notes.timbre[note], self.notes.label[note]
            point = torch.from_numpy(random.standard_normal(self.codes.shape[1]).astype(np.float32))
            if place % 2 == 0:
                points.append(self.codes[timbre] + NOISE * point)
                wanted.append(self.cache.blend([note], [1.0], window))
            else:
                timbres, shares = self.blends.at(point.numpy(), label)
                points.append(point)
                wanted.append(self.cache.blend(self.notes.table[timbres, label], shares, window))
            labels.append(label)
        parts = list(zip(*wanted))
        stacked = [torch.stack(part) for part in parts[:3]]
        numbers = [torch.tensor(part, dtype=torch.float32)[:, None, None] for part in parts[3:]]
        return torch.stack(points), self._one_hot(labels), window, Picture(*stacked, *numbers)

    def _window(self, random):
        """The frames of a step: often the beginning, where most happens."""
        places = (self.pictures.frames - WINDOW) // STEP + 1
        if places <= 1:
            return 0, self.pictures.frames
        start = 0 if random.random() < BEGINNING else STEP * random.integers(places)
        return start, start + WINDOW

    def _one_hot(self, labels):
        return torch.nn.functional.one_hot(torch.as_tensor(np.array(labels)), len(self.notes.pitches)).float()

    def _losses(self, painted, wanted, with_sound):
        """The losses by name, tensors of one number."""
        power, frequency = self.pictures.of_network(painted)
        to_linear = self.pictures.to_linear
        mel_weight = audibility(wanted.power, wanted.peak) / wanted.mel_weight
        linear_weight = audibility(linear_power(wanted.power, to_linear), wanted.peak) / wanted.linear_weight
        losses = {
            "power": power_loss(power, wanted.power, wanted.peak),
            "linear": frequency_loss(frequency @ to_linear, wanted.linear, linear_weight),
            "mel": frequency_loss(frequency, wanted.frequency, mel_weight),
        }
        if with_sound:
            half = slice(0, None, 2)
            with torch.no_grad():
                true = self.pictures.overlapped(wanted.power[half], wanted.frequency[half])
            played = self.pictures.overlapped(power[half], frequency[half])
            losses["sound"] = sound_loss(played, true)
            losses["energy"] = energy_loss(played, true, self.bands)
        return losses

    # What it has learned.

    def paint(self, points, labels):
        """Audio [notes, samples] of latent points [notes, latent] and labels, by the averaged weights."""
        with torch.no_grad():
            painted = self.average.module(torch.as_tensor(points), self._one_hot(labels))
            return self.pictures.to_audio(*self.pictures.of_network(painted)).numpy()

    def judge(self):
        """Distances in decibels on notes that it learns from and, where some are held out, on those."""
        found = {"training_db": self._distance(self.notes.learned)}
        if len(self.notes.held_out):
            found["held_out_db"] = self._distance(self.notes.held_out)
        return found

    def _distance(self, indices):
        chosen = np.random.default_rng(0).permutation(indices)[:JUDGED]
        codes = self.codes.detach()[self.notes.timbre[chosen]]
        played = np.concatenate(
            [
                self.paint(codes[at : at + 1], self.notes.label[chosen[at : at + 1]])
                for at in range(len(chosen))
            ]
        )
        true = self.notes.sounds(chosen).numpy()
        return float(np.mean([spectral_distance(one, other) for one, other in zip(played, true)]))

    def preview(self, count=3):
        """The same random points at pitches from low to high, one behind the other, [samples]."""
        points = np.random.default_rng(7).standard_normal((count, self.codes.shape[1])).astype(np.float32)
        labels = np.unique(np.linspace(0, len(self.notes.pitches) - 1, 4).astype(int)[1:])
        sounds = [self.paint(point[None], [label])[0] for point in points for label in labels]
        sounds = np.concatenate(sounds)
        return sounds / max(1.0, np.abs(sounds).max())

    def export(self, folder):
        """Write the averaged generator as a model folder."""
        tensors = {name: array.copy() for name, array in self.average.module.tensors().items()}
        points = np.round(self.codes.detach().numpy(), 4).tolist()
        timbres = dict(zip(self.notes.timbres, points))
        write_model(folder, tensors, self.flags, self.notes.pitches, self.images, timbres)

    # Stopping and going on.

    def state(self):
        """All that is needed to go on."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "codes": self.codes.detach(),
            "optimiser": self.optimiser.state_dict(),
            "spread": torch.from_numpy(self.blends.spread),
            "followed": torch.from_numpy(self.blends.codes),
            "notes": self.notes.fingerprint,
            "images": self.images,
            "steps": self.steps,
        }

    def save(self, path):
        """Write the state, whole or not at all."""
        save_state(self.state(), path)

    def go_on(self, path):
        """Take up what `save` wrote, if there is anything."""
        if not path.exists():
            return
        held = torch.load(path, weights_only=True)
        self.network.load_state_dict(held["network"])
        self.average.load_state_dict(held["average"])
        self.images, self.steps = held["images"], held["steps"]
        if held.get("notes", self.notes.fingerprint) == self.notes.fingerprint:
            self.optimiser.load_state_dict(held["optimiser"])
            codes, spread = held["codes"], held["spread"].numpy()
            followed = held["followed"]
        else:  # other notes than before, which have codes of their own
            known = held["codes"].numpy()
            codes, spread = warm.near_codes(
                self.network, self.notes, self.cache, self.settings["seed"], known
            )
            followed = codes
        with torch.no_grad():
            self.codes.copy_(codes)
        self.blends = latent.Blends(self.notes, spread)
        self.blends.follow(followed.numpy())
