"""Make a training set for NSynth from sounds of one's own, or from a SoundFont. Runs on the command line.

    setup/dlwa dataset nsynth SOUNDS [--rate 8000] [--seconds 1.5]

Sounds are cut into pieces of one length; they need no pitch. The set is a folder of three files: `notes.npy` (int16,
[pieces, samples]), `meta.json` (one entry a piece, in the same order) and `dataset.json` (sample rate and length). A
set of `dataset gansynth` is read as well.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from dlwakit.base.files import renewed
from dlwakit.training import sources
from dlwakit.training.options import dataset_parser, next_command, path
from dlwakit.training.sounds import Reader
from gansynth import soundfont
from gansynth.dataset import SILENCE, number_list, unused
from modelfiles.errors import UserError
from modelfiles.sounds import PEAK
from numpy.typing import NDArray

RATE, SECONDS = 8000, 1.5
FEW = 100
HELD_OUT = 16  # one piece in so many, where there are enough
INSTRUMENTS = "0,11,24,40,42,48,52,56,60,65,68,71,73,104"


class Set(NamedTuple):
    """A training set: audio int16 [pieces, samples], the pieces' names, rate in Hz, which pieces are held out."""

    audio: NDArray[np.int16]
    names: list[str]
    rate: int
    held_out: NDArray[np.int64]

    @property
    def learned(self) -> NDArray[np.int64]:
        """The numbers of the pieces to learn from."""
        return np.setdiff1d(np.arange(len(self.audio)), self.held_out)


def read_set(folder: Path) -> Set:
    """Read what `dataset` has put into a folder. Raises UserError."""
    try:
        facts = json.loads((folder / "dataset.json").read_text())
        names = list(json.loads((folder / "meta.json").read_text()))
        audio = np.load(folder / "notes.npy")
    except FileNotFoundError as error:
        hint = "first: setup/dlwa dataset nsynth FOLDER"
        raise UserError("file", f"there is no {error.filename}", hint) from None
    if len(names) != len(audio):
        raise UserError("sound", f"{folder} has {len(audio)} sounds and {len(names)} names", "make it anew")
    count = len(audio) // HELD_OUT if len(audio) >= FEW else max(1, len(audio) // FEW)
    held_out = np.sort(np.random.default_rng(0).permutation(len(audio))[:count])
    return Set(audio, names, facts["sample_rate"], held_out)


def pieces(audio: NDArray[np.float32], length: int) -> Iterator[NDArray[np.float32]]:
    """Cut a sound into pieces; the last is filled up with silence, or left out where it is short."""
    for start in range(0, max(len(audio), 1), length):
        piece = audio[start : start + length]
        if start == 0 or len(piece) > length // 4:
            yield np.pad(piece, (0, length - len(piece)))


def read_folder(reader: Reader, length: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield name and samples of each piece of the sounds that a reader reads; says which are left out."""
    for part in reader:
        name = str(Path(part.sound).with_suffix("")).replace("/", "-")
        for number, piece in enumerate(pieces(part.normalized(), length), 1):
            if np.abs(piece).max() < SILENCE:
                reader.leave_out(f"{name}-{part.number}-{number}", "it is silent")
            else:
                yield name, piece


def collect(notes: Iterable[tuple[str, NDArray[np.float32]]], out: Path, rate: int) -> int:
    """Write a training set, each piece with its peak at 0.9; returns how many pieces. Raises UserError."""
    meta: dict[str, dict] = {}
    rows = []
    for name, audio in notes:
        meta[unused(name, meta)] = {"instrument_str": name}
        rows.append(np.int16(audio * (PEAK / np.abs(audio).max()) * 32767))
    if not rows:
        raise UserError("sound", "no sound can be used")
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "notes.npy", np.stack(rows))
    (out / "meta.json").write_text(json.dumps(meta, indent=1))
    facts = {"sample_rate": rate, "audio_length": len(rows[0])}
    (out / "dataset.json").write_text(json.dumps(facts))
    return len(rows)


def build_dataset(options) -> None:
    """Collect the pieces that the options mean, and print what was found. Raises UserError."""
    length = round(options.seconds * options.rate)
    if options.soundfont:
        rendered = soundfont.render(
            options.soundfont,
            options.programs,
            options.pitches,
            options.velocities,
            seconds=options.seconds,
            sample_rate=options.rate,
        )
        notes = (
            (f"{name}_{pitch}", audio) for name, pitch, audio in rendered if np.abs(audio).max() > SILENCE
        )
        with renewed(options.data, "dataset.json") as part:
            count = collect(notes, part, options.rate)
            sources.keep(options.data, [options.soundfont.name], options.soundfont, into=part)
    else:
        reader = Reader(options.source, options.rate)
        with renewed(options.data, "dataset.json") as part:
            count = collect(read_folder(reader, length), part, options.rate)
            reader.finish(options.data, part)
    print(f"{count} pieces of {options.seconds:g} s at {options.rate} Hz")
    if count < FEW:
        print(f"fewer than {FEW} pieces: the model will repeat them and know little else")
    print(next_command("nsynth", options.data))


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = dataset_parser("nsynth", __doc__, "folder of sounds, or one sound", required=False)
    parser.add("--rate", RATE)
    add = parser.add_argument
    add(
        "--seconds", metavar="X", type=float, default=SECONDS, help="length of a piece (default: %(default)s)"
    )
    add("--soundfont", metavar="FILE", type=path, help="render notes from this .sf2 instead of a folder")
    for name, default, what in (
        ("--programs", INSTRUMENTS, "instruments of the SoundFont, by General MIDI number"),
        ("--pitches", "48-72", "the pitches to render"),
        ("--velocities", "100", "how hard the keys are struck"),
    ):
        add(name, metavar="N,N-N", type=number_list, default=default, help=f"{what} (default: {default})")
    options = parser.parse(arguments)
    if (options.source is None) == (options.soundfont is None):
        parser.error("give a folder of sounds, or --soundfont")
    if not (0.05 <= options.seconds <= 60 and 1000 <= options.rate <= 96000):
        parser.error("--seconds from 0.05 to 60, --rate from 1000 to 96000")
    return parser.run(lambda: build_dataset(options))


if __name__ == "__main__":
    sys.exit(main())
