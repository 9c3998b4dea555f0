"""The message `learn`: a prior is trained beside Pd, by the course's command line. Runs on Pd's thread."""

import json
import shutil
import subprocess
import tempfile
import time
from glob import escape
from pathlib import Path
from typing import ClassVar

from modelfiles.errors import UserError
from modelfiles.places import data_folder
from pdworker import options
from pdworker.host.arguments import message
from pdworker.host.background import Background
from pdworker.host.settings import Number
from pdworker.host.takes import TakesObject, background

DAY = Path(__file__).resolve().parent.parent
LOOK_S = 0.5  # between two looks at how far it is
ENDS_WITH_PD = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
GIVES_WAY = ["nice", "-n", "19"]

_looking = Background()


class PriorLearner(TakesObject):
    """A Pd object that trains a prior of its model while it plays.

    Out of the outlet, besides what TakesObject sends: `learning SHARE SECONDS`, how far it is and how long it takes
    yet; `learned load NAME --prior FILE`, the message that loads the model with its new prior.
    """

    SETTINGS = {"learning": Number(2, 0.02, 600, unit="minutes", help="how long learn trains a prior")}
    training: ClassVar[subprocess.Popen | None] = None  # the only one in this Pd

    @message("learn FOLDER")
    async def learn_1(self, *words):
        """Train a prior for the model on the sounds of a folder, beside Pd; cancel ends it."""
        if self.require_model()["reason"]:
            hint = "where you trust it: setup/dlwa train prior, in a terminal"
            raise UserError(
                "state", "this model is played by its own program, which is not confined there", hint
            )
        if not words:
            raise UserError("usage", "no folder is named")
        folder = self.path(options.text(words))
        if not folder.is_dir():
            raise UserError("file", f"there is no folder {folder}")
        await background.run(lambda: None)  # until it is known where the model lies
        if self.training is not None:
            raise UserError("state", "a prior is being trained already", "wait, or send cancel")
        model, loading = Path(self._model["path"]), list(self._load_words)
        if "--prior" in loading:
            at = loading.index("--prior")
            del loading[at : at + 2]
        file = await self._trained(model, folder)
        self.output("learned", "load", *loading, "--prior", str(file))

    async def _trained(self, model, folder):
        """The file of a prior that is trained meanwhile."""
        minutes, run = self.settings["learning"], new_run(model)
        with tempfile.TemporaryFile() as printed:
            training = PriorLearner.training = begin(model, folder, run, minutes, printed)
            try:
                while training.poll() is None:
                    left = seconds_left(run, 60 * minutes)
                    self.output("learning", max(0.0, 1 - left / (60 * minutes)), round(left))
                    await _looking.run(time.sleep, LOOK_S)
            finally:
                training.terminate()
                PriorLearner.training = None
            printed.seek(0)
            said = printed.read().decode("utf-8", "replace").strip().splitlines()
        file = run / f"{model.stem}.prior.safetensors"
        if not file.is_file():
            why = said[-1].removeprefix("setup/dlwa train prior: ") if said else "it ended without a word"
            raise UserError("internal", f"no prior was trained: {why}", f"see {run}")
        return file


def new_run(model):
    """A run folder that is not there yet: MODEL-1, MODEL-2, and so on."""
    runs = data_folder() / "runs/prior"
    runs.mkdir(parents=True, exist_ok=True)
    numbers = (one.name.rpartition("-")[2] for one in runs.glob(f"{escape(model.stem)}-*"))
    return runs / f"{model.stem}-{1 + max((int(one) for one in numbers if one.isdigit()), default=0)}"


def begin(model, folder, run, minutes, printed):
    """Start a training, which prints into an open file; from Pd's thread, with whose end the training ends."""
    program = [DAY.parent / "setup/dlwa", "train", "prior", model, "--data", folder, "--run", run]
    program += ["--minutes", minutes, "--no-program"]  # which would not be confined there
    command = [*ENDS_WITH_PD, *GIVES_WAY, *map(str, program)]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=nothing, stdout=printed, stderr=subprocess.STDOUT)


def seconds_left(run, unknown):
    """How long a run takes yet, as its folder says; `unknown` before it knows."""
    try:
        left = json.loads((run / "state.json").read_text()).get("seconds_left")
    except (OSError, ValueError):  # it has not begun
        return unknown
    return unknown if left is None else left
