"""A round of the listening quiz made of takes: which model made it? A text file for `setup/quiz/quiz.pd`."""

from collections import Counter

from modelfiles.errors import UserError

from dlwakit.base.files import write_text
from dlwakit.pdtools.pd_session import escape

ROUND = "quiz.txt"
ANSWERS, SOUNDS = 5, 20  # at most


def write(place, takes):
    """Write the round into the folder of takes; returns its path. Raises UserError where one model made them all."""
    found = [(take, name, path) for take in takes for name, path in [_sound(take)] if path]
    names = [name for name, _ in Counter(name for _, name, _ in found).most_common(ANSWERS)]
    if len(names) < 2:
        raise UserError("state", "a quiz needs takes of two models at least", "Generate with another model.")
    lines = [" ".join(map(escape, ["Which model made this take?", *names]))]
    newest = [one for one in found if one[1] in names][-SOUNDS:]
    lines += [
        f"{escape(path.relative_to(place.folder).as_posix())} {names.index(name) + 1} {escape(take.name)}"
        for take, name, path in newest
    ]
    path = place.folder / ROUND
    text = "".join(f"{line};\n" for line in lines)
    write_text(path, text.encode("utf-8", "replace").decode())
    return path


def _sound(take):
    """(the name of the model that made a take, its WAV file), or None in the place of what there is not."""
    model = take.facts.get("model")
    name = str(model.get("name") or "") if isinstance(model, dict) else ""
    path = next((file for file in take.files if file.suffix == ".wav"), None)
    return name, path if name else None
