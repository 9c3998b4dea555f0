"""Whether the files of a run folder are whole, whatever has ended its training."""

import json
import wave

import torch
from dlwakit.runs.folder import EVENTS, OUTPUT
from dlwakit.training.history import read as read_history
from dlwakit.training.patience import STAGES

GROWING = (EVENTS, OUTPUT, "log.txt")  # are added to, line by line


def is_final(path, run):
    """Whether a file has the name under which others find it, and is there whole or not at all."""
    parts = path.relative_to(run).parts if path.is_relative_to(run) else ()
    return bool(parts) and parts[0] not in GROWING and not any(is_temporary(part) for part in parts)


def is_temporary(name):
    """Whether a name is one of those under which files are written."""
    return name.startswith(".") or ".part" in name


def open_each(run, load):
    """Yield what is wrong with the files of a run folder. load: opens a model's file or folder."""
    for path in sorted(path for path in run.rglob("*") if path.is_file() and is_final(path, run)):
        try:
            _open(path)
        except Exception as error:
            yield f"{path.relative_to(run)} is not whole: {type(error).__name__} {error}"
    for place in (run, *(run / STAGES).glob("[0-9]*")):
        models = [
            path for path in place.glob("mine*") if not is_temporary(path.name) and path.suffix != ".json"
        ]
        for model in sorted(models, key=lambda path: len(path.name))[:1]:
            try:
                load(model)
            except Exception as error:
                yield f"{model.relative_to(run)} does not play: {type(error).__name__} {error}"


def _open(path):
    if path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".csv":
        read_history(path)
    elif path.suffix == ".pt":
        torch.load(path, weights_only=True)
    elif path.suffix == ".wav":
        with wave.open(str(path)) as file:
            assert len(file.readframes(file.getnframes())) == 2 * file.getnframes() > 0
    elif path.suffix == ".html":
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
