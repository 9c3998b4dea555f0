"""Sets of arrays of day 6: which of them hold the channels of a sound, or latents."""

import asyncio
import sys
import types

import numpy as np
import pytest
from modelfiles.errors import UserError


@pytest.fixture
def sets(monkeypatch):
    """sets(NAME=SAMPLES, ...): ArraySets over such arrays; `there` of the result holds them."""
    there = {}
    stub = types.ModuleType("pyext")
    stub.Buffer = lambda name: there.get(name, ())
    monkeypatch.setitem(sys.modules, "pyext", stub)
    monkeypatch.delitem(sys.modules, "rave_rt.arrays", raising=False)
    from rave_rt.arrays import ArraySets

    class Patch:
        async def read(self, name):
            return there[name]

        async def write(self, name, samples):
            there[name] = samples

    def make(**arrays):
        there.update(
            {name.replace("_", "-"): np.full(4, value, np.float32) for name, value in arrays.items()}
        )
        made = ArraySets(Patch())
        made.there = there
        return made

    yield make
    sys.modules.pop("rave_rt.arrays", None)


def read(sets, name, channels):
    return [float(signal[0]) for signal in asyncio.run(sets.read(name, channels))]


def test_a_sound_in_one_array_goes_to_all_channels(sets):
    assert read(sets(a=1), "a", 2) == [1, 1]
    assert read(sets(b_1=1, b_2=2), "b", 2) == [1, 2]


def test_a_single_channel_is_found_under_both_names(sets):
    assert read(sets(a=1), "a", 1) == [1]
    assert read(sets(b_1=2), "b", 1) == [2]


def test_latents_that_a_patch_does_not_show_are_remembered(sets):
    made = sets(z_1=0, z_2=0)
    asyncio.run(made.write("z", made.of("z", 4), [np.full(3, value) for value in range(4)]))
    assert read(made, "z", 4) == [0, 1, 2, 3] and len(made.there["z-2"]) == 3


def test_arrays_that_are_missing_are_named_with_all_spellings(sets):
    with pytest.raises(UserError, match="there is no array a, nor a-1"):
        sets().of("a", 1)
    with pytest.raises(UserError, match="there is no array a-1 to a-3"):
        sets().of("a", 3)
