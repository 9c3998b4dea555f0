"""The trainings of all models in sizes that take seconds, for tests of what they have in common."""

import json
from dataclasses import dataclass

import numpy as np

from support.melody_files import tune

RATE = 8000


@dataclass
class Training:
    """main(words) trains; prepare(folder) writes a data set and returns the words; load(path) opens a model."""

    main: object
    prepare: object
    load: object


def tones(seconds, rate=RATE, count=5):
    """Decaying tones, float64 [count, samples]."""
    times = np.arange(round(seconds * rate)) / rate
    pitches = 110 * 2 ** (np.arange(count) / 3)
    return np.exp(-3 * times) * np.sin(2 * np.pi * pitches[:, None] * times) * 0.7


def words(data, steps, *more):
    """What every tiny training is called with."""
    return [
        "--data",
        str(data),
        "--from",
        "nothing",
        "--threads",
        "1",
        "--steps",
        str(steps),
        *map(str, more),
    ]


def melody():
    """AI Duet."""
    from ai_duet import train
    from ai_duet.model import load
    from ai_duet.training.melodies import Melody, split

    def prepare(folder):
        lines = {str(seed): tune(seed, notes=40) for seed in range(20)}
        events = {
            name: tuple(event for pitch in line for event in (pitch, -2)) for name, line in lines.items()
        }
        split([Melody(name, 16, each) for name, each in events.items()], "test").save(folder / "data")
        sizes = ("--network", "lookback_rnn", "--layers", "8,8", "--batch-size", 4, "--window", 32)
        return words(folder / "data", 30, *sizes)

    return Training(train.main, prepare, load)


def ddsp():
    """Day 2."""
    from timbre_transfer import model, train
    from timbre_transfer.training import presets

    presets.PRESETS["minutes"] = {
        "rnn": 8,
        "width": 8,
        "layers": 1,
        "harmonics": 8,
        "noise": 9,
        "reverb": 0,
    }

    def prepare(folder):
        folder.mkdir(exist_ok=True)
        frames, count = 125, 24
        random = np.random.default_rng(0)
        audio = np.tile(tones(0.5, 16000, 6), (4, 1)).astype(np.float32)
        columns = {"f0_hz": 220.0, "f0_confidence": 1.0, "loudness_db": -20.0}
        curves = {name: np.full((count, frames), value, np.float32) for name, value in columns.items()}
        curves["loudness_db"] += random.normal(0, 5, (count, frames)).astype(np.float32)
        np.savez(folder / "examples.npz", audio=audio, **curves, sound=np.arange(count) // 2)
        return words(folder, 24, "--batch-size", 2)

    return Training(train.main, lambda folder: prepare(folder / "data"), model.load)


def gansynth():
    """Day 3."""
    from gansynth import train
    from gansynth.model import load
    from gansynth.training import presets

    presets.COMMON["num_resolutions"] = 3
    presets.PRESETS["minutes"] = {"fmap_base": 16, "fmap_max": 4, "latent_vector_size": 4, "batch_size": 2}

    return Training(train.main, lambda folder: notes(folder / "data"), load)


def notes(folder):
    """A data set of day 3."""
    folder.mkdir(exist_ok=True)
    np.save(folder / "notes.npy", np.int16(32767 * tones(0.25)))
    meta = {f"tone_{number}": {"instrument_str": f"tone {number}", "pitch": 60} for number in range(5)}
    (folder / "meta.json").write_text(json.dumps(meta))
    facts = {"sample_rate": RATE, "audio_length": RATE // 4}
    (folder / "dataset.json").write_text(json.dumps(facts))
    return words(folder, 24, "--batch-size", 2)


def nsynth():
    """Day 3: a WaveNet autoencoder."""
    from nsynth import train
    from nsynth.engine.config import PRESETS, Config
    from nsynth.engine.network import load

    PRESETS["minutes"] = Config(RATE, 64, 4, 4, 2, 8, 8, 2, 2, 8)
    return Training(train.main, lambda folder: notes(folder / "data"), load)


def samplernn():
    """Day 5."""
    from samplernn import train
    from samplernn.engine import store

    train.PREVIEW_SECONDS = 0.1
    size = {"frame_sizes": [4, 16], "dim": 16, "num_rnn_layers": 1, "emb_size": 8, "seq_len": 64}

    def prepare(folder):
        folder.mkdir(exist_ok=True)
        chunks = np.int16(32767 * tones(0.25))
        np.save(folder / "train.npy", chunks[:4])
        np.save(folder / "validation.npy", chunks[4:])
        (folder / "dataset.json").write_text(json.dumps({"sample_rate": RATE}))
        (folder / "tiny.json").write_text(json.dumps(size))
        return words(folder, 40, "--preset", folder / "tiny.json", "--batch-size", 2)

    return Training(train.main, lambda folder: prepare(folder / "data"), store.load)


def write_sounds(folder):
    """A data set of day 6."""
    folder.mkdir(exist_ok=True)
    sounds = np.int16(32767 * tones(0.5))
    np.save(folder / "train.npy", sounds[:4].ravel())
    np.save(folder / "held_out.npy", sounds[4])
    facts = {"rate": RATE, "seconds": 2.0, "sounds": list("abcd")}
    (folder / "dataset.json").write_text(json.dumps(facts))


def rave():
    """Day 6."""
    import torch
    from rave_rt import train

    size = {"capacity": 2, "ratios": (2, 2), "dilations": (1,), "latent": 2, "segment": 4096}
    train.PRESETS["minutes"] = size

    def prepare(folder):
        write_sounds(folder)
        return words(folder, 12, "--batch-size", 2)

    return Training(train.main, lambda folder: prepare(folder / "data"), torch.jit.load)


def prior():
    """Day 6: how the latents of a model go on."""
    from rave_rt import train_prior
    from rave_rt.engine.prior import read_prior
    from rave_rt.training import prior as training

    from support import rave_files

    training.PRESETS["minutes"] = {"hidden": 8, "components": 2}

    def prepare(folder):
        write_sounds(folder)
        model = rave_files.save(rave_files.Codec(rate=RATE), folder / "mine.ts")
        return [str(model), "--data", str(folder), "--threads", "1", "--steps", "30", "--batch-size", "2"]

    return Training(train_prior.main, lambda folder: prepare(folder / "data"), read_prior)


TRAININGS = {each.__name__: each for each in (melody, ddsp, gansynth, nsynth, samplernn, rave, prior)}
