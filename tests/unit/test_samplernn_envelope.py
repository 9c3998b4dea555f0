"""Temperature envelopes against their formula, and every way to write a wrong one."""

import math

import numpy as np
import pytest
from modelfiles.errors import UserError
from samplernn.engine.envelope import evaluate, parse, temperatures


def test_parsing():
    assert parse("Env([0.7,1.05],[4],[-2])") == ([0.7, 1.05], [4], [-2])
    assert parse(r"Env([0.8\,1\,0.7]\,[2\,2]\,[0\,0])") == ([0.8, 1, 0.7], [2, 2], [0, 0])
    assert parse("Env( [1, 2] )") == ([1, 2], [1], [0])
    assert parse("Env([1,2,3],[1,2])") == ([1, 2, 3], [1, 2], [0, 0])
    assert parse("Env([0.9])") == ([0.9], [], [])


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("0.7", "no envelope"),
        ("Env()", "no envelope"),
        ("Env([1,2],[1],[0)", "no envelope"),
        ("Env([])", "no levels"),
        ("Env([1,2],[],[0])", "needs 1 times, not 0"),
        ("Env([1,2,3],[1,1],[0])", "needs 2 curves, not 1"),
        ("Env([1,2],[1,1],[0])", "needs 1 times, not 2"),
        ("Env([1,2],[-1],[0])", "below 0"),
        ("Env([1,x],[1],[0])", "number"),
        ("Env([1,nan],[1],[0])", "number"),
        ("Env([1,2],[1],[0],[3])", "4 lists"),
    ],
)
def test_what_is_no_envelope(text, complaint):
    with pytest.raises(UserError, match=complaint):
        parse(text)


@pytest.mark.parametrize("curve", [-2, -0.0005, 0, 0.5, 4])
def test_the_formula(curve):
    at = np.array([-1, 0, 0.5, 1, 1.9999, 2.0, 2.5, 3.5, 9])
    values = evaluate([1, 0.2, 0.6], [2, 1], [curve, 0], at)

    def first(t):
        x = t / 2
        y = x if abs(curve) < 0.001 else (1 - math.exp(curve * x)) / (1 - math.exp(curve))
        return (1 - y) * 1 + y * 0.2

    wanted = [1, 1, first(0.5), first(1), first(1.9999), 0.2, 0.4, 0.6, 0.6]
    assert values == pytest.approx(wanted, abs=1e-12)


def test_a_segment_of_no_length_is_a_jump():
    assert list(evaluate([1, 2, 3], [1, 0], [0, 0], [0.5, 0.999999, 1.0])) == pytest.approx(
        [1.5, 2, 3], abs=1e-5
    )


def test_temperatures_per_sample():
    assert np.array_equal(temperatures(0.75, 5, 1), np.full(5, 0.75, np.float32))
    assert temperatures("Env([0,1],[2],[0])", 4, 2) == pytest.approx([0, 0.25, 0.5, 0.75])
    assert temperatures([0, 1, 0], 5, 2) == pytest.approx([0, 0.5, 1, 0.5, 0])
    assert temperatures(1, 10**5, 6).dtype == np.float32


@pytest.mark.parametrize("what", [-0.1, float("nan"), [0.5, -1], [], "Env([1,-1],[1],[0])"])
def test_temperatures_that_cannot_be(what):
    with pytest.raises(UserError):
        temperatures(what, 100, 1)
