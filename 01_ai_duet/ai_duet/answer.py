"""From played notes to answered notes, with either engine."""

import numpy as np
from modelfiles.errors import UserError

from . import melody, tempo


def answer(network, notes, seconds, *, temperature=1.0, candidates=1, qpm=0, rng=None, progress=None):
    """Have a network go on from a melody.

    Args:
      network: a MelodyRnn of model.py or upstream.py.
      notes: what was played, [pitch, velocity, start, end] with times in seconds; may be empty.
      seconds: how long the answer may be. It begins one sixteenth after the last note of the melody.
      temperature, candidates, rng, progress: as in MelodyRnn.continue_melody.
      qpm: tempo in quarter notes a minute; 0 to guess it from the notes (see tempo.py).

    Returns: (notes, qpm, log_likelihood). The notes' times count from the beginning of the answer; there may be
      none, if the network rests all the while.
    """
    if not seconds > 0:
        raise UserError("input", f"cannot generate {seconds} seconds")
    if qpm < 0:
        raise UserError("input", f"cannot play {qpm} quarter notes a minute")
    qpm = qpm or tempo.estimate(notes)
    primer = melody.rest_after(melody.to_events(notes, qpm))
    events, log_likelihood = network.continue_melody(
        primer,
        melody.steps_in(seconds, qpm),
        temperature=temperature,
        candidates=candidates,
        rng=rng or np.random.RandomState(),
        progress=progress,
    )
    return melody.to_notes(events, qpm), qpm, log_likelihood
