"""The worker process of the live toy: an instrument that holds back sound, and fails when it is told to."""

import os
import time

import numpy as np
from modelfiles.errors import UserError
from pdworker.serving.live import LiveThread
from pdworker.serving.server import serve
from pdworker.serving.supervisor import NotPlaying, Supervisor

SPARE_FRAMES = 8192  # so that a busy machine is not late


class Toy:
    """Multiplies by a gain, a buffer at a time."""

    def __init__(self, gain, buffer, trouble=""):
        self.gain, self.buffer, self.trouble = gain, buffer, trouble
        if trouble == "exit_at_once":
            os._exit(3)

    def make_chain(self, form, measuring):
        return Chain(self)

    def describe(self, form):
        return {"buffer": self.buffer, "pid": os.getpid()}

    def change(self, gain):
        if gain == 0.25:
            raise UserError("input", "a quarter is not possible")
        self.gain = gain
        return {"gain": gain}

    def make_trouble(self, kind):
        self.trouble = kind

    def compute(self, audio):
        if self.trouble == "raise":
            raise ValueError("a mistake in the model")
        if self.trouble == "exit":
            os._exit(3)
        if self.trouble == "hang":
            time.sleep(600)
        if self.trouble == "slow":
            end = time.thread_time() + 1.5 * audio.shape[1] / 44100
            while time.thread_time() < end:
                pass
        return self.gain * audio


class Chain:
    piece = 256

    def __init__(self, toy):
        self._toy = toy
        self.compute_frames = toy.buffer + SPARE_FRAMES
        self._waiting = np.zeros((1, 0), np.float32)

    def process(self, audio):
        self._waiting = np.concatenate([self._waiting, audio], 1)
        ready = self._waiting.shape[1] // self._toy.buffer * self._toy.buffer
        out, self._waiting = self._waiting[:, :ready], self._waiting[:, ready:]
        return self._toy.compute(out) if ready else out


class Worker:
    def __init__(self):
        self.toy = self.player = None

    def load(self, job, *, folders, engine, checkpoint="toy"):
        return {"name": checkpoint, "pid": os.getpid()}

    def play(self, job, *, stream, how, gain, buffer):
        if self.player is not None:
            self.player.end()
        self.toy = toy = Toy(gain, buffer)
        if how == "thread":
            self.player = LiveThread(stream, toy)
        else:
            self.player = Supervisor(stream, lambda pulse, report: Toy(toy.gain, toy.buffer, toy.trouble))
        return {}

    def change(self, job, *, gain):
        if isinstance(self.player, Supervisor):
            self.player.call("change", gain=gain)
        self.toy.gain = gain
        return {}

    def trouble(self, job, *, kind):
        if kind == "exit_at_once":
            self.toy.trouble, kind = kind, "exit"
        if isinstance(self.player, Supervisor):
            try:
                self.player.call("make_trouble", kind=kind)
            except NotPlaying:
                job.log("nothing plays")
        else:
            self.toy.trouble = kind
        return {}

    def deaf(self, job, *, seconds):
        job.log("deaf")
        time.sleep(seconds)
        return {}


if __name__ == "__main__":
    serve(Worker())
