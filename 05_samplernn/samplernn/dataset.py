"""Make a data set for SampleRNN from sounds: one sample rate, one channel, overlapping chunks. On the command line.

    setup/dlwa dataset samplernn FOLDER [--rate 16000] [--chunk 4] [--overlap 1] [--quiet 50] [--even]

Every tenth sound is kept apart: training never sees it, the validation figures come from it. Of a single sound it is
the last tenth.
"""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from dlwakit.base.files import renewed
from dlwakit.training.options import dataset_parser, next_command
from dlwakit.training.sounds import Reader, joined
from modelfiles.errors import UserError
from scipy.ndimage import uniform_filter1d

QUIET_DB = 50.0  # below a sound's peak: silence
EVEN_S, EVENNESS = 0.1, 0.8
FINE = {"frame_length": 512, "hop_length": 128}
STROKE_S, TAIL_DB = 3.0, 30  # a sound that is shorter ends where it has become so much quieter than its peak
ADVISED_SECONDS = 300


def without_silence(audio: np.ndarray, rate: int, quiet_db: float = QUIET_DB) -> np.ndarray:
    """A sound, float32 [n], without what is `quiet_db` decibels below its peak.

    A model that was trained on much silence begins with silence and stays there, for nothing is easier to predict; it
    is the same with the ends of strokes.
    """
    parts = librosa.effects.split(audio, top_db=quiet_db, **FINE)
    audio = np.concatenate([audio[first:last] for first, last in parts])
    if len(audio) < STROKE_S * rate:
        _, (_, end) = librosa.effects.trim(audio, top_db=TAIL_DB, **FINE)
        audio = audio[:end]
    return audio


def evened(audio: np.ndarray, rate: int) -> np.ndarray:
    """A sound, float32 [n], whose loudness stays almost the same, as a compressor makes it; its peak is the same.

    The gain is the inverse of the root mean square over a tenth of a second, to the power of 0.8: 10 dB become 2 dB.
    """
    level = np.sqrt(
        uniform_filter1d(np.square(audio, dtype=np.float64), max(1, round(EVEN_S * rate))).clip(0)
    )
    louder = audio * (level + 1e-4 * level.max(initial=1e-12)) ** -EVENNESS
    peak = max(np.abs(louder).max(), 1e-12)
    return (louder * (np.abs(audio).max() / peak)).astype(np.float32)


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
    quiet_db: float = QUIET_DB,
    even: bool = False,
) -> dict:
    """Write train.npy, validation.npy and dataset.json into `out`; returns the facts in dataset.json."""
    if not 0 <= overlap < chunk:
        raise UserError("input", f"chunks of {chunk:g} s cannot overlap by {overlap:g} s")
    if not 0 < quiet_db < math.inf:
        raise UserError("input", f"--quiet {quiet_db:g}: it is a number of decibels above 0")

    def prepare(sound):
        loud = without_silence(sound, rate, quiet_db)
        return evened(loud, rate) if even else loud

    reader = Reader(source, rate, log)
    with renewed(out, "dataset.json") as part:
        sounds = joined(reader, out, part, prepare, 0.0)  # a pause would be a silence
        facts = _write(part, *sounds, rate, chunk, overlap)
    log(
        f"{facts['seconds']:.0f} s to learn from in {facts['chunks']} chunks of {chunk:g} s, "
        f"{facts['held_out_seconds']:.0f} s held out, at {rate} Hz"
    )
    reader.advise(ADVISED_SECONDS)
    return facts


def _write(folder, train, rest, names, rate, chunk, overlap):
    length, shared = int(chunk * rate), int(overlap * rate)
    chunks = cut(train, length, shared)
    np.save(folder / "train.npy", chunks)
    np.save(folder / "validation.npy", whole_chunks(rest, length))
    facts = {
        "sample_rate": rate,
        "seconds": round(len(train) / rate, 1),
        "held_out_seconds": round(len(rest) / rate, 1),
        "chunks": len(chunks),
        "chunk_seconds": chunk,
        "overlap_seconds": overlap,
        **names,
    }
    (folder / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n")
    return facts


def whole_chunks(samples, length):
    """Samples [n] in chunks [m, length] without a rest; shorter ones are one chunk."""
    return (
        samples[: len(samples) // length * length].reshape(-1, length)
        if len(samples) > length
        else samples[None]
    )


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
    parser.add_argument(
        "--quiet",
        metavar="DB",
        type=float,
        default=QUIET_DB,
        help="decibels below a sound's peak that are left out as silence; a model of sounds with pauses stays silent at"
        " low temperatures, and 30 leaves none (default: %(default)s)",
    )
    parser.add_argument(
        "--even",
        action="store_true",
        help="make soft parts as loud as the rest, as a compressor does: for speech",
    )
    options = parser.parse(arguments)

    def work():
        build_dataset(
            options.source,
            options.data,
            options.rate,
            options.chunk,
            options.overlap,
            quiet_db=options.quiet,
            even=options.even,
        )
        print(next_command("samplernn", options.data))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
