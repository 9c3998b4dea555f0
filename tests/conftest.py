"""What all tests share: real Pd sessions that end with the test, and a JACK server on the dummy driver."""

import pytest
from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
from support.pd_window import Screen
from support.tools import need


def pytest_runtest_setup(item):
    """Let tests with the marker `needs` run where there is what they need."""
    for marker in item.iter_markers("needs"):
        need(*marker.args)


@pytest.fixture
def play():
    """`play(patches, ...)` starts a PdSession; every one is closed when the test ends."""
    sessions = []

    def start(*arguments, **options):
        sessions.append(PdSession(*arguments, **options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def jack():
    """A JACK server at 48 kHz with periods of 256 frames, without a sound card."""
    need("jackd")
    server = Jack()
    yield server
    server.close()


@pytest.fixture
def screen():
    """An X display of 1366 x 768 pixels."""
    need("Xvfb", "xdotool", "import")
    display = Screen()
    yield display
    display.close()
