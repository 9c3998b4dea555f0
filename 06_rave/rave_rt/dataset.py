"""A folder of sounds to a data set for `train`: one sample rate, one channel, end to end.

    setup/dlwa dataset rave FOLDER [--out FOLDER] [--rate 44100]

Every tenth sound is kept apart: training never hears it, and the figures of a model come from it.
"""

import argparse
import json
import sys
from pathlib import Path

import librosa
import numpy as np
from modelfiles.errors import UserError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
HELD_OUT = 10  # one sound in so many
QUIET = 55  # decibels below a sound's peak that count as silence
PAUSE = 0.05  # seconds between two sounds
ADVISED_MINUTES = 10


def find_sounds(source):
    """The sound files in a folder and its sub-folders, sorted. Raises UserError."""
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)
    if len(found) < 2:
        raise UserError(
            "sound",
            f"{len(found)} sounds in {source}: it takes two or more, such as {' '.join(SUFFIXES)}; "
            "cut one long recording in parts",
        )
    return found


def read_sound(path, rate):
    """A sound as mono float32 at `rate` Hz, its peak at 0.9, without silence at its ends. Raises UserError."""
    audio, _ = librosa.load(path, sr=rate, mono=True)
    peak = np.abs(audio).max(initial=0)
    if peak < 1e-4:
        raise UserError("sound", "it is silent")
    audio, _ = librosa.effects.trim(audio, top_db=QUIET)
    return audio * (0.9 / peak)


def tape(sounds, rate):
    """Sounds [n] laid end to end, as int16, a short pause after each."""
    pause = np.zeros(int(PAUSE * rate), np.float32)
    whole = np.concatenate([part for sound in sounds for part in (sound, pause)])
    return np.round(np.clip(whole, -1, 1) * 32767).astype(np.int16)


def make(source, out, rate=44100, say=print):
    """Write train.npy, held_out.npy (int16 [n]), dataset.json and report.png into `out`; return the facts."""
    sounds = {}
    for path in find_sounds(source):
        try:
            sounds[path.relative_to(source).as_posix()] = read_sound(path, rate)
        except Exception as error:  # one bad file among many must not end the rest
            say(f"left out {path.name}: {error}")
    if len(sounds) < 2:
        raise UserError("sound", f"{len(sounds)} sounds in {source} could be used: it takes two or more")
    names = list(sounds)
    held = set(names[HELD_OUT - 1 :: HELD_OUT] or names[-1:])
    parts = {
        "train": tape([sounds[name] for name in names if name not in held], rate),
        "held_out": tape([sounds[name] for name in names if name in held], rate),
    }
    out.mkdir(parents=True, exist_ok=True)
    for part, samples in parts.items():
        np.save(out / f"{part}.npy", samples)
    facts = {
        "rate": rate,
        "seconds": round(len(parts["train"]) / rate, 1),
        "held_out_seconds": round(len(parts["held_out"]) / rate, 1),
        "sounds": [name for name in names if name not in held],
        "held_out_sounds": sorted(held),
    }
    (out / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n")
    draw(parts["train"], rate, out / "report.png")
    say(
        f"{len(names)} sounds, {facts['seconds']:.0f} s for training, {facts['held_out_seconds']:.0f} s held out"
    )
    if facts["seconds"] < 60 * ADVISED_MINUTES:
        say(
            f"that is little: the model will know these sounds and no others; {ADVISED_MINUTES} minutes are better"
        )
    return facts


def draw(samples, rate, path):
    """A picture: the whole tape, and its mean spectrum."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    stretch = max(1, len(samples) // 1000)
    peaks = (
        np.abs(samples[: len(samples) // stretch * stretch].reshape(-1, stretch).astype(float)).max(1) / 32767
    )
    left.fill_between(np.arange(len(peaks)) * stretch / rate, -peaks, peaks, color="#2b5d8f")
    left.set(xlabel="seconds", ylabel="peak")
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2048)[::4096] * np.hanning(2048)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(0)
    right.semilogx(np.fft.rfftfreq(2048, 1 / rate)[1:], 10 * np.log10(power[1:] + 1), color="#4f9d69")
    right.set(xlabel="Hz", ylabel="dB")
    figure.savefig(path, dpi=100)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="setup/dlwa dataset rave", description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of sounds")
    parser.add_argument("--out", type=Path, help="data set folder to write (default: SOURCE-rave)")
    parser.add_argument("--rate", type=int, default=44100, help="sample rate in Hz (44100)")
    options = parser.parse_args(arguments)
    source = options.source.expanduser()
    out = options.out or source.with_name(source.name + "-rave")
    try:
        make(source, out, options.rate)
    except (UserError, OSError) as error:
        sys.exit(f"error: {error}")
    print(f"next: setup/dlwa train rave {out}")


if __name__ == "__main__":
    main()
