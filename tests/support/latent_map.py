"""Makes the sounds of the book's map anew: 25 notes between four points, in setup/book/latent_map.flac.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/latent_map.py

The interpreter is that of the environment torch. The page gets how bright each note is.
"""

import importlib
import re

import librosa
import numpy as np
import soundfile

from support.lesson_sounds import ROOT, load_of

SIDE, SECONDS, PITCH, SEED = 5, 0.8, 60, 5
BOOK = ROOT / "setup/book"


def main():
    """Write the sound, and the figures into the page."""
    model, latent = load_of("gansynth")("starter_instruments"), importlib.import_module("gansynth.latent")
    corners, steps = model.random(4, seed=SEED), np.linspace(0, 1, SIDE)
    points = [
        latent.slerp(latent.slerp(*corners[:2], across), latent.slerp(*corners[2:], across), down)
        for down in steps
        for across in steps
    ]
    rate = model.folder.sample_rate
    notes = model.generate(np.array(points), [PITCH] * len(points))[:, : round(SECONDS * rate)]
    notes = 0.5 * notes / np.abs(notes).max(axis=1, keepdims=True)
    notes[:, -800:] *= np.linspace(1, 0, 800)
    soundfile.write(BOOK / "latent_map.flac", notes.ravel(), rate, subtype="PCM_16")
    bright = [round(float(librosa.feature.spectral_centroid(y=note, sr=rate).mean())) for note in notes]
    page = BOOK / "latent_map.md"
    text = re.sub(
        r'data-brightness="[^"]*"', f'data-brightness="{" ".join(map(str, bright))}"', page.read_text()
    )
    page.write_text(text)
    print(np.reshape(bright, (SIDE, SIDE)))


if __name__ == "__main__":
    main()
