"""Makes the example sounds anew, and a card beside each: what it is, where it comes from, its licence.

    PYTHONPATH=setup:pyext_py3 python setup/sounds/make.py

The interpreter is that of the environment torch. The Debian packages sonic-pi-samples, asterisk-core-sounds-en-g722,
fluidsynth and fluid-soundfont-gm have to be installed.
"""

import tempfile
from pathlib import Path

import numpy as np
import pretty_midi
import soundfile
from dlwakit.training import material
from modelfiles.resample import resample
from modelfiles.sounds import read_sound

HERE = Path(__file__).parent
ROOT = Path("/")
PEAK, FADE = 0.7, 0.02  # of full scale, seconds
# (MIDI pitch, beats); 0 is a rest
SUNG = [(62, 1), (65, 1), (67, 1), (69, 2), (67, 0.5), (65, 0.5), (67, 2), (0, 0.5)]
SUNG += [(69, 1), (72, 1), (74, 2), (72, 0.5), (69, 0.5), (70, 1), (69, 3)]
CELLO = [
    (38, 2),
    (45, 1),
    (50, 1),
    (48, 1),
    (45, 1),
    (41, 2),
    (43, 1),
    (45, 1),
    (43, 1),
    (41, 1),
    (40, 1),
    (38, 3),
]
VOICE, STRING = 53, 42  # General MIDI programs, from 0: voice oohs, cello
SAMPLES = "https://freesound.org/people"
OWN_SCORE = "The tune is made for this course. The notes are recordings, which FluidSynth has put in a row."

CARDS = {
    "sung": ("A melody on the vowel u. No singer has sung it as a melody: single notes were put in a row.",
             f"Programme 54, voice oohs, of the Debian package fluid-soundfont-gm. {OWN_SCORE}", "MIT"),
    "spoken": ("A woman says a sentence in English. A recording, from a telephone system.",
               "Allison Smith, 2003 to 2010: demo-nogo, in the Debian package asterisk-core-sounds-en-g722.",
               "CC BY-SA 3.0"),
    "beat": ("Four bars of drums and a bass, 120 beats a minute: it can be looped. A program has played it.",
             "Strokes of the Debian package sonic-pi-samples, from freesound.org, in a pattern of this course.", "CC0"),
    "cello": ("A cello line of four bars. No cellist has played it as a line: single notes were put in a row.",
              f"Programme 43, cello, of the Debian package fluid-soundfont-gm. {OWN_SCORE}", "MIT"),
    "machine": ("A loop made of the sound of a 3D printer.",
                f"loop_3d_printer of the Debian package sonic-pi-samples: {SAMPLES}/hullum/sounds/415571/", "CC0"),
    "bird": ("A crow, four times. A recording, repeated by a program.",
             f"misc_crow of the Debian package sonic-pi-samples: {SAMPLES}/davidworksonline/sounds/54973/", "CC0"),
}  # fmt: skip


def tune(program, notes, beat):
    """Notes of one instrument, one after the other, float32 at 48 kHz."""
    score, part, now = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(program), 0.0
    for pitch, beats in notes:
        if pitch:
            part.notes.append(pretty_midi.Note(100, pitch, now, now + beats * beat))
        now += beats * beat
    score.instruments.append(part)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tune.wav")
        material.play(ROOT / material.FONT, score, file)
        return read_sound(file)[0][: round((now + 0.5) * material.RATE)]


def spoken():
    """The first sentence, float32 at 16 kHz, and its rate."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "spoken.wav")
        material.decode(ROOT / material.VOICES / f"{material.SPEAKERS[0]}/demo-nogo.g722", file)
        return read_sound(file, longest_s=60)


def crows():
    """Four calls with pauses between them, float32 at 48 kHz."""
    call = read_sound(ROOT / material.SAMPLES / "misc_crow.flac", material.RATE)[0]
    parts = []
    for loudness, pause in ((1, 0.6), (0.6, 1.1), (0.8, 0.4), (0.4, 0.3)):
        parts += [loudness * call, np.zeros(round(pause * material.RATE), np.float32)]
    return np.concatenate(parts)


def sounds():
    """Yield names, samples and rates of all sounds."""
    strokes = [material.stroke(ROOT / material.SAMPLES / f"{name}.flac") for name in material.KIT]
    yield "sung", tune(VOICE, SUNG, 0.5), material.RATE
    yield "spoken", *spoken()
    yield "beat", material.played(strokes, material.BEATS + 3), material.RATE
    yield "cello", tune(STRING, CELLO, 0.5), material.RATE
    yield "machine", *read_sound(ROOT / material.SAMPLES / "loop_3d_printer.flac")
    yield "bird", crows(), material.RATE


def main():
    """Write the sounds and their cards."""
    for name, samples, rate in sounds():
        wanted = min(rate, 32000)
        sound = resample(samples, rate, wanted)
        edge = np.linspace(0, 1, round(FADE * wanted), dtype=np.float32)
        if name != "beat":  # which is looped
            sound[: len(edge)] *= edge
            sound[-len(edge) :] *= edge[::-1]
        file = HERE / f"{name}.wav"
        soundfile.write(file, PEAK * sound / np.abs(sound).max(), wanted, "PCM_16")
        about, source, licence = CARDS[name]
        seconds = f"{len(sound) / wanted:.1f} seconds, {wanted} Hz, one channel"
        file.with_suffix(".txt").write_text(f"{about}\n{seconds}\n\nSource: {source}\nLicence: {licence}\n")
        print(f"{file.name}: {seconds}, {file.stat().st_size >> 10} KB")


if __name__ == "__main__":
    main()
