"""What all tests share: real Pd sessions that end with the test, and a JACK server on the dummy driver."""

import pytest
from dlwakit.pdtools.pd_session import Jack, PdSession
from support.pd_window import Screen


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
    server = Jack()
    yield server
    server.close()


@pytest.fixture
def screen():
    """An X display of 1366 x 768 pixels."""
    display = Screen()
    yield display
    display.close()
