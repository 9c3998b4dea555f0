"""Handlers that wait: they go on when what they wait for is there, and end deterministically."""

import pytest
from modelfiles.errors import UserError
from pdworker.host.tasks import Future, PendingCall, TaskRunner


class Stage:
    """Runs coroutines, and notes what they say and how they end."""

    def __init__(self):
        self.runner, self.said = TaskRunner(), []

    def run(self, coroutine):
        return self.runner.run(
            coroutine, lambda error: self.said.append(repr(error)), lambda: self.said.append("end")
        )

    def call(self):
        call = PendingCall(lambda error: self.said.append(f"unawaited {error!r}"))
        if self.runner.current is not None:
            self.runner.current.at_end.append(call.drop_parts)
        return call


@pytest.fixture
def stage():
    return Stage()


def test_a_task_goes_on_when_the_future_is_done(stage):
    first, second = Future(), Future()

    async def handler():
        stage.said.append(await first)
        stage.said.append(await second)

    stage.run(handler())
    assert stage.said == []
    second.set_result("b")
    first.set_result("a")
    assert stage.said == ["a", "b", "end"]
    first.set_result("again")
    assert len(stage.said) == 3


def test_an_error_is_raised_where_the_task_waits(stage):
    future = Future()

    async def handler():
        try:
            await future
        except UserError as error:
            stage.said.append(error.kind)
            raise

    stage.run(handler())
    error = UserError("input", "no")
    future.set_error(error)
    assert stage.said == ["input", repr(error), "end"]


def test_cancel_runs_finally_blocks_and_nothing_else(stage):
    futures = [Future(), Future()]

    async def handler(number):
        try:
            await futures[number]
            stage.said.append("answered")
        except Exception:
            stage.said.append("caught")
        finally:
            stage.said.append(number)

    for number in range(2):
        stage.run(handler(number))
    stage.runner.cancel_all()
    for future in futures:
        future.set_result()
    assert stage.said == [0, "end", 1, "end"]


def test_cancel_spares_one(stage):
    future = Future()

    async def handler():
        await future
        stage.said.append("answered")

    task = stage.run(handler())
    stage.run(handler())
    stage.runner.cancel_all(but=task)
    assert stage.said == ["end"]


def test_a_task_that_cancels_itself_ends_when_it_waits(stage):
    future = Future()

    async def handler():
        try:
            stage.runner.cancel_all()
            stage.said.append("still here")
            await future
            stage.said.append("too far")
        finally:
            stage.said.append("finally")

    stage.run(handler())
    assert stage.said == ["still here", "finally", "end"]


def test_a_task_that_waits_while_it_is_cancelled_is_an_error(stage):
    async def handler():
        try:
            await Future()
        finally:
            await Future()

    stage.run(handler())
    stage.runner.cancel_all()
    assert "RuntimeError" in stage.said[0] and stage.said[1] == "end"


def test_a_task_that_another_one_starts_runs_within_it(stage):
    async def inner():
        stage.said.append(stage.runner.current is not outer_task[0])
        await Future()

    async def outer():
        await started
        outer_task.append(stage.runner.current)
        stage.run(inner())
        stage.said.append(stage.runner.current is outer_task[0])

    started, outer_task = Future(), []
    stage.run(outer())
    started.set_result()
    assert stage.said == [True, True, "end"]
    assert stage.runner.current is None


def test_the_result_of_a_call(stage):
    async def handler(call):
        stage.said.append(await call)

    call = stage.call()
    stage.run(handler(call))
    call.set_result({"a": 1}, [])
    assert stage.said == [({"a": 1}, []), "end"]


def test_partial_results_come_one_by_one_and_are_released_when_worked_off(stage):
    step = [Future(), Future()]
    released = []

    async def handler():
        call = stage.call()
        calls.append(call)
        async for values, _ in call:
            stage.said.append(values["n"])
            await step[values["n"]]
        stage.said.append((await call)[0])

    calls = []
    stage.run(handler())
    (call,) = calls
    for number in range(2):
        call.add_part({"n": number}, [], lambda number=number: released.append(number))
    call.set_result({"done": 1}, [])
    assert stage.said == [0] and released == []
    step[0].set_result()
    assert stage.said == [0, 1] and released == [0]
    step[1].set_result()
    assert stage.said == [0, 1, {"done": 1}, "end"] and released == [0, 1]


def test_an_error_of_a_call_ends_the_loop_after_the_parts_before_it(stage):
    async def handler():
        async for values, _ in calls[0]:
            stage.said.append(values["n"])

    calls = [stage.call()]
    stage.run(handler())
    calls[0].add_part({"n": 0}, [], lambda: None)
    error = UserError("input", "no")
    calls[0].set_error(error)
    assert stage.said == [0, repr(error), "end"]


@pytest.mark.parametrize("how", ["awaited", "never", "cancelled", "broken off"])
def test_parts_that_nobody_wants_are_released(stage, how):
    released = []

    async def handler():
        call = stage.call()
        calls.append(call)
        if how == "awaited":
            await call
        elif how == "never":
            await Future()
        elif how == "cancelled":
            async for _ in call:
                await Future()
        elif how == "broken off":
            async for _ in call:
                break

    calls = []
    stage.run(handler())
    for number in range(3):
        calls[0].add_part({}, [], lambda number=number: released.append(number))
    stage.runner.cancel_all()
    calls[0].add_part({}, [], lambda: released.append(3))
    assert sorted(released) == [0, 1, 2, 3]


def test_an_error_that_nobody_waits_for_is_handed_on(stage):
    call = stage.call()
    error = UserError("input", "no")
    call.set_error(error)
    assert stage.said == [f"unawaited {error!r}"]


def test_a_long_loop_does_not_recurse(stage):
    async def handler():
        count = 0
        async for _ in calls[0]:
            count += 1
        stage.said.append(count)

    calls = [stage.call()]
    stage.run(handler())
    for _ in range(20_000):
        calls[0].add_part({}, [], lambda: None)
    calls[0].set_result({}, [])
    assert stage.said == [20_000, "end"]
