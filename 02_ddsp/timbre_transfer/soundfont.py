"""Sounds for the starter models: phrases by an instrument of a SoundFont, rendered by FluidSynth.

    python -m timbre_transfer.soundfont violin FOLDER [--minutes 6]

FluidR3 GM (Debian's fluid-soundfont-gm) is under the MIT licence: what is made with it may be passed on.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np

SOUNDFONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
RATE = 16000
INSTRUMENTS = {
    "violin": (40, 55, 86),
    "flute": (73, 60, 91),
    "trumpet": (56, 55, 82),
}  # program, lowest, highest
PHRASE_SECONDS = 20


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("instrument", choices=INSTRUMENTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(options.seed)
    for number in range(round(options.minutes * 60 / PHRASE_SECONDS)):
        render(options.instrument, random, options.folder / f"{options.instrument}_{number:02d}.wav")


def render(instrument, random, path):
    """Write one phrase: steps and leaps, long and short notes, loud and soft, swelling and fading."""
    import mido

    program, low, high = INSTRUMENTS[instrument]
    track = mido.MidiTrack([mido.Message("program_change", program=program)])
    pitch, seconds = int(random.integers(low + 5, high - 5)), 0.0
    while seconds < PHRASE_SECONDS - 2:
        length = float(random.choice([0.15, 0.25, 0.5, 1.0, 2.0], p=[0.15, 0.25, 0.3, 0.2, 0.1]))
        pitch = int(np.clip(pitch + random.integers(-7, 8), low, high))
        loudness = random.uniform(40, 127, 3)
        track.append(mido.Message("note_on", note=pitch, velocity=int(random.integers(45, 127))))
        steps = max(1, int(length / 0.05))
        for step in range(steps):
            value = round(float(np.interp(step / steps, [0, 0.5, 1], loudness)))
            track.append(mido.Message("control_change", control=11, value=value, time=_ticks(length / steps)))
        pause = float(random.choice([0.0, 0.05, 0.4], p=[0.6, 0.3, 0.1]))
        track.append(mido.Message("note_off", note=pitch))
        track.append(mido.Message("control_change", control=11, value=100, time=_ticks(pause)))
        seconds += length + pause
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder, "phrase.mid")
        mido.MidiFile(tracks=[track], ticks_per_beat=500).save(midi)
        command = ["fluidsynth", "-ni", "-R", "0", "-C", "0", "-g", "0.8", "-r", str(RATE)]
        subprocess.run([*command, "-F", str(path), SOUNDFONT, str(midi)], check=True, capture_output=True)


def _ticks(seconds):
    return round(seconds * 1000)  # 500 ticks a beat of half a second


if __name__ == "__main__":
    main()
