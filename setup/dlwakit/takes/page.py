"""The page of takes: a plain HTML file in their folder, with pictures and players; standard library alone."""

import html
import json
import os
from urllib.parse import quote

from dlwakit.base.files import write_text
from dlwakit.takes import pictures

PAGE = "index.html"
SHOWN = 300  # takes, the newest

STYLE = """
body { font: 16px/1.4 sans-serif; max-width: 60em; margin: 1em auto; padding: 0 1em; color: #202020; background: #fff }
article { border-top: 1px solid #c8c8c8; padding: .6em 0 }
h1 { background: #2b5d8f; color: #fff; padding: .3em .5em } h2 { font-size: 1em; margin: 0 0 .3em }
svg { background: #202020; max-width: 100%; display: block; margin: .3em 0 } audio { width: 400px; max-width: 100% }
code { background: #eee; padding: 0 .2em } .kept { color: #4f9d69 } dl { display: grid; grid-template-columns: 8em 1fr }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #eee } code { background: #333 } }
"""
SCRIPT = """
const field = document.querySelector("input");
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\\s+/);
  for (const take of document.querySelectorAll("article"))
    take.hidden = !words.every(word => take.textContent.toLowerCase().includes(word));
});
let playing = [];
function stop() { for (const tone of playing) tone.stop(); playing = []; }
function play(notes) {
  stop();
  const audio = new AudioContext(), now = audio.currentTime + 0.05;
  for (const [pitch, velocity, start, end] of notes) {
    const tone = audio.createOscillator(), level = audio.createGain();
    tone.type = "triangle";
    tone.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    level.gain.setValueAtTime(velocity / 500, now + start);
    level.gain.linearRampToValueAtTime(0, now + end + 0.05);
    tone.connect(level).connect(audio.destination);
    tone.start(now + start);
    tone.stop(now + end + 0.05);
    playing.push(tone);
  }
}
for (const button of document.querySelectorAll("button[data-notes]"))
  button.addEventListener("click", () => play(JSON.parse(button.dataset.notes)));
"""


def write(place, takes):
    """Write the page of takes, oldest first, into their folder; returns its path."""
    newest = list(reversed(takes))[:SHOWN]
    count = f"{len(takes)} takes" if len(takes) <= SHOWN else f"The newest {SHOWN} of {len(takes)} takes"
    head = f"<p>{count} in <code>{html.escape(str(place.folder))}</code>.</p>"
    find = '<p><label>Find <input type="search" placeholder="a name, a model, a day"></label></p>'
    body = "\n".join(_article(place.folder, take) for take in newest)
    path = place.folder / PAGE
    title = f'<meta charset="utf-8"><title>Takes</title><style>{STYLE}</style>'
    text = (
        f'<!DOCTYPE html>\n<html lang="en"><head>{title}</head>\n'
        f"<body><h1>Takes</h1>\n{head}\n{find}\n{body}\n<script>{SCRIPT}</script></body></html>\n"
    )
    write_text(path, text.encode("utf-8", "replace").decode())
    return path


def about(take):
    """One line on a take: when, on which day, by which model."""
    facts = take.facts
    model = facts.get("model") if isinstance(facts.get("model"), dict) else {}
    words = (str(facts.get("date", ""))[:19].replace("T", " "), facts.get("day", ""), model.get("name", ""))
    return " · ".join(str(word) for word in words if word)


def _article(folder, take):
    mark = ' <span class="kept">kept</span>' if take.facts.get("kept") else ""
    sounds = [sound for sound in take.facts.get("sounds", ()) if isinstance(sound, dict)]
    try:
        parts = "".join(_sound(folder, take, sound) for sound in sounds)
    except (LookupError, TypeError, ValueError, ZeroDivisionError):  # whatever somebody else's file says
        parts = "<p>What it holds cannot be shown: its file is damaged.</p>"
    return (
        f"<article><h2>{html.escape(take.name)}{mark}</h2><div>{html.escape(about(take))}</div>\n{parts}"
        f"<details><summary>How it was made</summary>{_details(take)}</details></article>"
    )


def _sound(folder, take, sound):
    path = take.path.with_name(os.path.basename(str(sound.get("file", ""))))
    link = quote(path.relative_to(folder).as_posix()) if path.is_relative_to(folder) else ""
    name = html.escape(take.name, quote=True)
    if isinstance(sound.get("tracks"), list):
        notes = [row for _, rows in sound["tracks"] for row in rows]
        data = html.escape(json.dumps(notes), quote=True)
        picture = pictures.of_melody(sound["tracks"], f"notes of {name}")
        return f'{picture}<button data-notes="{data}">play</button> <a href="{link}" download>MIDI file</a>'
    picture = pictures.of_sound(path, f"sound of {name}")
    return f'{picture}<audio controls preload="none" src="{link}"></audio>'


def _details(take):
    facts = take.facts
    rows = {
        "files": ", ".join(path.name for path in take.files),
        "patch": facts.get("patch", ""),
        "seed": facts.get("seed", ""),
        "message": " ".join(map(str, facts.get("message", ()))),
        "settings": ", ".join(f"{name} {value}" for name, value in dict(facts.get("settings", {})).items()),
        "again": f"recall {take.facts.get('name') or take.path.stem}"
        if facts.get("kind") != "recording"
        else "",
        "late blocks": facts.get("late", ""),
    }
    known = ((name, value) for name, value in rows.items() if value not in ("", None))
    return (
        "<dl>"
        + "".join(f"<dt>{name}</dt><dd>{html.escape(str(value))}</dd>" for name, value in known)
        + "</dl>"
    )
