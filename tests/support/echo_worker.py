"""A process at the other end of a `[pystream~]`, which sends back what it hears."""

import signal
import subprocess
import sys
from pathlib import Path

PDWORKER = Path(__file__).resolve().parents[2] / "pyext_py3"
ECHO = """
import sys
sys.path.insert(0, sys.argv[1])
from pdworker.serving.audio_stream import Stream
stream = Stream(sys.argv[2])
while True:
    audio = stream.read(256)
    if audio is not None:
        stream.write(float(sys.argv[3]) * audio)
"""


class EchoWorker:
    """path: what the object sends as `stream PATH`. gain: of what comes back."""

    def __init__(self, path, gain=0.5):
        arguments = [sys.executable, "-c", ECHO, str(PDWORKER), path, str(gain)]
        self.process = subprocess.Popen(arguments)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
