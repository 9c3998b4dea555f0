"""Takes of Pd objects: what a model makes is kept with how it was made, and made again; Pd's thread.

Files are read and written by a thread beside Pd's.
"""

from __future__ import annotations

import contextlib
import inspect
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyext
from modelfiles.errors import UserError
from modelfiles.finding import find

from pdworker import options
from pdworker.host.arguments import message, number
from pdworker.host.background import Background
from pdworker.host.making import Making
from pdworker.host.pd_object import PdObject
from pdworker.host.tasks import Task
from pdworker.takes.fingerprint import fingerprint
from pdworker.takes.inputs import unpacked
from pdworker.takes.store import INPUTS, Take
from pdworker.takes.writer import NewTake, Writer

SEEDS = ("seed", "random")  # arguments of calls
MOST_SEED = 2**24
NOT_RECORDED = ("checkpoint", "trusted", "python", "folders")  # among the options of a load
PAGE = "$0-"  # what the names of a patch's own arrays begin with, in a take
# Arguments of PdObject.call that are not the worker's, among them paths of files: no take brings them.
OF_CALLS = frozenset(
    name for name, one in inspect.signature(PdObject.call).parameters.items() if one.kind is one.KEYWORD_ONLY
)

Write = Callable[[NewTake, "NewTake | None", Writer], NewTake]

background = Background()
writer = Writer()


class _Past(NamedTuple):
    """A take that is being made again, by a task."""

    task: Task | None
    take: Take
    arrays: list[np.ndarray]


