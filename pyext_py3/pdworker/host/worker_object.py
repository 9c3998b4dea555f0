"""The earlier base of Pd's objects; Pd's thread. Until the days use pd_object.PdObject."""

# mypy: disable-error-code="no-untyped-def"

import inspect
from pathlib import Path

import pyext
from modelfiles.errors import UserError

from pdworker import options as words
from pdworker.environments import data_folder
from pdworker.host.arguments import with_usage
from pdworker.host.worker import Worker, WorkerGone

_ENGINES = ("small", "upstream")


class WorkerObject(pyext._class):  # until the days use PdObject
    """A Pd object with one inlet and one outlet whose work is done by a worker process.

    A subclass names its WORKER module and adds the day's verbs as methods `verb_1`, which `call` the worker.
    Everything here runs on Pd's thread and returns at once.

    In:  load [NAME] [--python P] [--checkpoint NAME] [--engine small|upstream] [--name value ...]
         unload, cancel, status
    Out: worker on <facts>, worker off, progress <0..1> <text>, status <off|starting|ready|busy>, error <text>
    """

    WORKER = ""  # the module, e.g. "ai_duet.worker", in a package beside the patch
    ENVIRONMENT = "torch"
    UPSTREAM_ENVIRONMENT = "tensorflow"
    NICENESS = 10  # of the worker: it gives way to Pd
    SANDBOX = False  # for a day whose models are programs

    _inlets = _outlets = 1

    facts = None  # what the worker told about the model that is loaded, a dict
    _worker = None
    _environment = None
    _python = None

    def handle_message(self, handler, values):
        try:
            handler.call(self, *values)
        except UserError as error:
            self.report(with_usage(error, handler.usage))

    # What a subclass may call or fill in.

    def loaded(self, facts):
        """Hook: a model was loaded, and these are its facts."""

    def say(self, tag, *values):
        """Send `tag values...` out of the outlet; a list among the values is sent as its items."""
        self._outlet(1, tag, [atom for value in values for atom in _atoms(value)])

    def report(self, error):
        """Tell of an error: one line on the outlet, the same with the log file's name in Pd's console."""
        self.say("error", error.brief if isinstance(error, UserError) else str(error))
        self._error(f"{type(self).__name__}: {error}")

    def call(self, name, on_result, /, *, arrays=(), on_error=None, **arguments):
        """Queue a call of the worker, and start it if need be. Progress and errors go to the patch.

        on_result(values, arrays) and on_error(WorkerError) come later, on Pd's thread; neither does after
        `cancel`. What on_result refuses is reported. Do not change the arrays until then.
        """

        self._call(name, arguments, on_result, arrays, on_error)

    def path(self, name):
        """Return the path of a file named in a message: `~` is the home; else it is beside the patch."""
        return Path(self._canvas_dir, Path(name).expanduser())

    def folders(self):
        """Return where checkpoints are looked for: beside the patch, in the day's folder, in downloads."""
        return [Path(self._canvas_dir), self._day_folder() / "checkpoints", data_folder() / "checkpoints"]

    def import_folders(self):
        """Return the folders that the worker imports from."""
        return [self._day_folder()]

    # Messages.

    def load_1(self, *message):
        plain, options = words.parse(message)
        engine = options.pop("engine", _ENGINES[0])
        if engine not in _ENGINES:
            self.report(f"there is no engine '{engine}', only {' and '.join(_ENGINES)}")
            return
        self._environment = self.UPSTREAM_ENVIRONMENT if engine == "upstream" else self.ENVIRONMENT
        python = options.pop("python", None)
        self._python = str(self.path(python)) if python and "/" in str(python) else python
        if plain:
            options["checkpoint"] = words.text(plain)
        arguments = {name: _expanded(value) for name, value in options.items()}
        arguments.update(engine=engine, folders=[str(folder) for folder in self.folders()])
        self.say("progress", 0, "loading")
        self._call("load", arguments, self._loaded)

    def unload_1(self):
        self._stop_worker()
        self.say("worker", "off")

    def cancel_1(self):
        if self._worker is not None:
            self._worker.cancel()
        self.say("progress", 0, "cancelled")

    def status_1(self):
        self.say("status", self._worker.state if self._worker is not None else "off")
        self._say_worker()

    def _del(self):
        self._stop_worker()

    # The worker and what it has to tell.

    def _day_folder(self):
        return Path(inspect.getfile(type(self))).resolve().parent.parent

    def _start_worker(self, environment):
        if self._worker is not None and self._worker.environment != environment:
            self._stop_worker()
        if self._worker is None:
            self._worker = Worker(
                self.WORKER,
                environment,
                self.import_folders(),
                pyext.call_soon,
                name=type(self).__name__,
                niceness=self.NICENESS,
                sandbox=self.SANDBOX,
            )
        self._worker.start(self._python, on_gone=self._gone, on_log=self._log)

    def _call(self, name, arguments, on_result, arrays=(), on_error=None):
        def failed(error):
            self.say("progress", 0, "failed")
            if not isinstance(error, WorkerGone):  # that one is reported once, by _gone
                self.report(error)
            if on_error is not None:
                on_error(error)

        def answered(values, arrays):
            try:
                on_result(values, arrays)
            except UserError as error:
                self.report(error)

        self._start_worker(self._environment or self.ENVIRONMENT)
        self._worker.call(name, arguments, arrays, answered, self._progress, failed)

    def _stop_worker(self):
        if self._worker is not None:
            self._worker.stop()
        self._worker = self.facts = None

    def _loaded(self, facts, arrays):
        self.facts = facts
        self.say("progress", 1, "loaded")
        self._say_worker()
        self.loaded(facts)

    def _gone(self, error):
        self.facts = None
        self.report(error)
        self._say_worker()

    def _say_worker(self):
        if self.facts is None:
            self.say("worker", "off")
        else:
            self.say("worker", "on", *(part for fact in self.facts.items() for part in fact))

    def _progress(self, fraction, text):
        self.say("progress", fraction, text)

    def _log(self, line):
        print(f"{type(self).__name__}: {line}")


def _atoms(value):
    """Return a value as a list of what can go out of an outlet."""
    if isinstance(value, (list, tuple)):
        return [atom for item in value for atom in _atoms(item)]
    if isinstance(value, (int, float)):
        return [value]
    line = " ".join(str(value).split())
    return [line.encode("utf-8", "replace").decode()] if line else []


def _expanded(value):
    if isinstance(value, str) and value.startswith("~"):
        return str(Path(value).expanduser())
    return value
