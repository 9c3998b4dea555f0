"""20 s of melody, once the network is loaded: our worker and Magenta's, asked in turn for the same.

The bundle has the heaviest of the official networks, attention and two layers of 512. Magenta makes it, of random
weights. Both workers stay for all runs.
"""

import functools
import os
import queue
import subprocess
import tempfile
import time
from pathlib import Path

from pdworker.environments import find_python
from pdworker.host.worker import Worker

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20
THEME = [[60, 90, 0.0, 0.5], [64, 90, 0.5, 1.0], [67, 90, 1.0, 1.5], [65, 90, 1.5, 2.0]]
MAKE = """
import sys
from support.melody_bundles import make_bundle
make_bundle(sys.argv[1], "attention_rnn", batch_size=1, rnn_layer_sizes=[512, 512])
"""


@functools.cache
def bundle():
    """A `.mag` file of official size."""
    path = Path(tempfile.mkdtemp(prefix="dlwa-benchmark-"), "attention.mag")
    variables = dict(os.environ, PYTHONPATH=str(ROOT / "tests"))
    subprocess.run([find_python("tensorflow"), "-c", MAKE, path], env=variables, check=True)
    return path


class Player:
    """A worker that has loaded the bundle and played once, since the first time is slower."""

    def __init__(self, environment, engine):
        self._answers = queue.Queue()
        paths = [ROOT / "01_ai_duet", ROOT / "pyext_py3"]
        self._worker = Worker(
            "ai_duet.worker", environment, paths, lambda function, *values: function(*values)
        )
        self._worker.start(None, self._ignore, self._answers.put)
        self._ask("load", checkpoint=str(bundle()), folders=[str(ROOT)], engine=engine)
        self.seconds()

    def seconds(self):
        """How long 20 s at 120 quarters a minute take; the same melody each time."""
        start = time.perf_counter()
        self._ask("generate", notes=THEME, seconds=SECONDS, tempo=120, seed=1)
        return time.perf_counter() - start

    def _ask(self, name, **arguments):
        self._worker.call(
            name, arguments, (), lambda *_: self._answers.put(None), self._ignore, self._answers.put
        )
        failure = self._answers.get(timeout=600)
        if failure:
            raise RuntimeError(str(failure))

    @staticmethod
    def _ignore(*_):
        pass


@functools.cache
def players():
    """Ours and Magenta's."""
    return Player("torch", "small"), Player("tensorflow", "upstream")


def melody_20s():
    """One run of both."""
    ours, magenta = players()
    return {"seconds": ours.seconds(), "audio_seconds": SECONDS, "reference_seconds": magenta.seconds()}


NEEDS = ("tensorflow",)  # beyond what playing needs
BENCHMARKS = {"melody.20s": melody_20s}
