"""Pd's side of one worker: its process, its calls and their answers.

`Worker` may be used on any thread and never makes it wait. A thread of its own lives as long as the process and talks
to it (`session.Session`). Everything that it has to report goes through `post` (`delivery.Delivery`).
"""

from __future__ import annotations

import _thread
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from modelfiles.errors import UserError

from pdworker.host.calls import CallQueue, OnError, OnPartial, OnProgress, OnResult, Replace
from pdworker.host.delivery import Delivery, Listeners, OnEvent, OnLog, OnReady, OnReplaced, Post
from pdworker.host.process import WorkerSpec
from pdworker.host.session import Session, WakePipe
from pdworker.rights import UNLIMITED, Rights


class WorkerGone(UserError):
    """The worker cannot be started, or ended during the call; `on_gone` reports it, too."""


class Worker:
    """A module of calls, run in its own process and environment.

    Parameters
    ----------
    module : str
        What `python -m pdworker` runs, e.g. "ai_duet.worker".
    environment : str
        Whose interpreter it needs, e.g. "torch".
    paths : sequence of path-like
        Folders that it imports from; the first is also its working folder.
    post : callable
        `post(function, *args)` runs a function on Pd's thread soon, e.g. pyext.call_soon.
    name : str, optional
        What messages and logs call it; the module's name if not given.
    niceness : int
        How much the process gives way to others, 0 (not at all) to 19.
    rights : Rights
        What it may do with files.

    Notes
    -----
    All callbacks arrive through `post`. Every call gets one answer, a result or an error, unless it is cancelled or
    the worker is stopped: then nothing more is delivered of it.
    """

    def __init__(
        self,
        module: str,
        environment: str,
        paths: Sequence[str | Path],
        post: Post,
        name: str | None = None,
        niceness: int = 10,
        rights: Rights = UNLIMITED,
    ) -> None:
        self._spec = WorkerSpec(module, environment, tuple(paths), name or module, niceness, rights)
        self._post = post
        self._wake = WakePipe()
        self._lock = threading.Lock()  # for everything below; never held for long
        self._python: str | None = None
        self._wanted = False  # there should be a process
        self._has_thread = False
        self._session: Session | None = None
        self._queue: CallQueue
        self._delivery: Delivery
        self._begin_anew(Listeners())

    @property
    def name(self) -> str:
        """What messages and logs call it."""
        return self._spec.name

    @property
    def rights(self) -> Rights:
        """What it may do with files."""
        return self._spec.rights

    @property
    def environment(self) -> str:
        """Whose interpreter it needs."""
        return self._spec.environment

    @property
    def state(self) -> str:
        """One of "off", "starting", "ready", "busy"."""
        with self._lock:
            if not self._wanted:
                return "off"
            if self._hello() is None:
                return "starting"
            return "busy" if self._queue.busy else "ready"

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left of the process and its thread."""
        return not self._has_thread

    @property
    def queue(self) -> CallQueue:
        """The calls since the last stop."""
        return self._queue

    @property
    def delivery(self) -> Delivery:
        """What is on its way to Pd's thread since the last stop."""
        return self._delivery

    def start(
        self,
        python: str | None = None,
        on_ready: OnReady | None = None,
        on_gone: OnError | None = None,
        on_log: OnLog | None = None,
        on_event: OnEvent | None = None,
        on_replaced: OnReplaced | None = None,
    ) -> None:
        """Start the process if there is none; with another interpreter than before, start anew.

        Parameters
        ----------
        python : str, optional
            An interpreter to use instead of the environment's own.
        on_ready : callable, optional
            on_ready(hello): the worker's modules are imported and it takes calls.
        on_gone : callable, optional
            on_gone(error): it could not be started or has ended, though nobody asked it to; a WorkerGone.
        on_log : callable, optional
            on_log(line): a line for the console.
        on_event : callable, optional
            on_event(name, values, arrays): something that the worker sends unasked.
        on_replaced : callable, optional
            on_replaced(): a process that did not stop after a cancel was replaced, and what was loaded is loaded again;
            whatever else it knew is gone.
        """
        if python != self._python:
            self.stop()
        with self._lock:
            self._python = python
            delivery, hello = self._delivery, self._hello()
            delivery.listeners = Listeners(
                on_ready=on_ready, on_gone=on_gone, on_replaced=on_replaced, on_log=on_log, on_event=on_event
            )
            self._want_process()
        if hello is not None:
            delivery.ready(hello)

    def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        arrays: Sequence[np.ndarray] = (),
        on_result: OnResult | None = None,
        on_progress: OnProgress | None = None,
        on_error: OnError | None = None,
        on_partial: OnPartial | None = None,
        files: Mapping[str, str] | None = None,
        urgent: bool = False,
        reads: Mapping[str, str] | None = None,
        writes: Mapping[str, str] | None = None,
        shows: Mapping[str, str] | None = None,
    ) -> None:
        """Queue a call, and start the process if there is none.

        Parameters
        ----------
        name : str
            A public method of the worker's object.
        arguments : mapping, optional
            Its keyword arguments, plain values. Not to be changed before the answer.
        arrays : sequence of numpy.ndarray, optional
            What it gets as `arrays`. Not to be changed before the answer.
        on_result, on_error : callable, optional
            on_result(values, arrays) or on_error(error), a UserError: the answer.
        on_progress : callable, optional
            on_progress(fraction, text): how far it is; of many, the latest.
        on_partial : callable, optional
            on_partial(values, arrays, release): a partial result, all of them in their order. `release()` is to be
            called when it has been worked off: while too much waits for that, the worker is not read.
        files : mapping, optional
            Names of arguments and paths of files to read and write: the method gets descriptors of them, open.
        urgent : bool
            Send it while another call runs, which answers it where it allows that (`Job.answer`); else it comes next.
        reads, writes : mapping, optional
            Names of arguments and paths of files that it reads, or makes. The method gets other paths: of copies, and
            of what is put into place when the call has succeeded.
        shows : mapping, optional
            Names of arguments and paths of models. The method gets others, to read until a later such call succeeds.
        """
        answers: dict[str, Any] = {"on_result": on_result, "on_progress": on_progress}
        answers |= {"on_error": on_error, "on_partial": on_partial}
        handed = {"files": files or {}, "reads": reads or {}, "writes": writes or {}}
        handed["shows"] = shows or {}
        with self._lock:
            self._queue.add(name, arguments or {}, arrays, **answers, **handed, urgent=urgent)
            self._want_process()
        self._wake.wake()

    def cancel(self) -> None:
        """Give up all calls, the running one and those that wait. None of their answers arrives.

        A worker that does not stop within a second is replaced, and loads again what it had loaded.
        """
        self._queue.cancel()
        self._wake.wake()

    def stop(self) -> None:
        """Give up all calls and end the process."""
        with self._lock:
            self._queue.cancel()
            self._delivery.close()
            self._begin_anew(self._delivery.listeners)
            self._wanted = False
        self._wake.wake()

    # The lock is held by those who call these.

    def _begin_anew(self, listeners: Listeners) -> None:
        self._queue = CallQueue()
        self._delivery = Delivery(self._post, self._queue, self._wake.wake)
        self._delivery.listeners = listeners
        self._session = None

    def _hello(self) -> dict | None:
        return self._session.hello if self._session is not None else None

    def _want_process(self) -> None:
        self._wanted = True
        if not self._has_thread:
            self._has_thread = True
            _thread.start_new_thread(self._serve, ())  # threading's start() would wait for the new thread

    # These run on the worker's thread.

    def _serve(self) -> None:
        """Serve one process after the other, until none is wanted."""
        replaced: Delivery | None = None  # whose process had to be replaced
        while True:
            with self._lock:
                if not self._wanted:
                    self._has_thread = False
                    return
                queue, delivery = self._queue, self._delivery
                session = self._session = Session(
                    queue, delivery, self._spec, self._python, self._wake, is_replacement=replaced is delivery
                )
            try:
                session.run()
            except Replace:
                replaced = delivery
            except UserError as error:
                replaced = None
                self._fail_all_calls(delivery, queue, error)
            except Exception as error:
                replaced = None
                traceback.print_exc()
                self._fail_all_calls(delivery, queue, UserError("internal", f"{self.name}: {error!r}"))

    def _fail_all_calls(self, delivery: Delivery, queue: CallQueue, error: UserError) -> None:
        """Answer what waits with the error of a process that has gone, unless stop() was called meanwhile."""
        gone = WorkerGone(error.kind, error.message, error.hint, error.log)
        with self._lock:
            if delivery is not self._delivery:
                return
            self._wanted = False
            self._session = None
            calls = queue.fail()
        for call in calls:
            delivery.error(call, gone)
        delivery.gone(gone)
