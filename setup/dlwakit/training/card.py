"""Draft of a model card, filled in as far as the run knows. Runs in a training."""

from pathlib import Path

from dlwakit.runs.state import minutes
from dlwakit.training.sources import NOT_STATED, TABLE

WATTS = {"processor": 45, "graphics card": 350}  # assumed: a laptop at work, a computer whose card is at work


def draft(name, run, state, best, seconds=0):
    """Markdown text. run, state: what their JSON files hold; best: the best row or None; seconds: of training."""
    start = run["starts"][-1]
    settings = ", ".join(f"{name} {_without_folder(value)}" for name, value in run["settings"].items())
    data = "\n".join(f"- {name}: {value}" for name, value in run["data"].items()) or "- (nothing is known)"
    whose = _whose(run.get("sources", []))
    versions = ", ".join(f"{name} {version}" for name, version in start["versions"].items())
    figures = (
        "\n".join(f"- {name.replace('_', ' ')}: {value:.4g}" for name, value in best.items())
        if best
        else "- none yet"
    )
    return f"""# {name}

(This is a draft: complete what stands in brackets, and keep the file beside the model.)

A model of the kind `{run["model"]}`, trained {start["when"][:10]} by [your name].

## What it learned from

{data}

{whose}

## How it was made

{state.get("step", 0)} {run["unit"]}s. Settings: {settings}.

Made with {versions}.

## What it cost

{cost(seconds, start.get("device", "processor"))}

## How good it is

{figures}

[What does it do well, and where does it fail? Listen.]

## What it is for, and what not

[What did you have in mind? What should nobody do with it?]

## Licence

[Of the model, and of the sounds. When in doubt, do not pass it on.]
"""


def cost(seconds, device):
    """Minutes and energy of a training, in a sentence each."""
    watts = WATTS[device]
    used = watts * seconds / 3600
    energy = f"{used:.0f}" if used >= 10 else f"{used:.1g}"
    return (
        f"{minutes(seconds)} of training on a {device}. That is about {energy} Wh if the machine takes "
        f"{watts} W, which is assumed and was not measured. [Do you know better? Then correct it.]"
    )


def _whose(rows):
    """Whose sounds they are, as a table; rows: see `sources.summary`."""
    if not rows:
        return "[Whose sounds are these? Where do they come from, and who allowed you to use them?]"
    lines = ["| files | who | licence or consent | source |", "| --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
    if any(NOT_STATED in row for row in rows):
        lines += ["", f"[Fill in {TABLE} of the data set, and train on, or complete this table.]"]
    return "\n".join(lines)


def _without_folder(value):
    """A setting without the folders of a path, which are nobody else's business."""
    return Path(value).name if isinstance(value, str) and "/" in value else value
