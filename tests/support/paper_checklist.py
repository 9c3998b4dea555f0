"""Prints where the course has what the paper's syllabus names, item by item, as file and line.

    python3 tests/support/paper_checklist.py

The paper: Tahiroğlu, Wang, Tampu, Lin: Deep Learning with Audio, AIMC 2023.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ITEMS = [  # what the paper names, a file, a pattern of the line
    ("outcome: knowledge of recent models", "01_ai_duet/inside/README.md", "^## What came after"),
    ("outcome: prepare data, train, use a cluster", "README.md", r"`--on slurm:PROFILE`"),
    ("outcome: compare input, cost and sound of models", "setup/book/comparing.md", "^# Comparing the six"),
    ("outcome: compose", "setup/TEACHING.md", r"^\| The piece"),
    ("install Pd, Python, PyExt", "README.md", "setup/dlwa install"),
    (
        "day 1: neuron, weights, bias, activation, layer",
        "01_ai_duet/README.md",
        "One more number, the \\*bias\\*",
    ),
    (
        "day 1: error between output and what was expected",
        "01_ai_duet/README.md",
        "One number, the \\*loss\\*",
    ),
    ("day 1: recurrent networks", "01_ai_duet/README.md", "^### Why recurrent"),
    ("day 1: pre-trained models compared", "01_ai_duet/README.md", "^## Four ways to hear a melody"),
    ("day 1: MIDI and keys (figure 1)", "01_ai_duet/README.md", "MIDI"),
    ("day 2: the idea of DDSP", "02_ddsp/README.md", "^## The theory"),
    ("day 2: inputs and checkpoints (figure 2)", "02_ddsp/README.md", r"^4\. \*\*Two timbres"),
    ("day 2: shift of the octave", "02_ddsp/README.md", r"^3\. \*\*Out of range"),
    ("day 2: confidence", "02_ddsp/README.md", "Then set \\*least confidence\\*"),
    ("day 2: loudness", "02_ddsp/README.md", r"^5\. \*\*Louder"),
    ("day 2: assignment with data of one's own", "02_ddsp/README.md", "^## Assignment"),
    ("day 3: GAN against NSynth and WaveNet", "03_gansynth/README.md", "^## NSynth: sample by sample"),
    ("day 3: random points and timbres", "03_gansynth/README.md", "^## What a GAN is"),
    ("day 3: interpolation, two notes (figure 3)", "03_gansynth/README.md", r"gansynth_multi\.pd"),
    ("day 3: hallucinations", "03_gansynth/README.md", r"^4\. \*\*Two hallucinations"),
    (
        "day 4: PCA of a layer, 8192 numbers, in batches",
        "04_ganspacesynth/inside/README.md",
        "incremental PCA",
    ),
    ("day 4: sequencer (figure 4) and a short piece", "04_ganspacesynth/README.md", "^## The sequencer"),
    ("day 4: words for components, two checkpoints", "04_ganspacesynth/README.md", r"^1\. \*\*Names"),
    (
        "day 4: components of one's own model",
        "04_ganspacesynth/README.md",
        "^## Components of your own model",
    ),
    ("day 5: vanishing gradient, GRU, LSTM", "05_samplernn/README.md", r"^\*\*Vanishing gradients"),
    ("day 5: temperatures and their curve (figure 5)", "05_samplernn/README.md", "Env\\("),
    ("day 5: data of one's own", "05_samplernn/README.md", "^## Your own sounds"),
    ("day 6: RAVE", "06_rave/README.md", "^## An autoencoder"),
    ("data: hear, leave out and add sounds", "06_rave/README.md", "Leave out the sounds"),
    ("machines that train day and night, and can be followed", "README.md", "`list`, `follow`, `stop`"),
    ("assessment: criteria, interim, final, video", "setup/TEACHING.md", "^Three dates"),
    ("learning diary of 750 words", "setup/book/forms.md", "^## Learning diary"),
    ("survey before and after", "setup/book/forms.md", "^## Survey"),
    ("AI Duet as a source of pitch sets (figure 6)", "01_ai_duet/README.md", "twelve pitch classes"),
    ("stages of training as form (figure 7)", "setup/book/noise_to_sound.md", "^# From noise to sound"),
    ("graphic score", "03_gansynth/README.md", "graphic score"),
    (
        "random points and straight ways, music for a game (figure 8)",
        "03_gansynth/README.md",
        "place in a game",
    ),
    ("students: deeper theory and implementation", "05_samplernn/inside/README.md", "^## One step of a GRU"),
    ("students: fewer steps, shorter trainings", "README.md", "three minutes, from the weights"),
    ("students: Linux and the terminal", "setup/book/terminal.md", "^# "),
    ("copyright and ethics", "setup/TEACHING.md", r"^\*\*Copyright\.\*\*"),
    ("the work of musicians", "setup/book/forms.md", r"^- \*\*Consent for one use"),
]


def places():
    """[(item, "FILE:LINE", or "" where the course lacks it)]."""
    found = []
    for item, file, pattern in ITEMS:
        text = (ROOT / file).read_text(encoding="utf-8")
        place = re.search(pattern.replace(" ", r"\s+"), text, re.MULTILINE)
        found.append((item, f"{file}:{text.count(chr(10), 0, place.start()) + 1}" if place else ""))
    return found


if __name__ == "__main__":
    for item, place in places():
        print(f"{item:62} {place or 'MISSING'}")
    sys.exit(not all(place for _, place in places()))
