"""Renders a melody as a sound, for the previews of a training run; training programs."""

from __future__ import annotations

import numpy as np

from ..engine.events import NOTE_OFF

RATE = 16000
STEP_S = 0.125  # a sixteenth at 120 beats a minute


def sound(events: list[int]) -> np.ndarray:
    """Melody events, one a sixteenth, as plucked tones: samples (n,) at RATE, -1 to 1."""
    starts = [step for step, event in enumerate(events) if event >= NOTE_OFF] + [len(events)]
    result = np.zeros(round(len(events) * STEP_S * RATE))
    for start, end in zip(starts, starts[1:]):
        if events[start] >= 0:
            first, last = round(start * STEP_S * RATE), round(end * STEP_S * RATE)
            t = np.arange(last - first) / RATE
            hz = 440 * 2 ** ((events[start] - 69) / 12)
            tone = sum(np.sin(2 * np.pi * hz * n * t) / n**2 for n in (1, 2, 3))
            result[first:last] = 0.5 * tone * np.exp(-4 * t) * np.clip((t[-1] - t) / 0.01, 0, 1)
    return result
