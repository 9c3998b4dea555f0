"""Tracks of a sketch as sound, their mix and their stems; in the worker process and on the command line.

PYTHONPATH=setup/sketch:pyext_py3 python -m sketchpad.mix SKETCH.txt FOLDER
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import soundfile
from modelfiles.errors import UserError
from modelfiles.regular import read_text
from modelfiles.resample import resample
from modelfiles.sounds import is_usual, read_sound, write_sound
from numpy.typing import NDArray

from . import score
from .score import LONGEST_S, Track

RATE = 48000
MELODIES = (".mid", ".midi")
MOST_S = 16 * LONGEST_S  # of all notes of a melody together
PARTIALS = (1.0, 0.0, 0.12, 0.0, 0.04)  # of the plain tone that plays a melody
MIX, SKETCH = "mix.wav", "sketch.txt"

Sound = NDArray[np.float32]


def read(file: str, rate: int) -> Sound:
    """Read a sound, or the melody of a take, float32 (2, n). Raises UserError where there is none."""
    path = Path(file)
    if not path.is_file():
        raise UserError("file", f"{path.name} is not there")
    if path.suffix.lower() in MELODIES:
        return melody(path, rate)
    channels, own = _stereo(path) or _mixed(path)
    return np.broadcast_to(resample(channels, own, rate), (2, -(-channels.shape[1] * rate // own)))


def _stereo(path: Path) -> tuple[Sound, int] | None:
    """Read a sound of two channels, and its rate; None for any other file, and for one that is too long."""
    with contextlib.suppress(OSError, soundfile.SoundFileError), soundfile.SoundFile(path) as file:
        rate = file.samplerate
        if file.channels == 2 and is_usual(rate) and file.frames <= LONGEST_S * rate:
            return file.read(dtype="float32").T, rate
    return None


def _mixed(path: Path) -> tuple[Sound, int]:
    """Read a sound, its channels mixed, (1, n), and its rate. Raises UserError where there is none."""
    sound, rate = read_sound(path, longest_s=LONGEST_S)
    return sound[None], rate


def melody(path: Path, rate: int) -> Sound:
    """Play the melody of a take with a plain tone, float32 (2, n). Raises UserError for another MIDI file."""
    try:
        sounds = json.loads(read_text(path.with_suffix(".json")))["sounds"]
        notes = [tuple(map(float, note)) for _, rows in sounds[0]["tracks"] for note in rows]
        if not all(map(_is_note, notes)) or sum(end - start for _, _, start, end in notes) > MOST_S:
            raise ValueError
        length = max(end for _, _, _, end in notes) + 0.3
    except (OSError, ValueError, LookupError, TypeError, RecursionError, UserError):
        raise UserError("file", f"{path.name} is a MIDI file, but no take of a melody") from None
    sound = np.zeros(round(min(length, LONGEST_S) * rate), np.float32)
    for pitch, velocity, start, end in notes:
        first = round(start * rate)
        times = np.arange(max(0, min(round((end - start + 0.2) * rate), len(sound) - first))) / rate
        phase = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * times
        tone = sum(level * np.sin(k * phase) for k, level in enumerate(PARTIALS, 1))
        shape = (
            np.minimum(1, times / 0.005) * np.exp(-2 * times) * np.clip((end - start - times) / 0.2 + 1, 0, 1)
        )
        sound[first : first + len(times)] += velocity / 127 * 0.4 * tone * shape
    return np.broadcast_to(sound, (2, len(sound)))


def _is_note(note: tuple[float, ...]) -> bool:
    """Whether numbers are those of a note."""
    pitch, velocity, start, end = note
    return 0 <= pitch <= 127 and 0 <= velocity <= 127 and 0 <= start <= end < math.inf


def laid(track: Track, rate: int) -> Sound:
    """Lay a track into the time of its sketch, before gain and pan: float32 (2, n), silent up to its start."""
    sound = read(track.file, rate)
    count = round(track.length * rate) or sound.shape[1]
    if track.loop and 0 < sound.shape[1] < count:
        sound = np.tile(sound, -(-count // sound.shape[1]))
    sound = sound[:, :count].copy()
    edge = min(round(track.fade * rate), sound.shape[1] // 2)
    if edge:
        rise = (np.arange(edge, dtype=np.float32) + 0.5) / edge
        sound[:, :edge] *= rise
        sound[:, -edge:] *= rise[::-1]
    return np.pad(sound, ((0, 0), (round(track.start * rate), 0)))


def stems(tracks: list[Track], rate: int) -> tuple[dict[int, Sound], list[str]]:
    """Return the tracks by their numbers, from 1, with gain and pan, all of one length; and what others lack."""
    sounds, faults = {}, []
    for number, track in enumerate(tracks, 1):
        if track.file:
            try:
                sounds[number] = laid(track, rate) * np.array([track.levels()], np.float32).T
            except UserError as error:
                faults.append(f"track {number}: {error.message}")
    longest = max((sound.shape[1] for sound in sounds.values()), default=0)
    padded = {n: np.pad(sound, ((0, 0), (0, longest - sound.shape[1]))) for n, sound in sounds.items()}
    return padded, faults


def render(tracks: list[Track], rate: int, folder: Path) -> tuple[list[Path], list[str]]:
    """Write mix, stems, MIDI files of melodies and the sketch into a folder.

    Returns
    -------
    files : list of Path
        The mix first.
    faults : list of str
        What is wrong with tracks that were left out.

    Raises
    ------
    UserError
        No track can be heard, or the folder cannot be written.
    """
    parts, faults = stems(tracks, rate)
    if not parts:
        raise UserError("state", "there is nothing to render", (faults or ["open a sound in a track"])[0])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SKETCH).write_text(score.text(tracks, folder), encoding="utf-8")
        files = [folder / MIX, folder / SKETCH]
        for number, sound in parts.items():
            source = Path(tracks[number - 1].file)
            files.append(folder / f"{number}-{source.stem}.wav")
            write_sound(files[-1], sound, rate, "FLOAT")
            if source.suffix.lower() in MELODIES:
                files.append(folder / f"{number}-{source.name}")
                shutil.copyfile(source, files[-1])
    except OSError as error:
        raise UserError("file", f"{folder} cannot be written: {error.strerror}") from None
    write_sound(folder / MIX, np.sum(list(parts.values()), axis=0), rate, "FLOAT")
    return files, faults


def main() -> int:
    """Run the program; return its exit status."""
    try:
        files, faults = render(score.read(Path(sys.argv[1])), RATE, Path(sys.argv[2]))
        print(*files, *faults, sep="\n")
    except UserError as error:
        print(f"sketch: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
