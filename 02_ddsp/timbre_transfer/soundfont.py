"""Sounds for the starter models: phrases by an instrument of a SoundFont, rendered by FluidSynth.

    python -m timbre_transfer.soundfont violin FOLDER [--minutes 8]
    python -m timbre_transfer.soundfont all FOLDER [--minutes 24]

Runs on the command line, in the environment `torch`. MuseScore_General (Debian's
musescore-general-soundfont-lossless) is under the MIT licence, parts of it in the public domain: what is made with
it may be passed on.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dlwakit.training import fluidsynth
from modelfiles.errors import UserError

SOUNDFONT = "/usr/share/sounds/sf2/MuseScore_General_Full.sf2"
RATE = 16000
ALL = "all"
EXPRESSIVE = 17  # bank of instruments whose colour follows the breath controller
PHRASE_SECONDS = 20
STEP = 0.02  # seconds between two values of a controller
BEND_RANGE = 2.0  # semitones that the pitch wheel bends
BANK, BREATH = 0, 2  # numbers of MIDI controllers


@dataclass(frozen=True)
class Sampled:
    """An instrument of the SoundFont: its program, its range as MIDI pitches, its vibrato in cents and Hz."""

    program: int
    low: int
    high: int
    vibrato: float = 0.0
    speed: float = 5.5


INSTRUMENTS = {
    "violin": Sampled(40, 55, 91, 18),
    "cello": Sampled(42, 36, 69, 16, 5.0),
    "flute": Sampled(73, 60, 93, 14, 5.0),
    "trumpet": Sampled(56, 54, 82, 10),
    "saxophone": Sampled(66, 44, 76, 14, 5.0),
    "voice": Sampled(85, 52, 81, 30),
    "viola": Sampled(41, 48, 79, 16),
    "clarinet": Sampled(71, 50, 86),
    "oboe": Sampled(68, 58, 88, 12),
    "bassoon": Sampled(70, 36, 67, 8),
    "trombone": Sampled(57, 40, 70, 8),
    "recorder": Sampled(74, 62, 91),
}
LENGTHS = (0.12, 0.25, 0.5, 1.0, 2.0, 3.0)  # of notes, seconds
SHARES = (0.12, 0.24, 0.28, 0.2, 0.11, 0.05)


def main(arguments=None):
    """Render as many phrases as the minutes hold; returns the program's exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("instrument", choices=[*INSTRUMENTS, ALL])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    names = list(INSTRUMENTS) if options.instrument == ALL else [options.instrument]
    try:
        for number in range(round(options.minutes * 60 / PHRASE_SECONDS)):
            name = names[number % len(names)]
            random = np.random.default_rng([options.seed, number])
            render(INSTRUMENTS[name], random, options.folder / f"{name}_{number:02d}.wav")
    except UserError as error:
        print(f"soundfont: {error}", file=sys.stderr)
        return 1
    return 0


def render(instrument, random, path):
    """Write one phrase: steps and leaps, long and short notes, loud and soft, vibrato, glides, swells, rests.

    Raises UserError where FluidSynth or the font is missing or fails.
    """
    import mido

    track = mido.MidiTrack(
        [
            mido.Message("control_change", control=BANK, value=EXPRESSIVE),
            mido.Message("program_change", program=instrument.program),
        ]
    )
    note, seconds = int(random.integers(instrument.low + 4, instrument.high - 4)), 0.0
    level = random.uniform(40, 120)
    while seconds < PHRASE_SECONDS - 3:
        note = int(np.clip(note + _interval(random), instrument.low, instrument.high))
        length = float(random.choice(LENGTHS, p=SHARES))
        levels = np.clip(level + random.normal(0, 25, 4), 20, 127)
        level = float(np.clip(levels[-1] + random.normal(0, 10), 35, 120))
        track += played(instrument, random, note, length, levels)
        rest = float(random.choice([0.0, 0.06, 0.5], p=[0.6, 0.28, 0.12]))
        track.append(mido.Message("note_off", note=note))
        track.append(mido.Message("note_off", note=note, time=_ticks(rest)))
        seconds += length + rest
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder, "phrase.mid")
        mido.MidiFile(tracks=[track], ticks_per_beat=500).save(midi)
        fluidsynth.play(SOUNDFONT, midi, path, RATE, 0.8)


def _interval(random):
    """Semitones to the next note: mostly steps, now and then a leap."""
    return int(random.integers(-12, 13) if random.random() < 0.15 else random.integers(-5, 6))


def played(instrument, random, note, length, levels):
    """MIDI messages of one note but for its end.

    Parameters
    ----------
    instrument : Sampled
    random : numpy.random.Generator
    note : int
        MIDI pitch.
    length : float
        Seconds.
    levels : array of float
        Values of the breath controller at equal distances, 0 to 127.
    """
    import mido

    times = np.arange(max(1, round(length / STEP))) * STEP
    depth = instrument.vibrato / 100 * random.choice([0.0, 0.5, 1.0, 1.6])
    speed = instrument.speed * random.uniform(0.85, 1.15)
    cents = depth * np.sin(2 * np.pi * speed * times) * np.clip((times - 0.2) / 0.3, 0, 1)
    if random.random() < 0.2:  # from below or above
        cents = cents + random.choice([-2, -1, 1]) * np.clip(1 - times / random.uniform(0.05, 0.15), 0, 1)
    if length >= 1 and random.random() < 0.15:  # a glide to another pitch
        cents = cents + random.choice([-1, 1, 2]) * np.clip((times / length - 0.5) / 0.3, 0, 1)
    bends = np.round(8191 * np.clip(cents / BEND_RANGE, -1, 1)).astype(int)
    breaths = np.interp(times / length, np.linspace(0, 1, len(levels)), levels).astype(int)
    messages = [
        mido.Message("control_change", control=BREATH, value=int(breaths[0])),
        mido.Message("pitchwheel", pitch=int(bends[0])),
        mido.Message("note_on", note=note, velocity=int(np.clip(levels[0] + 15, 30, 127))),
    ]
    for breath, bend in zip(breaths, bends):
        messages.append(mido.Message("control_change", control=BREATH, value=int(breath)))
        messages.append(mido.Message("pitchwheel", pitch=int(bend), time=_ticks(STEP)))
    return messages


def _ticks(seconds):
    return round(seconds * 1000)  # 500 ticks a beat of half a second


if __name__ == "__main__":
    sys.exit(main())
