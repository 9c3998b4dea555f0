"""A model on an audio stream of Pd: one loop for all of them, in a thread or a child process of the worker process.

The loop waits for Pd's sound, measures how many samples a chain holds back, agrees with Pd on a latency, and gives Pd's
audio to the chain, piece by piece. It begins anew when Pd's sample rate or block size changes, and makes a fresh chain
when it has fallen behind.
"""

from __future__ import annotations

import ctypes
import gc
import math
import mmap
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from modelfiles.errors import UserError

from pdworker.serving.audio_stream import Stream
from pdworker.serving.priority import raise_priority
from pdworker.serving.server import send_event

POLL_S = 0.05  # between two polls while Pd's sound is off
LATENCY_DEADLINE_S = 1.0  # for Pd to set the latency
CPU_INTERVAL_S = 1.0  # of sound, between two reports of the processor's share
SLOW, SLOW_TIMES = 0.95, 3  # of real time, so many reports in a row: too slow to play

_MEASURED_PIECES = 40
_MEASURED_COMPUTATIONS = 8

Report = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class StreamForm:
    """What a chain has to fit.

    Attributes
    ----------
    sample_rate : int
        Pd's, in Hz.
    block_size : int
        Frames in one of Pd's blocks.
    inputs, outputs : int
        Channels.
    """

    sample_rate: int
    block_size: int
    inputs: int
    outputs: int


class Chain(Protocol):
    """Everything between Pd's inlets and its outlets, at Pd's sample rate.

    Attributes
    ----------
    piece : int
        Frames that it gets at once.
    compute_frames : int
        Frames that may pass while it computes: the latency is longer by that.
    """

    piece: int
    compute_frames: int

    def process(self, audio: np.ndarray) -> np.ndarray:
        """Return what comes out, float32 [outputs, n], for a piece of audio, float32 [inputs, piece].

        Over time as many frames come out as go in; those that are held back come with later pieces.
        """
        ...


class Instrument(Protocol):
    """A model that plays; what it is made of is the day's own."""

    def make_chain(self, form: StreamForm, measuring: bool) -> Chain:
        """Return a fresh chain, whose memory of the sound is empty.

        Parameters
        ----------
        form : StreamForm
        measuring : bool
            Only the number of frames matters that come out: the model need not compute.
        """
        ...

    def describe(self, form: StreamForm) -> Mapping[str, Any]:
        """Return what goes to the patch besides the latency, plain values."""
        ...


class Pulse(ctypes.Structure):
    """Signs of life of a loop, in memory that a process shares with its children."""

    _fields_ = (
        ("busy_since", ctypes.c_double),  # monotonic seconds; 0 while it does not compute
        ("pieces", ctypes.c_uint64),  # that were computed
        ("played_s", ctypes.c_double),  # seconds of sound
    )

    @classmethod
    def shared(cls) -> Pulse:
        """Return a pulse that stays shared after a fork."""
        return cls.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Mark the time in which the model computes."""
        self.busy_since = time.monotonic()
        try:
            yield
        finally:
            self.busy_since = 0.0


def ceil_div(number: int, divisor: int) -> int:
    """Return the quotient, rounded up."""
    return -(-number // divisor)


def held_back(chain: Chain, inputs: int) -> int:
    """Return how many frames a fresh chain holds back at most, its own piece included; the chain is used up."""
    audio = np.zeros((inputs, chain.piece), np.float32)
    most = into = out = 0
    for _ in range(_MEASURED_PIECES + _MEASURED_COMPUTATIONS * ceil_div(chain.compute_frames, chain.piece)):
        most = max(most, into + chain.piece - out)
        into += chain.piece
        out += chain.process(audio).shape[1]
    return most


def latency_of(instrument: Instrument, form: StreamForm) -> int:
    """Return the frames from inlet to outlet that an instrument needs, whole blocks of Pd.

    A block comes at once, and the next one takes the answer to it: what a piece does not fill waits for another block.
    """
    chain = instrument.make_chain(form, measuring=True)
    size = form.block_size
    waits = max(chain.compute_frames, size - math.gcd(chain.piece, size))
    return ceil_div(held_back(chain, form.inputs) + waits, size) * size


def parts_of(instrument: Instrument, form: StreamForm, latency: int) -> dict[str, int]:
    """Return what a latency consists of, frames: a full buffer, time to compute, and what else must be waited for."""
    chain = instrument.make_chain(form, measuring=True)
    parts = {"buffer": chain.piece, "computing": chain.compute_frames}
    return {**parts, "waiting": latency - sum(parts.values())}


class LiveLoop:
    """Plays an instrument on a stream.

    Parameters
    ----------
    source : path-like or int
        Of the stream, see `audio_stream.Stream`.
    instrument : Instrument
    report : callable
        report(name, values) is called with "playing" (values latency and block in frames, sample_rate in Hz, parts, see
        `parts_of`, and what the instrument describes) when it begins, with "realtime" (value granted: whether it plays
        at real-time priority), once in a second of sound with "cpu" (value share: seconds of the processor for a second
        of sound), and with "warning" (value message) when it is too slow. It must not wait.
    poll : callable
        poll() is called several times a second; when it returns False, the loop ends.
    pulse : Pulse, optional
        Signs of life for a supervisor.
    """

    def __init__(
        self,
        source: str | Path | int,
        instrument: Instrument,
        report: Report,
        poll: Callable[[], bool],
        pulse: Pulse | None = None,
    ) -> None:
        self._source, self._instrument = source, instrument
        self._report, self._poll = report, poll
        self._pulse = pulse or Pulse()

    def run(self) -> None:
        """Play until `poll` returns False."""
        while self._poll():
            stream = self._wait_for_sound()
            if stream is not None:
                self._play(stream)

    def _wait_for_sound(self) -> Stream | None:
        """Wait until Pd's sound is on and its latency long enough; return a stream that begins now."""
        stream = Stream(self._source)
        while not stream.sample_rate:
            if not self._poll():
                return None
            time.sleep(POLL_S)
        form = form_of(stream)
        latency = latency_of(self._instrument, form)
        facts = {"latency": latency, "block": form.block_size, "sample_rate": form.sample_rate}
        parts = parts_of(self._instrument, form, latency)
        self._report("playing", {**facts, "parts": parts, **self._instrument.describe(form)})
        if latency > stream.longest_latency:
            needed = (
                f"this needs {latency} samples, and Pd can wait for {stream.longest_latency}: it stays silent"
            )
            self._report(
                "warning",
                {"message": f"{needed} - choose a smaller buffer or latency, or a lower rate in Pd"},
            )
        deadline = time.monotonic() + LATENCY_DEADLINE_S
        while stream.latency != latency and time.monotonic() < deadline and self._poll():
            time.sleep(POLL_S / 5)
        return Stream(self._source)

    def _play(self, stream: Stream) -> None:
        """Play until Pd's sample rate or block size changes."""
        form, restarts, skipped = form_of(stream), stream.restarts, stream.skipped
        chain = self._instrument.make_chain(form, measuring=False)
        gc.freeze()  # what lives now is not looked at again, so that collections stay short
        self._report("realtime", {"granted": raise_priority()})
        meter = CpuMeter(self._report)
        while stream.restarts == restarts and self._poll():
            audio = stream.read(chain.piece, POLL_S)
            if stream.skipped != skipped:
                chain, skipped = self._instrument.make_chain(form, measuring=False), stream.skipped
            if audio is not None:
                began = time.thread_time()
                with self._pulse.busy():
                    stream.write(chain.process(audio))
                self._pulse.pieces += 1
                self._pulse.played_s += chain.piece / form.sample_rate
                meter.add(chain.piece / form.sample_rate, time.thread_time() - began)


