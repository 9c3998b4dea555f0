"""Makes the lesson's picture and sounds: one model, one random number, three temperatures; command line.

    setup/dlwa's torch environment: python media/make.py [MODEL.safetensors]

Writes temperature.png and temperature-*.flac beside this file.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from samplernn.model import load  # noqa: E402

matplotlib.use("Agg")
TEMPERATURES = (0.7, 1.0, 1.3)
SECONDS, RANDOM = 3.0, 2


def main(model=HERE.parent / "checkpoints/starter_voice.safetensors"):
    """Generate, write, draw."""
    from matplotlib import pyplot

    generator = load(model)
    rate = generator.config.sample_rate
    figure, rows = pyplot.subplots(len(TEMPERATURES), 1, figsize=(8, 4.5), sharex=True, sharey=True)
    for axes, temperature in zip(rows, TEMPERATURES):
        sound = generator.generate(SECONDS, temperature=[temperature], seed=RANDOM)[0]
        soundfile.write(HERE / f"temperature-{temperature:g}.flac", 0.7 * sound, rate)
        axes.plot(np.arange(len(sound)) / rate, sound, linewidth=0.4, color="#2b5d8f")
        axes.set(ylim=(-1, 1), ylabel=f"{temperature:g}")
    rows[-1].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(HERE / "temperature.png", dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
