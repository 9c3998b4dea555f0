"""Writes what two starters compute into the text files that small patches of days 1 and 2 show.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/concept_data.py

The interpreter is that of the environment torch. A line of steps.txt is a sixteenth: the event that was read, how
likely it was in percent, the probabilities of the 38 next ones, 128 numbers of memory from -1 to 1. A line of
violin.txt is a twenty-fifth of a second: f0 in Hz, the levels of harmonics and noise, 40 harmonics and 64 gains
from 0 to 1.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / day) for day in ("01_ai_duet", "02_ddsp")]

THEME = 62, 64, 65, 67, 69, 67, 65, 64  # MIDI pitches, each an eighth note
STEPS, SEED = 64, 5
FRAMES, EVERY, GAINS = 100, 10, 64  # lines of violin.txt; frames of the model for each; bands of the patch
LOUDEST, SINES = 0.8, 0.3  # the slider of the harmonics' level, and what the patch multiplies it with


def steps():
    """Rows [64, 2 + 38 + 128] of starter_basic_rnn, which reads a theme and then what it draws itself."""
    from ai_duet.engine.bundle import read_bundle
    from ai_duet.engine.weights import weights_by_role

    file = ROOT / "01_ai_duet/inside/melody_network.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    inside = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(inside)
    weights = weights_by_role(read_bundle(ROOT / "01_ai_duet/checkpoints/starter_basic_rnn.mag").variables)
    network, chance = inside.MelodyNetwork(weights), np.random.default_rng(SEED)
    count = len(weights["output/bias"])
    theme = [event for pitch in THEME for event in (2 + pitch - 48, 0)]
    rows, probabilities = [], np.full(count, 1 / count)
    for step in range(STEPS):
        event = theme[step] if step < len(theme) else int(chance.choice(count, p=probabilities))
        likely = 100 * probabilities[event]
        probabilities = network.step(inside.one_hot(event, count))
        rows.append([event, likely, *probabilities, *np.tanh(network.c[1])])
    return np.array(rows)


def violin():
    """Rows [100, 3 + 40 + 64] of what the decoder of starter_violin makes of four seconds of the sung phrase."""
    from timbre_transfer import controls, features, load
    from timbre_transfer.engine.synthesiser import FilteredNoise, Harmonic
    from timbre_transfer.engine.timbre_model import LOUDNESS_RANGE_DB, PITCH_RANGE_MIDI, midi

    model = load("starter_violin")
    found = features.extract(features.prepare(*soundfile.read(ROOT / "02_ddsp/media/sung.wav")))
    f0_hz, loudness_db = controls.apply(found, controls.Controls(), model.statistics)
    inputs = {"f0_scaled": midi(f0_hz) / PITCH_RANGE_MIDI, "ld_scaled": loudness_db / LOUDNESS_RANGE_DB + 1}
    settings = model.configuration
    outputs, _ = model.decoder(*(inputs[key][:, None].astype(np.float32) for key in settings.input_keys))
    splits = np.cumsum([size for _, size in settings.output_splits])[:-1]
    names = [name for name, _ in settings.output_splits]
    values = dict(zip(names, np.split(outputs, splits, -1), strict=True))
    harmonic = Harmonic(model.sample_rate, model.hop)
    amplitudes = harmonic.controls(values["amps"], values["harmonic_distribution"], f0_hz)
    noise = FilteredNoise(model.hop, model.noise_bands, settings.noise_bias, settings.noise_window)
    magnitudes = noise.controls(values["noise_magnitudes"])
    bands = np.linspace(0, model.noise_bands - 1, GAINS)
    gains = np.array([np.interp(bands, np.arange(model.noise_bands), frame) for frame in magnitudes])
    shown = slice(0, FRAMES * EVERY, EVERY)
    f0_hz, amplitudes, gains = f0_hz[shown], amplitudes[shown], gains[shown]
    held = np.maximum.accumulate(np.where(f0_hz > 0, np.arange(len(f0_hz)), 0))
    breath = LOUDEST * SINES * gains.max() / amplitudes.max()
    levels = np.tile([LOUDEST, breath], (len(f0_hz), 1))
    return np.column_stack([f0_hz[held], levels, amplitudes / amplitudes.max(), gains / gains.max()])


FILES = {"01_ai_duet/concepts/steps.txt": steps, "02_ddsp/concepts/violin.txt": violin}


def main():
    """Write both files."""
    for name, rows in FILES.items():
        lines = [" ".join(f"{value:.4g}" for value in row) + ";\n" for row in rows()]
        (ROOT / name).write_text("".join(lines))
        print(f"{name}: {len(lines)} lines of {len(lines[0].split())} numbers")


if __name__ == "__main__":
    main()