class TakesObject(PdObject):
    """A PdObject whose sounds and melodies are kept.

    Attributes
    ----------
    TAKES : tuple of str
        The messages that make a take; `recall` sends no others.
    USUAL_MODEL : str
        What `load` loads without a name.

    Notes
    -----
    Out of the outlet, besides what PdObject sends: `take NAME` when one is kept, `kept NAME`,
    `setting NAME VALUE` and then `recalled NAME same|different`.
    """

    TAKES: ClassVar[tuple[str, ...]] = ()
    USUAL_MODEL: ClassVar[str] = ""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._page = self._patch = ""
        self._model: dict[str, Any] = {}
        self._last: NewTake | None = None
        self._past: _Past | None = None

    # For subclasses.

    def take_state(self) -> dict[str, Any]:
        """Hook: return what else belongs to a take, plain values."""
        return {}

    async def restore_take(self, state: Mapping[str, Any], call: Mapping[str, Any], arrays: list) -> None:
        """Hook: bring back what belongs to a take, before its message is sent again.

        Parameters
        ----------
        state : mapping
            What `take_state` has returned.
        call : mapping
            The arguments of the worker's call.
        arrays : list of numpy.ndarray
            What went with that.
        """

    @property
    def is_recalling(self) -> bool:
        """Whether the message that runs is that of a take: what it was made of comes from there, see `making`."""
        return self._past is not None and self._past.task is self._tasks.current

    def making(
        self,
        message: Sequence[Any],
        call: str,
        /,
        *,
        arrays: Sequence[np.ndarray] = (),
        shown: Mapping[str, int] | None = None,
        **arguments: Any,
    ) -> Making:
        """Return what is about to be made: its `call()` makes it, its `keep_...` keeps it.

        Parameters
        ----------
        message : sequence
            The message that asks for it, the verb first. One of TAKES.
        call : str
            The worker's call that makes it.
        arrays : sequence of numpy.ndarray
            What goes with the call.
        shown : mapping, optional
            Names of the patch's arrays, and which of `arrays` each holds.
        **arguments
            Of the call. A seed that is None is drawn here.
        """
        past = self._past
        if past is not None and self.is_recalling:
            recorded = past.take.facts["call"]
            if recorded["name"] != call:
                raise UserError(
                    "state", f"the take {past.take.name} was made in another way than this patch does"
                )
            return Making(self, {"call": recorded}, past.arrays, past.take)
        for name in SEEDS:
            if name in arguments and arguments[name] is None:
                arguments[name] = secrets.randbelow(MOST_SEED)
        facts = {
            "object": type(self).__name__,
            "day": self._day_folder().name,
            "patch": self._patch,
            "model": self._model,
            "seed": next((arguments[name] for name in SEEDS if name in arguments), None),
            "message": [self.portable(word) for word in message],
            "settings": {name: self.SETTINGS[name].said(value) for name, value in self.settings.items()},
            "state": self.take_state(),
            "call": {"name": call, "arguments": arguments},
            "shown": {self.portable(array): index for array, index in (shown or {}).items()},
        }
        return Making(self, facts, arrays)

    def model_path(self, arguments: Mapping[str, Any]) -> Path | None:
        """Return where the model of a `load` is, or what the names of its files begin with; any thread."""
        name, folders = str(arguments.get("checkpoint", self.USUAL_MODEL)), arguments["folders"]
        with contextlib.suppress(UserError):
            return find(name, folders, self.MODEL_SUFFIXES)
        bases = [Path(folder, name) for folder in folders]
        return next((base for base in bases if any(base.parent.glob(f"{escape(base.name)}.*"))), None)

    # Messages.

    @message("keep [NAME]")
    async def keep_1(self, *words: Any) -> None:
        """Mark the last take, so that it stays, and name it."""
        if self._last is None:
            hint = "make a sound first" if self.TAKES else "what plays live is kept by record"
            raise UserError("state", "there is no take to keep yet", hint)
        kept = await background.run(writer.mark, self._last, options.text(words) if words else "")
        self.output("kept", kept.take.name if kept.take else kept.about)

    @message("recall [TAKE]")
    async def recall_1(self, *words: Any) -> None:
        """Bring back the model and the settings of a take, the last one without a name, and make it again."""
        name = options.text(words) if words else ""
        take, arrays = await background.run(_read, name, type(self).__name__, self.TAKES)
        self._refuse_other_patch(take)
        facts = take.facts
        await self._restore_model(take)
        self._restore_settings(facts["settings"])
        await self._restore_arrays(facts["shown"], arrays)
        try:
            await self.restore_take(facts["state"], facts["call"]["arguments"], arrays)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            what = f"{take.path} is damaged, or no take of this version"
            raise UserError("file", what, f"{type(error).__name__} {error}") from error
        verb, *rest = facts["message"]
        handler = getattr(type(self), f"{verb}_1").handler
        self._past = _Past(self._tasks.current, take, arrays)
        try:
            result = handler.call(self, *map(self.local, rest))
            if inspect.isawaitable(result):
                await result
        finally:
            self._past = None

    @message("page NUMBER [PATCH]")
    def page_1(self, number_: Any, patch: Any = "") -> None:
        """Tell the object in which patch it is, by its $0 and its file; takes name its arrays and itself."""
        self._page, self._patch = f"{number(number_, 'the number of the patch', 1, 2**24):g}", str(patch)

    # What makings need.

    def portable(self, word: Any) -> Any:
        """Return a word as takes have it: a name of this patch's own begins with `$0-`."""
        own = f"{self._page}-"
        return (
            PAGE + word[len(own) :] if self._page and isinstance(word, str) and word.startswith(own) else word
        )

    def local(self, word: Any) -> Any:
        """Return a word of a take as it is in this patch."""
        is_own = self._page and isinstance(word, str) and word.startswith(PAGE)
        return f"{self._page}-{word[len(PAGE) :]}" if is_own else word

    def was_made(self, facts: dict[str, Any], write: Write) -> None:
        """Let a take be written, unless it is the last one again; it becomes the last one."""
        before, self._last = (
            self._last,
            NewTake(f"{type(self).__name__} {self._model.get('name', '')}", facts),
        )
        self.start_task(self._tell_take(self._last, before, write))

    def was_recalled(self, past: Take, is_same: Callable[[Take], bool]) -> None:
        """Let a sound that was made again be compared with its take, which becomes the last one."""
        self._last = NewTake(past.path.stem, dict(past.facts), take=past)
        self.start_task(self._tell_recalled(past, is_same))

    async def _tell_take(self, new: NewTake, before: NewTake | None, write: Write) -> None:
        written = await background.run(write, new, before, writer)
        if written.take is not None:
            self.output("take", written.take.path.stem)

    async def _tell_recalled(self, past: Take, is_same: Callable[[Take], bool]) -> None:
        same = await background.run(is_same, past)
        self.output("recalled", past.name, "same" if same else "different")

    # The model.

    def model_came(self, arguments: dict[str, Any]) -> None:
        given = [(name, value) for name, value in arguments.items() if name not in NOT_RECORDED]
        words = [word for name, value in given for word in (f"--{name}", *_words(value))]
        name = arguments.get("checkpoint", self.USUAL_MODEL)
        self._model = {"name": Path(str(name)).name, "load": [name, *words], "path": "", "sha256": ""}
        background.run(self._look_at_model, self._model, arguments)

    def _look_at_model(self, model: dict[str, Any], arguments: dict[str, Any]) -> None:
        path = self.model_path(arguments)
        if path is not None:
            model.update(path=str(path), sha256=fingerprint(path))

    async def _restore_model(self, take: Take) -> None:
        wanted = take.facts["model"]
        await background.run(lambda: None)  # what was loaded last has been looked at
        if self.facts is not None and wanted["sha256"] and self._model.get("sha256") == wanted["sha256"]:
            return
        folders = [str(folder) for folder in self.checkpoint_folders()]
        path = await background.run(self._path_of, wanted, folders)
        if path is None:
            where = take.files[0] if take.files else take.path
            raise UserError(
                "checkpoint",
                f"the model {wanted['name']} of this take is gone, or has changed since",
                f"what it made then is in {where}",
            )
        await self.load([str(path), *_options(wanted["load"])])
        self._model["name"] = wanted["name"]

    def _path_of(self, wanted: Mapping[str, Any], folders: list[str]) -> Path | None:
        """Return where the model of a take is now."""
        found = self.model_path({"checkpoint": wanted["load"][0], "folders": folders})
        candidates = [Path(path).absolute() for path in (wanted["path"], found) if path]
        return next((path for path in candidates if fingerprint(path) == wanted["sha256"] != ""), None)

    # The rest of a take.

    def _refuse_other_patch(self, take: Take) -> None:
        made_in = take.facts.get("patch", "")
        if self._patch and made_in and made_in != self._patch:
            raise UserError(
                "state", f"the take {take.name} was made in {made_in}", "open that patch, and recall it there"
            )

    def _restore_settings(self, settings: Mapping[str, Any]) -> None:
        for name, said in settings.items():
            if name not in self.SETTINGS:
                continue
            value = self.SETTINGS[name].parse(name, [said])
            if value != self.settings[name]:
                self.settings[name] = value
                self.setting_changed(name)
            self.output("setting", name, said)

    async def _restore_arrays(self, shown: Mapping[str, int], arrays: list[np.ndarray]) -> None:
        for array, index in shown.items():
            if len(pyext.Buffer(self.local(array))):
                await self.write(self.local(array), arrays[index].astype(np.float32).ravel())


