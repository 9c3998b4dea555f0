"""A thread beside Pd's for what reads and writes files; its answers come on Pd's thread."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pyext
from modelfiles.errors import UserError

from pdworker.host.tasks import Future


class Background:
    """Runs functions one after the other, in a thread that begins with the first."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Future]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, function: Callable[..., Any], *arguments: Any) -> Future:
        """Run a function off Pd's thread; called on Pd's thread.

        Returns
        -------
        Future
            With what it returns or raises; any other error becomes a UserError of the kind "internal".
        """
        future = Future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="takes", daemon=True)
            self._thread.start()
        self._queue.put((lambda: function(*arguments), future))
        return future

    def _work(self) -> None:
        while True:
            function, future = self._queue.get()
            try:
                pyext.call_soon(future.set_result, function())
            except UserError as error:
                pyext.call_soon(future.set_error, error)
            except Exception as error:
                traceback.print_exc()
                reported = UserError("internal", f"{type(error).__name__}: {error}")
                pyext.call_soon(future.set_error, reported)
