"""The worker's end of `[pystream~]`: Pd's audio, and the way back; for one thread of the worker process."""

from __future__ import annotations

import ctypes
import mmap
import os
import time
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError

MAGIC = b"pystrm02"
CHANNELS_AT = 256  # bytes from the beginning to the first ring

_SYS_FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "armv7l": 240, "i686": 221}.get(os.uname().machine)
_FUTEX_WAIT = 0
_POLL_S = 0.0005  # between two looks, on a processor whose number for `futex` is not known
_libc = ctypes.CDLL(None, use_errno=True)


class StreamError(UserError):
    """The file is not the memory of a `[pystream~]`."""

    def __init__(self, message: str) -> None:
        super().__init__("input", message)


class RingHeader(ctypes.Structure):
    """The beginning of the memory, as `src/ring.h` has it; positions count frames since the object was made."""

    _fields_ = (
        ("magic", ctypes.c_char * 8),
        ("inputs", ctypes.c_uint32),
        ("outputs", ctypes.c_uint32),
        ("capacity", ctypes.c_uint32),
        ("sample_rate", ctypes.c_uint32),
        ("block_size", ctypes.c_uint32),
        ("latency", ctypes.c_uint32),
        ("restarts", ctypes.c_uint32),
        ("blocks", ctypes.c_uint32),
        ("streams", ctypes.c_uint32),
        ("_to_captured", ctypes.c_char * 20),
        ("captured", ctypes.c_uint64),
        ("_to_valid_from", ctypes.c_char * 56),
        ("valid_from", ctypes.c_uint64),
        ("rendered", ctypes.c_uint64),
        ("wake_at", ctypes.c_uint64),
    )


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Stream:
    """A running stream of audio.

    Parameters
    ----------
    source : path-like or int
        What `[pystream~]` sends behind `stream` when it gets a bang, or a descriptor of it, which stays open.

    Attributes
    ----------
    inputs, outputs : int
        Channels.
    skipped : int
        Frames that `read` has left out.

    Raises
    ------
    StreamError
        When there is something else.

    Notes
    -----
    `read` gives the next frames, and `write` answers the frames next in turn: what it is given sounds `latency`
    frames after the input at the same place in time, however long it took to make. What comes too late for the
    latency that the patch has set is dropped on Pd's side.
    """

    def __init__(self, source: str | Path | int) -> None:
        try:
            with open(source, "r+b", closefd=not isinstance(source, int)) as file:
                memory = mmap.mmap(file.fileno(), 0)
        except (OSError, ValueError) as error:
            raise StreamError(f"cannot open the audio stream {source}: {error}") from error
        if len(memory) < CHANNELS_AT or memory[:8] != MAGIC:
            raise StreamError(f"{source} is not an audio stream of Pd's")
        self._header = RingHeader.from_buffer(memory)
        self._blocks = ctypes.c_void_p(ctypes.addressof(self._header) + RingHeader.blocks.offset)
        self.inputs, self.outputs = self._header.inputs, self._header.outputs
        channels = np.frombuffer(memory, np.float32, offset=CHANNELS_AT).reshape(-1, self._header.capacity)
        self._input, self._output = channels[: self.inputs], channels[self.inputs :]
        self.skipped = 0
        self._header.streams += 1
        self._jump(self._header.captured)

    @property
    def sample_rate(self) -> int:
        """Pd's sample rate in Hz; 0 until its DSP was first switched on."""
        return self._header.sample_rate

    @property
    def block_size(self) -> int:
        """Frames in one of Pd's blocks."""
        return self._header.block_size

    @property
    def latency(self) -> int:
        """Frames that Pd waits for the answer to an input."""
        return self._header.latency

    @property
    def longest_latency(self) -> int:
        """Frames that Pd can wait at most: whole blocks in half of the memory."""
        return self._header.capacity // 2 // self.block_size * self.block_size

    @property
    def restarts(self) -> int:
        """How often Pd's sample rate or block size has changed."""
        return self._header.restarts

    def read(self, frames: int, timeout: float = 0.5) -> np.ndarray | None:
        """Return the next frames.

        Parameters
        ----------
        frames : int
        timeout : float
            Seconds to wait for Pd to play so many.

        Returns
        -------
        numpy.ndarray or None
            float32 [inputs, frames]; None when the time is over.

        Notes
        -----
        A reader who has fallen so far behind that its answer could not sound goes on with the newest frames, and
        `write` answers from these on; `skipped` counts the frames left out.
        """
        deadline = time.monotonic() + timeout
        while self._header.captured - self._read < frames:
            if time.monotonic() > deadline:
                return None
            self._sleep(self._read + frames, deadline)
        captured = self._header.captured
        if captured - self._written > max(self.latency, 2 * frames):
            self.skipped += captured - frames - self._read
            self._jump(captured - frames)
        audio = self._input[:, self._places(self._read, frames)]
        self._read += frames
        return audio

    def write(self, audio: np.ndarray) -> None:
        """Answer the next frames: float32 [outputs, frames]."""
        frames = audio.shape[1]
        self._output[:, self._places(self._written, frames)] = audio
        self._written += frames
        self._header.rendered = self._written

    def _sleep(self, position: int, deadline: float) -> None:
        """Sleep until Pd has written up to a position, a deadline is over, or something else wakes."""
        if _SYS_FUTEX is None:
            time.sleep(_POLL_S)
            return
        blocks = self._header.blocks
        self._header.wake_at = position
        left = deadline - time.monotonic()
        if self._header.captured < position and left > 0:
            timeout = _Timespec(int(left), int(left % 1 * 1e9))
            _libc.syscall(
                ctypes.c_long(_SYS_FUTEX), self._blocks, _FUTEX_WAIT, blocks, ctypes.byref(timeout), None, 0
            )

    def _jump(self, position: int) -> None:
        self._read = self._written = position
        self._header.valid_from = position
        self._header.rendered = position

    def _places(self, position: int, frames: int) -> np.ndarray:
        return np.arange(position, position + frames) % self._header.capacity
