"""One sound through the models that take a sound: the program of `setup/dlwa compare`, in the environment `torch`.

    compare.py SOUND FOLDER

Writes a WAV file for each model into FOLDER, and `index.html`, which plays them side by side.
"""

import html
import sys
import time
from pathlib import Path

import numpy as np
from dlwakit.base.sound_page import player, write_page
from modelfiles.errors import UserError
from modelfiles.sounds import read_sound, write_sound

LONGEST_S = 10
CONTINUED_S = 4


def transferred(name):
    """An instrument of day 2 plays the sound."""

    def play(sound, rate):
        from timbre_transfer import load

        model = load(name)
        yield None
        yield model.transfer(sound, rate, seed=1), model.sample_rate

    return play


def continued(name):
    """SampleRNN goes on from the sound's end."""

    def play(sound, rate):
        from samplernn import load

        model = load(name)
        yield None
        made = model.generate(CONTINUED_S, temperature=0.9, primer=sound, primer_rate=rate, seed=1)
        yield made[0], model.config.sample_rate

    return play


def decoded(name):
    """RAVE encodes the sound and decodes its curves."""

    def play(sound, rate):
        from rave_rt import load

        model = load(name)
        yield None
        yield model.decode(model.encode(sound, rate), rate)[0], rate

    return play


MODELS = [
    (2, "starter_violin", transferred, "played your pitch and loudness", "02_ddsp"),
    (2, "starter_voice", transferred, "played your pitch and loudness", "02_ddsp"),
    (5, "starter_beat", continued, "went on from your last samples", "05_samplernn"),
    (6, "starter_strings", decoded, "made your sound again from a few curves", "06_rave"),
    (6, "starter_drums", decoded, "made your sound again from a few curves", "06_rave"),
    (6, "starter_voice", decoded, "made your sound again from a few curves", "06_rave"),
]


def size(day, name):
    """Megabytes of a checkpoint: its file, or the files of its folder."""
    course = Path(__file__).resolve().parents[2]
    files = [
        *(course / day / "checkpoints").glob(f"{name}.*"),
        *(course / day / f"checkpoints/{name}").glob("*"),
    ]
    return sum(file.stat().st_size for file in files if ".prior." not in file.name) / 1e6


def run(source, folder):
    """Make the sounds and the page; prints a line for each model."""
    sound, rate = read_sound(source)
    sound = sound[: LONGEST_S * rate]
    folder.mkdir(parents=True, exist_ok=True)
    write_sound(folder / "in.wav", sound[None], rate)
    rows = [row("", "your sound", "in.wav", "", "", "", "")]
    for day, name, kind, what, place in MODELS:
        start = time.monotonic()
        play = kind(name)(sound, rate)
        try:
            next(play)
            loaded = time.monotonic()
            made, made_rate = next(play)
        except UserError as error:
            print(f"day {day}, {name}: {error.message}", flush=True)
            rows.append(row(day, name, None, error.message, "", "", ""))
            continue
        spent = time.monotonic() - loaded
        file = f"day{day}_{name}.wav"
        write_sound(folder / file, np.asarray(made, np.float32)[None], made_rate)
        print(f"day {day}, {name}: {spent:.1f} s for {len(made) / made_rate:.1f} s of sound", flush=True)
        times = f"{loaded - start:.1f} s", f"{spent:.1f} s", f"{size(place, name):.1f} MB"
        rows.append(row(day, name, file, what, *times))
    text = f"{source.name}, its first {len(sound) / rate:.1f} seconds. What does each model keep, and what is lost?"
    head = "day", "model", "sound", "what it did", "load", "compute", "file"
    write_page(folder / "index.html", "One sound through the models", text, head, rows)


def row(day, name, file, what, *figures):
    """A row of the page; without a file it says what went wrong."""
    return [day, name, player(file, name) if file else "", html.escape(what), *figures]


if __name__ == "__main__":
    try:
        run(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        sys.exit(f"setup/dlwa: {error.message}")
