"""Makes the example sounds of the lessons anew from the starters: FLAC files in the days' media folders.

What can be opened in a patch is WAV, as Pd reads no FLAC.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/lesson_sounds.py [DAY ...]

The interpreter is that of the environment torch. A DAY is a number; without one all days are done. Sounds of day 5 are
those of its media/make.py. A sound that comes out silent is an error.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import librosa
import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(day) for day in sorted(ROOT.glob("0[0-9]_*"))]

from support import hearing  # noqa: E402
from support.external import EXTERNAL  # noqa: E402

QUIETEST = -40  # decibels; what is below is silence
PEAK = 0.7
DUET_SECONDS, DUET_RATE = 14, 22050
REGISTRY = json.loads((ROOT / "02_ddsp/checkpoints/registry.json").read_text())
INSTRUMENTS = [entry["name"] for entry in REGISTRY if entry["kind"] == "starter"]
RAVES = ("starter_drums", "starter_voice", "starter_strings")


def write(day, name, sound, rate, kind="flac"):
    """Write a sound as DAY/media/NAME.KIND, and say how loud it is."""
    sound = PEAK * np.asarray(sound, np.float64) / max(np.abs(sound).max(), 1e-9)
    file = ROOT / day / "media" / f"{name}.{kind}"
    if hearing.level(sound) < QUIETEST:
        raise RuntimeError(f"{file} would be silent")
    soundfile.write(file, sound, rate, subtype="PCM_16")
    print(f"{file.relative_to(ROOT)}: {len(sound) / rate:.1f} s, {hearing.level(sound):.0f} dB, "
          f"{file.stat().st_size >> 10} KB", flush=True)  # fmt: skip


def load_of(package):
    return importlib.import_module(package).load


def there(day, names):
    """Those of the names whose model is there."""
    folder = ROOT / day / "checkpoints"
    return [name for name in names if list(folder.glob(f"{name}*"))]


def sung():
    with tempfile.TemporaryDirectory() as folder:
        return hearing.sung(Path(folder))


def day_1():
    """A theme and a network's answer, from the patch: the day's demo."""
    with tempfile.TemporaryDirectory() as folder:
        demo = hearing.demo_of("01_ai_duet")
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": folder}
        _, file, _ = demo.demo(folder, path=[EXTERNAL], environment=variables)
        sound, rate = soundfile.read(file, always_2d=True)
    mono = librosa.resample(sound.mean(axis=1), orig_sr=rate, target_sr=DUET_RATE)
    write("01_ai_duet", "theme_and_answer", mono[: DUET_SECONDS * DUET_RATE], DUET_RATE)


def day_2():
    """A sung phrase, and each instrument playing it."""
    phrase, rate = sung()
    write("02_ddsp", "sung", phrase, rate, "wav")
    for name in there("02_ddsp", INSTRUMENTS):
        instrument = load_of("timbre_transfer")(name)
        write("02_ddsp", name, instrument.transfer(phrase, rate, seed=1), instrument.sample_rate)


def day_3():
    """Three timbres on a chord's notes, a way from one timbre to another, and the textures."""
    model = load_of("gansynth")("starter")
    points = model.random(4, seed=5)
    keys = [60, 64, 67, 72]
    parts = [
        model.generate(point[None].repeat(4, axis=0), keys)[:, : model.folder.sample_rate] for point in points
    ]
    write("03_gansynth", "four_timbres", np.concatenate(parts).ravel(), model.folder.sample_rate)
    latent, shape = (importlib.import_module(f"gansynth.{name}") for name in ("latent", "hallucination"))
    ways = np.array([latent.slerp(points[0], points[1], step / 10) for step in range(11)])
    envelope = shape.Envelope(spacing=0.5, trim=0.0, attack=0.02, sustain=0.6, release=0.4)
    way = shape.combine(iter(model.generate(ways, [62] * 11)), 11, envelope, model.folder.sample_rate)
    write("03_gansynth", "from_one_to_another", way, model.folder.sample_rate)
    textures = load_of("gansynth")("starter_textures")
    pitches = [textures.folder.pitches[0]] * 5
    write("03_gansynth", "textures", textures.generate(textures.random(5, seed=1), pitches).ravel(),
          textures.folder.sample_rate)  # fmt: skip
    nsynth_sounds(model)


def nsynth_sounds(gansynth):
    """A violin's and a clarinet's middle C by NSynth and by GANSynth, and the middle of both; says how long it took."""
    nsynth, folder = load_of("nsynth")("starter_notes"), ROOT / "03_gansynth/checkpoints"
    notes = np.load(folder / "starter_notes/notes.npz")
    timbres = json.loads((folder / "starter_instruments/timbres.json").read_text())
    names = "violin", "clarinet"
    makers = {
        "nsynth": (
            [notes[f"{name}_60"] for name in names],
            nsynth.config.sample_rate,
            lambda code: nsynth.decode([code], 0.8)[0],
        ),
        "gansynth": (
            [np.float32(timbres[f"{name}-110"]) for name in names],
            gansynth.folder.sample_rate,
            lambda point: gansynth.generate(point[None], [60])[0],
        ),
    }
    for name, ((one, other), rate, make) in makers.items():
        make(one)  # what is compiled or read the first time does not count
        began = time.monotonic()
        sounds = [make(code) for code in (one, (one + other) / 2, other)]
        print(f"{name}: {(time.monotonic() - began) / 3:.2f} s for {len(sounds[0]) / rate:.1f} s")
        first, between, last = (sound[: round(1.4 * rate)] for sound in sounds)
        write("03_gansynth", f"{name}_note", first, rate)
        write("03_gansynth", f"{name}_between", np.concatenate([first, between, last]), rate)
        if name == "nsynth":
            write("03_gansynth", "nsynth_mix", first + last, rate)


def day_4():
    """One point, moved along the first, the second and the fourth direction from -3 over 0 to 3."""
    space = load_of("ganspacesynth")("starter", components="conv0")
    point = space.random(1, seed=11).repeat(3, axis=0)
    for direction in (1, 2, 4):
        edits = np.zeros((3, direction), np.float32)
        edits[:, -1] = (-3, 0, 3)
        write("04_ganspacesynth", f"direction_{direction}", space.generate(point, [66] * 3, edits).ravel(),
              space.gansynth.folder.sample_rate)  # fmt: skip


def day_6():
    """A beat and a sung phrase, and what each starter makes of both."""
    phrase, rate = sung()
    given = np.concatenate([hearing.beat(rate), phrase[: 3 * rate]])
    write("06_rave", "given", given, rate, "wav")
    for name in there("06_rave", RAVES):
        model = load_of("rave_rt")(name)
        made = model.forward(librosa.resample(given, orig_sr=rate, target_sr=model.rate), seed=1)[0]
        write("06_rave", name, librosa.resample(made, orig_sr=model.rate, target_sr=24000), 24000)


def day_5():
    """Three temperatures, with their picture."""
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("05_samplernn", "pyext_py3", "setup"))
    program = ROOT / "05_samplernn/media/make.py"
    subprocess.run([sys.executable, program], check=True, env=os.environ | {"PYTHONPATH": paths})


def main(days):
    for number in days or "123456":
        globals()[f"day_{number}"]()


if __name__ == "__main__":
    main(sys.argv[1:])
