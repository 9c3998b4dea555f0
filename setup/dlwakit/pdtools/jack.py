"""JACK servers of their own, for Pds that are played from Python."""

import os
import re
import subprocess
import threading
import time
from pathlib import Path

from dlwakit.pdtools.pd_session import PdError
from dlwakit.pdtools.processes import ending_with_us, free_port

SHARED_MEMORY = Path("/dev/shm")
PATIENCE_S = 10  # for a server to start, and to end


class Jack:
    """A JACK server on the dummy driver; counts the xruns that it reports.

    realtime: it and every Pd that plays through it run at real-time priority, as musicians have it.
    """

    def __init__(self, rate=48000, period=256, realtime=False):
        clear_dead_servers()
        self.realtime = realtime
        self.name = f"dlwa-{os.getpid()}-{free_port()}"
        self.environment = {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_AUDIO_RESERVATION": "1"}
        self.lines = []
        priority = ["-R", "-P70"] if realtime else ["-r"]
        self._process = _start(self.name, *priority, "-d", "dummy", "-r", str(rate), "-p", str(period))
        self._reader = threading.Thread(target=self._read_lines, daemon=True)
        self._reader.start()
        if not _answers(self.name, self._process):
            self.close()
            raise PdError("the JACK server did not start:\n" + "".join(self.lines))

    def _read_lines(self):
        with self._process.stdout as output:
            self.lines.extend(iter(output.readline, ""))

    @property
    def pid(self):
        """The server's process."""
        return self._process.pid

    @property
    def xruns(self):
        """How often the server was not in time."""
        return sum("XRun" in line for line in list(self.lines))

    def xruns_of(self, client):
        """How often this JACK client was not done in time."""
        return sum("XRun" in line and f"client = {client} " in line for line in list(self.lines))

    def close(self):
        """End the server, and take away what it leaves behind when it has crashed."""
        _end(self._process)
        self._reader.join()
        clear_dead_servers()


def clear_dead_servers():
    """Free the places of this module's servers that were killed or have crashed.

    JACK keeps its servers, eight at most, in a registry in shared memory, and a server that does not end by itself
    stays in there; after eight of them none starts any more. A new server of the same name takes over the place of a
    dead one, with all its files, and gives it free when it ends.
    """
    running = _running_servers()
    for name in sorted(_known_servers() - running):
        with _start(name, "-r", "-d", "dummy") as server:
            _answers(name, server)
            _end(server)


def _known_servers():
    """The names of this module's servers, dead or alive: in the registry, and in names of sockets and semaphores."""
    registry, user, name = SHARED_MEMORY / "jack-shm-registry", os.getuid(), r"(dlwa-\d+-\d+)"
    text = " ".join(file.name for file in SHARED_MEMORY.glob("jack_*"))
    text += registry.read_bytes().decode("latin-1") if registry.exists() else ""
    found = re.findall(rf"jack-{user}:{name}:|jack_sem\.{user}_{name}_|jack_{name}_{user}_", text)
    return {name for names in found for name in names if name}


def _running_servers():
    """The names of the JACK servers that run."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            program, *words = file.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:  # it has just ended
            continue
        if Path(program).name == "jackd" and "-n" in words:
            found.add(words[words.index("-n") + 1])
    return found


def _start(name, *words):
    return subprocess.Popen(
        ending_with_us("TERM", ["jackd", "-n", name, *words]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _answers(name, server):
    """Wait until clients can come to a server that was started; False when it has ended or takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < deadline:
        asked = subprocess.run(["jack_wait", "-s", name, "-c"], capture_output=True, text=True)
        if asked.stdout.strip() == "running":
            return True
        time.sleep(0.02)
    return False


def _end(server):
    server.terminate()
    try:
        server.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
