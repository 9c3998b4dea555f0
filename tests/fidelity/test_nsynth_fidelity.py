"""Magenta's NSynth against ours, on the same random weights, through magenta's own checkpoint files."""

import json
from pathlib import Path

import numpy as np
import pytest
from modelfiles.errors import UserError
from nsynth.blending import interpolate
from nsynth.engine import mulaw
from nsynth.loading import load_path
from support.tensorflow_environment import run_in_tensorflow

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
SCRIPT = Path(__file__).parent / "nsynth_magenta.py"
FACTS = {"hop": 64, "stages": 4, "ae_stages": 3}


@pytest.fixture(scope="module", params=["small", "official"])
def made(request, tmp_path_factory):
    """A model of magenta's checkpoint, and what magenta made with it."""
    folder = tmp_path_factory.mktemp(request.param)
    run_in_tensorflow(SCRIPT, request.param, folder)
    if request.param == "small":
        (folder / "nsynth.json").write_text(json.dumps(FACTS))
    return load_path(folder / "model.ckpt-200000"), np.load(folder / "played.npz")


def test_encodings_and_logits_equal_magentas(made):
    model, played = made
    for sound, encoding, logits in zip(played["sounds"], played["encodings"], np.split(played["logits"], 2)):
        assert np.std(encoding) > 0.01 and np.std(logits) > 0.01
        assert np.abs(model.encode(sound) - encoding).max() < 1e-3
        assert np.abs(model.logits(sound, encoding) - logits).max() < 1e-3
    assert model.bits_lost < 0.01


def test_between_two_encodings_the_loops_predict_what_magentas_fast_generation_does(made):
    model, played = made
    middle = interpolate(played["encodings"], [0.5, 0.5])
    assert np.array_equal(middle, (played["encodings"][0] + played["encodings"][1]) / 2)
    wanted = played["odds"].astype(np.float64)
    codes = mulaw.encode(played["sounds"][:1])
    logits = model.logits_of_loops(codes[:, : len(wanted)], middle[None])[0].astype(np.float64)
    found = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    divergence = (wanted * np.log2(wanted / found)).sum(axis=1).mean()
    assert 0 <= divergence < 0.01


def test_a_checkpoint_of_another_model_is_refused_in_a_line(tmp_path):
    from modelfiles.tensor_bundle_writer import write_checkpoint

    write_checkpoint(tmp_path / "model.ckpt-1", {"conv/W": np.zeros(3, np.float32)})
    with pytest.raises(UserError, match="is no checkpoint of NSynth: it has no logits/W"):
        load_path(tmp_path)
