"""Writes down what Magenta makes of the starter checkpoints. For test_melody_starters.py.

python melody_starters_magenta.py EVENTS.json ANSWERS.npz BUNDLE ...
"""

import json
import sys
from pathlib import Path

import numpy as np
from ai_duet.upstream import MelodyRnn

events, answers, *bundles = sys.argv[1:]
melody = json.loads(Path(events).read_text())
np.savez(answers, **{Path(bundle).stem: MelodyRnn(bundle).probabilities(melody) for bundle in bundles})
