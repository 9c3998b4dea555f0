"""The exercises of day 5 in its patch, in real Pd: temperatures, seeds, feedback, few candidates."""

import csv
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from support.hearing import beat, colour, hiss, level, noisiness, spectrogram, strummed
from support.tools import setup_dlwa

pytestmark = pytest.mark.slow

DAY = Path(__file__).parents[2] / "05_samplernn"
MODEL, RATE = "starter_voice", 16000
LADDER = (0.7, 0.85, 1.0, 1.2, 1.5, 1.8)
POINTS = 100  # of the curve that is drawn


class Writer:
    """The patch with a model: what it makes with its controls set."""

    def __init__(self, patch, folder):
        self.patch, self.pd, self.folder = patch, patch.pd, folder

    def set(self, **values):
        for name, value in values.items():
            self.patch.send("press", f"{name}-set", value)

    def generate(self, a, b=1.0, seconds=4, random=1):
        """Sounds A, with the temperature drawn (a number or a curve), and B, at the number."""
        curve = np.broadcast_to(a, POINTS) if np.ndim(a) == 0 else a
        self.pd.set_array(self.patch.own("curve"), curve)
        self.set(warmth=b, seconds=seconds, random=random)
        self.patch.send("rate", RATE)
        self.patch.send("press", "generate")
        return [self._sound() for _ in "AB"]

    def ask(self, name, *words):
        """A sound by a message, in an array of the patch's."""
        array = self.patch.own(name)
        self.patch.send("generate", "--out", array, "--out_sr", RATE, *words)
        return self._sound()

    def seed(self, sound):
        """Open a sound as the seed, or go on without one."""
        self.set(seeded=0)
        if sound is not None:
            file = self.folder / "seed.wav"
            soundfile.write(file, sound, RATE)
            self.pd.listen(self.patch.own("seed-opened"))
            self.patch.send("press", "open-seed", str(file))
            self.pd.expect(self.patch.own("seed-opened"))
            self.set(seeded=1)

    def _sound(self):
        _, array, rate, length = self.patch.expect("generated", timeout=120)
        sound = np.float32(self.pd.array(array))
        assert len(sound) == length
        return librosa.resample(sound, orig_sr=int(rate), target_sr=RATE)


@pytest.fixture(scope="module")
def writer(patch, tmp_path_factory):
    opened = patch(DAY / "samplernn.pd", "samplernn")
    opened.load(MODEL, timeout=240)
    return Writer(opened, tmp_path_factory.mktemp("sounds"))


def test_1_the_temperature_ladder(writer, row):
    """Cold it murmurs darkly, warm it has the sounds of speech, hot it is noise; it never falls silent."""
    sounds = [sound for a, b in zip(LADDER[::2], LADDER[1::2]) for sound in writer.generate(a, b)]
    levels, noise = [level(sound) for sound in sounds], [noisiness(sound) for sound in sounds]
    row(
        "5.1",
        "at 0.7 dark, from 0.85 to 1.2 sounds of speech and hisses, from 1.5 on noise",
        "; ".join(
            f"{heat:g}: {loud:.0f} dB, noisiness {rough:.2f}"
            for heat, loud, rough in zip(LADDER, levels, noise)
        ),
    )
    assert min(levels) > -30
    assert noise[0] < 0.03 and np.median(noise[1:4]) < 0.2 < min(noise[4:])


