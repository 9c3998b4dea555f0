"""The watch over the process that plays: it is replaced when it hangs or dies."""

import time

from modelfiles.errors import UserError

from .forked import Child, Gone
from .live import Player, Pulse

HANG = 2.0  # seconds for one buffer; a good one takes less than its own length
HANG_AT_START = 15.0  # seconds for the first buffers, in which torch optimises
MOST_DEATHS = 5  # in a row, with next to nothing played between them
A_GOOD_LIFE = 5.0  # seconds of sound
ANSWER = 5.0  # seconds for the answer to a call, a new one's first buffers included


class NotPlaying(Exception):
    """There is nobody to answer."""


class Watch:
    """A model that plays on a stream, however often its process has to be replaced.

    module, spec, threads: see live.Player. lines: what there is to say to people, emptied by who says it. facts: what
    plays, None while it does not.
    """

    def __init__(self, module, spec, threads):
        self._module, self._threads = module, threads
        self.spec = spec
        self.lines, self.facts = [], None
        self._deaths, self._ids = 0, 0
        self._answers = {}
        self._start()

    @property
    def pulse(self):
        return self._pulse

    def look(self):
        """Take what the process has said, and replace it when it is dead or hangs."""
        if self._child is None:
            return
        try:
            self._listen(0)
            if self._child is not None and self._hangs():
                if self._pulse.buffers == 0:
                    self._give_up(f"the model does not answer: nothing in {HANG_AT_START:.0f} seconds")
                else:
                    self._replace("the model hangs")
        except Gone as gone:
            self._replace(f"the model's process has ended, {gone}")

    def call(self, name, /, arrays=(), **arguments):
        """Let the process answer a call (see live.Player). Raises UserError, or NotPlaying when nobody answers."""
        if self._child is None:
            raise NotPlaying
        self._ids += 1
        call_id, deadline = self._ids, time.monotonic() + ANSWER
        try:
            self._child.link.send("call", arrays, id=call_id, name=name, arguments=arguments)
            while self._child is not None and time.monotonic() < deadline:
                self._listen(0.1)
                if call_id in self._answers:
                    return self._taken(self._answers.pop(call_id))
        except (Gone, OSError):
            pass
        self.look()
        raise NotPlaying

    def end(self):
        """Nothing plays any more."""
        if self._child is not None:
            self._child.end()
        self._child = self.facts = None

    def _start(self):
        self._pulse, self.facts = Pulse(), None
        self._child = Child(_play, self._pulse, self._module, self.spec, self._threads)

    def _replace(self, reason):
        self._deaths = 1 if self._pulse.played >= A_GOOD_LIFE else self._deaths + 1
        if self._deaths > MOST_DEATHS:
            self._give_up(f"{reason}, {self._deaths} times in a row")
            return
        self.lines.append(f"{reason}: another one takes its place")
        self._child.end()
        self._start()

    def _give_up(self, reason):
        self.lines.append(f"{reason}; it is silent now - reload tries again")
        self.end()

    def _hangs(self):
        since = self._pulse.busy_since
        patience = HANG if self.facts is not None else HANG_AT_START
        return since > 0 and time.monotonic() - since > patience

    def _listen(self, timeout):
        while self._child is not None and (frame := self._child.receive(timeout)) is not None:
            header, timeout = frame.header, 0
            if frame.kind == "log":
                self.lines.append(header["text"])
            elif header["id"] == 0 and frame.kind == "result":
                self.facts = header["values"]
            elif header["id"] == 0:
                self._give_up(header["message"])
            else:
                self._answers[header["id"]] = header

    def _taken(self, header):
        if header["kind"] == "error":
            raise UserError(header["error"], header["message"], header["hint"])
        return header["values"]


def _play(link, pulse, module, spec, threads):
    Player(link, pulse, module, spec, threads).play()
