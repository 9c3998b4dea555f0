"""What all evaluations share: find checkpoints, print figures, write JSON and a page. Runs in a model's environment."""

import html
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from modelfiles.sounds import write_sound

from dlwakit.base.sound_page import player, write_page
from dlwakit.runs.folder import write_whole
from dlwakit.training import listening
from dlwakit.training.options import find_checkpoint

SHOWN = 4  # sounds of a row on the page


@dataclass
class Sheet:
    """What is found of a checkpoint.

    Attributes
    ----------
    rows : dict of str to dict
        {row: {figure: number or None}}, the checkpoint's own row first, then those to compare it with. A figure may
        be a list or a dictionary of numbers, which the table leaves out.
    sounds : dict of str to list
        {row: sounds [samples], float}, for what is heard in them and for the page.
    rate : int
        Theirs, in Hz.
    rendered : bool
        The sounds are notes on an instrument of ours, so that figures of them would say nothing of the model.
    """

    rows: dict
    sounds: dict = field(default_factory=dict)
    rate: int = 0
    rendered: bool = False

    def listen(self):
        """Add what is heard in the sounds to their rows."""
        for row, sounds in () if self.rendered else self.sounds.items():
            self.rows[row] = {**self.rows.get(row, {}), **listening.figures(sounds, self.rate)}


def evaluate(model, options, program, measure, suffixes=()):
    """Evaluate the checkpoints that the options name, print a table for each, and return the exit status 0.

    program: the file of the day's evaluate.py. measure: a function of a checkpoint's path that returns a Sheet.
    suffixes: endings that may be left out of a checkpoint's name. Raises UserError.
    """
    sheets = {}
    for path in [find_checkpoint(name, program, suffixes) for name in options.checkpoints]:
        sheets[path.stem] = sheet = measure(path)
        sheet.listen()
        print(f"{path}\n{table(sheet.rows)}", flush=True)
    if options.json:
        content = {"model": model, "checkpoints": {name: flat(sheet.rows) for name, sheet in sheets.items()}}
        write_whole(options.json, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    if options.page:
        write_sounds(model, options.page, sheets)
    return 0


def flat(rows):
    """The figures of the first row, and those of all others as `baselines`."""
    own, *others = rows
    return {**rows[own], "baselines": {name: rows[name] for name in others}}


def table(rows):
    """{row: {figure: number or None}} as text in columns: names to the left, numbers to the right."""
    rows = {name: _numbers(figures) for name, figures in rows.items()}
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    lines = [["", *(name.replace("_", " ") for name in columns)]]
    lines += [[name, *(_number(figures.get(column)) for column in columns)] for name, figures in rows.items()]
    first, *others = [max(map(len, cells)) for cells in zip(*lines)]
    return "\n".join(
        "  ".join([name.ljust(first), *map(str.rjust, numbers, others)]).rstrip() for name, *numbers in lines
    )


def _numbers(figures):
    return {name: value for name, value in figures.items() if not isinstance(value, (list, dict))}


def _number(value):
    return "" if value is None else f"{value:.4g}"


def write_sounds(model, folder, sheets):
    """Write sounds of each row, none above full scale, and `index.html`, which plays them beside their figures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, sheet in sheets.items():
        for row in dict.fromkeys([*sheet.rows, *sheet.sounds]):
            title, players = f"{name}: {row}", []
            for number, sound in enumerate(sheet.sounds.get(row, [])[:SHOWN], 1):
                file = Path(f"{name}_{row}_{number}.wav".replace(" ", "_").replace("/", "_"))
                write_sound(folder / file, sound / max(1.0, np.abs(sound).max()), sheet.rate)
                players.append(player(file.name, f"{title}, {number}"))
            said = (
                f"{figure.replace('_', ' ')} {_number(value)}"
                for figure, value in _numbers(sheet.rows.get(row, {})).items()
                if value is not None
            )
            rows.append([html.escape(title), "<br>".join(players), html.escape(", ".join(said))])
    text = f"What is measured: setup/dlwa evaluate {model} --help"
    write_page(folder / "index.html", f"Sounds of {', '.join(sheets)}", text, ("", "sounds", "figures"), rows)
    print(f"The page: {folder / 'index.html'}")
