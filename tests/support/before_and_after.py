"""Draws and plays the starters of an earlier revision beside today's, the same thing with each.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/before_and_after.py REVISION FOLDER

FOLDER gets NAME_before and NAME_after, FLAC and PNG, and before_and_after.png with all of them. The interpreter is that
of the environment torch.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.figure import Figure

from support import hearing
from support.noise_to_sound import MODELS, ROOT

PAIRS = (  # model, the earlier starter in its day's checkpoints, today's
    ("melody", "01_ai_duet/checkpoints/starter_basic_rnn.mag", "starter_basic_rnn"),
    ("ddsp", "02_ddsp/checkpoints/starter_violin", "starter_violin"),
    ("ddsp", "02_ddsp/checkpoints/starter_flute", "starter_flute"),
    ("gansynth", "03_gansynth/checkpoints/starter", "starter_instruments"),
    ("samplernn", "05_samplernn/checkpoints/tabla.safetensors", "starter_beat"),
    ("samplernn", "05_samplernn/checkpoints/haze.safetensors", "starter_voice"),
    ("rave", "06_rave/checkpoints/starter.ts", "starter_drums"),
)
WINDOW, HOP = 1024, 256


def earlier(revision, folder):
    """Unpack the checkpoints of a revision."""
    days = sorted({path.split("/")[0] for _, path, _ in PAIRS})
    packed = Path(folder, "checkpoints.tar")
    folders = [f"{day}/checkpoints" for day in days]
    subprocess.run(["git", "-C", ROOT, "archive", "-o", packed, revision, *folders], check=True)
    shutil.unpack_archive(packed, folder)


def draw(axes, sound, rate):
    """The spectrogram of a sound, 80 dB from black to white."""
    padded = np.pad(sound, (0, max(0, WINDOW - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * np.hanning(WINDOW)
    decibels = 20 * np.log10(np.abs(np.fft.rfft(frames)).T + 1e-4)
    extent = (0, len(padded) / rate, 0, rate / 2000)
    axes.imshow(decibels, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=-60, vmax=40)


def main(revision, folder):
    """Play and draw all pairs."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(12, 2.2 * len(PAIRS)), layout="constrained")
    rows = figure.subplots(len(PAIRS), 2)
    with tempfile.TemporaryDirectory() as place:
        earlier(revision, place)
        for row, (model, before, after) in zip(rows, PAIRS):
            for axes, when, path in zip(row, ("before", "after"), (Path(place, before), after)):
                sound, rate = MODELS[model]().play(path)
                peak = float(np.abs(sound).max())
                soundfile.write(
                    folder / f"{after}_{when}.flac", sound / max(1.0, peak), rate, subtype="PCM_16"
                )
                draw(axes, sound, rate)
                axes.set_title(f"{after}, {when}: {hearing.level(sound):.0f} dB, peak {peak:.2f}", fontsize=9)
                print(after, when, f"{hearing.level(sound):.1f} dB, peak {peak:.2f}", flush=True)
    figure.savefig(folder / "before_and_after.png", dpi=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