class CpuMeter:
    """Reports the share of a processor that this process needs, once in a second of sound, and when it is too slow."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._played_s, self._busy_s, self._since = 0.0, 0.0, time.process_time()
        self._slow = 0  # reports in a row

    def add(self, seconds: float, busy: float) -> None:
        """Count some sound, and the seconds that this thread computed for it."""
        self._played_s += seconds
        self._busy_s += busy
        if self._played_s >= CPU_INTERVAL_S:
            now = time.process_time()
            self._report("cpu", {"share": (now - self._since) / self._played_s})
            self._warn(self._busy_s / self._played_s)
            self._played_s, self._busy_s, self._since = 0.0, 0.0, now

    def _warn(self, takes: float) -> None:
        """Say once what is always too slow, and what would do."""
        self._slow = self._slow + 1 if takes > SLOW or self._slow >= SLOW_TIMES else 0
        if self._slow == SLOW_TIMES:
            remedy = "a larger buffer or latency, fewer voices, or a smaller model would do"
            line = f"too slow for this machine: {takes:.1f} s for a second of sound - {remedy}"
            self._report("warning", {"message": line})


def form_of(stream: Stream) -> StreamForm:
    """Return what a chain on a stream has to fit."""
    return StreamForm(stream.sample_rate, stream.block_size, stream.inputs, stream.outputs)


class LiveThread:
    """Plays an instrument in a thread of the worker process, until `end`.

    Parameters
    ----------
    stream : int
        Its descriptor, open during this call only.
    instrument : Instrument
        Its settings may be changed while it plays, by assignments to its attributes.
    report : callable
        See LiveLoop; it may wait. Besides, it is called with "stopped" (value message) when the instrument fails.
    """

    def __init__(self, stream: int, instrument: Instrument, report: Report = send_event) -> None:
        self._stream = os.dup(stream)
        self._ended = threading.Event()
        self._reports: queue.SimpleQueue[tuple[str, Mapping[str, Any]] | None] = queue.SimpleQueue()
        loop = LiveLoop(self._stream, instrument, lambda *event: self._reports.put(event), self._goes_on)
        self._player = threading.Thread(target=self._run, args=(loop,), daemon=True)
        self._reporter = threading.Thread(target=self._send_reports, args=(report,), daemon=True)
        self._player.start()
        self._reporter.start()

    def end(self) -> None:
        """Stop, and wait until it has, and until everything is reported."""
        self._ended.set()
        self._player.join()
        self._reporter.join()

    def _goes_on(self) -> bool:
        return not self._ended.is_set()

    def _run(self, loop: LiveLoop) -> None:
        try:
            loop.run()
        except UserError as error:
            self._reports.put(("stopped", {"message": error.brief}))
        except Exception as error:
            traceback.print_exc()
            self._reports.put(("stopped", {"message": f"{type(error).__name__}: {error}"}))
        finally:
            os.close(self._stream)
            self._reports.put(None)

    def _send_reports(self, report: Report) -> None:
        while (event := self._reports.get()) is not None:
            report(*event)
