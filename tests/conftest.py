"""What all tests share: real Pd sessions that end with the test, a JACK server, a display; and which tests are quick.

Marked by hand are `slow` tests, which take more than a second or two (trainings among them), and those that need the
environment `tensorflow`. Tests with a `screen` are marked `window`, those in tests/patches and tests/live, which play
in real Pd, `realtime`, and all that are none of this `quick`; so are by hand a few in real Pd that are over in no time.
A `realtime` test that fails is run once more, and the summary names it: what else the machine does may disturb one.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
from support import tools
from support.pd_window import Screen

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = map(str, sorted(ROOT.glob("[0-9][0-9]_*")))
IN_PD = tuple(Path(__file__).parent / name for name in ("patches", "live"))
TAKES = tempfile.mkdtemp(prefix="dlwa-takes-")
os.environ["DLWA_TAKES"] = TAKES  # what models make in tests is not the person's
NOT_QUICK = ("slow", "tensorflow", "window", "realtime")


def pytest_collection_modifyitems(items):
    """Mark what can be told from a test itself."""
    for item in items:
        if "screen" in item.fixturenames:
            item.add_marker("window")
        if any(map(item.path.is_relative_to, IN_PD)):
            item.add_marker("realtime")
            item.add_marker(pytest.mark.flaky(reruns=1))
        if not any(item.get_closest_marker(name) for name in NOT_QUICK):
            item.add_marker("quick")


def pytest_sessionfinish():
    """Remove the takes of all tests."""
    shutil.rmtree(TAKES, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let tests with the marker `needs` run where there is what they need."""
    for marker in item.iter_markers("needs"):
        tools.need(*marker.args)


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
    tools.need("jackd")
    server = Jack()
    yield server
    server.close()


@pytest.fixture
def screen():
    """An X display of 1366 x 768 pixels."""
    tools.need("Xvfb", "xdotool", "import")
    display = Screen()
    yield display
    display.close()
