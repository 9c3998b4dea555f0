"""Evaluate DDSP models on sounds that they have not heard. Runs on the command line, in the environment `torch`.

    setup/dlwa evaluate ddsp CHECKPOINT [--data DATASET]
    setup/dlwa evaluate ddsp CHECKPOINT --sounds FOLDER [--training FOLDER]

The sounds are those that training on the data set leaves out, or those of a folder. `held_out` is ddsp's spectral loss
on them (lower is better), `train` the same on as many of the training sounds, `pitch_within_50_cents` the share of
frames with the pitch that was asked for. Beside the model: silence, the same network with random weights, and a plain
synthesiser: harmonics with the loudness asked for and the mean spectrum of the training sounds.
"""

import sys

import numpy as np
import torch
from dlwakit.training.evaluation import Sheet, evaluate
from dlwakit.training.options import evaluate_parser, path
from modelfiles.checkpoint import load_checkpoint
from modelfiles.finding import latest
from modelfiles.regular import read_text
from modelfiles.sounds import find_sounds, read_sound

from . import features, model
from .controls import notes
from .engine import configuration
from .engine.decoder import SUFFIX
from .engine.loudness import loudness_db
from .engine.pitch import HOP_SIZE, SAMPLE_RATE, midi
from .engine.timbre_model import TimbreModel, decoder_tensors
from .features import Features
from .training.examples import load_examples
from .training.losses import LEAST, spectral_loss

HALF_A_SEMITONE = 0.5
CONFIDENT = 0.5
HARMONICS = 30


def loss_of(sound, made):
    """ddsp's spectral loss of a sound against a made one, both [samples]; silence is as good as almost silence."""
    both = (torch.from_numpy(np.asarray(audio, np.float32))[None] for audio in (sound, made))
    return float(spectral_loss(*both, floor=LEAST))


def perform(play, phrases):
    """What play(heard) makes of phrases [(audio, Features)]: sounds as long as theirs, float32 [samples]."""
    return [np.asarray(play(heard), np.float32)[: len(audio)] for audio, heard in phrases]


def mean_loss(sounds, phrases):
    """The mean spectral loss of sounds against the phrases that they stand for."""
    return float(np.mean([loss_of(audio, made) for made, (audio, _) in zip(sounds, phrases)]))


def pitch_right(sounds, phrases):
    """The share of frames of sounds within half a semitone of what the phrases asked for."""
    right, asked = 0, 0
    for made, (_, heard) in zip(sounds, phrases):
        again = features.extract(made)
        on = notes(heard)[0]
        near = np.abs(midi(again.f0_hz) - midi(heard.f0_hz)) < HALF_A_SEMITONE
        right += np.sum(on & near & (again.confidence >= CONFIDENT))
        asked += np.sum(on)
    return right / max(1, asked)


def listen(folder):
    """[(audio at 16 kHz, Features)] of the sound files below a folder."""
    sounds = [features.prepare(*read_sound(file)) for file in find_sounds(folder)]
    return [(audio, features.extract(audio)) for audio in sounds]


def mean_spectrum(phrases):
    """Amplitudes of the harmonics [HARMONICS], a mean over the notes of all phrases, their sum one."""
    total = np.zeros(HARMONICS)
    for audio, heard in phrases:
        windows = np.lib.stride_tricks.sliding_window_view(audio, 2048)[::HOP_SIZE] * np.hanning(2048)
        spectrum = np.abs(np.fft.rfft(windows))
        for frame in np.flatnonzero(notes(heard)[0][: len(spectrum)]):
            bins = np.arange(1, HARMONICS + 1) * heard.f0_hz[frame] * 2048 / SAMPLE_RATE
            total += spectrum[frame, np.minimum(bins.round().astype(int), 1023)] * (bins < 1023)
    return total / total.sum()


