"""Restarts the child process that plays live when it hangs or ends; in a thread of the worker process."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from modelfiles.errors import UserError

from pdworker.protocol import Frame
from pdworker.serving.forked import Child, ChildEnded, Link
from pdworker.serving.live import Instrument, LiveLoop, Pulse, Report
from pdworker.serving.server import send_event

HANG_DEADLINE_S = 2.0  # for one piece; a good one takes less than its own length
START_DEADLINE_S = 15.0  # for the first pieces, when a model may optimise itself
MAX_RESTARTS = 5  # in a row, with next to nothing played between them
MIN_UPTIME_S = 5.0  # of sound, after which the count of restarts begins anew
ANSWER_DEADLINE_S = 5.0  # for a call of the child, a new one's first pieces included

_POLL_S = 0.05

MakeInstrument = Callable[[Pulse, Report], Any]


class NotPlaying(Exception):
    """There is no child to answer a call."""


class Supervisor:
    """An instrument that plays on a stream in a child process, however often that has to be replaced.

    Parameters
    ----------
    stream : int
        Its descriptor, open during this call only.
    make_instrument : callable
        make_instrument(pulse, report) returns the Instrument. It runs in the child, first thing in each; what it
        takes from this process is as it is then. Whatever in it may hang is to be done within `pulse.busy()`. The
        instrument's public methods are the calls that the child answers between two pieces:
        `method(arrays=..., **arguments)`.
    report : callable
        report(name, values): what LiveLoop reports; "warning" (value message) when the child is replaced, "stopped"
        (value message) when that does not help any more.
    """

    def __init__(self, stream: int, make_instrument: MakeInstrument, report: Report = send_event) -> None:
        self._stream = os.dup(stream)
        self._make_instrument, self._report = make_instrument, report
        self._ids = itertools.count(1)
        self._changed = threading.Condition()  # for what follows
        self._answers: dict[int, Frame | None] = {}  # by the ids of calls that wait
        self._child: Child | None = None
        self._starting = True  # calls wait for the child, which may have been made without what they say
        self._ended = False
        self._pulse = Pulse.shared()
        self._plays = False  # the child has reported that it does
        self._restarts = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def call(self, name: str, /, arrays: Sequence[np.ndarray] = (), **arguments: Any) -> Any:
        """Let the instrument answer a call, between two pieces.

        Parameters
        ----------
        name : str
            A public method of the instrument.
        arrays : sequence of numpy.ndarray
            Given to it as `arrays`, if there are any.
        **arguments
            Plain values.

        Returns
        -------
        dict
            What the method returns; {} for None.

        Raises
        ------
        UserError
            What the method raises.
        NotPlaying
            When no child answers.
        """
        call_id = next(self._ids)
        with self._changed:
            self._changed.wait_for(lambda: not self._starting, ANSWER_DEADLINE_S)
            if self._child is None:
                raise NotPlaying
            self._answers[call_id] = None
            link = self._child.link
        try:
            link.send("call", arrays, id=call_id, name=name, arguments=arguments)
        except OSError:
            with self._changed:
                self._answers.pop(call_id, None)
            raise NotPlaying from None
        return self._wait_for_answer(call_id)

    def end(self) -> None:
        """Stop playing, and wait until it has."""
        with self._changed:
            self._ended = True
        self._thread.join()

    def _wait_for_answer(self, call_id: int) -> Any:
        with self._changed:
            self._changed.wait_for(
                lambda: self._answers.get(call_id) is not None or call_id not in self._answers,
                ANSWER_DEADLINE_S,
            )
            frame = self._answers.pop(call_id, None)
        if frame is None:
            raise NotPlaying
        if frame.kind == "error":
            raise UserError(frame.header["error"], frame.header["message"], frame.header["hint"])
        return frame.header["values"]

    # These run on the supervisor's thread.

    def _run(self) -> None:
        self._start()
        while not self._ended and self._child is not None:
            try:
                frame = self._child.receive(_POLL_S)
                if frame is not None:
                    self._receive(frame)
                elif self._hangs():
                    self._handle_hang()
            except ChildEnded as ended:
                self._replace(f"the model's process has ended, {ended}")
        self._end_child()
        os.close(self._stream)

    def _start(self) -> None:
        self._pulse, self._plays = Pulse.shared(), False
        child = Child(_play, self._stream, self._make_instrument, self._pulse)
        with self._changed:
            self._child, self._starting = child, False
            self._changed.notify_all()

    def _end_child(self, starting: bool = False) -> None:
        with self._changed:
            child, self._child, self._starting = self._child, None, starting
            self._answers.clear()  # they will not be answered
            self._changed.notify_all()
        if child is not None:
            child.end()

    def _receive(self, frame: Frame) -> None:
        header = frame.header
        if frame.kind == "event":
            self._plays = self._plays or header["name"] == "playing"
            self._report(header["name"], header["values"])
        elif frame.kind == "log":
            self._report("warning", {"message": header["text"]})
        elif frame.kind in ("result", "error") and header["id"] is not None:
            with self._changed:
                if header["id"] in self._answers:
                    self._answers[header["id"]] = frame
                    self._changed.notify_all()
        elif frame.kind == "error":
            self._give_up(header["message"])

    def _hangs(self) -> bool:
        since = self._pulse.busy_since
        return since > 0 and time.monotonic() - since > (HANG_DEADLINE_S if self._plays else START_DEADLINE_S)

    def _handle_hang(self) -> None:
        if self._plays:
            self._replace("the model hangs")
        else:
            self._give_up(f"the model does not answer: nothing in {START_DEADLINE_S:.0f} seconds")

    def _replace(self, reason: str) -> None:
        self._restarts = 1 if self._pulse.played_s >= MIN_UPTIME_S else self._restarts + 1
        self._end_child(starting=self._restarts <= MAX_RESTARTS)
        if self._restarts > MAX_RESTARTS:
            self._give_up(f"{reason}, {self._restarts} times in a row")
            return
        self._report("warning", {"message": f"{reason}: another one takes its place"})
        self._start()

    def _give_up(self, reason: str) -> None:
        self._end_child()
        self._report("stopped", {"message": reason})


def _play(link: Link, stream: int, make_instrument: MakeInstrument, pulse: Pulse) -> None:
    """Play in the child, until StreamClosed: the worker has ended."""

    def report(name: str, values: Mapping[str, Any]) -> None:
        link.send("event", name=name, values=dict(values))

    instrument: Instrument = make_instrument(pulse, report)

    def poll() -> bool:
        while (frame := link.receive()) is not None:
            _answer(link, instrument, frame)
        return True

    LiveLoop(stream, instrument, report, poll, pulse).run()


def _answer(link: Link, instrument: Instrument, frame: Frame) -> None:
    header = frame.header
    arguments = dict(header["arguments"], **({"arrays": frame.arrays} if frame.arrays else {}))
    try:
        values = getattr(instrument, header["name"])(**arguments)
        link.send("result", id=header["id"], values=values or {})
    except UserError as error:
        link.send("error", id=header["id"], error=error.kind, message=error.message, hint=error.hint)
