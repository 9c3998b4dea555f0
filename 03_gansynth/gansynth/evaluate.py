"""Evaluate GANSynth models: do they hit the pitch, do their points differ? Runs on the command line.

    setup/dlwa evaluate gansynth CHECKPOINT [--data DATASET]

Random points play random pitches. `pitch_right` is the share of notes within half a semitone of the pitch asked for
(pYIN), `octave_right` the same in any octave; `attack_db` how much louder the first 20 ms are than 50 to 300 ms, the
median; `first_50ms_energy` the share of a note's energy that its first 50 ms have. `between_db` is the mean distance of
the timbres of two points at the middle pitch, `within_db` that of one point at neighbouring pitches. Beside the model:
the same network with random weights.

With --data also the training set's own notes, the most that can be expected, and of the model: how far its random
points are from the nearest of those notes (`nearest_training_db`), the share of those notes that are the nearest to
some point (`timbres_used`), and the log-spectral distance of the training's own points (`training_db`).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser

from . import sheet
from .folder import generator_names, open_folder
from .model import GANSynth
from .training.notes import Notes


class Untrained(dict):
    """A checkpoint's tensors, with random weights in the place of the trained ones."""

    def __init__(self, folder, seed=0):
        random = np.random.default_rng(seed)
        super().__init__(global_step=folder.checkpoint["global_step"])
        for name in generator_names(folder.blocks):
            shape = folder.checkpoint[name].shape
            zero = name.endswith("bias/ExponentialMovingAverage")
            self[name] = np.zeros(shape, np.float32) if zero else random.standard_normal(shape, np.float32)


def compare(path, options, notes=None):
    """The Sheet of a model, beside random weights and, where there are notes, the data."""
    folder = open_folder(path)
    model, sizes = GANSynth(folder), {"notes": options.notes, "points": options.points}
    figures, timbres, played = sheet.of_model(model, options.seed, **sizes)
    found, sounds = {"checkpoint": figures}, {"checkpoint": played}
    if notes:
        names = [notes.timbres[number] for number in notes.timbre]
        own = notes.audio, names, np.array(notes.pitches)[notes.label]
        found["data"], data_timbres, sounds["data"] = sheet.of_data(
            *own, notes.sample_rate, options.seed, options.notes
        )
        figures |= sheet.against(model, timbres, *own, data_timbres, options.seed, options.notes)
    folder.checkpoint = Untrained(folder, options.seed)
    found["untrained"], _, sounds["untrained"] = sheet.of_model(GANSynth(folder), options.seed, **sizes)
    return Sheet(found, sounds, folder.sample_rate)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("gansynth", __doc__, seed=True, threads=True)
    parser.add("--data")
    for name, default, what in (
        ("--notes", sheet.NOTES, "random points at random pitches"),
        ("--points", sheet.POINTS, "random points at the middle pitch, 2 or more"),
    ):
        parser.add_argument(name, metavar="N", type=int, default=default, help=f"{what} (default: {default})")
    options = parser.parse(arguments)
    torch.set_num_threads(options.threads or torch.get_num_threads())

    def work():
        notes = Notes(Path(options.data)) if options.data else None
        return evaluate("gansynth", options, __file__, lambda path: compare(path, options, notes))

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
