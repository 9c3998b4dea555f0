"""Our GANSynth against magenta's, on the same random weights, of official and of small size."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from gansynth.model import load
from support.gansynth_files import OFFICIAL
from support.tools import need_environment

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

SMALL = {
    "start_height": 2,
    "start_width": 16,
    "num_resolutions": 5,
    "fmap_base": 256,
    "fmap_max": 32,
    "latent_vector_size": 16,
    "audio_length": 4000,
    "stable_stage_num_images": 100,
    "transition_stage_num_images": 50,
    "total_num_images": 1000,
}
MODELS = {
    "official": {"flags": OFFICIAL, "stage": 12, "images": 11_000_000, "pitches": list(range(24, 85))},
    "finished": {"flags": SMALL, "stage": 8, "images": 1000, "pitches": [60, 62, 67], "meta": True},
    "blending": {"flags": SMALL, "stage": 5, "images": 430, "pitches": [60, 62, 67], "meta": True},
    "first stage": {"flags": SMALL, "stage": 0, "images": 40, "pitches": [32], "meta": True},
}


def run_in_tensorflow(script, *arguments):
    variables = dict(
        os.environ,
        PYTHONPATH=f"{ROOT / '03_gansynth'}:{ROOT / 'pyext_py3'}",
        TF_CPP_MIN_LOG_LEVEL="3",
        CUDA_VISIBLE_DEVICES="",
    )
    command = [need_environment("tensorflow"), script, *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module", params=MODELS)
def magenta(request, tmp_path_factory):
    """(folder of a model that magenta wrote, what magenta makes of it)."""
    folder = tmp_path_factory.mktemp("magenta") / request.param.replace(" ", "_")
    run_in_tensorflow(HERE / "gansynth_magenta.py", folder, json.dumps(MODELS[request.param]))
    return folder, np.load(f"{folder}.npz")


def difference(ours, theirs):
    """The largest difference, as a part of full scale: random weights make loud sounds."""
    return np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())


def test_same_audio(magenta):
    folder, reference = magenta
    audio = load(folder).generate(reference["latents"], reference["pitches"])
    assert audio.shape == reference["audio"].shape
    assert np.abs(reference["audio"]).max() > 1e-3
    assert difference(audio, reference["audio"]) < 1e-3


@pytest.mark.parametrize("layer", ["conv0", "conv1"])
def test_same_activations(magenta, layer):
    folder, reference = magenta
    activations = load(folder).activations(reference["latents"], reference["pitches"], layer)
    np.testing.assert_allclose(activations, reference[layer], atol=1e-4)


@pytest.mark.parametrize("replace, key", [(True, "replaced"), (False, "offset")])
def test_same_audio_with_a_layer_changed(magenta, replace, key):
    folder, reference = magenta
    audio = load(folder).generate(
        reference["latents"], reference["pitches"], layer="conv0", offset=reference["change"], replace=replace
    )
    assert difference(audio, reference[key]) < 1e-3


def test_upstream_engine_answers_the_same(magenta, tmp_path):
    folder, reference = magenta
    script = tmp_path / "play.py"
    script.write_text(
        "import sys, numpy as np\n"
        "from gansynth.upstream import load\n"
        "reference = np.load(sys.argv[1] + '.npz')\n"
        "model = load(sys.argv[1])\n"
        "z, pitches = reference['latents'], reference['pitches'].tolist()\n"
        "change = dict(layer='conv0', offset=reference['change'])\n"
        "np.savez(sys.argv[2], audio=model.generate(z, pitches), conv1=model.activations(z, pitches, 'conv1'),\n"
        "    offset=model.generate(z, pitches, **change),\n"
        "    replaced=model.generate(z, pitches, **change, replace=True), layers=sorted(model.layers))\n"
    )
    run_in_tensorflow(script, folder, tmp_path / "played.npz")
    played = np.load(tmp_path / "played.npz")
    assert played["layers"].tolist() == sorted(load(folder).layers)
    for key in ("audio", "conv1", "offset", "replaced"):
        assert difference(played[key], reference[key]) < 1e-4
