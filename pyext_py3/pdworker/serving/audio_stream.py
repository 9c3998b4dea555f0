"""The worker's end of `[pystream~]`: Pd's audio, and the way back.

The memory is laid out in `src/ring.h`: a header, then one ring of float32 frames for each input and output.
"""

import mmap
import struct
import time

import numpy as np
from modelfiles.errors import UserError

MAGIC = b"pystrm01"
HEADER = struct.Struct("8s7I")
CAPTURED, VALID_FROM, RENDERED = 64, 128, 136
CHANNELS_AT = 256
POLL_S = 0.0005


class StreamError(UserError):
    """The file is not the memory of a `[pystream~]`."""

    def __init__(self, message):
        super().__init__("input", message)


class Stream:
    """A running stream of audio.

    read() gives the next frames, and write() answers the frames next in turn: what it is given sounds `latency`
    frames after the input at the same place in time, however long it took to make. What comes too late for the
    latency that the patch has set is dropped on Pd's side.

    inputs, outputs: channels. Raises StreamError when `path` is something else.
    """

    def __init__(self, path):
        try:
            with open(path, "r+b") as file:
                self._memory = mmap.mmap(file.fileno(), 0)
        except (OSError, ValueError) as error:
            raise StreamError(f"cannot open the audio stream {path}: {error}") from error
        if len(self._memory) < CHANNELS_AT or self._memory[:8] != MAGIC:
            raise StreamError(f"{path} is not an audio stream of Pd's")
        _, self.inputs, self.outputs, self._capacity, *_ = HEADER.unpack_from(self._memory)
        channels = np.frombuffer(self._memory, np.float32, offset=CHANNELS_AT).reshape(-1, self._capacity)
        self._input, self._output = channels[: self.inputs], channels[self.inputs :]
        self._captured, self._valid_from, self._rendered = (
            np.frombuffer(self._memory, np.uint64, 1, offset) for offset in (CAPTURED, VALID_FROM, RENDERED)
        )
        self.skipped = 0
        self._jump(int(self._captured[0]))

    @property
    def sample_rate(self):
        """Pd's sample rate in Hz; 0 until its DSP was first switched on."""
        return self._header(4)

    @property
    def block_size(self):
        """Frames in one of Pd's blocks."""
        return self._header(5)

    @property
    def latency(self):
        """Frames that Pd waits for the answer to an input."""
        return self._header(6)

    @property
    def restarts(self):
        """How often Pd's sample rate or block size has changed."""
        return self._header(7)

    def read(self, frames, timeout=0.5):
        """The next frames, float32 [inputs, frames], or None when Pd has not played so many in `timeout` seconds.

        A reader who has fallen so far behind that its answer could not be heard goes on with the newest frames, and
        write() answers from these on; `skipped` counts the frames left out.
        """
        deadline = time.monotonic() + timeout
        while int(self._captured[0]) - self._read < frames:
            if time.monotonic() > deadline:
                return None
            time.sleep(self._patience(frames))
        captured = int(self._captured[0])
        if captured - self._written > max(self.latency, 2 * frames):
            self.skipped += captured - frames - self._read
            self._jump(captured - frames)
        audio = self._input[:, self._places(self._read, frames)]
        self._read += frames
        return audio

    def write(self, audio):
        """Answer the next frames: float32 [outputs, frames]."""
        frames = audio.shape[1]
        self._output[:, self._places(self._written, frames)] = audio
        self._written += frames
        self._rendered[0] = self._written

    def _patience(self, frames):
        """Seconds to sleep until `frames` may be there: half of what they take, so that few looks are needed."""
        missing = self._read + frames - int(self._captured[0])
        return max(POLL_S, missing / self.sample_rate / 2) if self.sample_rate else POLL_S

    def _jump(self, position):
        self._read = self._written = position
        self._valid_from[0] = position
        self._rendered[0] = position

    def _places(self, position, frames):
        return np.arange(position, position + frames) % self._capacity

    def _header(self, index):
        return HEADER.unpack_from(self._memory)[index]
