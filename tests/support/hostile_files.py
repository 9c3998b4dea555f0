"""Files that somebody has tampered with, for tests of what reads them."""

import tracemalloc

import pytest

MEMORY_LIMIT = 64 << 20  # bytes; the files here are of some kB


def mutate(data, rng):
    """One to three of: a byte changed, a piece cut out, doubled, or filled with FF."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(data) + 1)
        size = rng.choice([1, 1, 1, 2, 4, 10])
        piece = rng.choice([rng.randbytes(size), b"", data[place : place + size] * 2, b"\xff" * size])
        data[place : place + size] = piece
    return bytes(data)


@pytest.fixture
def memory_stays_small():
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY_LIMIT
