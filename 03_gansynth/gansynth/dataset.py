"""Make a training set for GANSynth from sounds of one's own, or from a SoundFont. Runs on the command line.

    setup/dlwa dataset gansynth SOUNDS

The set is a folder of three files: `notes.npy` (int16, [notes, samples]), `meta.json` (one entry a note, in the
same order; the form that the course's models carry, whose distinct pitches are the model's labels) and
`dataset.json` (sample rate and length).
"""

import argparse
import collections
import json
import re
import sys
from pathlib import Path

import librosa
import numpy as np
from dlwakit.base.files import renewed
from dlwakit.training import sources
from dlwakit.training.options import dataset_parser, next_command, path
from dlwakit.training.sounds import Reader
from modelfiles.errors import UserError

from . import soundfont
from .cutting import at_onsets

SILENCE = 10 ** (-50 / 20)
FEW = 8
NOTE = re.compile(r"(?:^|[_\- ])([A-Ga-g])([#sb]?)(-?\d)(?=$|[_\- ])")
NSYNTH = re.compile(r"[-_](\d{3})-\d{3}$")
NUMBER = re.compile(r"[-_](\d{2,3})$")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")
PIANO = range(21, 109)
SEMITONES = dict(zip("cdefgab", (0, 2, 4, 5, 7, 9, 11)))


def pitch_from_name(name):
    """The MIDI pitch that a file's name tells, or None.

    `piano_C4`, `Bb3`, also with a number behind it; `piano_060-100` and `x-000-060-100` (NSynth: pitch-velocity); else
    a number at the end from 21 to 108, a piano's keys (`piano_60`): others are takes, dates or tempos.
    """
    if match := NOTE.search(name):
        letter, accidental, octave = match.groups()
        shift = {"#": 1, "s": 1, "b": -1, "": 0}[accidental]
        return 12 * (int(octave) + 1) + SEMITONES[letter.lower()] + shift
    if match := NSYNTH.search(name):
        return int(match[1]) if int(match[1]) < 128 else None
    match = NUMBER.search(name)
    return int(match[1]) if match and not DATE.search(name) and int(match[1]) in PIANO else None


def pitch_option(text):
    """The value of --pitch: `name`, `detect`, or a MIDI pitch, also as `C4`."""
    if text in ("name", "detect"):
        return text
    pitch = int(text) if text.isdigit() else pitch_from_name(text)
    if pitch is None or not 0 <= pitch < 128:
        raise argparse.ArgumentTypeError(f"{text} is neither name, detect, 0 to 127, nor a note such as C4")
    return pitch


def detect_pitch(audio, sample_rate):
    """The MIDI pitch that is heard, or None where fewer than half of the frames hold one; noise wanders."""
    low, high = librosa.midi_to_hz([24, 96])
    f0, voiced, _ = librosa.pyin(audio, fmin=low, fmax=high, sr=sample_rate)
    if not voiced.any():
        return None
    pitches = librosa.hz_to_midi(f0[voiced])
    middle = np.median(pitches)
    held = np.count_nonzero(np.abs(pitches - middle) < 0.5)
    return round(float(middle)) if held >= len(f0) / 2 else None


def pieces(audio, length, step):
    """Cut a recording every `step` samples into pieces of `length`; the last one is padded with silence."""
    for start in range(0, max(len(audio) - length, 0) + step, step):
        piece = audio[start : start + length]
        if len(piece) > length // 4 or start == 0:
            yield librosa.util.fix_length(piece, size=length)


def read_folder(reader, *, length, step, pitch, cut="regular"):
    """Yield (name, pitch, audio) of each note of the sounds that a reader reads; says which are left out.

    pitch: "name" (from the file's name, else detected), "detect", or one MIDI pitch for all. cut: "regular", every
    `step` samples, or "onsets".
    """
    counts = collections.Counter()
    for piece in reader:
        file = Path(piece.sound)
        audio, name = piece.samples, str(file.with_suffix("")).replace("/", "-")
        named = pitch_from_name(file.stem) if pitch == "name" else pitch if isinstance(pitch, int) else None
        for note in at_onsets(audio, length, reader.rate) if cut == "onsets" else pieces(audio, length, step):
            counts[name] += 1
            label = f"{name}-{counts[name]}"
            if np.abs(note).max() < SILENCE:
                reader.leave_out(label, "it is silent")
                continue
            heard = named if named is not None else detect_pitch(note, reader.rate)
            if heard is None:
                advice = "put one into its name (piano_60.wav) or use --pitch 60"
                reader.leave_out(label, f"it has no clear pitch: {advice}")
            else:
                yield label, heard, note