def _read(name: str, kind: str, verbs: Sequence[str]) -> tuple[Take, list[np.ndarray]]:
    """Return a take and its arrays. Raises UserError for one that this object cannot make again."""
    take = writer.store().find(name)
    facts = take.facts
    if facts.get("kind") == "recording":
        raise UserError(
            "state", f"{take.name} is a recording, which cannot be made again", "open it as a sound"
        )
    if facts.get("object") != kind:
        made_by = f"{facts.get('object')} of {facts.get('day')}"
        raise UserError(
            "state", f"the take {take.name} was made by {made_by}", "recall it in a patch of that day"
        )
    if not _is_whole(facts) or facts["message"][0] not in verbs:
        raise UserError("file", f"{take.path} is damaged, or no take of this version")
    arrays = unpacked(take.path.with_suffix(INPUTS), facts["arrays"])
    if any(not isinstance(index, int) or not 0 <= index < len(arrays) for index in facts["shown"].values()):
        raise UserError("file", f"{take.path} is damaged")
    return take, arrays


def _is_whole(facts: Mapping[str, Any]) -> bool:
    """Whether the facts of a take have the form that `recall` relies on; the values are looked at where they go."""
    kinds = {"message": list, "settings": dict, "state": dict, "shown": dict, "arrays": list, "sounds": list}
    call, model = facts.get("call"), facts.get("model")
    return (
        all(isinstance(facts.get(name), kind) for name, kind in kinds.items())
        and bool(facts["message"])
        and all(isinstance(one, dict) and isinstance(one.get("sha256"), str) for one in facts["sounds"])
        and isinstance(call, dict)
        and isinstance(call.get("name"), str)
        and isinstance(call.get("arguments"), dict)
        and not OF_CALLS & call["arguments"].keys()
        and isinstance(model, dict)
        and all(isinstance(model.get(name), str) for name in ("name", "path", "sha256"))
        and isinstance(model.get("load"), list)
        and all(_is_atom(word) for word in (*facts["message"], *model["load"], *facts["settings"].values()))
    )


def _options(words: Sequence[Any]) -> Iterator[Any]:
    """Yield the options among the words of a load that a take may bring: a stranger's chooses no program to run."""
    is_recorded = False  # the model's name, which stands before them
    for word in words:
        if isinstance(word, str) and word.startswith("--"):
            name = word[2:].partition("=")[0].replace("-", "_")
            is_recorded = name not in ("", *NOT_RECORDED)
        if is_recorded:
            yield word


def _words(value: Any) -> Sequence[Any]:
    """Return what stands behind an option that has this value."""
    if value is True:
        return ()
    return value if isinstance(value, list) else (value,)


def _is_atom(value: Any) -> bool:
    return isinstance(value, (str, int, float))
