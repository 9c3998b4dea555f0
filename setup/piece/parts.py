"""Makes the parts of the piece, each by a model of another day. A program, in the environment torch.

    python setup/piece/parts.py FOLDER [PART ...]

All choices are made by fixed seeds. Each part is a sound file in FOLDER; without a PART all are made. What fails is
said in one line.
"""

import importlib
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DAYS = sorted(ROOT.glob("0[0-9]_*"))
sys.path[:0] = [*map(str, DAYS), str(ROOT / "pyext_py3")]

from modelfiles.errors import UserError  # noqa: E402
from modelfiles.sounds import read_sound, write_sound  # noqa: E402

BEAT, CYCLE = 0.5, 16.0  # seconds; of the four chords
FRAMES = 250  # of a curve of day 2, a second
PEAK = 0.7
CHORDS = (
    (50, 57, 62, 65),
    (50, 58, 62, 65),
    (53, 57, 60, 65),
    (48, 55, 60, 64),
)  # MIDI pitches, four seconds each
# (MIDI pitch, beats), 32 beats, over these chords.
THEME = [(69, 3), (65, 1), (62, 2), (64, 1), (65, 1), (74, 3), (72, 1), (70, 2), (69, 2)]
THEME += [(69, 2), (72, 2), (77, 3), (76, 1), (76, 2), (74, 1), (72, 1), (67, 2), (69, 2)]
BASS = [
    (pitch, beats)
    for root in (38, 46, 41, 36)
    for pitch, beats in ((root, 3), (root, 1), (root + 7, 2), (root, 2))
]


def load(package, name):
    """A model of a day."""
    return importlib.import_module(package).load(name)


def rows(tune, shift=0, now=0.0):
    """Notes (pitch, velocity, start, end) of a tune."""
    notes = []
    for pitch, beats in tune:
        notes.append((pitch + shift, 90, now, now + beats * BEAT))
        now += beats * BEAT
    return notes


def bowed(instrument, notes, seconds, seed):
    """Notes played by an instrument of day 2: pitch and loudness curves with glides, vibrato and swells."""
    times = np.arange(round(seconds * FRAMES)) / FRAMES
    pitch, loudness = np.zeros(len(times)), np.full(len(times), -90.0)
    loud = float(np.quantile(instrument.statistics.loudness_quantiles, 0.6))
    for key, velocity, start, end in notes:
        during = (times >= start) & (times < end)
        inside = times[during] - start
        length = end - start
        vibrato = 0.25 * np.sin(2 * np.pi * 5.3 * inside) * np.clip((inside - 0.25) / 0.5, 0, 1)
        pitch[during] = key + vibrato
        swell = np.sin(np.pi * np.clip(inside / length, 0, 1)) ** 0.5
        edge = np.minimum(1, np.minimum(inside / 0.06, (length - inside) / 0.08))
        loudness[during] = loud + (velocity - 90) / 8 + 5 * swell - 30 * (1 - np.clip(edge, 0, 1))
    sounding = pitch > 0
    pitch = np.interp(times, times[sounding], pitch[sounding])
    glide = np.hanning(17)
    pitch = np.convolve(np.pad(pitch, 8, mode="edge"), glide / glide.sum(), mode="valid")
    return instrument.generate(440 * 2 ** ((pitch - 69) / 12), loudness, seed=seed), instrument.sample_rate


def texture():
    """Day 3, sounds without a pitch, one fading into the next."""
    model = load("gansynth", "starter_textures")
    pitch = model.folder.pitches[0]
    sounds = model.generate(lasting(model, 10, pitch), [pitch] * 10)
    return overlapped(sounds, model.folder.sample_rate, 1.0), model.folder.sample_rate


