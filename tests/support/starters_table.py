"""Prints figures of all starters beside those of an earlier revision and what is aimed at, and puts them into the book.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/starters_table.py REVISION DATA SHEETS

REVISION is one with the earlier starters. DATA has a folder, or a link to one, for each data set named below, made as
the model cards say. SHEETS gets what `setup/dlwa evaluate --json` writes for each model. A sheet that is there is not
made again: remove those of a starter that has changed. Starters whose data set DATA lacks are left out. The interpreter
is that of the environment torch. It takes half an hour.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.before_and_after import ROOT, earlier

PAGE = ROOT / "setup/book/starters.md"
TABLE = re.compile(r"(<!-- starters -->\n).*?(<!-- end of starters -->)", re.DOTALL)
COLUMNS = "day", "starter", "figure", "before", "now", "aim", "reached"
HEATS = [f"temperature {heat}" for heat in ("0.7", "0.85", "1", "1.1")]
OWN = "checkpoint"  # the row of a sheet that is the model's own
MARKOV = "third-order Markov chain"


@dataclass(frozen=True)
class Figure:
    """A figure: its name, how to take it from a sheet and to write it, and its aim by the sheets now and before."""

    name: str
    take: Callable[[dict], float | None]
    style: str
    aim: Callable[[dict, dict], float]
    more: bool = False  # is better

    def cells(self, now, before):
        """What stands in the table: before, now, aim, reached."""
        then, value, aim = before and self.take(before), self.take(now), self.aim(now, before)
        reached = value >= aim if self.more else value <= aim
        texts = ["" if number is None else self.style.format(number) for number in (then, value, aim)]
        return *texts[:2], f"{'≥' if self.more else '≤'} {texts[2]}", "yes" if reached else "no"


@dataclass(frozen=True)
class Starter:
    """A starter, the earlier model beside it, its data set in DATA, and further words for its evaluation."""

    day: str
    model: str
    name: str
    before: str | None  # in the day's checkpoints of the earlier revision
    data: str
    figures: tuple
    words: tuple = ()
    same_data: bool = True  # the earlier one can be measured with it too


def own(key):
    return lambda sheet: sheet[OWN].get(key)


def farthest(of):
    """The figure of the temperature at which it is largest."""
    return lambda sheet: max(of(sheet, heat) for heat in HEATS)


def level_off(sheet, heat):
    return abs(sheet[heat]["level_db"])


def flatness_off(sheet, heat):
    """How many times as large, or as small, the flatness is as the data's."""
    one, other = sheet[heat]["flatness"], sheet["data"]["flatness"]
    return max(one, other) / min(one, other)


def markov(factor, key):
    """An aim: a part of what is reached by counting which note followed three others."""
    return lambda now, before: factor * now[MARKOV][key]


def of_data(sheet):
    """The spread of random points as a part of the data's."""
    return sheet[OWN]["between_db"] / sheet["data"]["between_db"]


MELODY = (
    Figure("next note right", own("accuracy"), "{:.1%}", markov(1.15, "accuracy"), True),
    Figure("next note, perplexity", own("note_perplexity"), "{:.2f}", markov(0.85, "note_perplexity")),
)
DDSP = (Figure("spectral loss", own("held_out"), "{:.2f}", lambda _, before: before[OWN]["held_out"]),)
USED = Figure(
    "sounds of the data that are nearest to some point", own("timbres_used"), "{:.0%}", lambda *_: 0.5, True
)
INSTRUMENTS = (
    Figure("pitch right", own("pitch_right"), "{:.0%}", lambda *_: 0.95, True),
    Figure("points apart at one pitch, dB", own("between_db"), "{:.1f}", lambda *_: 10.0, True),
    USED,
    Figure("distance of its own points from their notes, dB", own("training_db"), "{:.1f}", lambda *_: 4.5),
    Figure("largest peak", own("peak"), "{:.2f}", lambda *_: 1.0),
)
TEXTURES = Figure("spread of points, as a part of the data's", of_data, "{:.0%}", lambda *_: 0.8, True), USED
SAMPLERNN = (
    Figure("bits a sample fewer than linear prediction", own("below_linear"), "{:.2f}", lambda *_: 1.5, True),
    Figure("level off the data's, dB", farthest(level_off), "{:.0f}", lambda *_: 12),
    Figure("flatness off the data's, times", farthest(flatness_off), "{:.1f}", lambda *_: 3.0),
)


