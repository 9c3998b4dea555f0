"""Report page of a run: one HTML file that holds everything, made from the run folder. Runs in a training.

python -m dlwakit.training.report FOLDER
"""

import base64
import html
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np

from dlwakit.runs import folder as files
from dlwakit.training.card import draft
from dlwakit.training.history import of_now, read
from dlwakit.training.pictures import curves, spectrogram
from dlwakit.training.verdict import judge

PREVIEWS = 8  # on the page: the first, the last, and some between


def write(folder):
    """Make report.html and the draft of the model card in a run folder; the page's path."""
    folder = Path(folder)
    run, state = files.read_run(folder), files.read_state(folder)
    rows, healthy = read(folder / files.HISTORY), read(folder / files.HEALTHY)
    comparable = of_now(rows, run.get("since", 0))
    verdict = judge(comparable, run["watch"], run["learned"], healthy)
    if verdict.kind == "learning" and state.get("state") == "done":
        verdict = replace(
            verdict,
            why=f"{verdict.why} More {run['unit']}s would help: the same command with a larger goal goes on.",
        )
    watched = [row for row in comparable if run["watch"] in row]
    best = min(watched, key=lambda row: row[run["watch"]]) if watched else (comparable or [None])[-1]
    card = draft(folder.name, run, state, best, rows[-1]["seconds"] if rows else 0)
    files.write_whole(folder / files.CARD, card)
    pictures = [(plot["title"], curves(plot, rows, healthy, run["unit"])) for plot in run["plots"] if rows]
    sounds = [_sound(path) for path in _chosen(sorted((folder / files.PREVIEWS).glob("*.wav")))]
    page = folder / files.REPORT
    files.write_whole(page, _page(folder.name, run, state, rows, verdict, pictures, sounds, card))
    return page


def _chosen(paths):
    if len(paths) <= PREVIEWS:
        return paths
    return [paths[round(place)] for place in np.linspace(0, len(paths) - 1, PREVIEWS)]


def _sound(path):
    """(step, name, the WAV file, spectrogram PNG) of a preview.

    Not FLAC, though it would be smaller: Chromium now and then fails to play that from within a page.
    """
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    step, _, name = path.stem.partition("_")
    return int(step), name.replace("_", " "), path.read_bytes(), spectrogram(samples / 32768, rate)


def _page(name, run, state, rows, verdict, pictures, sounds, card):
    previews = "".join(
        f'<tr><td class="step">{run["unit"]} {step}</td><td>{_text(label)}</td>'
        f'<td><audio controls preload="metadata" src="{_uri("audio/wav", sound)}"></audio></td>'
        f'<td><img alt="spectrogram at {run["unit"]} {step}" src="{_uri("image/png", picture)}"></td></tr>'
        for step, label, sound, picture in sounds
    )
    starts = "".join(
        f"<tr><td>{_text(start['when'])}</td><td>from {run['unit']} {start.get('step', '?')}</td>"
        f"<td>{_text(start['machine'])}</td><td>{_text(' '.join(start['arguments']))}</td>"
        f"<td>{'other data than before' if start.get('other_data') else ''}</td></tr>"
        for start in run["starts"]
    )
    last = (
        "".join(
            f"<li>{_text(label.replace('_', ' '))}: {value:.4g}</li>" for label, value in rows[-1].items()
        )
        if rows
        else ""
    )
    sections = [
        (
            "Curves",
            "".join(f'<img alt="{_text(title)}" src="{_uri("image/png", png)}">' for title, png in pictures),
        ),
        ("Listen", previews and f"<table>{previews}</table>"),
        ("Last check", last and f"<ul>{last}</ul>"),
        ("Data", _table({**run["data"], **run["fixed"]})),
        ("Settings", _table(run["settings"])),
        ("Made with", _table(run["starts"][-1]["versions"])),
        ("Starts", f"<table>{starts}</table>"),
        ("Model card (draft)", f"<pre>{_text(card)}</pre>"),
    ]
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections if content)
    return TEMPLATE.format(
        title=_text(f"{name} ({run['model']})"),
        kind=verdict.kind,
        headline=_text(verdict.headline),
        why=_text(verdict.why),
        state=_text(_how_far(state)),
        since=_since(run),
        body=body,
    )


def _since(run):
    """What the page says where the data were changed between a stop and going on."""
    if not run.get("since"):
        return ""
    since = f"{run['unit']} {run['since']}"
    return f"<p>The data are others since {since}: figures from before are not comparable, and none of them counts.</p>"


def _how_far(state):
    if not state.keys() >= {"state", "unit", "step", "goal"}:
        return f"how far it is could not be read from {files.STATE}"
    text = "{state} at {unit} {step}".format(**state) + (f" of {state['goal']}" if state["goal"] else "")
    return f"{text}: {state['message']}" if state.get("message") else text


def _table(facts):
    rows = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in facts.items())
    return rows and f"<table>{rows}</table>"


def _text(value):
    return html.escape(str(value))


def _uri(kind, content):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff }}
body {{ max-width: 54rem; margin: 2rem auto; padding: 0 1rem }}
h1 {{ margin-bottom: 0 }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #ddd }}
img {{ max-width: 100%; vertical-align: middle }}
table {{ border-collapse: collapse; max-width: 100% }}
th, td {{ text-align: left; padding: .15rem 1rem .15rem 0 }}
td:last-child {{ overflow-wrap: anywhere }}
th {{ font-weight: normal; color: #555 }}
.step {{ white-space: nowrap }}
pre {{ white-space: pre-wrap; background: #f6f6f6; padding: 1rem; font-size: .85rem }}
.verdict {{ border-left: .5rem solid #888; background: #f4f4f4; padding: .6rem 1rem; margin: 1rem 0 }}
.verdict strong {{ display: block; font-size: 1.25rem }}
.learning {{ border-color: #2b6cb0; background: #ebf4fc }}
.done {{ border-color: #2f855a; background: #ebf7f0 }}
.wrong {{ border-color: #c53030; background: #fdf0f0 }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{state}</p>
<div class="verdict {kind}"><strong>{headline}</strong>{why}</div>
{since}
{body}
</body>
</html>
"""


if __name__ == "__main__":
    print(write(sys.argv[1]))