def plain(spectrum):
    """A synthesiser without a network: harmonics of one spectrum that are as loud as was asked for."""

    def play(heard):
        samples = len(heard) * HOP_SIZE
        times = np.arange(samples) / HOP_SIZE
        f0_hz = np.interp(times, np.arange(len(heard)), heard.f0_hz)
        phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
        harmonics = np.arange(1, HARMONICS + 1)
        tone = sum(
            level * np.sin(k * phase) * (k * f0_hz < SAMPLE_RATE / 2) for k, level in zip(harmonics, spectrum)
        )
        wanted = heard.loudness_db - loudness_db(tone.astype(np.float32))[: len(heard)]
        return tone * np.interp(times, np.arange(len(heard)), 10 ** (np.minimum(wanted, 40) / 20))

    return play


def untrained(folder, seed=0):
    """The model of a folder with random weights: dense kernels as Glorot drew them, everything else at rest."""
    random = np.random.default_rng(seed)
    trained = decoder_tensors(load_checkpoint(latest(folder)))
    tensors = {}
    for name, values in trained.items():
        if values.ndim == 2 and name.endswith("kernel"):
            limit = np.sqrt(6 / sum(values.shape))
            values = random.uniform(-limit, limit, values.shape).astype(np.float32)
        elif not name.endswith(SUFFIX):
            values = np.ones_like(values) if name.endswith("gamma") else np.zeros_like(values)
        tensors[name] = values
    settings = configuration.read(read_text(configuration.newest(folder)))
    return TimbreModel(folder.name, settings, tensors)


def compare(path, phrases, training, seed=0):
    """The Sheet of a model on phrases [(audio, Features)], beside what it is to be better than.

    training: phrases that it learned from, also for the plain synthesiser's spectrum; without any there is neither.
    """
    players = {"checkpoint": model.load(path), "untrained": untrained(path, seed)}
    rows = {
        name: lambda heard, player=player: player.generate(heard.f0_hz, heard.loudness_db, seed=seed)
        for name, player in players.items()
    }
    if training:
        rows["plain synthesiser"] = plain(mean_spectrum(training))
    sounds = {name: perform(play, phrases) for name, play in rows.items()}
    found = {
        name: {
            "held_out": mean_loss(made, phrases),
            "pitch_within_50_cents": float(pitch_right(made, phrases)),
        }
        for name, made in sounds.items()
    }
    if training:
        some = training[:: max(1, len(training) // len(phrases))][: len(phrases)]
        found["checkpoint"]["train"] = mean_loss(perform(rows["checkpoint"], some), some)
    silent = [np.zeros_like(audio) for audio, _ in phrases]
    found["silence"] = {"held_out": mean_loss(silent, phrases)}
    return Sheet(found, {**sounds, "data": [audio for audio, _ in phrases]}, SAMPLE_RATE)


def phrases_of(examples):
    """[(audio, Features)] of a data set's examples."""
    columns = (examples[name] for name in ("audio", "f0_hz", "f0_confidence", "loudness_db"))
    return [(audio, Features(*curves)) for audio, *curves in zip(*columns)]


def main(arguments=None):
    """Run the program; returns its exit status."""
    parser = evaluate_parser("ddsp", __doc__, data=True, seed=True, threads=True)
    parser.add_argument(
        "--sounds", metavar="FOLDER", type=path, help="sounds to evaluate on, instead of --data"
    )
    parser.add_argument(
        "--training", metavar="FOLDER", type=path, help="with --sounds: those that it learned from"
    )
    options = parser.parse(arguments)

    def work():
        torch.set_num_threads(options.threads or torch.get_num_threads())
        if options.sounds:
            phrases = listen(options.sounds)
            training = listen(options.training) if options.training else []
        else:
            examples = load_examples(options.data)
            phrases, training = phrases_of(examples.held_out), phrases_of(examples.learned)
        print(f"{sum(len(audio) for audio, _ in phrases) / SAMPLE_RATE:.0f} seconds of sound")
        return evaluate(
            "ddsp", options, __file__, lambda folder: compare(folder, phrases, training, options.seed)
        )

    return parser.run(work)


if __name__ == "__main__":
    sys.exit(main())
