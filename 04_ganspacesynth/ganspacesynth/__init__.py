"""Day 4, GANSpaceSynth: directions in the layers of a GANSynth, played in Pure Data. Builds on day 3's model."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "03_gansynth"))
