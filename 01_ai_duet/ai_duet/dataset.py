"""Make a training set of melodies from a folder of MIDI, MusicXML or ABC files.

    setup/dlwa dataset melody my_midi_files                  # from your own files
    setup/dlwa dataset melody --corpus songs-and-tunes       # what the starter networks learned

Reads every file in the folder and its subfolders, keeps the melodies that are fit to learn from, holds a
tenth of the tunes back to judge the network by, and prints what was found and what was skipped.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from dlwakit.base.files import renewed
from dlwakit.training import sources
from dlwakit.training.options import dataset_parser, next_command
from dlwakit.training.sounds import SHOWN, name_of
from modelfiles.errors import UserError
from modelfiles.finding import find_files

from .training import reading
from .training.corpus import CORPORA, fetch, held_out_pieces
from .training.melodies import FILE_NAME, Dataset, Melody, split

NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
ENOUGH_MELODIES = 50


def make_dataset(
    folder: Path, source: str, eval_ratio: float, seed: int, voices: int | None = None
) -> tuple[Dataset, str, list[str]]:
    """Read all files under `folder`; return the data set, the linter's report, and the files that were used.

    With `voices` the melody of a piece that has so many is the first, and pieces of other numbers, but one, are left
    out. `source` names them, or a corpus.

    Raises UserError when the folder has no music files or too few melodies that can be used.
    """
    paths = find_files(folder, reading.SUFFIXES, "music files")
    melodies: list[Melody] = []
    unreadable: list[str] = []
    left_out: Counter = Counter()
    used: dict[str, None] = {}
    pieces = 0
    for path in paths:
        for name, piece in reading.read_pieces(path):
            pieces += 1
            if isinstance(piece, UserError):
                unreadable.append(f"{name}: {piece.message}")
                continue
            used[name_of(path, folder)] = None
            if voices and len(piece.voices) not in (1, voices):
                left_out[f"pieces of {len(piece.voices)} voices"] += 1
                continue
            first = piece._replace(voices=piece.voices[: 1 if voices else None])
            found, reasons = reading.extract_melodies(name, first)
            melodies += found
            left_out += reasons
    held_out = held_out_pieces(source) if source in CORPORA else ()
    dataset = split(melodies, source, eval_ratio, seed, held_out)
    return dataset, _report(len(paths), pieces, dataset, unreadable, left_out), list(used)


def _report(files: int, pieces: int, dataset: Dataset, unreadable: list[str], left_out: Counter) -> str:
    melodies = dataset.training + dataset.eval
    pitches = [pitch for melody in melodies for pitch in melody.pitches]
    lines = [
        *(f"left out {line}" for line in unreadable[:SHOWN]),
        *([f"left out {len(unreadable) - SHOWN} more"] if len(unreadable) > SHOWN else []),
        f"read {files} files, {pieces} pieces",
        *(f"not used: {count} {reason}" for reason, count in left_out.most_common()),
        f"{len(dataset.training)} melodies to learn from, {len(dataset.eval)} held out",
        f"{sum(melody.bars for melody in melodies):.0f} bars, {len(pitches)} notes, "
        f"from {_note_name(min(pitches))} to {_note_name(max(pitches))}",
    ]
    if len(melodies) < ENOUGH_MELODIES:
        lines.append(
            f"that is little: the model will memorise these melodies; {ENOUGH_MELODIES} or more are better"
        )
    return "\n".join(lines)


def _note_name(pitch: int) -> str:
    return f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1} ({pitch})"


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = dataset_parser("melody", __doc__, "your folder of .mid, .musicxml or .abc files", False)
    parser.add("--seed", 0, help="which tunes are held out")
    parser.add_argument("--corpus", choices=CORPORA, help="fetch free tunes instead of using a folder")
    parser.add_argument(
        "--eval-ratio", metavar="X", type=float, default=0.1, help="share to hold out (default: 0.1)"
    )
    options = parser.parse(arguments)
    if (options.source is None) == (options.corpus is None):
        parser.error("give a folder of music files, or --corpus")
    if options.source and not options.source.is_dir():
        parser.error(f"there is no folder {options.source}")
    if not 0 < options.eval_ratio < 1:
        parser.error("--eval-ratio lies between 0 and 1")
    options.parser = parser
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)

    def work() -> None:
        with tempfile.TemporaryDirectory() as downloads:
            folder, source, voices = options.source, "", None
            if folder:
                source = folder.resolve().name
            if options.corpus:
                folder, source = Path(downloads), options.corpus
                voices = CORPORA[source].voices
                print(f"fetching {CORPORA[options.corpus].about}", flush=True)
                fetch(options.corpus, folder)
            dataset, report, used = make_dataset(folder, source, options.eval_ratio, options.seed, voices)
            print(report)
            with renewed(options.data, FILE_NAME) as part:
                dataset.save(part)
                if options.source:
                    sources.keep(options.data, used, folder, into=part)
        print(next_command("melody", options.data))

    return options.parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
