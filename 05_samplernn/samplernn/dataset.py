"""A folder of sounds to a data set for `train`: one sample rate, one channel, overlapping chunks.

    setup/dlwa dataset samplernn FOLDER [--out FOLDER] [--rate 16000] [--chunk 4] [--overlap 1]

The last tenth of every sound is kept apart: training never sees it, the validation figures come from it.
"""

import argparse
import json
import sys
from pathlib import Path

import librosa
import numpy as np
from modelfiles.errors import UserError

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
HELD_OUT = 0.1
PAUSE = 0.01
QUIET = 50
ADVISED_SECONDS = 300


def find_sounds(source):
    """The sound files in a folder and its sub-folders, or the one file that was given."""
    if source.is_file():
        return [source]
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise UserError("sound", f"there are no sounds in {source} (looked for {' '.join(SUFFIXES)})")
    return found


def read_sound(path, rate):
    """A sound as mono float32 at `rate` Hz, its peak at 0.9, without its silences; UserError if nothing is left.

    Silence is what is QUIET decibels below the peak. A model that has heard much of it begins with silence and stays
    there, for nothing is easier to guess.
    """
    audio, _ = librosa.load(path, sr=rate, mono=True)
    peak = np.abs(audio).max(initial=0)
    if peak < 1e-4:
        raise UserError("sound", f"{path.name} is silent")
    parts = librosa.effects.split(audio, top_db=QUIET)
    return np.concatenate([audio[first:last] for first, last in parts]) * (0.9 / peak)


def tape(sounds, rate):
    """Sounds [n] laid end to end, as int16, with a short pause after each."""
    pause = np.zeros(int(PAUSE * rate), np.float32)
    whole = np.concatenate([part for sound in sounds for part in (sound, pause)])
    return np.round(np.clip(whole, -1, 1) * 32767).astype(np.int16)


def cut(samples, length, overlap=0):
    """Samples [n] in chunks [m, length], neighbours sharing `overlap`; the last begins the tape anew to be full."""
    hop = length - overlap
    count = max(1, -(-(len(samples) - overlap) // hop))
    samples = np.resize(samples, max(len(samples), (count - 1) * hop + length))
    return np.stack([samples[start : start + length] for start in range(0, count * hop, hop)])


def make(source, out, rate=16000, chunk=4.0, overlap=1.0, say=print):
    """Write train.npy, validation.npy and dataset.json into `out`; returns the facts in dataset.json."""
    if not 0 <= overlap < chunk:
        raise UserError("sound", f"chunks of {chunk:g} s cannot overlap by {overlap:g} s")
    seen, held, names = [], [], []
    for path in find_sounds(source):
        try:
            sound = read_sound(path, rate)
        except Exception as error:  # one bad file among many must not end the rest
            say(f"left out {path.name}: {error}")
            continue
        split = int(len(sound) * (1 - HELD_OUT))
        seen.append(sound[:split])
        held.append(sound[split:])
        names.append(path.name)
    if not names:
        raise UserError("sound", f"not one sound in {source} could be used")
    out.mkdir(parents=True, exist_ok=True)
    length = int(chunk * rate)
    train, rest = cut(tape(seen, rate), length, int(overlap * rate)), tape(held, rate)
    validation = (
        rest[: len(rest) // length * length].reshape(-1, length) if len(rest) > length else rest[None]
    )
    np.save(out / "train.npy", train)
    np.save(out / "validation.npy", validation)
    seconds = sum(map(len, seen)) / rate
    facts = {
        "sample_rate": rate,
        "seconds": round(seconds, 1),
        "held_out_seconds": round(sum(map(len, held)) / rate, 1),
        "chunks": len(train),
        "chunk_seconds": chunk,
        "overlap_seconds": overlap,
        "sounds": names,
    }
    (out / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n")
    say(
        f"{len(names)} sounds, {seconds:.0f} s for training in {len(train)} chunks of {chunk:g} s, at {rate} Hz"
    )
    if seconds < ADVISED_SECONDS:
        say(
            f"that is little: the model will learn these sounds by heart; {ADVISED_SECONDS} s or more is better"
        )
    return facts


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="setup/dlwa dataset samplernn", description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of sounds, or one sound")
    parser.add_argument("--out", type=Path, help="data set folder to write (default: SOURCE-samplernn)")
    parser.add_argument("--rate", type=int, default=16000, help="sample rate in Hz (16000)")
    parser.add_argument("--chunk", type=float, default=4.0, help="seconds per chunk (4)")
    parser.add_argument("--overlap", type=float, default=1.0, help="seconds that neighbours share (1)")
    options = parser.parse_args(arguments)
    source = options.source.expanduser()
    out = options.out or source.with_name(source.stem + "-samplernn")
    try:
        make(source, out, options.rate, options.chunk, options.overlap)
    except (UserError, OSError) as error:
        sys.exit(f"error: {error}")
    print(f"next: setup/dlwa train samplernn {out}")


if __name__ == "__main__":
    main()
