"""Sounds that may be redistributed, from Debian packages, to train the starters of days 5 and 6 on. Command line.

    PYTHONPATH=setup:pyext_py3 python -m dlwakit.training.material KIND FOLDER [--from ROOT]

voice     speech of three speakers: asterisk-core-sounds-{en,fr,it}-g722 (CC BY-SA 3.0 and CC BY 3.0), decoded by ffmpeg
drums     strokes and loops of sonic-pi-samples (CC0)
beat      bars of four beats, played by six of its drums and a bass in patterns of our own
strings   phrases of bowed and plucked strings: fluid-soundfont-gm (MIT), played by FluidSynth
others    phrases of keyboards, winds, brass, a guitar and a choir, likewise

ROOT is where the packages are unpacked, "/" if they are installed. All choices are made by a fixed seed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from modelfiles.errors import UserError
from modelfiles.sounds import read_sound

from . import fluidsynth

SPEAKERS = "en_US_f_Allison", "fr_CA_f_June", "it_IT_m_Carlo"
VOICES = "usr/share/asterisk/sounds"
SAMPLES = "usr/share/sonic-pi/samples"
FONT = "usr/share/sounds/sf2/FluidR3_GM.sf2"
LEAST_BYTES, SPEAKER_SECONDS = 16000, 170  # of a file of speech, 8,000 bytes a second; of each speaker
ELECTRONIC_DRUMS = (
    *("cymbal", "filt_snare", "fuzz_tom", "hi_snare", "hollow_kick", "lo_snare", "mid_snare"),
    *("pop", "snare", "soft_kick", "tick", "wood", "flip", "twip"),
)
DRUMS = (
    *("loop_*", "drum_*", "bd_*", "sn_*", "perc_*", "tabla_*", "glitch_perc*"),
    *(f"elec_{name}*" for name in ELECTRONIC_DRUMS),
)
NO_DRUMS = ("loop_drone_g_97",)
KIT = (
    "bd_haus",
    "sn_dolf",
    "drum_cymbal_closed",
    "drum_cymbal_open",
    "drum_tom_lo_soft",
    "perc_snap",
    "bass_hard_c",
)
LONGEST_STROKE, FADE = 0.4, 0.02  # seconds
LONGEST_BASS = 1.1  # seconds; it leaves no silence, in which a model would stay
BEATS, BARS, BEATS_PER_MINUTE = 40, 4, 120  # beats that are written, bars in each
STRINGS = {40: (55, 91), 41: (48, 79), 42: (36, 69), 43: (28, 55), 44: (43, 84), 45: (40, 84), 48: (40, 86)}
OTHERS = {0: (36, 88), 11: (53, 89), 19: (36, 84), 24: (40, 79), 52: (48, 79), 53: (48, 79), 56: (55, 82)}
OTHERS |= {60: (41, 72), 65: (49, 78), 68: (58, 86), 71: (50, 84), 73: (60, 93)}
PHRASES, NOTES = 4, 14  # of each instrument, of each phrase
SCALES = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10)
RATE = 48000


def voice(out, root):
    """Write the speech of each speaker: WAV files of 16 kHz."""
    for speaker in SPEAKERS:
        found = sorted(path for path in (root / VOICES).glob(f"{speaker}*/**/*.g722") if path.is_file())
        found = [path for path in found if path.stat().st_size >= LEAST_BYTES]
        if not found:
            raise UserError("file", f"there is no speech of '{speaker}' in {root / VOICES}")
        seconds = 0
        for index in np.random.default_rng(0).permutation(len(found)):
            if seconds < SPEAKER_SECONDS:
                seconds += found[index].stat().st_size / 8000
                decode(found[index], out / f"{speaker[:2]}-{found[index].stem}.wav")


def decode(source, path):
    """Write what a file of speech, G.722, holds as a WAV file."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "g722", "-i", source, path]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UserError("file", f"ffmpeg cannot read {source}: {done.stderr.strip()[-200:]}")


def drums(out, root):
    """Copy the drums of Sonic Pi."""
    for pattern in DRUMS:
        for path in sorted((root / SAMPLES).glob(f"{pattern}.flac")):
            if path.stem not in NO_DRUMS:
                shutil.copyfile(path, out / path.name)


def beat(out, root):
    """Write beats: bars that one drum kit plays, each file with a pattern of its own."""
    strokes = [stroke(root / SAMPLES / f"{name}.flac") for name in KIT]
    for number in range(BEATS):
        soundfile.write(out / f"beat-{number:02}.wav", played(strokes, number), RATE)


