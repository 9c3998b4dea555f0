"""The same four sounds, and what lies between them, by each model that has codes: the program of `setup/dlwa grids`.

    grids.py FOLDER SIDE [SOUND SOUND SOUND SOUND]

Runs in the environment `torch`. FOLDER gets a grid for each model, as nsynth.pd opens them. Without sounds the corners
are four instruments that GANSynth plays. GANSynth cannot encode a sound: with sounds of one's own it has no grid.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from modelfiles.sounds import PEAK, SILENT, read_sound

INSTRUMENTS = "trumpet", "flute", "violin", "clarinet"  # lower left, lower right, upper left, upper right
LOUD, PITCH = 110, 60
SECONDS = 1.5
RATE = 24000  # of RAVE's sounds: half of what it makes is enough


def instruments():
    """GANSynth, its points of the four instruments: float32 [4, latent]."""
    from gansynth import load

    model = load("starter_instruments")
    timbres = json.loads((model.folder.path / "timbres.json").read_text())
    return model, np.array([timbres[f"{name}-{LOUD}"] for name in INSTRUMENTS], np.float32)


def by_points(model, points, side):
    """GANSynth: a note for each point between the four."""
    from nsynth.blending import corner_weights, grid_points

    between = np.array([corner_weights(x, y) @ points for x, y in grid_points(side)])
    return model.generate(between, [PITCH] * len(between)), model.folder.sample_rate


def by_encodings(corners, rate, side):
    """NSynth: the decoded sum of four encodings, each times its weight."""
    from nsynth import load
    from nsynth.blending import grid_encodings

    model = load("starter_notes")
    points = grid_encodings([model.encode(sound, rate) for sound in corners], side)
    return model.decode(points, 0.8), model.config.sample_rate


def by_latents(corners, rate, side):
    """RAVE: the decoded sum of four sounds' latents, each times its weight."""
    from nsynth.blending import corner_weights, grid_points
    from rave_rt import load

    model = load("base")
    latents = np.stack([model.encode(sound, rate) for sound in corners])
    sums = (np.tensordot(corner_weights(x, y), latents, 1) for x, y in grid_points(side))
    return np.stack([model.decode(one, RATE)[0] for one in sums]), RATE


def by_mixing(corners, rate, side):
    """No model: the four sounds at once, each as loud as its weight."""
    from nsynth.blending import corner_weights, grid_points

    return np.stack([corner_weights(x, y) @ corners for x, y in grid_points(side)]), rate


def keep(folder, sounds, rate, side):
    """Write a grid, its loudest peak at 0.9."""
    from nsynth import grid_folder
    from nsynth.blending import grid_files

    folder.mkdir(parents=True, exist_ok=True)
    sounds = np.float32(sounds * (PEAK / np.abs(sounds).max()))
    grid_folder.write(sounds, rate, [PITCH], {key: folder / name for key, name in grid_files(side).items()})


def read_corners(files):
    """Four sound files: float32 [4, samples], Hz."""
    rate = 16000
    sounds = [read_sound(file, rate)[0][: round(SECONDS * rate)] for file in files]
    for file, sound in zip(files, sounds):
        if np.abs(sound).max(initial=0) < SILENT:
            raise UserError("sound", f"{file.name} is silent", "a corner needs a sound")
    length = max(map(len, sounds))
    padded = [np.pad(sound, (0, length - len(sound))) for sound in sounds]
    return np.stack([sound * (PEAK / np.abs(sound).max()) for sound in padded]), rate


def run(folder, side, files):
    """Make the grids; prints a line for each."""
    ways = {"nsynth": by_encodings, "rave": by_latents, "mix": by_mixing}
    if files:
        corners, rate = read_corners(files)
    else:
        model, points = instruments()
        began = time.monotonic()
        sounds, rate = by_points(model, points, side)
        print(f"gansynth: {time.monotonic() - began:.1f} s", flush=True)
        keep(folder / "gansynth", sounds, rate, side)
        at = [0, side - 1, side * (side - 1), side * side - 1]
        corners = sounds[at][:, : round(SECONDS * rate)]
        corners = corners * (PEAK / np.abs(corners).max(axis=1, keepdims=True))
    for name, way in ways.items():
        began = time.monotonic()
        sounds, own = way(corners, rate, side)
        print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
        keep(folder / name, sounds, own, side)


if __name__ == "__main__":
    try:
        run(Path(sys.argv[1]), int(sys.argv[2]), [Path(word) for word in sys.argv[3:]])
    except UserError as error:
        sys.exit(f"setup/dlwa: {error.message}")
