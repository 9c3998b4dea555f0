"""Brings what an instrument plays to the loudness of what is played to it, as it plays. Runs in the worker process."""

import numpy as np

from .loudness import FFT_SIZE, of_power, power
from .pitch import SAMPLE_RATE

LOUDER_DB, SOFTER_DB = 12.0, 30.0  # that a sound is made at most
SILENT_DB = -60.0  # the gain stays where it is while what is played is softer: the next note begins with it
STEP = 0.25  # of the way to the gain that is right, in a frame of 4 ms


class Dynamics:
    """A gain that follows the difference between two loudnesses.

    sample_rate, hop: of the sound, whose frames have so many samples.
    """

    def __init__(self, sample_rate, hop):
        self._rate, self._hop = sample_rate, hop
        self._recent = np.zeros(FFT_SIZE * sample_rate // SAMPLE_RATE)
        self._wanted = np.zeros(0)  # dB, of frames that are not in the middle of `recent` yet
        self._samples = -len(self._recent) // 2  # whose frame is in the middle
        self._gain_db = 0.0

    def __call__(self, sound, loudness_db, amount):
        """The sound with its gain.

        sound: float32 [n], next in turn; loudness_db: [T] of the next frames, which may sound later; amount: from 0, as
        it is, to 1, as loud as these.
        """
        self._wanted = np.append(self._wanted, loudness_db)
        parts = [
            self._bring(sound[start : start + self._hop], amount) for start in range(0, len(sound), self._hop)
        ]
        return np.concatenate([*parts, sound[:0]])

    def _bring(self, part, amount):
        """A frame of sound, its gain on the way from the last one."""
        self._recent = np.append(self._recent[len(part) :], part)
        self._samples += len(part)
        while self._samples >= self._hop and len(self._wanted) > 1:
            self._samples -= self._hop
            self._wanted = self._wanted[1:]
        before = self._gain_db
        if self._wanted[0] > SILENT_DB:
            self._gain_db += STEP * (amount * self._missing() - before)
        ramp = np.linspace(before, self._gain_db, len(part), endpoint=False)
        return (part * 10 ** (ramp / 20)).astype(np.float32)

    def _missing(self):
        """dB by which the middle of what has sounded lately should be louder."""
        missing = self._wanted[0] - of_power(power(self._recent[None]), self._rate)[0]
        return float(np.clip(missing, -SOFTER_DB, LOUDER_DB))
