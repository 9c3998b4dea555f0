"""The base of all Pd objects that have a worker; everything in it runs on Pd's thread and returns at once."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyext
from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import cache_folder, store_folder

from pdworker import options
from pdworker.environments import data_folder
from pdworker.host.arguments import message
from pdworker.host.message_object import MessageObject
from pdworker.host.tasks import PendingCall, Task
from pdworker.host.worker import Worker
from pdworker.rights import Rights

_ENGINES = ("small", "upstream")
_MODELS = ("checkpoint", "ckpt_dir")  # arguments of `load` that name one


class PdObject(MessageObject):
    """A Pd object with one inlet and one outlet whose work is done by a worker process.

    A subclass names its WORKER module and adds the day's verbs as methods `VERB_1`, see MessageObject. Handlers that
    are `async` may await the worker (`call`). Methods `event_NAME(values, arrays)`, plain or `async`, get what the
    worker sends unasked.

    Attributes
    ----------
    WORKER : str
        The module, e.g. "ai_duet.worker", in a package beside the patch.
    ENVIRONMENT, UPSTREAM_ENVIRONMENT : str
        Whose interpreter the two engines need.
    NICENESS : int
        How much the worker gives way to Pd, 0 to 19.
    MODEL_SUFFIXES : tuple of str
        The endings of models that may be left out.
    PROGRAM : bool
        Whether its models are programs, which run only where something can confine them, or with `--trusted`.
    facts : dict or None
        What `load` has returned about the model, while one is loaded.

    Notes
    -----
    Out of the outlet: `worker on FACTS...`, `worker off`, `progress FRACTION TEXT`,
    `status off|starting|ready|busy`, `error TEXT`.
    """

    WORKER: ClassVar[str] = ""
    ENVIRONMENT: ClassVar[str] = "torch"
    UPSTREAM_ENVIRONMENT: ClassVar[str] = "tensorflow"
    NICENESS: ClassVar[int] = 10
    MODEL_SUFFIXES: ClassVar[tuple[str, ...]] = ("",)
    PROGRAM: ClassVar[bool] = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.facts: dict | None = None
        self._worker: Worker | None = None
        self._environment = self.ENVIRONMENT
        self._python: str | None = None
        self._interpreter: tuple[str, str | None] | None = None  # of the worker
        self._trusted = False
        self._rights: Rights | None = None  # that the worker needs; None until it is asked for
        self._load_words: Sequence[Any] | None = None
        self._loading: list[str] = []  # names of models
        self._stopping = False

    # Hooks for subclasses.

    def model_loaded(self, facts: dict) -> None:
        """Hook: a model was loaded, and these are its facts."""

    def model_came(self, arguments: dict[str, Any]) -> None:
        """Hook: a model was loaded with these arguments; `facts` are its own, and `model_loaded` comes next."""

    def facts_to_show(self, facts: dict) -> dict:
        """Hook: return the facts that a patch gets behind `worker on`."""
        return facts

    def worker_lost(self, error: UserError, had_model: bool) -> None:
        """Hook: the worker could not be started or has ended by itself, which was reported.

        Parameters
        ----------
        error : UserError
            Why.
        had_model : bool
            Whether a model was loaded, so that `self.reload()` makes sense.
        """

    def worker_replaced(self) -> None:
        """Hook: another process has taken the worker's place, which did not stop when it was cancelled.

        It has loaded the same model; what else the worker knew is gone.
        """

    def checkpoint_folders(self) -> list[Path]:
        """Return where checkpoints are looked for: beside the patch and those around it, then as in a program."""
        patches = map(Path, self._canvas_dirs)
        return [*patches, self._day_folder() / "checkpoints", data_folder() / "checkpoints"]

    def import_folders(self) -> list[Path]:
        """Return the folders that the worker imports from."""
        return [self._day_folder()]

    def rights(self) -> Rights:
        """Return what the worker may do with files: read the store of models, and keep a cache."""
        return Rights(
            readable=() if self.PROGRAM else (str(store_folder()),),
            writable=(),
            cache="" if self.PROGRAM else str(cache_folder() / "workers" / type(self).__name__),
            program=self.PROGRAM,
            trusted=self._trusted,
        )

    def model_files(self, arguments: dict[str, Any]) -> dict[str, str]:
        """Hook: return arguments of `load` and paths of files of which the worker gets copies."""
        return {}

    def _models_elsewhere(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        """Return arguments of `load` and paths of models that are neither in the course nor in the store."""
        readable = [place.resolve() for place in (store_folder(), *self.import_folders())]
        found = {}
        for argument in (name for name in _MODELS if name in arguments):
            with contextlib.suppress(UserError):  # which the worker tells
                suffixes = (*self.MODEL_SUFFIXES, ".index")
                path = find(str(arguments[argument]), arguments["folders"], suffixes)
                if not any(path.resolve().is_relative_to(place) for place in readable):
                    found[argument] = str(path)
        return found

    # For subclasses to call.

    def require_model(self) -> dict:
        """Return the facts of the model that is loaded. Raises UserError when there is none, or none yet."""
        if self.facts is None and self._loading:
            raise UserError("state", f"{self._loading[-1]} is still being loaded", "wait until it is ready")
        if self.facts is None:
            raise UserError("state", "no model is loaded", "load one first, and wait until it is ready")
        return self.facts

    def call(
        self,
        name: str,
        /,
        *,
        arrays: Sequence[np.ndarray] = (),
        files: Mapping[str, str] | None = None,
        urgent: bool = False,
        reads: Mapping[str, str] | None = None,
        writes: Mapping[str, str] | None = None,
        shows: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> PendingCall:
        """Make a call of the worker, and start it if need be.

        Parameters
        ----------
        name : str
            A public method of the worker's object.
        arrays : sequence of numpy.ndarray, optional
            What it gets as `arrays`. Not to be changed before the answer.
        files : mapping, optional
            Names of arguments and paths of files, opened here to read and write; the method gets descriptors.
        urgent : bool
            Do not wait for the end of a call that runs, if that one allows it (`serving.job.Job.answer`).
        reads, writes, shows : mapping, optional
            Names of arguments and paths of files that it reads or makes, and of models, see Worker.call.
        **arguments
            Its keyword arguments, plain values.

        Returns
        -------
        PendingCall
            To await for (values, arrays), or to iterate over for partial results. Both raise the UserError of a call
            that fails; if nobody waits, it is reported. After `cancel` and `unload` nothing more comes of it.
        """
        call = PendingCall(self.report_error)
        if self._stopping:  # in a `finally` block of a handler that ends because its worker does
            return call
        worker = self._start_worker()
        if self._tasks.current is not None:
            self._tasks.current.at_end.append(call.drop_parts)

        def fail(error: UserError) -> None:
            self.output("progress", 0, "failed")
            call.set_error(error)

        answers = call.set_result, self._output_progress, fail, call.add_part
        worker.call(name, arguments, arrays, *answers, files, urgent, reads, writes, shows)
        return call

    def reload(self) -> None:
        """Send the last `load` message again. Raises UserError when there was none."""
        if self._load_words is None:
            raise UserError("state", "there is nothing to reload", "load a model first")
        self.load_1(*self._load_words)

    # Messages.

    @message("load [NAME] [--engine small|upstream] [--python PROGRAM] [--OPTION VALUE ...]")
    async def load_1(self, *words: Any) -> None:
        """Load a model by name, and start its worker."""
        await self.load(words)

    async def load(self, words: Sequence[Any]) -> None:
        """Do what the message `load` with these words does. Raises UserError when it fails."""
        arguments = self._load_arguments(words)
        reads = self.model_files(arguments)
        shows = {} if reads else self._models_elsewhere(arguments)
        self._load_words = words
        self.output("progress", 0, "loading")
        name = str(arguments.get("checkpoint", "the model"))
        self._loading.append(name)
        try:
            self.facts, _ = await self.call("load", reads=reads, shows=shows, **arguments)
        finally:
            self._loading.remove(name)
        self.model_came(arguments)
        self.output("progress", 1, "loaded")
        self._output_worker()
        self.model_loaded(self.facts)

    @message("reload")
    def reload_1(self) -> None:
        """Load the same model again, as its file is now."""
        self.reload()

    @message("unload")
    def unload_1(self) -> None:
        """End the worker."""
        self._stop_worker()
        self.output("worker", "off")

    @message("cancel")
    def cancel_1(self) -> None:
        """Cancel all work; the model stays loaded."""
        if self._worker is not None:
            self._worker.cancel()
        self.cancel_tasks()
        self.output("progress", 0, "cancelled")

    @message("status")
    def status_1(self) -> None:
        """Get the state of the worker, and what is loaded."""
        self.output("status", self._worker.state if self._worker is not None else "off")
        self._output_worker()

    # The worker and what it sends.

    def _del(self) -> None:
        self._deleted = True
        self._stop_worker()
        self._stopping = True

    def _day_folder(self) -> Path:
        return Path(inspect.getfile(type(self))).resolve().parent.parent

    def _load_arguments(self, words: Sequence[Any]) -> dict[str, Any]:
        """Return the arguments of the worker's `load`, and note which interpreter it needs."""
        plain, given = options.parse(words)
        engine = given.pop("engine", _ENGINES[0])
        if engine not in _ENGINES:
            raise UserError("input", f"there is no engine '{engine}', only {' and '.join(_ENGINES)}")
        self._environment = self.UPSTREAM_ENVIRONMENT if engine == "upstream" else self.ENVIRONMENT
        python = given.pop("python", None)
        self._python = str(self.path(python)) if python and "/" in str(python) else python
        self._trusted = bool(given.pop("trusted", False))
        if plain:
            given["checkpoint"] = options.text(plain)
        self._rights = None
        arguments = {name: _expanded(value) for name, value in given.items()}
        folders = [str(folder) for folder in self.checkpoint_folders()]
        return {**arguments, "engine": engine, "folders": folders}

    def _start_worker(self) -> Worker:
        interpreter = self._environment, self._python
        rights = self._rights = self._rights or self.rights()
        if self._worker is not None and not (
            self._interpreter == interpreter and self._worker.rights.covers(rights)
        ):
            self._stop_worker(but=self._tasks.current)
        if self._worker is None:
            self._interpreter = interpreter
            self._worker = Worker(
                self.WORKER,
                self._environment,
                self.import_folders(),
                pyext.call_soon,
                name=type(self).__name__,
                niceness=self.NICENESS,
                rights=rights,
            )
        self._worker.start(
            self._python,
            on_gone=self._lose_worker,
            on_log=self._log,
            on_event=self._event,
            on_replaced=self.worker_replaced,
        )
        return self._worker

    def _stop_worker(self, but: Task | None = None) -> None:
        """End the worker, and all tasks but one: their calls will not be answered."""
        self._stopping = True
        try:
            if self._worker is not None:
                self._worker.stop()
            self._worker = self.facts = None
            self.cancel_tasks(but)
        finally:
            self._stopping = False

    def _lose_worker(self, error: UserError) -> None:
        had_model, self.facts = self.facts is not None, None
        self.report_error(error)
        self._output_worker()
        self.worker_lost(error, had_model)

    def _event(self, name: str, values: dict, arrays: list) -> None:
        handler = getattr(self, f"event_{name}", None)
        if handler is None:
            self._log(f"the worker sent an event '{name}', which this object does not know")
            return
        result = None
        try:
            result = handler(values, arrays)
        except UserError as error:
            self.report_error(error)
        if inspect.iscoroutine(result):
            self.start_task(result)

    def _output_worker(self) -> None:
        if self.facts is None:
            self.output("worker", "off")
        else:
            facts = self.facts_to_show(self.facts)
            self.output("worker", "on", *(part for fact in facts.items() for part in fact))

    def _output_progress(self, fraction: float, text: str) -> None:
        self.output("progress", fraction, text)

    def _log(self, line: str) -> None:
        print(f"{type(self).__name__}: {line}")


def _expanded(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("~"):
        return str(Path(value).expanduser())
    return value
