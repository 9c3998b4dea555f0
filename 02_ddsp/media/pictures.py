"""Draws the pictures of the lesson, in the environment torch:

cd 02_ddsp; PYTHONPATH=.:../pyext_py3 python media/pictures.py
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from timbre_transfer.engine.pitch import midi
from timbre_transfer.engine.synthesiser import FilteredNoise, Harmonic
from timbre_transfer.features import extract

HERE = Path(__file__).resolve().parent
RATE, HOP = 16000, 64
BLUE, ORANGE, GREEN, GREY = "#2b5d8f", "#d07000", "#4f9d69", "#808080"


def main():
    harmonics_and_noise()
    what_is_heard()


def harmonics_and_noise():
    """The two halves of the synthesiser, and their sum, as spectra."""
    frames = 250
    amplitudes = np.tile(0.3 / np.arange(1, 31) ** 1.3, (frames, 1))
    tone = Harmonic(RATE, HOP)(amplitudes, np.full(frames, 220.0))
    bands = np.tile(0.02 * np.exp(-(((np.arange(65) - 22) / 14) ** 2)), (frames, 1))
    hiss = FilteredNoise(HOP, 65)(bands, np.random.default_rng(0).uniform(-1, 1, frames * HOP))
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    axes = figure.subplots(1, 3, sharex=True, sharey=True)
    sounds = (("harmonics", tone, BLUE), ("filtered noise", hiss, GREEN), ("together", tone + hiss, ORANGE))
    for axis, (title, sound, colour) in zip(axes, sounds):
        spectrum = np.abs(np.fft.rfft(sound[:8192] * np.hanning(8192)))
        axis.plot(
            np.fft.rfftfreq(8192, 1 / RATE) / 1000, 20 * np.log10(spectrum + 1e-3), color=colour, lw=0.8
        )
        axis.set(title=title, xlabel="kHz", ylim=(-40, 60))
    axes[0].set_ylabel("dB")
    figure.savefig(HERE / "harmonics_and_noise.png", dpi=100)


def what_is_heard():
    """Pitch, confidence and loudness of a synthetic phrase: a glide, a rest, vibrato."""
    times = np.arange(3 * RATE) / RATE
    pitch = np.interp(times, [0, 0.6, 1.0, 3.0], [57, 57, 64, 64])
    pitch = pitch + 0.4 * np.sin(2 * np.pi * 5.5 * times) * (times > 1.8)
    level = np.interp(times, [0, 0.1, 1.2, 1.3, 1.6, 1.7, 2.8, 3.0], [0, 1, 1, 0, 0, 0.3, 1, 0])
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitch - 69) / 12)) / RATE
    voice = level * sum(np.sin(k * phase) / k for k in range(1, 12)) / 4
    heard = extract((voice + 1e-3 * np.random.default_rng(0).standard_normal(len(voice))).astype(np.float32))
    seconds = np.arange(len(heard)) / 250
    figure = Figure(figsize=(9, 5), layout="constrained")
    sound, notes, sure, loud = figure.subplots(4, 1, sharex=True)
    sound.plot(times, voice, color=BLUE, lw=0.3)
    sound.set_ylabel("sound")
    notes.plot(seconds, np.where(heard.confidence >= 0.5, midi(heard.f0_hz), np.nan), color=BLUE)
    notes.set_ylabel("pitch (MIDI)")
    sure.plot(seconds, heard.confidence, color=GREY)
    sure.axhline(0.5, color=ORANGE, lw=0.8)
    sure.set_ylabel("confidence")
    loud.plot(seconds, heard.loudness_db, color=GREEN)
    loud.set(ylabel="loudness (dB)", xlabel="seconds")
    figure.savefig(HERE / "what_is_heard.png", dpi=100)


if __name__ == "__main__":
    main()
