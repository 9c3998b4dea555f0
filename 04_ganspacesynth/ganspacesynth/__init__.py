"""Day 4, GANSpaceSynth: directions in the layers of a GANSynth. Builds on day 3's package, which it finds beside it.

Imported in Pd and in the worker, so it loads nothing heavy.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "03_gansynth"))

SUFFIXES = (".npz", ".pickle")  # of files with components


def load(name_or_path="starter", components="conv0", engine="small"):
    """Load a model with the components of one of its layers.

    Parameters
    ----------
    name_or_path, engine
        As `gansynth.load` takes them.
    components : str or Path, optional
        A .npz or .pickle file: a path, or a name in the model's folder.

    Returns
    -------
    ganspacesynth.model.GANSpaceSynth

    Raises
    ------
    UserError
        When a file is missing or damaged, or the components are another model's.
    """
    from .model import load

    return load(name_or_path, components, engine)
