"""Pd's audio never waits in the external: where no Python is called, nothing takes memory, a lock or a file."""

import pytest
from support.audio_path import PYTHON, rows


@pytest.mark.needs("gcc")
def test_only_python_may_make_the_audio_wait():
    for name, what, blocks, calls, led in rows():
        assert blocks > 100, (name, what)
        assert (calls > 0) == (what == PYTHON), "\n".join([name, what, *led])
