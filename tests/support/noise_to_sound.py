"""Makes the sounds and pictures of the page "From noise to sound": setup/book/noise_to_sound.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/noise_to_sound.py [MODEL ...]

Each model is trained twice from random weights, for one step and for a minute, and plays the same thing then, as its
starter does; the recording beside them is of what it learned from. The interpreter is that of the environment torch.
MODEL is one of melody, ddsp, gansynth, samplernn, rave. Nothing else should run meanwhile: a minute is a minute of wall
time. NOISE_TO_SOUND_MINUTES sets another length.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile
from dlwakit.training import material
from dlwakit.training.pictures import spectrogram
from modelfiles.sounds import read_sound

from support import hearing
from support.lesson_sounds import ROOT, load_of

OUT = ROOT / "setup/book/noise_to_sound"
MINUTES = os.environ.get("NOISE_TO_SOUND_MINUTES", "1")
SIZE = (2.6, 1.2)  # inches of a picture
PIANO = 0  # General MIDI
THEME = [
    (60, 100, 0.0, 0.5),
    (64, 100, 0.5, 1.0),
    (67, 100, 1.0, 1.5),
    (65, 100, 1.5, 2.0),
    (62, 100, 2.0, 2.5),
]
THEME += [(64, 100, 2.5, 3.0), (60, 100, 3.0, 4.0)]
NOTES = ["--programs", "11,42,56,73", "--pitches", "55-79", "--velocities", "100", "--seconds", "2"]
KEYS = (60, 64, 67, 72)


def dlwa(*words):
    """Run the course's command; its last line is the error where it fails."""
    done = subprocess.run([ROOT / "setup/dlwa", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])


def load(package, path):
    return load_of(package)(path)


def piano(notes):
    """Notes (pitch, velocity, begin, end) as a piano of a SoundFont plays them, and the rate."""
    import pretty_midi

    midi = pretty_midi.PrettyMIDI()
    part = pretty_midi.Instrument(PIANO)
    part.notes = [
        pretty_midi.Note(int(velocity), int(pitch), begin, end) for pitch, velocity, begin, end in notes
    ]
    midi.instruments.append(part)
    with tempfile.TemporaryDirectory() as folder:
        material.play(f"/{material.FONT}", midi, Path(folder, "notes.wav"))
        sound, rate = read_sound(Path(folder, "notes.wav"), 16000)
    return sound[: 9 * rate], rate


class Melody:
    """A theme of seven notes, and the network's answer on the same piano."""

    data, train, starter = ["--corpus", "songs-and-tunes"], ["--network", "basic_rnn"], "starter_basic_rnn"
    suffix = ".mag"

    def prepare(self, folder):
        return self.data

    def recording(self, sounds, data):
        tunes = json.loads((data / "melodies.json").read_text())["eval"]
        events = next(tune["events"] for tune in tunes if tune["steps_per_bar"] == 16)
        begins = [step for step, event in enumerate(events) if event >= 0] + [len(events)]
        return piano(
            [
                (events[step], 100, (step - begins[0]) / 8, (end - begins[0]) / 8)
                for step, end in zip(begins, begins[1:])
            ]
        )

    def play(self, model):
        answer = load("ai_duet", model).generate(THEME, seconds=8, temperature=1.0, seed=1)
        return piano(THEME + [tuple(note)[:4] for note in answer.notes])


class Ddsp:
    """A sung phrase, played by the violin."""

    train, starter, suffix = [], "starter_violin", ""

    def prepare(self, folder):
        from timbre_transfer.soundfont import INSTRUMENTS, render

        for number in range(6):
            render(INSTRUMENTS["violin"], np.random.default_rng(number), folder / f"violin-{number}.wav")
        return [folder]

    def recording(self, sounds, data):
        sound, rate = read_sound(sounds / "violin-0.wav", 16000)
        return sound[: 6 * rate], rate

    def play(self, model):
        with tempfile.TemporaryDirectory() as folder:
            phrase, rate = hearing.sung(Path(folder))
        instrument = load("timbre_transfer", model)
        return instrument.transfer(phrase, rate, seed=1), instrument.sample_rate


class Gansynth:
    """Two random points, four keys each."""

    train, starter, suffix = [], "starter_instruments", ""

    def prepare(self, folder):
        return ["--soundfont", f"/{material.FONT}", *NOTES]

    def recording(self, sounds, data):
        notes = np.load(data / "notes.npy")[::12, :16000].astype(np.float32)
        return (0.5 * notes / np.abs(notes).max(axis=1, keepdims=True)).ravel(), 16000

    def play(self, model):
        model = load("gansynth", model)
        points, rate = model.random(2, seed=5), model.folder.sample_rate
        made = [model.generate(point[None].repeat(4, axis=0), list(KEYS))[:, :rate] for point in points]
        return np.concatenate(made).ravel(), rate


class Samplernn:
    """Four seconds at temperature 1."""

    train, starter, suffix = [], "starter_beat", ".safetensors"

    def prepare(self, folder):
        material.beat(folder, Path("/"))
        return [folder]

    def recording(self, sounds, data):
        sound, rate = read_sound(sounds / "beat-00.wav", 16000)
        return sound[: 4 * rate], rate

    def play(self, model):
        model = load("samplernn", model)
        return model.generate(4.0, temperature=[1.0], seed=1)[0], model.config.sample_rate


class Rave:
    """Two seconds of drums that no model has heard, through the model."""

    train, starter, suffix = [], "starter_drums", ".ts"

    def prepare(self, folder):
        material.drums(folder, Path("/"))
        return [folder]

    def recording(self, sounds, data):
        return hearing.beat(24000), 24000

    def play(self, model):
        model = load("rave_rt", model)
        made = model.forward(hearing.beat(model.rate), seed=1)[0]
        return librosa.resample(made, orig_sr=model.rate, target_sr=24000), 24000


MODELS = {"melody": Melody, "ddsp": Ddsp, "gansynth": Gansynth, "samplernn": Samplernn, "rave": Rave}


def write(path, sound, rate):
    """Write a sound as it is, but for what would clip, and its spectrogram; say how loud it is."""
    sound = np.nan_to_num(np.asarray(sound, np.float64))
    sound /= max(1.0, np.abs(sound).max())
    soundfile.write(path.with_suffix(".flac"), sound, rate, subtype="PCM_16")
    path.with_suffix(".png").write_bytes(spectrogram(sound, rate, SIZE))
    print(f"{path.stem}: {len(sound) / rate:.1f} s, {hearing.level(sound):.0f} dB", flush=True)


def make(name):
    """All four sounds of a model."""
    model = MODELS[name]()
    with tempfile.TemporaryDirectory() as folder:
        sounds, data = Path(folder, "sounds"), Path(folder, "data")
        sounds.mkdir()
        dlwa("dataset", name, *model.prepare(sounds), "--data", data)
        write(OUT / f"{name}_learned_from", *model.recording(sounds, data))
        for stage, length in (("untrained", ["--steps", 1]), ("one_minute", ["--minutes", MINUTES])):
            run = Path(folder, stage)
            words = ["--from", "nothing", "--preset", "minutes", *length, *model.train]
            dlwa("train", name, "--data", data, "--run", run, *words)
            write(OUT / f"{name}_{stage}", *model.play(run / f"{stage}{model.suffix}"))
        write(OUT / f"{name}_starter", *model.play(model.starter))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or MODELS:
        make(chosen)
