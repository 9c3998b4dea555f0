"""A short form of tests/benchmarks/soak.py: nothing breaks, and memory does not grow with the generations."""

import pytest
from benchmarks.soak import WARM_UP, Soak

GENERATIONS = 200
LOOKS = 20
MOST_BYTES = 2**20


@pytest.fixture
def soak(tmp_path):
    soak = Soak(tmp_path, pace=0, samples=(65_536, 10_000), rest=GENERATIONS // LOOKS)
    yield soak
    soak.close()


def test_pd_plays_on_and_its_memory_stays(soak):
    for _ in range(GENERATIONS):
        soak.round()
    assert soak.errors() == []
    looks = [size for _, size in soak.memory[WARM_UP:]]
    assert looks[-1] - looks[0] < MOST_BYTES, soak.memory
