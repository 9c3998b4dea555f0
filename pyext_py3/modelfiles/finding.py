"""From the name that a person typed to the files of a checkpoint."""

import json
import re
from pathlib import Path

from .errors import UserError

RENAMED = "renamed.json"  # in a folder of checkpoints: {name that one had: name of what took its place}


def find(name, folders, suffixes=("",)):
    """The first existing file or folder of this name.

    Args:
      name: a name such as "attention_rnn" or "attention_rnn.mag", or a path (relative, absolute, or with
      ~). folders: where to look, in this order; paths relative to them are found too. suffixes: endings
      that may be left out, such as (".mag",); the name as it stands is tried first. A name that nothing has
      any more is looked up in the folders' files RENAMED.

    Raises UserError with what there is instead.
    """
    if not str(name):
        raise UserError("checkpoint", "no checkpoint was named")
    folders = [Path(folder).expanduser() for folder in folders]
    for folder in folders:
        base = folder / Path(name).expanduser()  # an absolute name replaces the folder
        for suffix in ("", *suffixes):
            path = base.with_name(base.name + suffix) if suffix else base
            if path.exists():
                return path
    for folder in folders:
        if successor := _renamed(folder).get(str(name)):
            return find(successor, folders, suffixes)
    patterns = [f"*{suffix}" for suffix in suffixes if suffix]
    there = sorted({path.name for folder in folders for pattern in patterns for path in folder.glob(pattern)})
    raise UserError(
        "checkpoint",
        f"there is no checkpoint {str(name)!r} in {', '.join(map(str, folders))}",
        f"there is: {', '.join(there)}" if there else "",
    )


def _renamed(folder):
    """What the folder's file RENAMED says; {} where there is none."""
    try:
        return json.loads((folder / RENAMED).read_text())
    except FileNotFoundError:
        return {}


def latest(folder):
    """The prefix of a training folder's newest V2 checkpoint, such as <folder>/ckpt-2000.

    The file `checkpoint` decides if it names one that is there, wherever the folder has been moved to;
    otherwise the highest step, counted as a number.
    """
    folder = Path(folder)
    state = folder / "checkpoint"
    if state.is_file():
        named = re.search(r'^model_checkpoint_path: "(.*)"', state.read_text(errors="replace"), re.MULTILINE)
        if named:
            prefix = folder / Path(named[1]).name
            if Path(f"{prefix}.index").is_file():
                return prefix
    prefixes = [path.with_suffix("") for path in folder.glob("*.index")]
    if not prefixes:
        raise UserError("checkpoint", f"there is no checkpoint in the folder {folder}")
    return max(prefixes, key=lambda prefix: (_step(prefix), prefix.name))


def _step(prefix):
    number = re.search(r"-(\d+)$", prefix.name)
    return int(number[1]) if number else -1
