"""Evaluate GANSynth models: do they hit the pitch, and do their points differ? Runs on the command line.

    setup/dlwa evaluate gansynth CHECKPOINT [--points 8]

`right_pitch` is the share of notes within half a semitone of the pitch asked for (pYIN), `octaves_forgiven` the same
in any octave. `between_points_db` is the mean distance of the timbres of different points at one pitch,
`within_one_db` that of one point at neighbouring pitches. Beside the model: the same network with random weights.
"""

import sys

import librosa
import numpy as np
import torch
from dlwakit.training.evaluation import evaluate
from dlwakit.training.options import evaluate_parser

from .folder import generator_names, open_folder
from .model import GANSynth

POINTS = 8


def pitch_of(audio, sample_rate):
    """The MIDI pitch that YIN with Viterbi smoothing finds in a note, or nan where it finds none."""
    low, high = librosa.midi_to_hz([36, 96])
    f0, voiced, _ = librosa.pyin(audio, fmin=low, fmax=high, sr=sample_rate)
    return float(np.median(librosa.hz_to_midi(f0[voiced]))) if voiced.mean() > 0.3 else float("nan")


def spectrum(audio, sample_rate):
    """A note's timbre: its mean log mel spectrum, decibels, without its loudness."""
    mel = librosa.feature.melspectrogram(y=audio, sr=sample_rate, n_fft=1024, n_mels=64).mean(axis=1)
    decibels = librosa.power_to_db(mel, ref=np.max, top_db=60)
    return decibels - decibels.mean()


def measure(model, points=POINTS, seed=0):
    """Figures of a model, by name: see the module. points: how many random points play each pitch."""
    folder = model.folder
    pitches, rate = folder.pitches, folder.sample_rate
    latents = model.random(points, seed)
    right, octave, timbres = [], [], []
    for pitch in pitches:
        notes = model.generate(latents, [pitch] * points)
        errors = np.array([pitch_of(note, rate) for note in notes]) - pitch
        right += list(np.abs(errors) < 0.5)
        octave += list(np.abs(errors - 12 * np.round(errors / 12)) < 0.5)
        timbres.append([spectrum(note, rate) for note in notes])
    timbres = np.array(timbres)

    def distance(one, two):
        return float(np.sqrt(((one - two) ** 2).mean(axis=-1)).mean())

    return {
        "right_pitch": float(np.mean(right)),
        "octaves_forgiven": float(np.mean(octave)),
        "between_points_db": distance(timbres, np.roll(timbres, 1, axis=1)),
        "within_one_db": distance(timbres[1:], timbres[:-1]),
    }


class Untrained(dict):
    """A checkpoint's tensors, with random weights in the place of the trained ones."""

    def __init__(self, folder, seed=0):
        random = np.random.default_rng(seed)
        super().__init__(global_step=folder.checkpoint["global_step"])
        for name in generator_names(folder.blocks):
            shape = folder.checkpoint[name].shape
            zero = name.endswith("bias/ExponentialMovingAverage")
            self[name] = np.zeros(shape, np.float32) if zero else random.standard_normal(shape, np.float32)


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("gansynth", __doc__, seed=True, threads=True)
    parser.add_argument(
        "--points",
        metavar="N",
        type=int,
        default=POINTS,
        help="at each pitch, 2 or more (default: %(default)s)",
    )
    options = parser.parse(arguments)

    def compare(path):
        folder = open_folder(path)
        trained = measure(GANSynth(folder), options.points, options.seed)
        folder.checkpoint = Untrained(folder, options.seed)
        return {"checkpoint": trained, "untrained": measure(GANSynth(folder), options.points, options.seed)}

    torch.set_num_threads(options.threads or torch.get_num_threads())
    return parser.run(lambda: evaluate("gansynth", options, __file__, compare))


if __name__ == "__main__":
    sys.exit(main())
