"""What a training ran with: versions of Python and packages, the kind of device. Runs in a training."""

import os
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


def device():
    """What computes: "graphics card" where an NVIDIA card is ready, else "processor"."""
    return "graphics card" if os.path.exists("/dev/nvidiactl") else "processor"
