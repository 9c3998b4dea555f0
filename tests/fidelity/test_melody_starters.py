"""The starter checkpoints, which Magenta trained and wrote: both engines must hear the same in them."""

import json
from pathlib import Path

import numpy as np
import pytest
from ai_duet.engine.bundle import read_bundle
from ai_duet.model import MelodyRnn
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow
SCRIPT = Path(__file__).with_name("melody_starters_magenta.py")
STARTERS = sorted(Path(__file__).resolve().parents[2].glob("01_ai_duet/checkpoints/starter_*.mag"))
MELODY = [67, -2, 64, -2, 65, -2, -1, -2, 67, 67, 72, -2, 71, 69, -1, -2] * 3 + [74, -2, -1, 60] * 4


@pytest.fixture(scope="module")
def magenta(tmp_path_factory):
    """Bundle name to probabilities [events, labels], by Magenta."""
    folder = tmp_path_factory.mktemp("starters")
    (folder / "events.json").write_text(json.dumps(MELODY))
    run_in_tensorflow(SCRIPT, folder / "events.json", folder / "answers.npz", *STARTERS)
    return np.load(folder / "answers.npz")


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_both_engines_hear_the_same_in_a_starter(magenta, path):
    ours = MelodyRnn.from_bundle(read_bundle(path)).probabilities(MELODY)
    np.testing.assert_allclose(ours, magenta[path.stem], atol=1e-5)
    assert magenta[path.stem].max() > 0.9  # a network that knows nothing would agree with anything
