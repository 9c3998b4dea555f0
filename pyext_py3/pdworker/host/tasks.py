"""Runs message handlers that wait for something, so that they read from top to bottom; one thread, Pd's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from modelfiles.errors import UserError

Release = Callable[[], None]


class Future:
    """A value, or an error, that comes later: `value = await future`, within a task."""

    def __init__(self) -> None:
        self.done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._waiter: Callable[[], None] | None = None

    def set_result(self, value: Any = None) -> None:
        """Let who waits go on with a value."""
        self._settle(value, None)

    def set_error(self, error: BaseException) -> None:
        """Raise an error where somebody waits."""
        self._settle(None, error)

    def result(self) -> Any:
        """Return the value, or raise the error, of a future that is done."""
        if self._error is not None:
            raise self._error
        return self._value

    def when_done(self, waiter: Callable[[], None]) -> None:
        """Call waiter() when it is done; there is one waiter at most."""
        if self.done:
            waiter()
        else:
            self._waiter = waiter

    def __await__(self) -> Generator[Future, None, Any]:
        if not self.done:
            yield self
        return self.result()

    def _settle(self, value: Any, error: BaseException | None) -> None:
        if self.done:
            return
        self.done, self._value, self._error = True, value, error
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter()


class Task:
    """A running coroutine.

    Attributes
    ----------
    at_end : list of callable
        Called without arguments when it has ended, however it did.
    """

    def __init__(self, runner: TaskRunner, coroutine: Coroutine[Future, None, Any], on_end: OnEnd) -> None:
        self.at_end: list[Callable[[], None]] = []
        self._runner, self._coroutine, self._on_end = runner, coroutine, on_end
        self._running = self._cancelled = self._ended = False

    def step(self) -> None:
        """Let it run until it waits for a future or ends."""
        if self._ended or self._running:
            return
        before, self._runner.current = self._runner.current, self
        self._running = True
        future, error = None, None
        try:
            future = self._coroutine.send(None)
        except StopIteration:
            pass
        except BaseException as exception:
            error = exception
        finally:
            self._running = False
            self._runner.current = before
        if future is None:
            self._end(error)
        elif self._cancelled:
            self._close()
        else:
            future.when_done(self.step)

    def cancel(self) -> None:
        """End it where it waits: its `finally` blocks run, nothing else of it. One that runs ends when it waits."""
        self._cancelled = True
        if not self._running and not self._ended:
            self._close()

    def _close(self) -> None:
        error = None
        self._running = True
        try:
            self._coroutine.close()
        except BaseException as exception:
            error = exception
        finally:
            self._running = False
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self._ended = True
        for function in self.at_end:
            function()
        self._on_end(self, error)


OnEnd = Callable[[Task, "BaseException | None"], None]


class TaskRunner:
    """The tasks of one object.

    Attributes
    ----------
    current : Task or None
        The one whose code runs now.
    """

    def __init__(self) -> None:
        self.current: Task | None = None
        self._tasks: dict[Task, None] = {}  # in the order of their starts

    def run(
        self,
        coroutine: Coroutine[Future, None, Any],
        on_error: Callable[[BaseException], None],
        on_end: Callable[[], None] | None = None,
    ) -> Task:
        """Start a coroutine; it runs at once until it first waits.

        Parameters
        ----------
        coroutine
            It may await futures and what is made of them.
        on_error : callable
            Called with the exception that it ended with, if it did.
        on_end : callable, optional
            Called without arguments after that, in any case.
        """

        def end(task: Task, error: BaseException | None) -> None:
            self._tasks.pop(task, None)
            try:
                if error is not None:
                    on_error(error)
            finally:
                if on_end is not None:
                    on_end()

        task = Task(self, coroutine, end)
        self._tasks[task] = None
        task.step()
        return task

    def cancel_all(self, but: Task | None = None) -> None:
        """Cancel all tasks but one, in the order of their starts."""
        for task in list(self._tasks):
            if task is not but:
                task.cancel()


class PendingCall:
    """A call of the worker that was made; its methods that set something are called on Pd's thread.

    `values, arrays = await call` waits for the result. `async for values, arrays in call` gives the partial results
    before that, each when the last one has been worked off; it has to begin before the task waits for anything else,
    and ends with the call.

    Parameters
    ----------
    on_unawaited_error : callable
        Called with an error that nobody waits for.
    """

    def __init__(self, on_unawaited_error: Callable[[UserError], None]) -> None:
        self._on_unawaited_error = on_unawaited_error
        self._result = Future()
        self._is_awaited = False
        self._wants_parts = False
        self._parts: deque[tuple[dict, list, Release]] = deque()
        self._more: Future | None = None  # somebody waits for the next part
        self._release: Release | None = None  # of the part that is being worked off

    def set_result(self, values: dict, arrays: list) -> None:
        """The call has its result."""
        self._result.set_result((values, arrays))
        self._wake()

    def set_error(self, error: UserError) -> None:
        """The call has failed."""
        self._result.set_error(error)
        self._wake()
        if not self._is_awaited:
            self._on_unawaited_error(error)

    def add_part(self, values: dict, arrays: list, release: Release) -> None:
        """A partial result is there; `release()` is called when it has been worked off."""
        if not self._wants_parts:
            release()
            return
        self._parts.append((values, arrays, release))
        self._wake()

    def drop_parts(self) -> None:
        """Release the partial results that are there, and all that come."""
        self._wants_parts = False
        self._release_last()
        while self._parts:
            self._parts.popleft()[2]()

    def __await__(self) -> Generator[Future, None, tuple[dict, list]]:
        self.drop_parts()
        self._is_awaited = True
        return (yield from self._result.__await__())

    def __aiter__(self) -> PendingCall:
        self._wants_parts = self._is_awaited = True
        return self

    async def __anext__(self) -> tuple[dict, list]:
        self._release_last()
        while not self._parts:
            if self._result.done:
                self._result.result()  # raises the error of a call that has failed
                raise StopAsyncIteration
            self._more = Future()
            await self._more
        values, arrays, self._release = self._parts.popleft()
        return values, arrays

    def _release_last(self) -> None:
        release, self._release = self._release, None
        if release is not None:
            release()

    def _wake(self) -> None:
        more, self._more = self._more, None
        if more is not None:
            more.set_result()
