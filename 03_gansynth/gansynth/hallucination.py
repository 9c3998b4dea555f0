"""Hallucinations: one long sound of many overlapping notes, on a path between points of a latent space.

The course's own way past GANSynth's four seconds. Its arithmetic is kept; keys are played once, and lengths are
exact.
"""

from dataclasses import dataclass, replace

import numpy as np
from modelfiles.errors import UserError

from .latent import slerp

PEAK = 0.5


@dataclass(frozen=True)
class Envelope:
    """The shape of each note; all in seconds.

    spacing: from the start of a note to the start of the next. trim: cut off from the start of each.
    attack, sustain, release: fade in, hold, fade out.
    """

    spacing: float = 0.2
    trim: float = 0.0
    attack: float = 0.5
    sustain: float = 0.5
    release: float = 0.5

    def within(self, seconds):
        """The same envelope, made to fit a note of so many seconds: the sustain gives way first.

        Raises UserError if the trim leaves nothing of the note, or the envelope has no length.
        """
        room = seconds - self.trim
        if room <= 0:
            raise UserError(
                "input", f"a start trim of {self.trim:g} s leaves nothing of a note of {seconds:g} s"
            )
        if self.attack + self.sustain + self.release <= 0:
            raise UserError("input", "attack, sustain and release are all zero: there is nothing to hear")
        fades = self.attack + self.release
        scale = min(1.0, room / fades) if fades else 1.0
        return replace(
            self,
            attack=self.attack * scale,
            sustain=min(self.sustain, max(0.0, room - fades)),
            release=self.release * scale,
        )

    def gains(self, sample_rate):
        """Gain for each sample of a note after the trim."""
        attack, sustain, release = (
            round(seconds * sample_rate) for seconds in (self.attack, self.sustain, self.release)
        )
        return np.concatenate(
            [
                np.linspace(0, 1, attack, endpoint=False),
                np.ones(sustain),
                np.linspace(1, 0, release) if release > 1 else np.zeros(release),
            ]
        )


def path(keys, steps, between=slerp):
    """The keys with `steps` points between each two of them: n + (n - 1) x steps points."""
    points = []
    for start, end in zip(keys, keys[1:]):
        points += [start, *(between(start, end, step / (steps + 1)) for step in range(1, steps + 1))]
    return np.array([*points, keys[-1]])


def combine(notes, count, envelope, sample_rate):
    """Lay notes over each other, each at the same peak; returns float32, at most PEAK.

    notes: yields `count` arrays of one length. The sound is as long as the last note's envelope reaches, `within`
    the notes' length.
    """
    sound = None
    for index, note in enumerate(notes):
        if sound is None:
            envelope = envelope.within(len(note) / sample_rate)
            gains = envelope.gains(sample_rate)
            trim = round(envelope.trim * sample_rate)
            sound = np.zeros(round((count - 1) * envelope.spacing * sample_rate) + len(gains))
        start = round(index * envelope.spacing * sample_rate)
        part = note[trim : trim + len(gains)]
        sound[start : start + len(part)] += _peak_at(part * gains[: len(part)], 1.0)
    return _peak_at(sound, PEAK).astype(np.float32)


def _peak_at(sound, peak):
    loudest = np.abs(sound).max(initial=0.0)
    return sound * (peak / loudest) if loudest > 0 else sound