def chords():
    """Day 3, four notes at a time, on a walk from one timbre to another and back."""
    model = load("gansynth", "starter_instruments")
    latent = importlib.import_module("gansynth.latent")
    start, end = lasting(model, 2, CHORDS[0][2])
    layers = []
    for voice in range(4):
        points = [latent.slerp(start, end, abs(1 - ((step + voice) / 8) % 2)) for step in range(16)]
        keys = [CHORDS[step // 4][voice] for step in range(16)]
        layers.append(overlapped(model.generate(np.array(points), keys), model.folder.sample_rate, 1.0))
    return np.sum(layers, axis=0)[: round(CYCLE * model.folder.sample_rate)], model.folder.sample_rate


def lasting(model, count, pitch):
    """Of 32 random points, those whose sounds die away least."""
    points = model.random(32, seed=4)
    sounds = model.generate(points, [pitch] * len(points))
    half = sounds.shape[1] // 2
    order = np.argsort(sounds[:, half:].std(axis=1) / (sounds[:, :half].std(axis=1) + 1e-3))
    return points[order[-count:]]


def overlapped(sounds, rate, spacing):
    """Sounds, equally loud, one every `spacing` seconds; what sounds on after the end begins the loop."""
    length, hop = sounds.shape[1], round(spacing * rate)
    place = np.arange(length)
    shape = np.clip(np.minimum(place / (0.4 * rate), (length - place) / rate), 0, 1)
    mixed = np.zeros(len(sounds) * hop, np.float32)
    for number, sound in enumerate(sounds):
        shaped = shape * sound
        np.add.at(mixed, (number * hop + place) % len(mixed), np.float32(shaped / (np.std(shaped) + 1e-3)))
    return mixed


def drums():
    """Day 6: the drums of a model play the beat of the example sounds."""
    model = load("rave_rt", "starter_drums")
    beat, _ = read_sound(ROOT / "setup/sounds/beat.wav", model.rate)
    return model.forward(np.tile(beat, 2), seed=1)[0][len(beat) :][: len(beat)], model.rate


def machine():
    """Day 5: a network goes on from that beat, sample by sample."""
    model = load("samplernn", "starter_beat")
    beat, rate = read_sound(ROOT / "setup/sounds/beat.wav")
    made = model.generate(CYCLE, 0.95, primer=beat, primer_rate=rate, rate=44100, seed=3)
    return made[0], 44100


def bass():
    """Day 2: the cello, as low as it goes."""
    return bowed(load("timbre_transfer", "starter_cello"), rows(BASS), CYCLE, 1)


def theme():
    """Day 2: the cello plays the theme."""
    return bowed(load("timbre_transfer", "starter_cello"), rows(THEME, -12), CYCLE, 2)


def answer():
    """Days 1 and 2: AI Duet answers the theme, in its key, and a flute plays that."""
    model = load("ai_duet", "starter_attention_rnn")
    made = model.generate(
        rows(THEME), CYCLE, temperature=0.9, candidates=4, tempo=60 / BEAT, seed=5, key=True, phrase=4
    )
    return bowed(load("timbre_transfer", "starter_flute"), made.notes, CYCLE, 3)


def voice():
    """Day 2: a voice sings the theme."""
    return bowed(load("timbre_transfer", "starter_voice"), rows(THEME), CYCLE, 4)


PARTS = {part.__name__: part for part in (texture, chords, machine, drums, bass, theme, answer, voice)}


def make(name, folder):
    """Write a part."""
    target = folder / f"{name}.wav"
    if target.is_dir():
        raise UserError("file", f"{target} is a folder")
    sound, rate = PARTS[name]()
    peak = np.abs(sound).max()
    if not peak > 1e-3:
        raise UserError("sound", "it came out silent")
    part = folder / f".{name}.wav"
    write_sound(part, PEAK * sound / peak, rate)
    part.replace(target)


def main(folder, *names):
    """Make the parts; return the program's exit status."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in names or PARTS:
        try:
            make(name, folder)
        except Exception as error:
            failed = 1
            said = error.message if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            print(f"{name}: {said}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
