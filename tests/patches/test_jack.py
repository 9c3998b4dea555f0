"""JACK servers of tests and benchmarks: they end with their program, and leave JACK as they found it."""

import os
import signal
import subprocess
import sys

import pytest
from dlwakit.pdtools.jack import SHARED_MEMORY, Jack, clear_dead_servers
from support.tools import need
from support.waiting import wait_until
from support.worker_desk import ended, gone

MOST_SERVERS = 8  # that JACK's registry has room for
PROGRAM = """
import signal
from dlwakit.pdtools.jack import Jack
from dlwakit.pdtools.pd_session import PdSession
jack = Jack()
pd = PdSession(jack=jack)
print(jack.name, jack._process.pid, pd.process.pid, flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def jackd():
    need("jackd", "setpriv")


def left_behind(name):
    """What is in shared memory of a JACK server: files of its name, and its place in the registry."""
    registry = SHARED_MEMORY / "jack-shm-registry"
    known = registry.exists() and f":{name}:".encode() in registry.read_bytes()
    return [file.name for file in SHARED_MEMORY.glob("jack_*") if name in file.name] + ["registry"] * known


def test_a_server_that_ends_leaves_nothing():
    jack = Jack()
    assert left_behind(jack.name)
    jack.close()
    assert left_behind(jack.name) == []


def test_ten_killed_programs_leave_room_for_the_next():
    names, servers = [], []
    for _ in range(MOST_SERVERS + 2):
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, env=variables
        ) as program:
            name, jackd, pd = program.stdout.readline().decode().split()
            program.kill()
        wait_until(lambda both=(jackd, pd): all(map(ended, both)), "the end of jackd and Pd")
        names.append(name)
        servers.append(jackd)
    wait_until(lambda: all(map(gone, servers)), "the parent's look at their exit status")
    Jack().close()
    assert [left_behind(name) for name in names] == [[]] * len(names)


def test_servers_that_were_killed_themselves_are_cleared():
    servers = []
    for _ in range(2):
        servers.append(Jack())
    for server in servers:
        os.kill(server._process.pid, signal.SIGKILL)
        server._process.wait()
    assert all("registry" in left_behind(server.name) for server in servers)
    clear_dead_servers()
    assert [left_behind(server.name) for server in servers] == [[], []]


def test_a_server_that_runs_is_left_alone(jack):
    clear_dead_servers()
    assert jack._process.poll() is None and left_behind(jack.name)
