"""Makes the sounds and pictures of the page "Own sounds in three minutes": setup/book/own_sounds.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/own_sounds.py [EXAMPLE ...]

Two minutes of an instrument, of a voice and of water each train the model of a day, for one minute and for three, from
the model that the kit ships; what that one plays is written too. The interpreter is that of the environment torch.
EXAMPLE is one of instrument, voice, water. Nothing else should run meanwhile: a minute is a minute of wall time.
"""

import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
from dlwakit.training import material
from modelfiles.sounds import read_sound, write_sound

from support.lesson_sounds import ROOT
from support.noise_to_sound import Ddsp, dlwa, load, write

OUT = ROOT / "setup/book/own_sounds"
MINUTES = {"one_minute": 1, "three_minutes": 3}
SECONDS, PIECES, RATE = 120, 60, 16000
SPEAKER = "ru_RU_f_IvrvoiceRU"
HELD_OUT = "demo-nomatch"


class Instrument(Ddsp):
    """An oboe, for the model of day 2, which begins with the cello; it plays the sung phrase."""

    model, before, suffix, words = "ddsp", "starter_cello", "", ()

    def prepare(self, folder):
        from timbre_transfer.soundfont import INSTRUMENTS, render

        for number in range(6):
            render(INSTRUMENTS["oboe"], np.random.default_rng(number), folder / f"oboe-{number}.wav")

    def recording(self, folder):
        return read_sound(folder / "oboe-0.wav", RATE)[0][: 6 * RATE], RATE


class Voice:
    """A speaker, for the model of day 6, which begins with the base; it plays a sentence that was held out."""

    model, before, suffix, words = "rave", "base", ".ts", ()

    def sentences(self):
        return sorted(Path("/", material.VOICES).glob(f"{SPEAKER}/*.g722"))

    def prepare(self, folder):
        seconds = 0.0
        for path in self.sentences():
            if path.stem != HELD_OUT and seconds < SECONDS and path.stat().st_size >= material.LEAST_BYTES:
                seconds += path.stat().st_size / 8000
                material.decode(path, folder / f"{path.stem}.wav")

    def recording(self, folder):
        (path,) = (path for path in self.sentences() if path.stem == HELD_OUT)
        with tempfile.TemporaryDirectory() as other:
            material.decode(path, Path(other, "sentence.wav"))
            return read_sound(Path(other, "sentence.wav"), RATE)[0][: 4 * RATE], RATE

    def play(self, model):
        model = load("rave_rt", model)
        sentence, rate = self.recording(None)
        made = model.forward(librosa.resample(sentence, orig_sr=rate, target_sr=model.rate), seed=1)[0]
        return librosa.resample(made, orig_sr=model.rate, target_sr=RATE), RATE


class Water:
    """Pieces of water, for the model of day 3, which begins with the textures; four random points."""

    model, before, suffix, words = "gansynth", "starter_textures", "", ("--seconds", 2)

    def prepare(self, folder):
        for number in range(PIECES):
            write_sound(folder / f"water-{number:02}.wav", water(np.random.default_rng(number)), RATE)

    def recording(self, folder):
        return np.concatenate(
            [read_sound(folder / f"water-{n:02}.wav", RATE)[0] for n in (0, 20, 40, 59)]
        ), RATE

    def play(self, model):
        model = load("gansynth", model)
        pitch = model.folder.pitches[len(model.folder.pitches) // 2]
        return model.generate(model.random(4, seed=5), [pitch] * 4).ravel(), model.folder.sample_rate


def water(random):
    """Two seconds of drops and bubbles: float32 at 16 kHz, its peak at 0.5.

    A bubble rings at the frequency of its radius and fades; near the surface it rises in pitch (van den Doel,
    Physically based models for liquid sounds, 2005).
    """
    audio = np.zeros(SECONDS // PIECES * RATE, np.float32)
    bubbles, middle = int(10 ** random.uniform(0.8, 2.6)), 10 ** random.uniform(2.5, 3.5)
    for _ in range(bubbles):
        hertz = np.clip(middle * 2 ** random.normal(0, 0.7), 150, 6000)
        fading = 0.13 * hertz + 0.0072 * hertz**1.5
        times = np.arange(round(min(7 / fading, 0.3) * RATE)) / RATE
        rising = fading * 0.1 * random.random()
        bubble = np.sin(2 * np.pi * hertz * times * (1 + rising * times / 2)) * np.exp(-fading * times)
        begin = random.integers(len(audio))
        audio[begin : begin + len(times)] += (random.random() * bubble)[: len(audio) - begin]
    return 0.5 * audio / np.abs(audio).max()


EXAMPLES = {"instrument": Instrument, "voice": Voice, "water": Water}


def make(name):
    """All sounds of an example."""
    example = EXAMPLES[name]()
    with tempfile.TemporaryDirectory() as folder:
        sounds, data = Path(folder, "sounds"), Path(folder, "data")
        sounds.mkdir()
        example.prepare(sounds)
        dlwa("dataset", example.model, sounds, *example.words, "--data", data)
        write(OUT / f"{name}_recording", *example.recording(sounds))
        write(OUT / f"{name}_before", *example.play(example.before))
        for stage, minutes in MINUTES.items():
            run = Path(folder, stage)
            words = "--data", data, "--run", run, "--preset", "minutes", "--minutes", minutes
            dlwa("train", example.model, *words)
            write(OUT / f"{name}_{stage}", *example.play(run / f"{stage}{example.suffix}"))


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for chosen in sys.argv[1:] or EXAMPLES:
        make(chosen)
