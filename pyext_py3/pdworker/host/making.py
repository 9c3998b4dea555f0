"""Something that a model makes, from the message that asks for it to its files; Pd's thread, and one beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pdworker.host.tasks import PendingCall
from pdworker.takes import formats
from pdworker.takes.inputs import packed
from pdworker.takes.store import INPUTS, Take
from pdworker.takes.writer import NewTake, Writer

if TYPE_CHECKING:
    from pdworker.host.takes import TakesObject

Files = dict[
    str, tuple[dict[str, Any], bytes]
]  # by the endings of their names: what is known of them, what is in them


class Making:
    """Made by `TakesObject.making`.

    Parameters
    ----------
    owner : TakesObject
    facts : dict
        Of the take to be, with the `call` of the worker.
    arrays : sequence of numpy.ndarray
        What goes with that.
    past : Take, optional
        The take that is made again.
    """

    def __init__(
        self,
        owner: TakesObject,
        facts: dict[str, Any],
        arrays: Sequence[np.ndarray],
        past: Take | None = None,
    ) -> None:
        self._owner, self._facts, self._arrays, self._past = owner, facts, list(arrays), past

    def call(self) -> PendingCall:
        """Make the call of the worker."""
        call = self._facts["call"]
        return self._owner.call(call["name"], arrays=self._arrays, **call["arguments"])

    def keep_sounds(
        self, sounds: Mapping[str, Sequence[np.ndarray]], rate: float, complete: bool = True, parts: int = 1
    ) -> None:
        """Keep what was made; returns at once.

        Parameters
        ----------
        sounds : mapping
            Names of arrays in the patch, and the channels of the sound that is in each: float32 [samples], not to be
            changed any more.
        rate : float
            In Hz.
        complete : bool
            Whether it is all that was asked for.
        parts : int
            Of how many sounds of one length, one behind the other, each sound consists.
        """
        named = {self._owner.portable(array): channels for array, channels in sounds.items()}
        self._keep(lambda: _sounds(named, round(rate), parts), kind="sound", complete=complete)

    def keep_melody(self, tracks: Iterable[tuple[str, Sequence[Sequence[float]]]], tempo: float) -> None:
        """Keep a melody; returns at once.

        Parameters
        ----------
        tracks : iterable of (str, notes)
            Names and notes, rows (pitch, velocity, start, end), times in seconds.
        tempo : float
            Quarter notes per minute.
        """
        named = list(tracks)
        self._keep(lambda: _melody(named, tempo), kind="melody")

    def _keep(self, files: Callable[[], Files], **facts: Any) -> None:
        if self._past is not None:
            self._owner.was_recalled(self._past, lambda past: _same(past.facts["sounds"], files()))
        else:
            self._facts.update(facts)
            self._owner.was_made(self._facts, lambda new, before, to: self._write(new, before, to, files()))

    def _write(self, new: NewTake, before: NewTake | None, writer: Writer, files: Files) -> NewTake:
        known, content = packed(self._arrays)
        new.facts.update(arrays=known, sounds=[facts for facts, _ in files.values()])
        if before is not None and before.take is not None and _same(before.take.facts["sounds"], files):
            new.facts, new.take = before.facts, before.take
            return new
        new.files = {ending: content for ending, (_, content) in files.items()}
        if known:
            new.files = {**new.files, INPUTS: content}
        return writer.write(new)


def _sounds(sounds: Mapping[str, Sequence[np.ndarray]], rate: int, parts: int) -> Files:
    files: Files = {}
    for number, (array, channels) in enumerate(sounds.items(), 1):
        samples = np.stack([np.asarray(channel, "<f4") for channel in channels], 1)
        ending = ".wav" if len(sounds) == 1 else f".{number}.wav"
        about = {
            "ending": ending,
            "array": array,
            "rate": rate,
            "channels": samples.shape[1],
            "samples": samples.shape[0],
            "parts": parts,
            "sha256": hashlib.sha256(samples.tobytes()).hexdigest(),
        }
        files[ending] = about, formats.wav(samples.tobytes(), samples.shape[1], rate)
    return files


def _melody(tracks: Sequence[tuple[str, Sequence[Sequence[float]]]], tempo: float) -> Files:
    content = formats.midi(tracks, tempo)
    digest = hashlib.sha256(content).hexdigest()
    about = {
        "ending": ".mid",
        "tempo": tempo,
        "tracks": [[name, [list(note) for note in notes]] for name, notes in tracks],
        "sha256": digest,
    }
    return {".mid": (about, content)}


def _same(before: Sequence[Mapping[str, Any]], files: Files) -> bool:
    """Whether files hold what a take's files held; of one that was cut short, as far as that went."""
    if len(before) != len(files):
        return False
    for one, (facts, content) in zip(before, files.values()):
        if "samples" in one and "samples" in facts:
            data = np.frombuffer(content[len(content) - 4 * facts["samples"] * facts["channels"] :], "<f4")
            each = int(one["samples"]) * facts["channels"] // facts["parts"]
            found = hashlib.sha256(data.reshape(facts["parts"], -1)[:, :each].tobytes()).hexdigest()
        else:
            found = facts["sha256"]
        if found != one["sha256"]:
            return False
    return True
