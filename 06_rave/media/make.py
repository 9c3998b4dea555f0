"""The lesson's picture of latents: a rhythm, the curves that a model hears in it, and its answer.

    setup/dlwa's torch environment: python media/make.py [MODEL.ts]

Writes latents.png beside this file.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import torch

HERE = Path(__file__).resolve().parent
matplotlib.use("Agg")
BEATS = "k.h.s.h.k.k.s.hh"  # kick, hat, snare, and rests
BEAT = 0.15  # seconds
BLOCK = 2048  # samples, a multiple of what a model needs


def rhythm(rate):
    """The beats, float32 [n]: a falling sine for a kick, noise for a hat, both for a snare."""
    random = np.random.default_rng(0)
    times = np.arange(int(BEAT * rate)) / rate
    hiss = random.normal(0, 0.25, len(times))
    kick = np.exp(-35 * times) * np.sin(2 * np.pi * (55 * times + 4 * (1 - np.exp(-30 * times))))
    hat = np.exp(-60 * times) * np.diff(hiss, prepend=0)
    snare = 0.6 * np.exp(-25 * times) * (hiss + 0.5 * np.sin(2 * np.pi * 190 * times))
    strokes = {"k": kick, "h": hat, "s": snare, ".": np.zeros(len(times))}
    sound = np.concatenate([strokes[beat] for beat in BEATS])
    return np.pad(sound, (0, -len(sound) % BLOCK)).astype(np.float32)


@torch.inference_mode()
def main(path=HERE.parent / "checkpoints/starter_drums.ts"):
    """Encode, decode, draw."""
    from matplotlib import pyplot

    torch.manual_seed(0)
    model = torch.jit.load(str(path))
    rate, ratio = int(model.sr), int(model.encode_params[3])
    sound = torch.tensor(rhythm(rate))[None, None]
    latents = model.encode(sound)
    answer = model.decode(latents)

    figure, rows = pyplot.subplots(3, 1, figsize=(8, 6), sharex=True, layout="constrained")
    for axes, samples, title in ((rows[0], sound, "in"), (rows[2], answer, "out")):
        axes.specgram(
            samples.flatten().numpy() + 1e-7, NFFT=1024, Fs=rate, noverlap=768, vmin=-130, cmap="magma"
        )
        axes.set(ylabel=f"{title}, Hz", ylim=(0, 12000))
    times = np.arange(latents.shape[2]) * ratio / rate
    for number, curve in enumerate(latents[0].numpy(), 1):
        rows[1].plot(times, curve, linewidth=1, label=str(number))
    rows[1].set_ylabel("latents")
    rows[1].legend(ncols=8, fontsize=7, loc="upper right")
    rows[2].set(xlabel="seconds", xlim=(0, times[-1]))
    figure.savefig(HERE / "latents.png", dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
