"""Make a data set for SampleRNN from sounds: one sample rate, one channel, overlapping chunks. On the command line.

    setup/dlwa dataset samplernn FOLDER [--rate 16000] [--chunk 4] [--overlap 1]

The last tenth of every sound is kept apart: training never sees it, the validation figures come from it.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from dlwakit.training.options import dataset_parser, next_command
from modelfiles.errors import UserError
from modelfiles.sounds import concatenate, normalize, read_each, read_sound

HELD_OUT = 0.1  # of each sound, its end
PAUSE_S = 0.01
QUIET_DB = 50  # below a sound's peak: silence
ADVISED_SECONDS = 300


def read_without_silence(path: Path, rate: int) -> np.ndarray:
    """A sound as mono float32 at `rate` Hz, its peak at 0.9, without its silences; UserError if nothing is left.

    A model that was trained on much silence begins with silence and stays there, for nothing is easier to predict.
    """
    audio = normalize(read_sound(path, rate)[0])
    parts = librosa.effects.split(audio, top_db=QUIET_DB)
    return np.concatenate([audio[first:last] for first, last in parts])


def cut(samples, length, overlap=0):
    """Samples [n] in chunks [m, length], neighbours sharing `overlap`; the last one is filled up from the beginning."""
    hop = length - overlap
    count = max(1, -(-(len(samples) - overlap) // hop))
    samples = np.resize(samples, max(len(samples), (count - 1) * hop + length))
    return np.stack([samples[start : start + length] for start in range(0, count * hop, hop)])


def build_dataset(
    source: Path,
    out: Path,
    rate: int = 16000,
    chunk: float = 4.0,
    overlap: float = 1.0,
    log: Callable[[str], None] = print,
) -> dict:
    """Write train.npy, validation.npy and dataset.json into `out`; returns the facts in dataset.json."""
    if not 0 <= overlap < chunk:
        raise UserError("input", f"chunks of {chunk:g} s cannot overlap by {overlap:g} s")

    def leave_out(name: str, reason: str) -> None:
        log(f"left out {name}: {reason}")

    sounds = dict(read_each(source, lambda path: read_without_silence(path, rate), leave_out))
    if not sounds:
        raise UserError("sound", f"not one sound in {source} could be used")
    train, validation = _split(list(sounds.values()), rate, chunk, overlap)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "train.npy", train)
    np.save(out / "validation.npy", validation)
    in_all = sum(map(len, sounds.values()))
    for_training = sum(int(len(sound) * (1 - HELD_OUT)) for sound in sounds.values())
    facts = {
        "sample_rate": rate,
        "seconds": round(for_training / rate, 1),
        "held_out_seconds": round((in_all - for_training) / rate, 1),
        "chunks": len(train),
        "chunk_seconds": chunk,
        "overlap_seconds": overlap,
        "sounds": list(sounds),
    }
    (out / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n")
    for line in _report(facts):
        log(line)
    return facts


def _split(sounds: list, rate: int, chunk: float, overlap: float) -> "tuple[np.ndarray, np.ndarray]":
    """Chunks to train with and to validate with, int16 [m, samples] each, from the beginnings and ends of sounds."""
    ends = [int(len(sound) * (1 - HELD_OUT)) for sound in sounds]
    length = int(chunk * rate)
    train = concatenate([sound[:end] for sound, end in zip(sounds, ends)], rate, PAUSE_S)
    rest = concatenate([sound[end:] for sound, end in zip(sounds, ends)], rate, PAUSE_S)
    whole = rest[: len(rest) // length * length].reshape(-1, length) if len(rest) > length else rest[None]
    return cut(train, length, int(overlap * rate)), whole


def _report(facts: dict) -> "list[str]":
    """Lines that describe a data set."""
    seconds = facts["seconds"]
    lines = [
        f"{len(facts['sounds'])} sounds, {seconds:.0f} s for training in {facts['chunks']} chunks of "
        f"{facts['chunk_seconds']:g} s, at {facts['sample_rate']} Hz"
    ]
    if seconds < ADVISED_SECONDS:
        lines.append(
            f"that is little: the model will learn these sounds by heart; {ADVISED_SECONDS} s or more is better"
        )
    return lines


def read_data(folder):
    """(training chunks, validation chunks, facts) that `dataset` has put into a folder; UserError if there are none."""
    try:
        facts = json.loads((folder / "dataset.json").read_text())
        return np.load(folder / "train.npy"), np.load(folder / "validation.npy"), facts
    except FileNotFoundError as error:
        raise UserError(
            "file", f"there is no {error.filename}; first: setup/dlwa dataset samplernn FOLDER"
        ) from None


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = dataset_parser("samplernn", __doc__, "folder of sounds, or one sound")
    parser.add("--rate", 16000)
    parser.add_argument(
        "--chunk", metavar="X", type=float, default=4.0, help="seconds in a chunk (default: %(default)s)"
    )
    parser.add_argument(
        "--overlap",
        metavar="X",
        type=float,
        default=1.0,
        help="seconds that neighbours share (default: %(default)s)",
    )
    options = parser.parse(arguments)

    def work():
        build_dataset(options.source, options.data, options.rate, options.chunk, options.overlap)
        print(next_command("samplernn", options.data))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
