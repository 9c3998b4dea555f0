"""What collects sounds and trains on them; the worker process of [own_sounds]."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from dlwakit.course.days import find_program
from dlwakit.runs.folder import RUN, read_state
from modelfiles.errors import UserError
from modelfiles.places import data_folder, store_folder
from modelfiles.sounds import read_sound
from pdworker.serving.server import Job, send_event, serve

from .collection import Collection, Sound, picture
from .melodies import hear, is_melody
from .training import Training, make_data_set, playable

SOUNDS = "sounds.txt"  # in a run: which sounds it learns from


class Worker:
    """A collection of sounds and a training on it; its public methods are the calls of the Pd object."""

    def __init__(self) -> None:
        self._model = ""
        self._collection: Collection | None = None
        self._training: Training | None = None

    def load(self, job: Job, *, checkpoint: str, collection: str = "my_sounds", **_: object) -> dict:
        """Choose the model (`checkpoint` is its name) and open a collection of that name."""
        self._end()
        for task in ("dataset", "train"):
            find_program(checkpoint, task)
        if not collection.replace("_", "").replace("-", "").isalnum():
            raise UserError("input", f"'{collection}' is no name for a collection", "take letters and digits")
        self._model = checkpoint
        self._collection = Collection(data_folder() / "own" / checkpoint / collection)
        return {"name": collection, "sounds": len(self._opened.sounds), "folder": str(self._opened.folder)}

    @property
    def _opened(self) -> Collection:
        if self._collection is None:
            raise UserError("state", "no collection is open", "load a model's name first")
        return self._collection

    @property
    def _run(self) -> Path:
        """The folder of the newest run; the first, where there is none yet."""
        folder = self._opened.folder
        numbers = [int(path.name.rpartition("-")[2]) for path in folder.glob(f"{folder.name}-[0-9]*")]
        return folder / f"{folder.name}-{max(numbers, default=1)}"

    def show(self, job: Job) -> dict:
        """Send all sounds as partial results: values as in `_values`, and a picture of each."""
        return self._send_sounds(job, self._opened.sounds)

    def add(self, job: Job, *, path: str) -> dict:
        """Add a sound, or all sounds of a folder, and send the new ones as `show` does."""
        return self._send_sounds(job, self._opened.add(Path(path).expanduser()))

    def record(self, job: Job, *, rate: float, arrays: list[np.ndarray]) -> dict:
        """Keep a recording, float32 (n,), and add it."""
        return self._send_sounds(job, [self._opened.record(arrays[0], rate)])

    def read(self, job: Job, *, index: int, longest_s: float) -> tuple[dict, list[np.ndarray]]:
        """The beginning of a sound, float32 (n,), and its rate in Hz."""
        path = Path(self._opened.sound(index).path)
        samples, rate = hear(path) if is_melody(path) else read_sound(path)
        return {"rate": rate}, [samples[: int(longest_s * rate)]]

    def use(self, job: Job, *, index: int, used: bool) -> dict:
        """Train on a sound, or leave it out."""
        self._opened.use(index, used)
        return self._values(self._opened.sound(index))

    def clear(self, job: Job) -> dict:
        """Forget all sounds and the run; the files that were opened stay."""
        self._end()
        self._opened.clear()
        for run in self._opened.folder.glob(f"{self._opened.folder.name}-[0-9]*"):
            shutil.rmtree(run, ignore_errors=True)
        return {}

    def _send_sounds(self, job: Job, sounds: list[Sound]) -> dict:
        for number, sound in enumerate(sounds):
            job.progress((number + 1) / len(sounds), "", self._values(sound), [picture(sound)])
        used = [sound for sound in self._opened.sounds if sound.used]
        return {
            "sounds": len(self._opened.sounds),
            "used": len(used),
            "seconds": sum(s.seconds for s in used),
        }

    def _values(self, sound: Sound) -> dict:
        return {
            "index": self._opened.sounds.index(sound),
            "name": Path(sound.path).name,
            "seconds": sound.seconds,
            "used": sound.used,
            "fault": sound.fault,
        }

    def train(
        self, job: Job, *, preset: str, source: str | None = None, minutes: float | None = None
    ) -> dict:
        """Make the data set and start the training, or go on with it; what comes of it are events.

        A training that is done, or whose sounds have changed since it began, goes on as a new run, with the weights
        of the last one.

        Events: `training` share line, `check` value [values so far], `preview` rate [samples], `model` path, `ended`
        word why.
        """
        if self._training is not None and self._training.is_running:
            raise UserError("state", "it is training already", "stop it first")
        job.progress(0.0, "preparing the sounds")
        data = self._opened.folder / "data"
        make_data_set(self._model, self._opened.link(), data, job.check)
        run, arguments = self._run, ["--data", str(data)]
        if (run / RUN).exists() and (self._sounds_changed(run) or read_state(run).get("state") == "done"):
            source = str(run) if playable(run) else source
            run = run.with_name(f"{self._opened.folder.name}-{int(run.name.rpartition('-')[2]) + 1}")
        if not (run / RUN).exists():
            arguments += ["--preset", preset, *(["--from", source] if source else [])]
        if minutes is not None:
            arguments += ["--minutes", str(minutes)]
        run.mkdir(exist_ok=True)
        (run / SOUNDS).write_text(self._opened.signature(), encoding="utf-8")
        self._training = Training(self._model, arguments, run, send_event)
        return {"run": str(run)}

    def _sounds_changed(self, run: Path) -> bool:
        try:
            return (run / SOUNDS).read_text(encoding="utf-8") != self._opened.signature()
        except FileNotFoundError:
            return True

    def stop(self, job: Job) -> dict:
        """Let the training save and end."""
        self._end()
        return {}

    def keep(self, job: Job, *, name: str) -> dict:
        """Copy the run's model to where all patches find it, under a name of its own."""
        model = playable(self._run)
        if model is None:
            raise UserError("state", "there is no model to keep", "train first")
        target = store_folder() / f"{name}{''.join(model.suffixes)}"
        if target.exists():
            raise UserError("file", f"there is a model '{name}' already", "choose another name")
        store_folder().mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if model.is_dir() else shutil.copyfile
        copy(model, target)
        for beside in self._run.glob(f"{self._run.name}.*.json"):
            shutil.copyfile(beside, store_folder() / beside.name.replace(self._run.name, name, 1))
        return {"path": str(target)}

    def _end(self) -> None:
        if self._training is not None:
            self._training.stop()
        self._training = None


if __name__ == "__main__":
    serve(Worker())
