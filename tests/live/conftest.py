"""What tests of live objects share."""

import os
import resource

import pytest


@pytest.fixture
def poor_machine():
    """One core, and no permission for real-time priority, for what is started from now on."""
    cores, limits = os.sched_getaffinity(0), resource.getrlimit(resource.RLIMIT_RTPRIO)
    os.sched_setaffinity(0, {min(cores)})
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, limits[1]))
    yield
    os.sched_setaffinity(0, cores)
    resource.setrlimit(resource.RLIMIT_RTPRIO, limits)
