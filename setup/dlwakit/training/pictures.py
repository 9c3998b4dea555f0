"""Pictures of a report page, as PNG bytes: curves over steps, spectrograms. Runs in a training.

python -m dlwakit.training.pictures SOUND PICTURE.png
"""

import io
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1")


def curves(plot, rows, healthy, unit):
    """One plot of run.json: its columns of the rows, a healthy run's behind them in grey, its lines dotted."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.add_subplot()
    shown = []
    for name in plot["columns"]:
        points = [(row["step"], row[name]) for row in healthy if name in row]
        if points:
            axes.plot(
                *zip(*points), color="#bbbbbb", linewidth=4, label=f"a healthy run: {plot['columns'][name]}"
            )
    for colour, (name, label) in zip(COLOURS, plot["columns"].items()):
        points = [(row["step"], row[name]) for row in rows if name in row]
        if points:
            axes.plot(*zip(*points), color=colour, marker="." if len(points) < 50 else "", label=label)
            shown += [value for _, value in points]
    for label, value in plot["lines"].items():
        axes.axhline(value, color="#555555", linestyle=":", label=label)
        shown.append(value)
    shown = np.array([value for value in shown if np.isfinite(value)])
    if len(shown) > 8:  # the first checks can be so far away that all others look alike
        low, usual = shown.min(), np.quantile(shown, 0.9)
        axes.set_ylim(low - 0.08 * (usual - low), usual + 0.6 * (usual - low) + 1e-9)
    if rows:
        axes.set_xlim(0, 1.02 * max(1, rows[-1]["step"]))  # a run may have one check, before its first step
    axes.set(title=plot["title"], xlabel=unit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)
    return _png(figure)


def spectrogram(samples, rate, size=(4.2, 1.3)):
    """Samples (n,) as a picture of size inches: time to the right, pitch upwards to half the rate, loud is bright."""
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    padded = np.pad(samples, (0, max(0, 1024 - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 1024)[::256] * np.hanning(1024)
    level = 20 * np.log10(np.abs(np.fft.rfft(frames)).T + 1e-4)
    extent = (0, len(padded) / rate, 0, rate / 2000)
    top = level.max()
    axes.imshow(
        level, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=top - 80, vmax=top + 1e-9
    )
    axes.set_ylabel("kHz", fontsize=7)
    axes.tick_params(labelsize=7)
    return _png(figure)


def _png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


if __name__ == "__main__":
    import soundfile

    sound, picture = sys.argv[1:]
    samples, rate = soundfile.read(sound, always_2d=True)
    Path(picture).write_bytes(spectrogram(samples.mean(axis=1), rate, size=(9, 3)))
