"""Versions that a training ran with: Python, packages. Runs in a training."""

import platform
from importlib import metadata

PACKAGES = (
    "torch",
    "tensorflow",
    "tensorflow-cpu",
    "magenta",
    "ddsp",
    "tensorflow-gan",
    "numpy",
    "scipy",
    "librosa",
    "soundfile",
    "note-seq",
)


def versions():
    """{name: version} of Python and of those packages that decide what a training does and are here."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
