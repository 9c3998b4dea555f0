"""The loops of SampleRNN and NSynth, compiled by numba for this processor. On the command line.

The first sound would wait for that otherwise. They go beside their sources, where the workers of all users find them.
"""

import os
import shlex

from dlwakit.base.console import run
from dlwakit.base.paths import ROOT, find_python, worker_path
from dlwakit.install.components import Component

PROGRAMS = {
    "05_samplernn/samplernn/engine/kernel.py": "import samplernn; samplernn.load().generate(0.01)",
    "03_gansynth/nsynth/engine/kernel.py": "import nsynth; nsynth.load().decode([[[0.0] * 16]])",
}


class Loops(Component):
    """What numba compiles of the sources in PROGRAMS, which a worker does itself where this could not be made."""

    name = "the compiled loops of SampleRNN and NSynth"
    cost = "about half a minute, 1 MB"
    undo = "delete the folders __pycache__ in 03_gansynth and 05_samplernn"
    fix = "setup/dlwa install"

    def __init__(self, days=None, root=ROOT):
        """days: the folders' names of those that are to be played; all if not given."""
        self.root = root
        self.sources = [source for source in PROGRAMS if days is None or source.partition("/")[0] in days]

    def _uncompiled(self):
        """The sources that are newer than what was compiled of them, in folders that this user may change."""
        paths = {source: self.root / source for source in self.sources}
        return [
            source
            for source, path in paths.items()
            if os.access(path.parent, os.W_OK) and not is_compiled(path)
        ]

    def missing(self):
        """The sources that can be compiled and are not."""
        return [f"{source} is not compiled" for source in self._uncompiled()]

    def commands(self):
        """A line for each source."""
        return [shlex.join(["python", "-c", PROGRAMS[source]]) for source in self._uncompiled()]

    def make(self):
        """Let each model play a moment, which compiles its loops. Raises UserError."""
        for source in self._uncompiled():
            path = os.pathsep.join(map(str, worker_path(self.root / source.partition("/")[0])))
            command = [find_python("torch"), "-c", PROGRAMS[source]]
            run(command, f"compiling {source}", "loops.log", {"PYTHONPATH": path})


def is_compiled(source):
    """Whether numba has compiled a source file since it was last changed."""
    changed = source.stat().st_mtime
    indices = (source.parent / "__pycache__").glob(f"{source.stem}.*.nbi")
    return any(index.stat().st_mtime >= changed for index in indices)
