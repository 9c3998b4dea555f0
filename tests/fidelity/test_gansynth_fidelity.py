"""Our GANSynth against magenta's, on the same random weights, of official and of small size."""

import json
from pathlib import Path

import numpy as np
import pytest
from gansynth.model import load
from support.gansynth_files import OFFICIAL
from support.tensorflow_environment import run_in_tensorflow

pytestmark = pytest.mark.tensorflow
HERE = Path(__file__).parent

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


PLAY = """
import sys
import numpy as np
from gansynth.upstream import load

for folder in sys.argv[1:]:
    reference = np.load(folder + ".npz")
    model = load(folder)
    z, pitches = reference["latents"], reference["pitches"].tolist()
    change = dict(layer="conv0", offset=reference["change"])
    np.savez(
        folder + "_played.npz",
        audio=model.generate(z, pitches),
        conv1=model.activations(z, pitches, "conv1"),
        offset=model.generate(z, pitches, **change),
        replaced=model.generate(z, pitches, **change, replace=True),
        layers=sorted(model.layers),
    )
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """{name: folder of a model that magenta wrote}."""
    folder = tmp_path_factory.mktemp("magenta")
    folders = {name: folder / name.replace(" ", "_") for name in MODELS}
    orders = {str(folders[name]): order for name, order in MODELS.items()}
    run_in_tensorflow(HERE / "gansynth_magenta.py", json.dumps(orders), day="03_gansynth")
    return folders


@pytest.fixture(params=MODELS)
def magenta(request, folders):
    """(folder of a model that magenta wrote, what magenta makes of it)."""
    return folders[request.param], np.load(f"{folders[request.param]}.npz")


@pytest.fixture(scope="module")
def upstream(folders, tmp_path_factory):
    """What the engine `upstream` has made of each model is in FOLDER_played.npz."""
    script = tmp_path_factory.mktemp("upstream") / "play.py"
    script.write_text(PLAY)
    run_in_tensorflow(script, *folders.values(), day="03_gansynth")


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


def test_upstream_engine_answers_the_same(magenta, upstream):
    folder, reference = magenta
    played = np.load(f"{folder}_played.npz")
    assert played["layers"].tolist() == sorted(load(folder).layers)
    for key in ("audio", "conv1", "offset", "replaced"):
        assert difference(played[key], reference[key]) < 1e-4