def test_2_stutter_and_breathe(writer, row):
    """Steps between cold and hot chop the sound; slow waves let noise come and go."""
    steps = np.where(np.arange(POINTS) // 5 % 2, 1.15, 0.3)
    waves = 0.95 + 0.35 * np.sin(np.arange(POINTS) * 2 * np.pi / 50)
    followed = []
    for curve in (steps, waves):
        sound, _ = writer.generate(curve)
        crossings = librosa.feature.zero_crossing_rate(sound)[0]
        drawn = np.interp(np.linspace(0, POINTS - 1, len(crossings)), np.arange(POINTS), curve)
        followed.append(np.corrcoef(crossings, drawn)[0, 1])
    row(
        "5.2",
        "steps of 0.2 s between 0.3 and 1.15 stutter, waves of 2 s breathe",
        f"hiss follows the steps {followed[0]:.2f}, the waves {followed[1]:.2f} (1 is exactly)",
    )
    assert min(followed) > 0.5


def test_3_a_guitar_as_a_seed(writer, row):
    """The join is smooth, and then it is the model again: soon nothing is left of the guitar."""
    guitar = strummed(2, RATE)
    away = {}
    for seconds in (2.0, 0.25):
        seed = guitar[: round(seconds * RATE)]
        writer.seed(seed)
        takes = [writer.generate(0.9, 0.9, 1, number)[0] for number in range(3)]
        jumps = [abs(take[0] - seed[-1]) for take in takes]
        away[seconds] = np.mean([of_guitar(take, guitar) for take in takes], axis=0)
    writer.seed(None)
    free = np.mean([of_guitar(writer.generate(0.9, 0.9, 1, number)[0], guitar) for number in range(3)])
    row(
        "5.3",
        "no click at the join; the small model forgets a strange sound within a tenth of a second",
        f"away from the guitar after 0.1, 0.5, 1 s: {', '.join(f'{far:.1f}' for far in away[2.0][[0, 2, 4]])} dB; "
        f"without a seed {free:.1f} dB",
    )
    assert max(jumps) < 0.3
    assert away[2.0][-1] > 0.8 * free and away[0.25][-1] > 0.8 * free


def of_guitar(sound, guitar):
    """How far each fifth of a sound is from the guitar's spectrum, in decibels."""
    wanted = spectrogram(guitar, RATE).mean(axis=1)
    return np.array(
        [np.abs(spectrogram(part, RATE).mean(axis=1) - wanted).mean() for part in np.array_split(sound, 5)]
    )


def test_4_feedback(writer, row):
    """What went in first is gone after one take; colour and level of the model stay."""
    first = beat(RATE)
    seed, takes = first, []
    for number in range(5):
        writer.seed(seed)
        seed, _ = writer.generate(0.95, 0.95, 2, number)
        takes.append(seed)
    writer.seed(None)
    free = [sound for number in (10, 11) for sound in writer.generate(0.95, 0.95, 2, number)]
    own = np.mean([colour(sound, RATE) for sound in free], axis=0)
    off, usual = (
        [float(np.abs(colour(sound, RATE) - own).mean()) for sound in some] for some in (takes, free)
    )
    levels = [level(take) for take in takes]
    row(
        "5.4",
        "after one take nothing of the first sound; colour and loudness of the model survive all five",
        f"from the model's own colour: takes {', '.join(f'{step:.1f}' for step in off)} dB, takes without a seed "
        f"{min(usual):.1f} to {max(usual):.1f}; levels {min(levels):.0f} to {max(levels):.0f} dB",
    )
    assert max(off) < 2 * max(usual)
    assert max(levels) - min(levels) < 12


def test_5_train_over_lunch(row, tmp_path):
    """After a short training the network foresees the recording better, and later previews are coloured like it."""
    recording = np.resize(beat(RATE), 30 * RATE)
    (tmp_path / "mine").mkdir()
    soundfile.write(tmp_path / "mine/mine.wav", recording, RATE)
    data, run = tmp_path / "data", tmp_path / "run"
    for words in (
        ("dataset", "samplernn", tmp_path / "mine", "--data", data),
        (
            "train",
            "samplernn",
            "--data",
            data,
            "--run",
            run,
            "--steps",
            60,
            "--check-every",
            10,
            "--threads",
            1,
        ),
    ):
        done = setup_dlwa(*words, environment="torch")
        assert done.returncode == 0, done.stderr
    with next(run.glob("*.csv")).open() as table:
        bits = [float(line["bits"]) for line in csv.DictReader(table)]
    off = [
        float(np.abs(colour(soundfile.read(file)[0], RATE) - colour(recording, RATE)).mean())
        for file in sorted((run / "previews").glob("*.wav"))
    ]
    row(
        "5.5",
        "later previews are nearer to your sounds than the first",
        f"{', '.join(f'{far:.1f}' for far in off)} dB away; {bits[0]:.2f}, {bits[-1]:.2f} bits (60 steps)",
    )
    assert min(off[1:]) < off[0] and bits[-1] < bits[0]


def test_6_few_candidates(writer, row):
    """The likeliest alone is silence; eight are soft and dark, 64 as loud as all and without hisses."""
    sounds = {
        count: [writer.ask("a", "--dur", 2, "--random", number, "--top_k", count) for number in range(3)]
        for count in (1, 8, 64, 0)
    }
    cold = [writer.ask("a", "--dur", 2, "--random", number, "--temp", 0.7) for number in range(3)]
    loud, sharp = (
        {count: float(np.mean([measure(sound) for sound in takes])) for count, takes in sounds.items()}
        for measure in (level, lambda sound: hiss(sound, RATE))
    )
    low = float(np.mean([hiss(sound, RATE) for sound in cold]))
    row(
        "5.6",
        "1: silence; 8: soft and dark; 64: as loud as all, without hisses, as a low temperature is",
        "; ".join(f"{count or 'all'}: {loud[count]:.0f} dB, hiss {sharp[count]:.0f} dB" for count in sounds)
        + f"; temperature 0.7: hiss {low:.0f} dB",
    )
    assert loud[1] < -50 and loud[1] < loud[8] - 20 and loud[8] < loud[64] - 2
    assert sharp[8] < sharp[64] < sharp[0] - 4 and abs(low - sharp[64]) < 8