def half_of_silence(now, before):
    """Half of silence's distance and three quarters of the earlier starter's, whichever is less."""
    return min(0.5 * now["silence"]["held_out"], 0.75 * before[OWN]["held_out"])


RAVE = (Figure("spectral distance", own("held_out"), "{:.2f}", half_of_silence),)
VIOLIN = {"violin": "violin", "flute": "flute"}  # the other instruments had none before
NOTES = "--notes", "500", "--points"
TIMBRES, PIECES = (*NOTES, "500"), (*NOTES, "2000")  # ten random points for each sound of the data
STARTERS = (
    *(
        Starter("1", "melody", f"starter_{name}_rnn", f"starter_{name}_rnn.mag", "melody", MELODY)
        for name in ("basic", "lookback", "attention", "mono")
    ),
    *(
        Starter("2", "ddsp", f"starter_{name}", f"starter_{VIOLIN.get(name, 'violin')}", f"ddsp-{name}", DDSP)
        for name in ("violin", "flute", "trumpet", "cello", "saxophone", "voice")
    ),
    Starter("3", "gansynth", "starter_instruments", "starter", "instruments", INSTRUMENTS, TIMBRES, False),
    Starter("3", "gansynth", "starter_textures", None, "textures", TEXTURES, PIECES),
    Starter("5", "samplernn", "starter_beat", "tabla.safetensors", "beat", SAMPLERNN),
    Starter("5", "samplernn", "starter_voice", "haze.safetensors", "voice", SAMPLERNN),
    *(
        Starter("6", "rave", f"starter_{name}", "starter.ts", f"rave-{name}", RAVE)
        for name in ("drums", "voice", "strings")
    ),
)


def sheet(file, model, checkpoint, words):
    """The figures of a model, from `file`; where that is not there, they are measured."""
    if not file.exists():
        command = ["setup/dlwa", "evaluate", model, checkpoint, *words, "--json", file]
        subprocess.run(list(map(str, command)), cwd=ROOT, check=True)
    (figures,) = json.loads(file.read_text())["checkpoints"].values()
    return {OWN: figures, **figures.pop("baselines")}


def rows(starter, folder, data, sheets):
    """The rows of a starter. folder: where the earlier revision's checkpoints are."""
    known, words = ("--data", data / starter.data), starter.words
    file = sheets / f"{starter.model}_{starter.name}.json"
    now, before = sheet(file, starter.model, starter.name, known + words), None
    if starter.before:
        (day,) = folder.glob(f"0{starter.day}_*/checkpoints")
        words = known + words if starter.same_data else words
        before = sheet(file.with_stem(f"{file.stem}_before"), starter.model, day / starter.before, words)
    for figure in starter.figures:
        yield starter.day, f"`{starter.name}`", figure.name, *figure.cells(now, before)


def table(lines):
    """The table as Markdown."""
    return "".join(f"| {' | '.join(line)} |\n" for line in (COLUMNS, ["---"] * len(COLUMNS), *lines))


def main(revision, data, sheets):
    """Measure what is not measured yet, print the table and write it into the book's page."""
    sheets = Path(sheets).resolve()
    sheets.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        earlier(revision, folder)
        lines = [
            line
            for starter in STARTERS
            if Path(data, starter.data).exists()
            for line in rows(starter, Path(folder), Path(data).resolve(), sheets)
        ]
    print(table(lines), end="")
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table(lines) + found[2], PAGE.read_text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