def played(strokes, number):
    """The bars of a pattern, played by the strokes of the kit: float32 at 48 kHz, its peak at 0.9."""
    bars = pattern(np.random.default_rng(number))
    audio = np.zeros(BARS * bars.shape[1] * RATE * 60 // (4 * BEATS_PER_MINUTE), np.float32)
    for bar in range(BARS):
        for step, drum in np.argwhere(bars[bar] > 0):
            begin = (bar * bars.shape[1] + step) * RATE * 60 // (4 * BEATS_PER_MINUTE)
            sound = strokes[drum][: len(audio) - begin]
            audio[begin : begin + len(sound)] += bars[bar, step, drum] * sound
    return 0.9 * audio / abs(audio).max()


def stroke(path):
    """A drum's stroke, mono at 48 kHz with its peak at 1, faded where it is cut."""
    longest = LONGEST_BASS if path.stem.startswith("bass") else LONGEST_STROKE
    audio = read_sound(path, RATE)[0][: round(longest * RATE)]
    fade = round(FADE * RATE)
    audio[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return audio / abs(audio).max()


def pattern(random):
    """How loud each drum of the kit is at each sixteenth of each bar, [BARS, 16, len(KIT)]; the last bar differs."""
    kick, snare, closed, open_, tom, snap, bass = range(len(KIT))
    bar = np.zeros((16, len(KIT)))
    bar[[0, 8], kick] = 1
    bar[random.choice([3, 6, 7, 10, 11, 14], 2, replace=False), kick] = 0.8
    bar[[4, 12], snare] = 0.9
    bar[[0, 8], bass] = 0.15
    bar[:: random.choice([1, 2, 2, 4]), closed] = 0.35
    bar[::4, closed] *= 1.4
    bar[random.choice([2, 6, 10, 14]), open_] = 0.3
    bar[random.choice([7, 13, 15]), snap] = random.choice([0, 0.4])
    bars = np.repeat(bar[None], BARS, axis=0)
    bars[-1, 12:, tom] = random.choice([0, 0.6], 4)
    return bars


def strings(out, root):
    """Write phrases of string instruments."""
    phrases(out, root / FONT, STRINGS)


def others(out, root):
    """Write phrases of other instruments."""
    phrases(out, root / FONT, OTHERS)


def phrases(out, font, instruments):
    """Write some phrases of each instrument, {General MIDI program: (lowest, highest pitch)}, at 48 kHz."""
    import pretty_midi

    for program, span in instruments.items():
        for number in range(PHRASES):
            random = np.random.default_rng([program, number])
            midi = pretty_midi.PrettyMIDI()
            part = pretty_midi.Instrument(program)
            part.notes = [pretty_midi.Note(*note) for note in melody(random, *span)]
            midi.instruments.append(part)
            play(font, midi, out / f"{pretty_midi.program_to_instrument_name(program)}-{number}.wav")


def melody(random, lowest, highest):
    """Notes (velocity, pitch, begin, end) that wander through a scale, now and then two at a time."""
    root, scale = random.integers(12), random.choice(SCALES)
    steps = [pitch for pitch in range(lowest, highest + 1) if (pitch - root) % 12 in scale]
    place, begin = random.integers(len(steps)), 0.0
    for _ in range(NOTES):
        place = int(np.clip(place + random.integers(-4, 5), 0, len(steps) - 1))
        end = begin + random.choice([0.2, 0.3, 0.5, 0.8, 1.4])
        velocity = int(random.integers(45, 120))
        yield velocity, steps[place], begin, end
        if random.random() < 0.3:
            yield velocity, steps[max(place - 2, 0)], begin, end
        begin = end


def play(font, midi, path):
    """Write what FluidSynth makes of a score, one channel, its peak at 0.9."""
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        midi.write(str(score))
        fluidsynth.play(font, score, sound, RATE, 0.5)
        audio = soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(axis=1)
    soundfile.write(path, 0.9 * audio / max(abs(audio).max(), 1e-9), RATE)


KINDS = {"voice": voice, "drums": drums, "beat": beat, "strings": strings, "others": others}


def main():
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="root", type=Path, default=Path("/"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        KINDS[options.kind](options.folder, options.root)
    except (UserError, FileNotFoundError) as error:
        print(f"material: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
