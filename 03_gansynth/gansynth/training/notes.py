"""A training set of GANSynth as the trainer by regression needs it: timbres, pitches, pictures. Runs in a training.

A timbre is what one latent code stands for: an instrument at one loudness, whose notes differ in pitch alone, or a
single piece of sound without pitch.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from modelfiles.errors import UserError

from .losses import AUDIBLE, audibility, linear_power
from .pictures import wrap

LEAST_PITCHES, LEAST_NOTES, MOST_HELD_OUT = 8, 100, 48
CACHE_BYTES = 1_500_000_000
PITCH_WORDS = (
    re.compile(r"[-_](\d{3})(?=-\d{3}(?:-|$))"),  # NSynth: x-000-060-100
    re.compile(r"(?<=[-_ ])[A-Ga-g][#sb]?-?\d(?=$|[-_ ])"),
    re.compile(r"[-_](\d{1,3})(?=-\d+$|$)"),
)


def timbre_names(meta):
    """The name of each note's timbre.

    meta: (key, entry) of each note. Where a set names few instruments, they are the timbres; where each sound has a
    name of its own, the word that tells its pitch is taken out of it.
    """
    names = [entry.get("instrument_str", key) for key, entry in meta]
    pitches = [int(entry["pitch"]) for _, entry in meta]
    if 2 * len(set(names)) <= len(names):
        return names
    if len(set(pitches)) == 1:
        return [key for key, _ in meta]
    return [_without_pitch(name, pitch) for name, pitch in zip(names, pitches)]


def _without_pitch(name, pitch):
    for word in PITCH_WORDS:
        match = word.search(name)
        if match and (not match.groups() or int(match[1]) == pitch):
            return name[: match.start()] + name[match.end() :]
    return name


class Picture(NamedTuple):
    """What the network should paint for a note: see `Pictures.of_audio`; [frames, bands] each.

    peak: the largest power. mel_weight, linear_weight: the mean weight of a point in the two losses of frequency.
    """

    power: torch.Tensor
    frequency: torch.Tensor
    linear: torch.Tensor
    peak: float
    mel_weight: float
    linear_weight: float

    @classmethod
    def of(cls, power, frequency, linear, to_linear):
        """In half precision, of tensors [1, frames, bands]."""
        peak = power.max().item()
        bins = linear_power(power, to_linear)
        weights = [audibility(of, peak).mean().item() for of in (power, bins)]
        return cls(power[0].half(), frequency[0].half(), linear[0].half(), peak, *weights)

    def cut(self, window):
        """The frames of a window, float32."""
        return Picture(*(part[slice(*window)].float() for part in self[:3]), *self[3:])


class Notes:
    """A training set's notes, each with its timbre and pitch, and their pictures.

    Parameters
    ----------
    folder : Path
        What `dlwa dataset gansynth` made: notes.npy, meta.json, dataset.json.

    Attributes
    ----------
    audio : numpy.ndarray, int16 [notes, samples]
    timbres : list of str
        The timbres' names; `timbre` [notes] is each note's number among them.
    pitches : list of int
        The distinct MIDI pitches; `label` [notes] is each note's number among them.
    table : numpy.ndarray, int [timbres, pitches]
        A note of this timbre and pitch to learn from, or -1 where the set has none.
    learned, held_out : numpy.ndarray, int
        The numbers of the notes to learn from, and of those that are kept for checks.
    """

    def __init__(self, folder):
        folder = Path(folder)
        facts = json.loads((folder / "dataset.json").read_text())
        meta = list(json.loads((folder / "meta.json").read_text()).items())
        self.sample_rate, self.audio_length = facts["sample_rate"], facts["audio_length"]
        self.audio = np.load(folder / "notes.npy", mmap_mode="r")
        if len(self.audio) != len(meta):
            raise UserError(
                "sound",
                f"{folder} has {len(self.audio)} sounds and {len(meta)} labels",
                "make it anew: setup/dlwa dataset gansynth",
            )
        self.fingerprint = hashlib.sha256(self.audio).hexdigest()[:12]
        pitch = [int(entry["pitch"]) for _, entry in meta]
        self.pitches = sorted(set(pitch))
        names = timbre_names(meta)
        self.timbres = list(dict.fromkeys(names))
        numbers = {name: number for number, name in enumerate(self.timbres)}
        self.timbre = np.array([numbers[name] for name in names])
        self.label = np.array([self.pitches.index(one) for one in pitch])
        self.learned, self.held_out = self._part(len(meta))
        self.table = np.full((len(self.timbres), len(self.pitches)), -1)
        self.table[self.timbre[self.learned], self.label[self.learned]] = self.learned

    def _part(self, count):
        """(numbers of the notes to learn from, of those held out): the latter's timbres keep most pitches."""
        order = np.random.default_rng(0).permutation(count)
        enough = len(self.pitches) >= LEAST_PITCHES and count >= LEAST_NOTES
        held_out = min(MOST_HELD_OUT, count // 30) if enough else 0
        return np.sort(order[held_out:]), np.sort(order[:held_out])

    def __len__(self):
        return len(self.timbre)

    def sounds(self, indices):
        """Audio [notes, samples], float32 from -1 to 1."""
        return torch.from_numpy(self.audio[np.asarray(indices)].astype(np.float32) / 32768)


class Cache:
    """Pictures of notes, computed when first asked for and kept in half precision while there is room.

    pictures: see `Pictures`.
    """

    def __init__(self, notes, pictures):
        self._notes, self.pictures = notes, pictures
        self._kept = {}
        self._room = CACHE_BYTES // (3 * 2 * pictures.frames * pictures.bands)

    def __getitem__(self, index):
        """A note's Picture."""
        index = int(index)
        if index not in self._kept:
            made = Picture.of(*self.pictures.of_audio(self._notes.sounds([index])), self.pictures.to_linear)
            if len(self._kept) >= self._room:
                return made
            self._kept[index] = made
        return self._kept[index]

    def blend(self, indices, weights, window):
        """The Picture, float32, of some frames, between several notes of one pitch.

        Powers are averaged in decibels, frequencies by how loud they are in each note.
        indices, weights: of the notes, the loudest share first; the weights' sum is one.
        """
        parts = [self[index].cut(window) for index in indices]
        if len(parts) == 1:
            return parts[0]
        power = sum(weight * part.power for weight, part in zip(weights, parts))
        shares = torch.stack([weight * (AUDIBLE * part.power).exp() for weight, part in zip(weights, parts)])
        shares /= shares.sum(dim=0)
        mean = np.average([part[3:] for part in parts], axis=0, weights=weights)
        return Picture(power, _averaged(parts, 1, shares), _averaged(parts, 2, shares), *mean)


def _averaged(parts, at, shares):
    """The mean of the parts' frequencies, turned to where the first part's are."""
    first = parts[0][at]
    return first + sum(share * wrap(part[at] - first) for share, part in zip(shares, parts))
