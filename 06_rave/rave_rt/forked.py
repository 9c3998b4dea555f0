"""A process of its own for whatever runs a model's code: there it may hang, crash, or eat memory.

The child is a fork of the worker, which has loaded the model and never runs it: each child begins with the model as it
was in the file, and without a moment's loading. The two talk in the frames of pdworker.protocol.
"""

import ctypes
import os
import resource
import select
import signal
import socket
import time
import traceback

from modelfiles.errors import UserError
from pdworker.protocol import FrameReader, FrameWriter, StreamClosed

MEMORY = 4 << 30  # bytes that a child may have beyond what it was born with
_PR_SET_PDEATHSIG = 1


class Gone(Exception):
    """The child has ended; the text says how."""


class Child:
    """A fork that runs function(end, *arguments) and then ends. `end` is its Link to this process."""

    def __init__(self, function, *arguments):
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _run(function, Link(theirs), arguments)
        theirs.close()
        self.link = Link(ours)

    def receive(self, timeout):
        """The next frame, or None when there is none in `timeout` seconds. Raises Gone."""
        try:
            return self.link.receive(timeout)
        except (StreamClosed, OSError):
            raise Gone(self.end()) from None

    def end(self):
        """Kill it, and return how it ended, in words."""
        if self.pid is None:
            return "ended before"
        time.sleep(0.01)  # it may be about to end by itself
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        self.link.close()
        if os.WIFSIGNALED(status):
            return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
        return f"exit status {os.waitstatus_to_exitcode(status)}"


class Link:
    """One end of the socket between the two."""

    def __init__(self, end):
        self._end = end
        end.setblocking(True)
        file = end.makefile("rwb", buffering=0)
        self._reader, self._writer = FrameReader(file), FrameWriter(file)

    def send(self, kind, arrays=(), **fields):
        """Send a frame."""
        self._writer.write({"kind": kind, **fields}, arrays)

    def receive(self, timeout=0.0):
        """The next frame, or None when there is none in `timeout` seconds. Raises StreamClosed."""
        deadline = time.monotonic() + timeout
        while select.select([self._end], [], [], max(0.0, deadline - time.monotonic()))[0]:
            frame = self._reader.poll()
            if frame is not None:
                return frame
        return None

    def close(self):
        """Nothing more is sent or received."""
        self._end.close()


def _run(function, link, arguments):
    """The whole life of a child; does not return."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        with open("/proc/self/statm") as statm:
            born_with = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (born_with + MEMORY, resource.RLIM_INFINITY))
        function(link, *arguments)
        status = 0
    except (OSError, StreamClosed):
        pass  # the worker has gone
    except UserError as error:
        link.send("error", id=0, error=error.kind, message=error.message, hint=error.hint)
    except BaseException as error:
        traceback.print_exc()
        link.send("error", id=0, error="internal", message=f"{type(error).__name__}: {error}"[:300], hint="")
    finally:
        os._exit(status)
