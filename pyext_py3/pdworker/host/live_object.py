"""The base of Pd objects whose worker plays on a `[pystream~]` of the same abstraction; Pd's thread."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import pyext
from modelfiles.errors import UserError

from pdworker.host.pd_object import PdObject

MAX_RELOADS = 5  # of a model whose worker has ended, within RELOAD_WINDOW_S
RELOAD_WINDOW_S = 30.0
NEAR = 1.1  # times the latency asked for, and a block of Pd: nothing is said of it
NO_PRIORITY = (
    "no permission for real-time priority, so small buffers may come late when the machine is busy"
    " - it is given to the group audio by a line '@audio - rtprio 95' in /etc/security/limits.d/audio.conf"
)


class LiveObject(PdObject):
    """A PdObject that plays what comes in, now.

    In its abstraction, what `[pystream~]` sends comes back to it behind the word `stream`, and `[receive BOX-stream]`
    goes into `[pystream~]`. Its worker has a call `play(stream, ...)`, which lets a `serving.live` loop begin; that
    reports by the events handled here.

    Parameters
    ----------
    box : float or str, optional
        The abstraction's $0, or another name where two objects share one $0. Without it nothing plays, and the object
        works as any other.

    Attributes
    ----------
    playing : dict or None
        What the loop has reported when it began, while it plays: latency and block in frames, sample_rate in Hz,
        parts of the latency, and what the instrument describes; its `delay`, in frames, is that of the model itself.
    latency_asked : float or None
        Milliseconds that somebody wants; a note says where they can't be had.

    Notes
    -----
    Out of the outlet, besides what PdObject sends: `latency SAMPLES MILLISECONDS`, from the sound that goes in to the
    one that comes out; `parts buffer MILLISECONDS computing MILLISECONDS waiting MILLISECONDS model MILLISECONDS`, what
    it consists of; `cpu SHARE`, `late BLOCKS`, `alive 0|1`, `realtime 0|1`; `note TEXT`, what plays in place of what
    can't be had, also in Pd's console.
    """

    NICENESS: ClassVar[int] = 0  # its sound is played while it is made
    _priority_is_told: ClassVar[bool] = False  # in this Pd

    def __init__(self, box: float | str | None = None, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.playing: dict | None = None
        self.latency_asked: float | None = None
        self._to_stream = f"{box if isinstance(box, str) else format(box, 'g')}-stream" if box else None
        self._stream_path: str | None = None
        self._to_change: dict[str, Any] = {}  # arguments of the next `change`
        self._is_changing = False
        self._lost_at: list[float] = []  # monotonic seconds, of the last RELOAD_WINDOW_S

    @property
    def reloads(self) -> bool:
        """Whether a model whose worker has ended is loaded again."""
        return self._to_stream is not None

    def play_arguments(self) -> dict[str, Any]:
        """Hook: return the arguments of the worker's `play`, besides the stream."""
        return {}

    def started_playing(self, playing: dict) -> None:
        """Hook: the loop plays now, and this is what it has reported."""

    def play(self) -> None:
        """Let the worker play, anew if it does already; nothing without a model or a stream."""
        if self._to_stream is None or self.facts is None:
            return
        if self._stream_path is None:
            pyext._send(self._to_stream)  # [pystream~] answers with its path, which comes to stream_1
            return
        self.playing = None
        self.call("play", files={"stream": self._stream_path}, **self.play_arguments())

    def change(self, **controls: Any) -> None:
        """Call the worker's `change`; of many at once, what was set last counts, so that a flood does not pile up."""
        if self.facts is None:
            return
        self._to_change.update(controls)
        if not self._is_changing:
            self.start_task(self._change())

    async def _change(self) -> None:
        self._is_changing = True
        try:
            while self._to_change:
                controls, self._to_change = self._to_change, {}
                await self.call("change", **controls)
        finally:
            self._is_changing = False

    def model_loaded(self, facts: dict) -> None:
        """Play."""
        self.play()

    def worker_replaced(self) -> None:
        """Play again."""
        self.play()

    def worker_lost(self, error: UserError, had_model: bool) -> None:
        """Load the model again, unless that did not help the last times."""
        self.playing = None
        now = time.monotonic()
        self._lost_at = [*(at for at in self._lost_at if now - at < RELOAD_WINDOW_S), now]
        if had_model and self.reloads and len(self._lost_at) <= MAX_RELOADS:
            self.reload()

    def unload_1(self) -> None:
        """End the worker."""
        self.playing = None
        super().unload_1()

    def stream_1(self, tag: str, *values: Any) -> None:
        """Handle what [pystream~] sends."""
        if tag == "stream":
            self._stream_path = str(values[0])
            self.play()
        elif tag != "latency":
            self.output(str(tag), *values)
        elif self.playing is not None:
            self._tell_latency(int(values[0]), self.playing)

    def _tell_latency(self, waits: int, playing: dict) -> None:
        """Tell how late the sound is when [pystream~] waits for so many frames, and of what that consists."""
        parts = {**playing["parts"], "model": playing.get("delay", 0)}
        parts["waiting"] = waits - parts["buffer"] - parts["computing"]
        latency, rate = sum(parts.values()), playing["sample_rate"]
        milliseconds = round(1000 * latency / rate, 1)
        self.output("latency", latency, milliseconds)
        if self.latency_asked and milliseconds > NEAR * self.latency_asked + 1000 * playing["block"] / rate:
            least = f"{milliseconds} ms, the least with this model and blocks of {playing['block']}"
            self.note(f"a latency of {self.latency_asked:g} ms is too short: it is {least}")
        words = [word for name, frames in parts.items() for word in (name, round(1000 * frames / rate, 1))]
        self.output("parts", *words)

    def note(self, text: str) -> None:
        """Say what plays in place of what can't be had."""
        self.output("note", text)
        print(f"{type(self).__name__}: {text}")

    # What the loop in the worker reports.

    def event_playing(self, values: dict, arrays: list) -> None:
        """Let [pystream~] wait as long as the loop needs."""
        self.playing = values
        self.started_playing(values)
        if self._to_stream is not None:
            pyext._send(self._to_stream, "latency", [values["latency"] // values["block"]])

    def event_cpu(self, values: dict, arrays: list) -> None:
        """Send on the share of a processor that playing needs."""
        self.output("cpu", values["share"])

    def event_realtime(self, values: dict, arrays: list) -> None:
        """Say whether it plays at real-time priority; once in a Pd also in the console where it does not."""
        self.output("realtime", values["granted"])
        if not (values["granted"] or LiveObject._priority_is_told):
            LiveObject._priority_is_told = True
            print(f"{type(self).__name__}: {NO_PRIORITY}")

    def event_warning(self, values: dict, arrays: list) -> None:
        """Report that something is wrong while it plays on."""
        self.report_error(values["message"])

    def event_stopped(self, values: dict, arrays: list) -> None:
        """Report that it plays no more."""
        self.playing = None
        self.report_error(
            UserError("internal", f"the sound has stopped: {values['message']}", "load the model again")
        )
