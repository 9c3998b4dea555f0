"""Make a data set for RAVE from a folder of sounds: one sample rate, one channel, end to end. On the command line.

    setup/dlwa dataset rave FOLDER [--rate 48000]

Every tenth sound is kept apart: it is not trained on, and the figures of a model come from it.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from dlwakit.base.files import renewed
from dlwakit.training import sounds
from dlwakit.training.options import dataset_parser, next_command
from modelfiles.errors import UserError
from modelfiles.overview import overview

QUIET_DB = 55  # below a sound's peak: silence
PAUSE_S = 0.05
ADVISED_MINUTES = 10
COLUMNS = 1000  # of the picture


def build_dataset(
    source: Path, out: Path, rate: int = 48000, log: Callable[[str], None] = print
) -> "dict[str, object]":
    """Write train.npy, held_out.npy (int16 [n]), dataset.json and report.png into `out`; return the facts.

    Each sound's peak is at 0.9, and silence at its ends is left out.
    """
    reader = sounds.Reader(source, rate, log)
    with renewed(out, "dataset.json") as part:
        train, held_out, names = sounds.joined(
            reader, out, part, lambda sound: librosa.effects.trim(sound, top_db=QUIET_DB)[0], PAUSE_S
        )
        np.save(part / "train.npy", train)
        np.save(part / "held_out.npy", held_out)
        facts = {
            "rate": rate,
            "seconds": round(len(train) / rate, 1),
            "held_out_seconds": round(len(held_out) / rate, 1),
            **names,
        }
        (part / "dataset.json").write_text(json.dumps(facts, indent=2) + "\n")
        draw(train, rate, part / "report.png")
    log(f"{facts['seconds']:.0f} s to learn from, {facts['held_out_seconds']:.0f} s held out, at {rate} Hz")
    reader.advise(60 * ADVISED_MINUTES)
    return facts


def draw(samples: np.ndarray, rate: int, path: Path) -> None:
    """Draw a picture: the whole sound, and its mean spectrum."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    low, high = overview(samples / 32767, COLUMNS).reshape(-1, 2).T
    left.fill_between(np.linspace(0, len(samples) / rate, COLUMNS), low, high, color="#2b5d8f")
    left.set(xlabel="seconds", ylabel="sound")
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2048)[::4096] * np.hanning(2048)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(0)
    right.semilogx(np.fft.rfftfreq(2048, 1 / rate)[1:], 10 * np.log10(power[1:] + 1), color="#4f9d69")
    right.set(xlabel="Hz", ylabel="dB")
    figure.savefig(path, dpi=100)


def read_data(folder: Path) -> "tuple[dict, dict[str, np.ndarray]]":
    """(facts, {"train", "held_out": int16 [n]}) of a data set. Raises UserError where there is none."""
    if not (folder / "dataset.json").is_file():
        raise UserError(
            "file", f"there is no data set in {folder}: make one with setup/dlwa dataset rave FOLDER"
        )
    facts = json.loads((folder / "dataset.json").read_text())
    return facts, {part: np.load(folder / f"{part}.npy") for part in ("train", "held_out")}


def read_or_build(
    folder: Path, out: Path, rate: int, log: Callable[[str], None] = print
) -> "tuple[dict, dict[str, np.ndarray]]":
    """What `read_data` gives for a data set; one of any other folder of sounds is built in `out`. Raises UserError."""
    if not (folder / "dataset.json").is_file():
        build_dataset(folder, out, rate, log)
        folder = out
    return read_data(folder)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = dataset_parser("rave", __doc__, "folder of sounds")
    parser.add("--rate", 48000)
    options = parser.parse(arguments)

    def work():
        build_dataset(options.source, options.data, options.rate)
        print(next_command("rave", options.data))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
