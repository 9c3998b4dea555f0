"""Notes from a SoundFont: every instrument plays every pitch, rendered by FluidSynth."""

import tempfile
from pathlib import Path

import librosa
import pretty_midi
import soundfile
from dlwakit.training import fluidsynth
from modelfiles.resample import resample

REST = 1.0  # seconds between two notes, for the release to die away
LOUDEST = 0.9  # peak of an instrument's loudest note: quiet notes would lose to the picture's own noise


def render(font, programs, pitches, velocities, *, seconds, sample_rate):
    """Yield (instrument name, pitch, audio) for each note.

    font: a .sf2 file. programs: General MIDI numbers, 0 to 127. pitches: MIDI pitches.
    velocities: 1 to 127, one note for each. audio: float32, `seconds` long; the key is held for nine tenths of it;
    an instrument's loudest note reaches LOUDEST.
    Raises UserError where FluidSynth or the font is missing or fails.
    """
    for program in programs:
        name = pretty_midi.program_to_instrument_name(program).lower().replace(" ", "-")
        notes = [(pitch, velocity) for pitch in pitches for velocity in velocities]
        audio = _play(font, program, notes, seconds, sample_rate)
        audio *= LOUDEST / max(abs(audio).max(), 1e-9)
        for index, (pitch, velocity) in enumerate(notes):
            start = round(index * (seconds + REST) * sample_rate)
            yield f"{name}-{velocity}", pitch, audio[start : start + round(seconds * sample_rate)]


def _play(font, program, notes, seconds, sample_rate):
    midi = pretty_midi.PrettyMIDI()
    instrument = pretty_midi.Instrument(program)
    for index, (pitch, velocity) in enumerate(notes):
        start = index * (seconds + REST)
        instrument.notes.append(pretty_midi.Note(velocity, pitch, start, start + 0.9 * seconds))
    midi.instruments.append(instrument)
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "notes.mid"), Path(folder, "notes.wav")
        midi.write(str(score))
        fluidsynth.play(font, score, sound, 44100, 0.7)
        audio, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    audio = resample(audio.mean(axis=1), rate, sample_rate)
    wanted = round(len(notes) * (seconds + REST) * sample_rate)
    return librosa.util.fix_length(audio, size=wanted)
