"""What all evaluations share: find the checkpoints, print the figures, write JSON. Runs in a model's environment."""

import json

from dlwakit.runs.folder import write_whole
from dlwakit.training.options import find_checkpoint


def evaluate(model, options, program, measure, suffixes=()):
    """Evaluate the checkpoints that the options name, print a table for each, and return the exit status 0.

    program: the file of the day's evaluate.py. measure: a function of a checkpoint's path that returns
    {row: {figure: number or None}}, the checkpoint's own row first, then those to compare it with. suffixes: endings
    that may be left out of a checkpoint's name. Raises UserError.
    """
    paths = [find_checkpoint(name, program, suffixes) for name in options.checkpoints]
    found = {}
    for path in paths:
        found[path.stem] = measure(path)
        print(f"{path}\n{table(found[path.stem])}", flush=True)
    if options.json:
        content = {"model": model, "checkpoints": found}
        write_whole(options.json, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return 0


def table(rows):
    """{row: {figure: number or None}} as text in columns: names to the left, numbers to the right."""
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    lines = [["", *(name.replace("_", " ") for name in columns)]]
    lines += [[name, *(_number(figures.get(column)) for column in columns)] for name, figures in rows.items()]
    first, *others = [max(map(len, cells)) for cells in zip(*lines)]
    return "\n".join(
        "  ".join([name.ljust(first), *map(str.rjust, numbers, others)]).rstrip() for name, *numbers in lines
    )


def _number(value):
    return "" if value is None else f"{value:.4g}"
