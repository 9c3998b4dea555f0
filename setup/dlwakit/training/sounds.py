"""Sounds of a folder as all data sets read them: whatever is in it, piece by piece. Runs in `dataset`.

reader = Reader(FOLDER, 16000)
for piece in reader:
    ...                      # piece.samples, at most a minute and a half
    reader.leave_out(piece.sound, "it has no pitch")
reader.finish(DATA)          # what was read; whose sounds they are

Formats are those of libsndfile and ffmpeg, rates and channels any. Hidden files, such as those that macOS leaves, are
none of the sounds. What cannot be used is named, and the rest is read.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from modelfiles.resample import WHOLE, StreamResampler
from modelfiles.sounds import PEAK, SILENT, concatenate, find_sounds, open_sound, to_int16

from dlwakit.training import sources

PIECE_S = 60  # of a longer sound; the last piece may be half as long again
HELD_OUT = 10  # one sound in so many
SHOWN = 20  # lines about what is left out


@dataclass(frozen=True)
class Piece:
    """A sound or a part of it.

    Attributes
    ----------
    sound : str
        The file below the folder.
    number : int
        Of the piece within the sound, from 0.
    samples : numpy.ndarray, float32 [n]
    peak : float
        Of the whole sound.
    """

    sound: str
    number: int
    samples: np.ndarray
    peak: float

    def normalized(self):
        """The samples with the whole sound's peak at 0.9."""
        return self.samples * np.float32(PEAK / self.peak)


class Reader:
    """Reads the pieces of all sounds of a folder; a sound is held in memory a piece at a time.

    Parameters
    ----------
    source : Path
        A folder, or one sound.
    rate : int
        In Hz, to which all are brought.
    log : callable
        Called with each line about them.
    """

    def __init__(self, source, rate, log=print):
        self.source, self.rate, self.log = Path(source), rate, log
        self.names, self.left_out, self.seconds = [], {}, 0.0
        self._paths = find_sounds(self.source)

    def __iter__(self):
        for path in self._paths:
            name = name_of(path, self.source)
            try:
                if not _is_text(str(path)):
                    raise UserError("file", "its name is no text in UTF-8: rename it")
                yield from self._pieces(path, name)
                self.names.append(name)
            except UserError as error:
                self.leave_out(name, error.message.replace(str(path), "it"))

    def _pieces(self, path, name):
        peak, longest = _measure(path)
        if not longest:
            raise UserError("sound", "it is empty")
        if not np.isfinite(peak):
            raise UserError("sound", "it holds values that are not numbers")
        if peak < SILENT:
            raise UserError("sound", "it is silent")
        for number, samples in enumerate(_pieces_of(path, self.rate)):
            self.seconds += len(samples) / self.rate
            yield Piece(name, number, samples, peak)

    def leave_out(self, name, reason):
        """Say that a sound, or a part of one, is left out."""
        if name not in self.left_out and len(self.left_out) < SHOWN:
            self.log(f"left out {name}: {reason}")
        self.left_out[name] = reason

    def finish(self, data, into=None):
        """Say what was read, and write the table of whose sounds they are. Raises UserError where there are none.

        into: where the data set is written until all of it is there.
        """
        if len(self.left_out) > SHOWN:
            self.log(f"left out {len(self.left_out) - SHOWN} more")
        used = [name for name in self.names if name not in self.left_out]
        if not used:
            raise UserError("sound", f"no sound in {self.source} can be used")
        self.log(f"read {len(used)} sounds, {self.seconds:.0f} s")
        sources.keep(data, used, self.source, self.log, into)

    def advise(self, seconds):
        """Say that more would be better, where there is less than so many seconds."""
        if self.seconds < seconds:
            minutes = f"{seconds / 60:g} minutes or more are better"
            self.log(f"that is little: the model will memorise these sounds; {minutes}")


def name_of(path, source):
    """A file's name below the folder, as it can be printed: whatever its bytes are, accents within their letters."""
    name = path.name if path == source else path.relative_to(source).as_posix()
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())


def _is_text(name):
    try:
        return bool(name.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _measure(path):
    """(peak, samples) of a sound."""
    peak, count = 0.0, 0
    with open_sound(path) as (_, blocks):
        for block in blocks:
            peak, count = np.maximum(peak, np.abs(block).max(initial=0)), count + len(block)
    return float(peak), count


def _pieces_of(path, rate):
    """Yield the pieces of a sound at a rate, float32 [n]; the last one is not short beside the others."""
    size, held = PIECE_S * rate, np.zeros(0, np.float32)
    for block in _resampled(path, rate):
        held = np.concatenate([held, block])
        while len(held) >= size * 1.5:
            yield held[:size]
            held = held[size:]
    yield held


def _resampled(path, rate):
    with open_sound(path) as (own, blocks):
        stream = StreamResampler(own, rate, 1, WHOLE)
        for block in blocks:
            yield stream.process(block[None])[0]
        yield stream.process(np.zeros((1, 0), np.float32), last=True)[0]


def hold_out(pieces):
    """Which pieces are held out, and what remains to learn from.

    Parameters
    ----------
    pieces : list of (str, numpy.ndarray)
        The sound that a piece is of, and its samples.

    Returns
    -------
    known, held : list of (str, numpy.ndarray)
        Every tenth sound is held out, or the last of fewer. Of a single sound it is every tenth piece, or, where it is
        in one piece, its last tenth.
    """
    names = list(dict.fromkeys(name for name, _ in pieces))
    if len(names) > 1:
        held = set(names[HELD_OUT - 1 :: HELD_OUT] or names[-1:])
        chosen = [number for number, (name, _) in enumerate(pieces) if name in held]
    else:
        chosen = list(range(len(pieces)))[HELD_OUT - 1 :: HELD_OUT] or [len(pieces) - 1]
    if len(pieces) == 1:
        ((name, samples),) = pieces
        end = len(samples) * (HELD_OUT - 1) // HELD_OUT
        return [(name, samples[:end])], [(name, samples[end:])]
    known = [piece for number, piece in enumerate(pieces) if number not in set(chosen)]
    return known, [pieces[number] for number in chosen]


def joined(reader, data, into, prepare, pause_s):
    """Sounds end to end, in two parts, and their names.

    Parameters
    ----------
    reader : Reader
    data, into : Path
        The data set, and where it is written until all of it is there: for the table of whose sounds they are.
    prepare : callable
        What is used of a piece whose peak is 0.9, float32 [n].
    pause_s : float
        Seconds between sounds.

    Returns
    -------
    known, held : numpy.ndarray of int16, [n]
        What is learned from, and what is held out.
    names : dict
        "sounds" and "held_out_sounds", those that are wholly held out.
    """
    pieces = [(piece.sound, to_int16(prepare(piece.normalized()))) for piece in reader]
    reader.finish(data, into)
    parts = hold_out(pieces)
    known, held = ({name: None for name, _ in part} for part in parts)
    names = {"sounds": list(known), "held_out_sounds": [name for name in held if name not in known]}
    return *(concatenate([sound for _, sound in part], reader.rate, pause_s) for part in parts), names
