"""Sounds that libsndfile does not read, such as those of phones and browsers, read by the program ffmpeg."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .finding import FOR_FFMPEG

HEADER = struct.Struct(
    ">4s5I"
)  # of an AU file: name, where the samples begin, their bytes, kind, rate, channels
BLOCK_FRAMES = 1 << 17


@contextlib.contextmanager
def open_sound(path: Path, reason: str) -> Iterator[tuple[int, Iterator[NDArray[np.float32]]]]:
    """Open a sound file to read it block by block, its channels mixed.

    Parameters
    ----------
    path : Path
    reason : str
        Why it was not read without ffmpeg.

    Yields
    ------
    rate : int
        In Hz.
    blocks : iterator of ndarray of float32, shape (n,)

    Raises
    ------
    UserError
        There is no ffmpeg, or it finds no sound in the file.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        if path.suffix.lower() in FOR_FFMPEG:
            reason = "install ffmpeg or save it as WAV"
        raise UserError("sound", f"{path} cannot be read: {reason}")
    # Only files and what is inside of them: a playlist must not reach into the network.
    command = [program, "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i", f"file:{path}"]
    command += ["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "-"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        assert process.stdout is not None
        try:
            header = process.stdout.read(HEADER.size)
            if len(header) < HEADER.size:
                raise UserError("sound", f"{path} cannot be read: {reason}")
            _, begin, _, _, rate, channels = HEADER.unpack(header)
            process.stdout.read(begin - HEADER.size)
            yield rate, _blocks(process.stdout, channels)
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _blocks(stream: IO[bytes], channels: int) -> Iterator[NDArray[np.float32]]:
    frame = 4 * channels
    while block := stream.read(BLOCK_FRAMES * frame):
        frames = np.frombuffer(block[: len(block) // frame * frame], ">f4").reshape(-1, channels)
        yield frames.mean(axis=1, dtype=np.float32)