def collect(notes, out, *, sample_rate, length, leave_out):
    """Write a training set from (name, pitch, audio) tuples; returns meta. leave_out: called with name and reason."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    meta, rows = {}, []
    for name, pitch, audio in notes:
        peak = np.abs(audio).max()
        if peak < SILENCE:
            leave_out(name, "it is silent")
            continue
        meta[unused(f"{name}_{pitch}", meta)] = {
            "instrument_str": name,
            "pitch": int(pitch),
            "instrument_source": 0,
            "instrument_family": 0,
            "qualities": [0] * 10,
        }
        rows.append(np.int16(np.clip(audio / max(peak, 1.0), -1, 1) * 32767))
    if not rows:
        raise UserError("sound", "no sound can be used")
    np.save(out / "notes.npy", np.stack(rows))
    (out / "meta.json").write_text(json.dumps(meta, indent=1))
    facts = {"sample_rate": sample_rate, "audio_length": length}
    (out / "dataset.json").write_text(json.dumps(facts))
    return meta


def unused(name, names):
    """A name that is not among others: sounds in files of two kinds may be called the same."""
    free = (f"{name}{ending}" for ending in ("", *(f" ({number})" for number in range(2, len(names) + 3))))
    return next(one for one in free if one not in names)


def report(meta, seconds):
    """The lines that tell what is in a set and what to think of it."""
    counts = collections.Counter(entry["pitch"] for entry in meta.values())
    lines = [f"{len(meta)} notes of {seconds:g} s, {len(counts)} pitches, {min(counts)} to {max(counts)}"]
    if thin := sorted(pitch for pitch, count in counts.items() if count < FEW):
        lines.append(
            f"fewer than {FEW} notes at pitch {', '.join(map(str, thin))}: the model will learn them badly"
        )
    if len(meta) < 200:
        lines.append("fewer than 200 notes: expect a model that repeats them; a smaller --step gives more")
    return lines


def number_list(text):
    """`60-84`, `0,11,40` or a mixture, as a list of int."""
    numbers = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def parse_arguments(arguments):
    """The options of a command line."""
    parser = dataset_parser("gansynth", __doc__, "folder of sound files", required=False)
    parser.add("--rate", 16000)
    add = parser.add_argument
    add("--seconds", metavar="X", type=float, default=4.0, help="length of a note (default: %(default)s)")
    add("--step", metavar="X", type=float, help="cut long recordings every X seconds (default: --seconds)")
    add("--cut", choices=["regular", "onsets"], default="regular", help="where to cut (default: %(default)s)")
    what = "name, detect, or one pitch for all, 60 or C4 (default: %(default)s)"
    add("--pitch", metavar="PITCH", type=pitch_option, default="name", help=what)
    add("--soundfont", metavar="FILE", type=path, help="render the notes from this .sf2 instead of a folder")
    for name, default, what in (
        ("--programs", "0,19,40,56,71,73", "its instruments, by General MIDI number"),
        ("--pitches", "60-84", "the pitches to render"),
        ("--velocities", "70,110", "how hard the keys are struck"),
    ):
        add(name, metavar="N,N-N", type=number_list, default=default, help=f"{what} (default: {default})")
    options = parser.parse(arguments)
    if (options.source is None) == (options.soundfont is None):
        parser.error("give a folder of sounds, or --soundfont")
    options.parser = parser
    return options


def build_dataset(options):
    """Collect the notes that the options mean, and print what was found. Raises UserError."""
    length = round(options.seconds * options.rate)
    reader = None if options.soundfont else Reader(options.source, options.rate)
    if options.soundfont:
        notes = soundfont.render(
            options.soundfont,
            options.programs,
            options.pitches,
            options.velocities,
            seconds=options.seconds,
            sample_rate=options.rate,
        )
    else:
        step = round((options.step or options.seconds) * options.rate)
        notes = read_folder(reader, length=length, step=step, pitch=options.pitch, cut=options.cut)
    leave_out = reader.leave_out if reader else lambda name, reason: print(f"left out {name}: {reason}")
    with renewed(options.data, "dataset.json") as part:
        meta = collect(notes, part, sample_rate=options.rate, length=length, leave_out=leave_out)
        if reader:
            reader.finish(options.data, part)
        else:
            sources.keep(options.data, [options.soundfont.name], options.soundfont, into=part)
    print(*report(meta, options.seconds), sep="\n")
    print(next_command("gansynth", options.data))


def main(arguments=None):
    """Run the program; returns its exit status."""
    options = parse_arguments(arguments)
    return options.parser.run(lambda: build_dataset(options))


if __name__ == "__main__":
    sys.exit(main())
