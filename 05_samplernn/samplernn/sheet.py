"""What a model makes at several temperatures, and its level beside the sounds it learned from. Command line.

`level_db` is the root mean square in decibels against the data's, `start_db` that of the first 50 ms against the whole:
a click at the beginning is a large number.
"""

import numpy as np
from dlwakit.training.listening import level

TEMPERATURES = 0.7, 0.85, 1.0, 1.1
SOUNDS, SECONDS = 16, 4.0  # at each temperature: of fewer, one long hiss would change the figures
START_S = 0.05
DATA_SOUNDS = 64  # of the data, from all of it


def of_data(chunks):
    """Sounds of the chunks [n, samples] int16, at most DATA_SOUNDS, -1 to 1, evenly spread over all of them."""
    places = np.linspace(0, len(chunks) - 1, min(len(chunks), DATA_SOUNDS)).round().astype(int)
    return list(chunks[places] / 32768)


def of_model(generator, chunks, seed=0):
    """Figures and sounds of a Generator at each of TEMPERATURES, beside the chunks [n, samples] int16.

    Returns {"temperature 0.7": figures, ...} and {the same: sounds [SOUNDS, samples]}.
    """
    data, found, made = level(chunks.ravel() / 32768), {}, {}
    for temperature in TEMPERATURES:
        sounds = generator.generate(SECONDS, temperature=[temperature] * SOUNDS, seed=seed)
        start, name = round(START_S * generator.config.sample_rate), f"temperature {temperature:g}"
        found[name] = {
            "level_db": level(sounds) - data,
            "start_db": level(sounds[:, :start]) - level(sounds),
        }
        made[name] = list(sounds)
    return found, made
