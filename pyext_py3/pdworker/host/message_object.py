"""The base of Pd objects whose messages are a table: settings, aliases, handlers that wait; Pd's thread."""

from __future__ import annotations

import inspect
import threading
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyext
from modelfiles.errors import UserError

from pdworker.host.arguments import Handler, message, with_usage
from pdworker.host.arrays import Copier
from pdworker.host.settings import Setting
from pdworker.host.tasks import Future, Task, TaskRunner


class MessageObject(pyext._class):
    """A Pd object with one inlet and one outlet.

    A subclass adds its verbs as methods `VERB_1`, decorated by `pdworker.host.arguments.message`. They may be
    `async`, to await arrays (`read`, `write`).

    Attributes
    ----------
    SETTINGS : dict
        Name to `pdworker.host.settings.Setting`. For each there are the messages `NAME VALUE` and `set NAME VALUE`,
        and its value is `self.settings[NAME]`. Those of base classes are added.
    ALIASES : dict
        Other verbs and the ones that they stand for, e.g. {"write": "save"}.
    settings : dict
        The values of SETTINGS.
    """

    SETTINGS: ClassVar[Mapping[str, Setting]] = {}
    ALIASES: ClassVar[Mapping[str, str]] = {}

    _inlets = _outlets = 1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        settings, aliases = vars(cls).get("SETTINGS", {}), vars(cls).get("ALIASES", {})
        cls.SETTINGS = _with_inherited(cls, "SETTINGS")
        cls.ALIASES = _with_inherited(cls, "ALIASES")
        for name, setting in settings.items():
            if f"{name}_1" not in vars(cls):
                setattr(cls, f"{name}_1", _setter(name, setting))
        for alias, verb in aliases.items():
            if not hasattr(cls, f"{verb}_1"):
                raise TypeError(f"{cls.__name__}: {alias} stands for {verb}, which is no message")
            setattr(cls, f"{alias}_1", _forward(verb))

    def __init__(self, *arguments: Any) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {name: setting.default for name, setting in self.SETTINGS.items()}
        self._thread = threading.get_ident()
        self._tasks = TaskRunner()
        self._waiting: dict[str, Sequence[Any] | None] = {}  # by the names of "latest" handlers that run
        self._copier = Copier()
        self._reported: BaseException | None = None
        self._deleted = False

    def setting_changed(self, name: str) -> None:
        """Hook: `self.settings[name]` was set by a message."""

    def output(self, tag: str, *values: Any) -> None:
        """Send `tag values...` out of the outlet; a list among the values is sent as its items."""
        if not self._deleted:
            self._outlet(1, tag, [atom for value in values for atom in _atoms(value)])

    def report_error(self, error: UserError | str) -> None:
        """Report an error, once: a line on the outlet, the same with the log file's name in Pd's console."""
        if error is self._reported or self._deleted:
            return
        self._reported = error if isinstance(error, UserError) else None
        self.output("error", error.brief if isinstance(error, UserError) else error)
        self._error(f"{type(self).__name__}: {error}")

    async def read(self, array: str) -> np.ndarray:
        """Return the samples of a Pd array, float32 [samples]. Raises UserError when there is no such array."""
        future = Future()
        self._copier.read(array, future.set_result)
        return await future

    async def write(self, array: str, samples: np.ndarray, start: int | None = None) -> None:
        """Put samples into a Pd array, piece by piece; done when all are there.

        Parameters
        ----------
        array : str
            Its name.
        samples : numpy.ndarray
            [samples], not to be changed meanwhile.
        start : int, optional
            Where to put the first one; what does not fit is left out. Without it, the array takes the length of
            the samples.

        Raises
        ------
        UserError
            When there is no such array.
        """
        future = Future()
        self._copier.write(array, samples, future.set_result, start)
        await future

    def start_task(self, coroutine: Coroutine[Future, None, Any]) -> None:
        """Run a coroutine as `async` handlers are run: errors are reported, `cancel_tasks` ends it."""
        self._tasks.run(coroutine, self._report_failure)

    def cancel_tasks(self, but: Task | None = None) -> None:
        """End all handlers that wait for something, but one; nothing but their `finally` blocks runs."""
        self._waiting.clear()
        self._tasks.cancel_all(but)

    def path(self, name: str) -> Path:
        """Return the path of a file named in a message: `~` is the home; else it is beside the patch."""
        return Path(self._canvas_dir, Path(name).expanduser())

    @message("set NAME VALUE")
    def set_1(self, name: Any, *values: Any) -> None:
        """Change a setting."""
        name = self.ALIASES.get(str(name), str(name))
        if name not in self.SETTINGS:
            known = ", ".join(self.SETTINGS) or "none"
            raise UserError("input", f"there is no setting '{name}'", f"there are: {known}")
        getattr(self, f"{name}_1")(*values)

    def handle_message(self, handler: Handler, values: Sequence[Any]) -> None:
        """Run the handler of a message."""
        if threading.get_ident() != self._thread:  # the box has @detach 1
            pyext.call_soon(self.handle_message, handler, values)
        elif not handler.latest:
            self._run_handler(handler, values)
        elif handler.name in self._waiting:
            self._waiting[handler.name] = values
        else:
            self._waiting[handler.name] = None
            self._run_handler(handler, values, lambda: self._run_waiting(handler))

    def _del(self) -> None:
        self._deleted = True
        self.cancel_tasks()

    def _run_handler(
        self, handler: Handler, values: Sequence[Any], on_end: Callable[[], None] | None = None
    ) -> None:
        result = None
        try:
            result = handler.call(self, *values)
        except UserError as error:
            self.report_error(with_usage(error, handler.usage))
        if inspect.iscoroutine(result):
            self._tasks.run(result, lambda error: self._report_failure(error, handler.usage), on_end)
        elif on_end is not None:
            on_end()

    def _run_waiting(self, handler: Handler) -> None:
        values = self._waiting.pop(handler.name, None)
        if values is not None:
            self.handle_message(handler, values)

    def _report_failure(self, error: BaseException, usage: str = "") -> None:
        if not isinstance(error, UserError):
            traceback.print_exception(type(error), error, error.__traceback__)
            error = UserError("internal", f"{type(error).__name__}: {error}")
        self.report_error(with_usage(error, usage))


def _with_inherited(cls: type, table: str) -> dict[str, Any]:
    """Return a table of a class with the entries that its base classes have, too."""
    return {
        name: entry for base in reversed(cls.__mro__) for name, entry in vars(base).get(table, {}).items()
    }


def _setter(name: str, setting: Setting) -> Callable[..., None]:
    """Return the handler of the message that changes a setting."""

    def change(self: MessageObject, *values: Any) -> None:
        self.settings[name] = setting.parse(name, values)
        self.setting_changed(name)

    change.__name__ = f"{name}_1"
    change.__doc__ = setting.help
    return message(f"{name} {setting.usage()}")(change)


def _forward(verb: str) -> Callable[..., None]:
    """Return a handler that does what another one does."""

    def forward(self: MessageObject, *values: Any) -> None:
        getattr(self, f"{verb}_1")(*values)

    return forward


def _atoms(value: Any) -> list[Any]:
    """Return a value as a list of what can go out of an outlet."""
    if isinstance(value, (list, tuple)):
        return [atom for item in value for atom in _atoms(item)]
    if isinstance(value, (int, float)):
        return [value]
    line = " ".join(str(value).split())
    return [line.encode("utf-8", "replace").decode()] if line else []
