"""How good a model is: does it hit the pitch, and do its points differ?

    python -m gansynth.evaluate MODEL

Prints what a model card needs, for the model and for the same network with random weights.
"""

import argparse
from pathlib import Path

import librosa
import numpy as np

from .folder import generator_names, open_folder
from .model import GANSynth

POINTS = 8


def heard_pitch(audio, sample_rate):
    """The MIDI pitch that YIN with Viterbi smoothing hears in a note, or nan where it hears none."""
    low, high = librosa.midi_to_hz([36, 96])
    f0, voiced, _ = librosa.pyin(audio, fmin=low, fmax=high, sr=sample_rate)
    return float(np.median(librosa.hz_to_midi(f0[voiced]))) if voiced.mean() > 0.3 else float("nan")


def spectrum(audio, sample_rate):
    """A note's timbre: its mean log mel spectrum, decibels, without its loudness."""
    mel = librosa.feature.melspectrogram(y=audio, sr=sample_rate, n_fft=1024, n_mels=64).mean(axis=1)
    decibels = librosa.power_to_db(mel, ref=np.max, top_db=60)
    return decibels - decibels.mean()


def measure(model, seed=0):
    """Facts about a model: dict of floats.

    pitch, octave: the part of the notes heard within half a semitone of the pitch asked for; the same, octaves
    forgiven. between: the mean distance in decibels of the timbres of different points at one pitch. within: of
    one point at neighbouring pitches.
    """
    folder = model.folder
    pitches, rate = folder.pitches, folder.sample_rate
    points = model.random(POINTS, seed)
    right, octave, timbres = [], [], []
    for pitch in pitches:
        notes = model.generate(points, [pitch] * POINTS)
        errors = np.array([heard_pitch(note, rate) for note in notes]) - pitch
        right += list(np.abs(errors) < 0.5)
        octave += list(np.abs(errors - 12 * np.round(errors / 12)) < 0.5)
        timbres.append([spectrum(note, rate) for note in notes])
    timbres = np.array(timbres)

    def distance(one, two):
        return float(np.sqrt(((one - two) ** 2).mean(axis=-1)).mean())

    return {
        "pitch": float(np.mean(right)),
        "octave": float(np.mean(octave)),
        "between": distance(timbres, np.roll(timbres, 1, axis=1)),
        "within": distance(timbres[1:], timbres[:-1]),
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
    parser = argparse.ArgumentParser(prog="gansynth.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    options = parser.parse_args(arguments)
    folder = open_folder(options.model)
    print("              right pitch   octaves forgiven   between points   within one")
    trained = measure(GANSynth(folder))
    folder.checkpoint = Untrained(folder)
    for name, facts in (("trained", trained), ("untrained", measure(GANSynth(folder)))):
        print(
            f"{name:12}  {facts['pitch']:11.0%}   {facts['octave']:16.0%}   "
            f"{facts['between']:11.1f} dB   {facts['within']:7.1f} dB"
        )


if __name__ == "__main__":
    main()
