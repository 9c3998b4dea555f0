"""Make a data set for DDSP from sounds of one instrument. Runs on the command line, in the environment `torch`.

    setup/dlwa dataset ddsp FOLDER

Any audio files below the folder; silence is left out, features are extracted once and kept, and a report with a
picture says what is usable.
"""

import json
import sys

import numpy as np
from dlwakit.training.options import dataset_parser, next_command
from modelfiles.errors import UserError
from modelfiles.sounds import find_sounds, read_each, read_sound

from . import features
from .controls import notes
from .engine import pitch
from .engine.pitch import HOP_SIZE, SAMPLE_RATE, midi
from .features import Features

SILENCE_DB = -60.0
LONGEST_S = 4 * 3600  # of a file
PAUSE_FRAMES = 125  # as much silence as is kept around sound


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = dataset_parser("ddsp", __doc__, "a folder with sounds of one instrument")
    parser.add_argument(
        "--seconds", metavar="X", type=float, default=4.0, help="length of an example (default: 4)"
    )
    parser.add_argument(
        "--estimator",
        default=pitch.DEFAULT,
        choices=pitch.ESTIMATORS,
        help="of the pitch (default: %(default)s)",
    )
    options = parser.parse(arguments)

    def work():
        report = build_dataset(options.source, options.data, options.seconds, options.estimator, print)
        print(json.dumps(report, indent=2))
        print(next_command("ddsp", options.data))

    return parser.run(work)


def build_dataset(source, out, seconds=4.0, estimator=pitch.DEFAULT, log=lambda line: None):
    """Write examples.npz, report.json and report.png to a folder; return the report.

    examples.npz: audio float32 [N, samples] at 16 kHz, f0_hz, f0_confidence, loudness_db float32 [N, T], sound
    int32 [N], the file that an example is of.
    """
    frames = round(seconds * SAMPLE_RATE / HOP_SIZE)
    examples, usable, skipped = gather(source, frames, estimator, log)
    if not examples:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
        raise UserError("sound", f"nothing is usable: {reasons or 'all of it is silent'}")
    out.mkdir(parents=True, exist_ok=True)
    columns = {key: np.stack([example[key] for example in examples]) for key in examples[0]}
    np.savez(out / "examples.part.npz", **columns)
    (out / "examples.part.npz").replace(out / "examples.npz")
    report = describe(columns, usable, len(find_sounds(source)), skipped)
    (out / "report.json").write_text(json.dumps(report, indent=2))
    draw(columns, out / "report.png")
    return report


def gather(source, frames, estimator, log):
    """(examples of so many frames, samples that are usable, {file: why it is left out}) of the sounds of a folder."""
    examples, skipped, usable = [], {}, 0

    def leave_out(name, reason):
        skipped[printable(name)] = reason

    def read(path):
        log(printable(path.name))
        if printable(str(path)) != str(path):
            raise UserError("file", "its name is no text in UTF-8: rename it")
        audio, rate = read_sound(path, longest_s=LONGEST_S)
        return [features.prepare(piece, rate) for piece in pieces(audio, rate)]

    for number, (name, parts) in enumerate(read_each(source, read, leave_out)):
        found = []
        for part in parts:
            audio, heard = without_silence(part, features.extract(part, estimator))
            usable += len(audio)
            found += cut(audio, heard, frames)
        if not found:
            leave_out(name, f"less than {frames * HOP_SIZE / SAMPLE_RATE / 2:g} seconds of it are no silence")
        examples += [{**example, "sound": np.int32(number)} for example in found]
    return examples, usable, skipped


def printable(name):
    """A file's name as it can be printed and written, whatever its bytes are."""
    return name.encode("utf-8", "replace").decode()


def pieces(audio, rate):
    """A sound in pieces that can be listened to at once, each at least half as long."""
    return np.array_split(audio, max(1, -(-len(audio) // round(features.LONGEST_S * rate))))


def without_silence(audio, heard):
    """Audio and features without the frames that are far from any sound."""
    loud = heard.loudness_db > SILENCE_DB
    counts = np.convolve(loud, np.ones(2 * PAUSE_FRAMES + 1))
    near = counts[PAUSE_FRAMES : PAUSE_FRAMES + len(loud)] > 0.5
    kept = Features(heard.f0_hz[near], heard.confidence[near], heard.loudness_db[near])
    return audio.reshape(-1, HOP_SIZE)[near].ravel(), kept


def cut(audio, heard, frames):
    """Examples of equal length, a quarter of a length apart; the last one is padded if it is at least half full."""
    padding = -len(heard) % frames
    if len(heard) < frames // 2:
        return []
    if len(heard) < frames:
        audio = np.pad(audio, (0, padding * HOP_SIZE))
        heard = Features(
            np.pad(heard.f0_hz, (0, padding), "edge"),
            np.pad(heard.confidence, (0, padding)),
            np.pad(heard.loudness_db, (0, padding), constant_values=-80.0),
        )
    return [
        {
            "audio": audio[start * HOP_SIZE : (start + frames) * HOP_SIZE].astype(np.float32),
            "f0_hz": heard.f0_hz[start : start + frames].astype(np.float32),
            "f0_confidence": heard.confidence[start : start + frames].astype(np.float32),
            "loudness_db": heard.loudness_db[start : start + frames].astype(np.float32),
        }
        for start in range(0, len(heard) - frames + 1, -(-frames // 4))
    ]


def describe(columns, usable, files, skipped):
    """What is usable, in numbers."""
    flat = Features(*(columns[key].ravel() for key in ("f0_hz", "f0_confidence", "loudness_db")))
    on = notes(flat)[0]
    pitches = midi(flat.f0_hz[on]) if on.any() else np.zeros(1)
    low, high = np.percentile(pitches, [2, 98])
    return {
        "files": files,
        "skipped": skipped,
        "examples": len(columns["audio"]),
        "minutes": round(usable / SAMPLE_RATE / 60, 2),
        "lowest_pitch_midi": round(float(low), 1),
        "highest_pitch_midi": round(float(high), 1),
        "loudness_db": [round(float(value), 1) for value in np.percentile(flat.loudness_db, [5, 50, 95])],
        "voiced": round(float(np.mean(flat.confidence >= 0.5)), 3),
    }


def draw(columns, path):
    """A picture of pitches and loudnesses."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    voiced = columns["f0_confidence"] >= 0.5
    left.hist(midi(columns["f0_hz"][voiced]), bins=np.arange(24, 109), color="#2b5d8f")
    left.set(xlabel="pitch (MIDI)", ylabel="frames")
    right.hist(columns["loudness_db"].ravel(), bins=60, color="#4f9d69")
    right.set(xlabel="loudness (dB)")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    sys.exit(main())
