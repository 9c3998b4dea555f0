"""Own sounds: from a folder of two minutes of sound to a model that plays, per model, warm and from noise.

own.melody, own.ddsp, own.gansynth, own.samplernn, own.rave
    seconds            from the folder to the first model that a patch can load, of the warm training of three minutes
    preview_seconds    to the first preview
    held_out_1min, held_out_3min
                       the figure that the trainer watches (on what is held out, where something is), of a training
                       that ends after so many minutes of wall time and begins with the model that the kit ships;
                       _scratch: of one that begins with random weights. Lower is better for all.
    pitch_right_3min   GANSynth: share of random points at random pitches that have the pitch asked for
    level_db           SampleRNN: what it generates at temperature 1, its level beside that of the sounds

With --long also held_out_10min, both ways, and held_out_30min_scratch. A training takes the time it is given, so a
row takes 10 minutes (with --long 60), once. The sounds are new to what the kit ships: Russian speech (CC BY 3.0) for
RAVE and SampleRNN, a trumpet of a SoundFont (MIT) for DDSP, which begins with the cello, notes of a tuba and a bassoon
for GANSynth, ten tunes of a book for melody.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from ai_duet.training.corpus import fetch, held_out_pieces
from dlwakit.runs.folder import HISTORY, PREVIEWS, read_run
from dlwakit.training import material
from dlwakit.training.history import read as read_history
from modelfiles.sounds import read_sound
from timbre_transfer.soundfont import INSTRUMENTS, render

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("fluidsynth", "fluid-soundfont-gm", "musescore-general-soundfont-lossless")
NEEDS += ("ffmpeg", "asterisk-core-sounds-ru-g722")
RUNS = 1  # each run trains for minutes
SECONDS, PHRASE_S = 120, 20
CORPUS, BOOK = "songs-and-tunes", "northumbrianminstrelsyopus.abc"
VARIABLES = {**os.environ, "DLWA_RECORDED": "1"}
SPEAKER = "ru_RU_f_IvrvoiceRU"
NOTES = ["--soundfont", f"/{material.FONT}", "--programs", "58,70", "--pitches", "48-72"]
NOTES += ["--velocities", "60,100", "--seconds", "2"]


def melodies(folder):
    """Tunes of a book, of those that are held out of every starter's training."""
    held_out = {name.partition("#")[2] for name in held_out_pieces(CORPUS) if name.startswith(BOOK)}
    with tempfile.TemporaryDirectory() as name:
        fetch(CORPUS, Path(name))
        (book,) = Path(name).rglob(BOOK)
        tunes = re.split(r"(?m)^(?=X:)", book.read_text(encoding="latin-1"))
    for tune in tunes:
        number = re.match(r"X:(\d+)", tune)
        if number and number[1] in held_out:
            (folder / f"tune-{number[1]}.abc").write_text(tune, encoding="utf-8")


def trumpet(folder):
    """Phrases of a trumpet."""
    random = np.random.default_rng(0)
    for number in range(SECONDS // PHRASE_S):
        render(INSTRUMENTS["trumpet"], random, folder / f"trumpet-{number}.wav")


def speech(folder):
    """Sentences of one speaker."""
    seconds = 0.0
    for path in sorted(Path("/", material.VOICES, SPEAKER).glob("**/*.g722")):
        if seconds < SECONDS and path.stat().st_size >= material.LEAST_BYTES:
            seconds += path.stat().st_size / 8000
            material.decode(path, folder / f"{path.stem}.wav")


SOUNDS = {"melody": melodies, "ddsp": trumpet, "samplernn": speech, "rave": speech}


def dlwa(*words):
    """Run the course's command and return what it printed; its status and words when it fails."""
    done = subprocess.run(
        [ROOT / "setup/dlwa", *map(str, words)],
        capture_output=True,
        text=True,
        env=VARIABLES,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])
    return done.stdout


def data_set(model, folder):
    """The data set of a model's sounds, and the seconds that making it took."""
    sounds, data = folder / "sounds", folder / "data"
    sounds.mkdir()
    if model in SOUNDS:
        SOUNDS[model](sounds)
    begun = time.monotonic()
    dlwa("dataset", model, *([sounds] if model in SOUNDS else NOTES), "--data", data)
    return sounds, data, time.monotonic() - begun


def trained(model, data, run, minutes, *more):
    """The seconds to the first model and to the first preview of a training, and the figure at its end."""
    begun, first = time.time(), {}
    words = ["train", model, "--data", data, "--run", run, "--preset", "minutes", "--minutes", minutes, *more]
    process = subprocess.Popen(
        [ROOT / "setup/dlwa", *map(str, words)],
        stdout=subprocess.DEVNULL,
        env=VARIABLES,
    )
    while process.poll() is None:
        for name, pattern in (("model", f"{run.name}*"), ("preview", f"{PREVIEWS}/*.wav")):
            if name not in first and any(path.suffix != ".part" for path in run.glob(pattern)):
                first[name] = time.time() - begun
        time.sleep(0.1)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))} ended with {process.returncode}")
    watch = read_run(run)["watch"]
    best = min(row[watch] for row in read_history(run / HISTORY) if watch in row)
    return first.get("model", np.nan), first.get("preview", np.nan), best


def measure(model):
    """The figures of a row."""
    lengths = [1, 3, 10] if os.environ.get("DLWA_BENCH_LONG") else [1, 3]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sounds, data, preparing = data_set(model, folder)
        found = {}
        for minutes in lengths:
            for suffix, more in (("", []), ("_scratch", ["--from", "nothing"])):
                run = folder / f"run_{minutes}{suffix}"
                playable, preview, best = trained(model, data, run, minutes, *more)
                found[f"held_out_{minutes}min{suffix}"] = best
                if (minutes, suffix) == (3, ""):
                    found |= {"seconds": preparing + playable, "preview_seconds": preparing + preview}
                    found |= MORE.get(model, lambda *_: {})(run, data, sounds)
        if os.environ.get("DLWA_BENCH_LONG"):
            found["held_out_30min_scratch"] = trained(
                model, data, folder / "run_30", 30, "--from", "nothing"
            )[2]
    return {"audio_seconds": None, "reference_seconds": None, **found}


def pitches(run, data, sounds):
    """How many random points have the pitch that was asked for."""
    figures = run / "figures.json"
    dlwa("evaluate", "gansynth", run / run.name, "--data", data, "--notes", 100, "--json", figures)
    (evaluated,) = json.loads(figures.read_text())["checkpoints"].values()
    return {"pitch_right_3min": float(evaluated["pitch_right"])}


def level(run, data, sounds):
    """The level of four seconds at temperature 1, in decibels above that of the sounds."""
    from samplernn import load

    made = load(run / f"{run.name}.safetensors").generate(4.0, temperature=[1.0], seed=0)[0]
    heard = np.concatenate([read_sound(path, 16000)[0] for path in sounds.glob("*.wav")])
    return {"level_db": float(10 * np.log10(max(np.mean(made**2), 1e-12) / np.mean(heard**2)))}


MORE = {"gansynth": pitches, "samplernn": level}
BENCHMARKS = {
    "own.melody": lambda: measure("melody"),
    "own.ddsp": lambda: measure("ddsp"),
    "own.gansynth": lambda: measure("gansynth"),
    "own.samplernn": lambda: measure("samplernn"),
    "own.rave": lambda: measure("rave"),
}
