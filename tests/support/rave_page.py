"""Day 6's patches, opened in real Pd, and a sound for them."""

import sys
from pathlib import Path

import numpy as np
import soundfile

from support.external import EXTERNAL
from support.page import Page

DAY = Path(__file__).resolve().parents[2] / "06_rave"
DOORS = {
    "rave.pd": "rave",
    "rave_latents.pd": "rave-latents",
    "rave_prior.pd": "rave-prior",
    "rave_bend.pd": "rave-bend",
}


def open_page(play, folder, name, *listen):
    """Open a patch, which keeps its state in a folder, and listen to its fields; a Page."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder / "state")}
    out = f"{DOORS[name]}-out"
    pd = play([DAY / name], ["-lib", "py"], path=[EXTERNAL], listen=[out], environment=variables)
    page = Page(pd, DOORS[name])
    page.listen(*listen)
    assert pd.errors() == []
    return page


def write_tone(path):
    """Write 0.7 seconds of a tone; returns the path as text."""
    soundfile.write(path, 0.8 * np.sin(np.arange(30000) / 30), 44100, subtype="FLOAT")
    return str(path)
