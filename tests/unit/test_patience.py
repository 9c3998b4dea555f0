"""When a training checks: at regular intervals, and never so often that it learns nothing between."""

import time
from types import SimpleNamespace

import pytest
from dlwakit.training.patience import Clock


@pytest.mark.parametrize("check_s, expected", [(0.5, 15), (30, 4)])
def test_checks_are_regular_and_leave_time_to_learn(monkeypatch, check_s, expected):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = Clock(SimpleNamespace(wants_more=lambda step: True), None)
    checks = learned = 0
    while now[0] < 330:
        now[0] += 1
        learned += 1
        if clock.check_due(learned):
            checks += 1
            now[0] += check_s
    assert checks == expected and learned > 200


def test_the_last_step_is_checked():
    clock = Clock(SimpleNamespace(wants_more=lambda step: step < 3), None)
    assert [clock.check_due(step) for step in (1, 2, 3)] == [False, False, True]
