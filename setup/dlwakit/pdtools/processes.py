"""What programs that are started from Python have in common: they end with it, and have a port of their own."""

import shutil
import socket


def ending_with_us(signal, command):
    """A command that starts `command` as a process that gets `signal` when this one ends, however that comes about.

    "When this one ends" is when the thread ends that starts it. Without util-linux's setpriv it is `command` itself.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal, "--", *command] if setpriv else command


def free_port():
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
