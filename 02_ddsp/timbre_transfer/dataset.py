"""Make a data set for DDSP from sounds of one instrument. Runs on the command line, in the environment `torch`.

    setup/dlwa dataset ddsp FOLDER

Any audio files below the folder; silence is left out, features are extracted once and kept, and a report with a
picture says what is usable.
"""

import json
import sys

import numpy as np
from dlwakit.base.files import renewed
from dlwakit.training.options import dataset_parser, next_command
from dlwakit.training.sounds import Reader
from modelfiles.errors import UserError

from . import features
from .controls import notes
from .engine import pitch
from .engine.pitch import HOP_SIZE, SAMPLE_RATE, midi
from .features import Features

SILENCE_DB = -60.0
PAUSE_FRAMES = 125  # as much silence as is kept around sound
MUCH_MINUTES = 20  # from here on examples share no sound, or they would fill the memory
ADVISED_MINUTES = 5


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
        build_dataset(options.source, options.data, options.seconds, options.estimator, print)
        print(next_command("ddsp", options.data))

    return parser.run(work)


def build_dataset(source, out, seconds=4.0, estimator=pitch.DEFAULT, log=lambda line: None):
    """Write examples.npz, report.json and report.png to a folder; return the report.

    examples.npz: audio float32 [N, samples] at 16 kHz, f0_hz, f0_confidence, loudness_db float32 [N, T], sound
    int32 [N], the file that an example is of.
    """
    frames = round(seconds * SAMPLE_RATE / HOP_SIZE)
    reader = Reader(source, SAMPLE_RATE, log)
    examples, usable = gather(reader, frames, estimator)
    with renewed(out, "examples.npz") as part:
        reader.finish(out, part)
        columns = {key: np.stack([example[key] for example in examples]) for key in examples[0]}
        np.savez(part / "examples.npz", **columns)
        report = describe(columns, usable, reader)
        (part / "report.json").write_text(json.dumps(report, indent=2))
        draw(columns, part / "report.png")
    log(
        "{examples} examples, {minutes:g} minutes that are no silence, pitches {lowest_pitch_midi:g} to "
        "{highest_pitch_midi:g}, {voiced:.0%} with a pitch".format(**report)
    )
    reader.advise(60 * ADVISED_MINUTES)
    return report


def gather(reader, frames, estimator):
    """(examples of so many frames, samples that are usable) of the sounds that a reader reads."""
    parts, usable = {}, 0
    for piece in reader:
        heard = parts.setdefault(piece.sound, [])
        try:
            sound = features.prepare(piece.samples, SAMPLE_RATE)
        except UserError as error:
            reader.leave_out(piece.sound, error.message)
            continue
        heard.append(without_silence(sound, features.extract(sound, estimator)))
        usable += len(heard[-1][0])
    much = usable > 60 * MUCH_MINUTES * SAMPLE_RATE
    examples = []
    for number, (name, heard) in enumerate(parts.items()):
        found = [
            example for part in heard for example in cut(*part, frames, frames if much else -(-frames // 4))
        ]
        if not found and name not in reader.left_out:
            least = frames * HOP_SIZE / SAMPLE_RATE / 2
            reader.leave_out(name, f"less than {least:g} seconds of it are no silence")
        examples += [{**example, "sound": np.int32(number)} for example in found]
    return examples, usable


def without_silence(audio, heard):
    """Audio and features without the frames that are far from any sound."""
    loud = heard.loudness_db > SILENCE_DB
    counts = np.convolve(loud, np.ones(2 * PAUSE_FRAMES + 1))
    near = counts[PAUSE_FRAMES : PAUSE_FRAMES + len(loud)] > 0.5
    kept = Features(heard.f0_hz[near], heard.confidence[near], heard.loudness_db[near])
    return audio.reshape(-1, HOP_SIZE)[near].ravel(), kept


def cut(audio, heard, frames, step):
    """Examples of so many frames, `step` frames apart; one of less sound is padded if it is at least half full."""
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
        for start in range(0, len(heard) - frames + 1, step)
    ]


def describe(columns, usable, reader):
    """What is usable of what a reader has read, in numbers."""
    flat = Features(*(columns[key].ravel() for key in ("f0_hz", "f0_confidence", "loudness_db")))
    on = notes(flat)[0]
    pitches = midi(flat.f0_hz[on]) if on.any() else np.zeros(1)
    low, high = np.percentile(pitches, [2, 98])
    return {
        "files": len(set(reader.names) | set(reader.left_out)),
        "skipped": reader.left_out,
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
