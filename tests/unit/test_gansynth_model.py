"""GANSynth's network and its files, on small models of random weights in magenta's format."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from gansynth.folder import open_folder
from gansynth.generator import progress, share
from gansynth.model import load
from gansynth.spectrogram import Spectrogram, inverse_mel_matrix, mel_matrix
from modelfiles.errors import UserError
from support.gansynth_files import FLAGS, write_model


@pytest.fixture
def model(tmp_path):
    return load(write_model(tmp_path / "small"))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_notes(model, count):
    audio = model.generate(model.random(count, seed=1), [62] * count)
    assert audio.shape == (count, FLAGS["audio_length"]) and audio.dtype == np.float32
    assert np.isfinite(audio).all()


def test_a_note_does_not_depend_on_its_neighbours(model):
    latents = model.random(3, seed=1)
    together = model.generate(latents, [60, 62, 64])
    alone = model.generate(latents[1:2], [62])
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4 * np.abs(alone).max())


@pytest.mark.parametrize("frames", [1, 5, 8, 16])
def test_the_beginning_of_a_note_is_that_of_the_whole(model, frames):
    point, pitch = model.random(1, seed=1)[0], model.folder.pitches[0]
    (whole,) = model.generate([point], [pitch])
    beginning = model.begin(point, pitch, frames)
    assert len(beginning) == max(0, frames * model._spectrogram.hop - model._spectrogram.padding)
    np.testing.assert_allclose(beginning, whole[: len(beginning)], atol=1e-5)


def test_pitch_and_latent_vector_both_matter(model):
    one, two = model.random(2, seed=1)
    audio = model.generate([one, one, two], [60, 62, 60])
    assert np.abs(audio[0] - audio[1]).max() > 1e-3
    assert np.abs(audio[0] - audio[2]).max() > 1e-3


def test_a_seed_gives_the_same_points(model):
    np.testing.assert_array_equal(model.random(2, seed=5), model.random(2, seed=5))
    assert (model.random(2, seed=5) != model.random(2, seed=6)).any()


def test_activations_replaced_by_themselves_change_nothing(model):
    latents = model.random(2, seed=1)
    plain = model.generate(latents, [60, 64])
    for layer in model.layers:
        same = model.activations(latents, [60, 64], layer)
        assert same.shape == (2, *model.layers[layer])
        again = model.generate(latents, [60, 64], layer=layer, offset=same, replace=True)
        np.testing.assert_allclose(again, plain, atol=1e-4 * np.abs(plain).max())


def test_a_replaced_layer_hears_neither_pitch_nor_latent_vector(model):
    change = np.random.default_rng(0).standard_normal((1, *model.layers["conv0"]))
    one = model.generate(model.random(1, seed=1), [60], layer="conv0", offset=change, replace=True)
    two = model.generate(model.random(1, seed=2), [64], layer="conv0", offset=change, replace=True)
    np.testing.assert_allclose(one, two, atol=1e-5 * np.abs(two).max())


def test_an_offset_layer_hears_both(model):
    change = np.random.default_rng(0).standard_normal((1, *model.layers["conv0"]))
    audio = [
        model.generate(model.random(1, seed=seed), [pitch], layer="conv0", offset=change)
        for seed, pitch in ((1, 60), (1, 64), (2, 60))
    ]
    assert np.abs(audio[0] - audio[1]).max() > 1e-3 and np.abs(audio[0] - audio[2]).max() > 1e-3


def test_unknown_pitch(model):
    with pytest.raises(UserError, match=r"small has no pitch 61; it knows 60, 62, 64"):
        model.generate(model.random(1), [61])


@pytest.mark.parametrize("latent", [np.zeros((1, 7)), np.full((1, 8), np.nan), np.zeros((2, 8))])
def test_wrong_latent_vectors(model, latent):
    with pytest.raises(UserError):
        model.generate(latent, [60])


@pytest.mark.parametrize("shape", [(1, 2, 16, 3), (2, 2, 16, 16), (1, 3)])
def test_wrong_offsets(model, shape):
    with pytest.raises(UserError):
        model.generate(model.random(1), [60], layer="conv0", offset=np.zeros(shape))


def test_unknown_layer(model):
    with pytest.raises(UserError, match="has no layer conv0_9; it has conv0, conv1, conv0_2"):
        model.activations(model.random(1), [60], "conv0_9")


# The model's folder.


def test_the_newest_stage_with_a_checkpoint_counts(tmp_path):
    folder = write_model(tmp_path / "m", stage=2)
    write_model(folder, stage=3)
    (folder / "stage_00004").mkdir()
    assert open_folder(folder).stage == 3


def test_the_newest_checkpoint_counts_by_number(tmp_path):
    folder = write_model(tmp_path / "m", stage=2, seed=1)
    old = folder / "stage_00002/model.ckpt-5"
    for suffix in (".index", ".data-00000-of-00001"):
        old.with_name(f"model.ckpt-999{suffix}").write_bytes(old.with_name(old.name + suffix).read_bytes())
    write_model(tmp_path / "newer", stage=2, seed=2)
    for suffix in (".index", ".data-00000-of-00001"):
        new = tmp_path / f"newer/stage_00002/model.ckpt-5{suffix}"
        new.rename(old.with_name(f"model.ckpt-1000{suffix}"))
    latents = np.zeros((1, 8))
    wanted = load(write_model(tmp_path / "again", stage=2, seed=2)).generate(latents, [60])
    np.testing.assert_allclose(load(folder).generate(latents, [60]), wanted, atol=1e-5 * np.abs(wanted).max())


def test_pitches_without_meta_json(tmp_path):
    folder = write_model(tmp_path / "m", pitches=range(61))
    (folder / "meta.json").unlink()
    assert open_folder(folder).pitches == list(range(24, 85))


def test_pitches_that_do_not_fit(tmp_path):
    folder = write_model(tmp_path / "m")
    (folder / "meta.json").unlink()
    with pytest.raises(UserError, match="m has 3 pitches, but NSynth has 61"):
        open_folder(folder)


def zipped(folder):
    archive = shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    shutil.rmtree(folder)
    return archive


def test_an_archive_is_unpacked_beside_itself(tmp_path):
    archive = zipped(write_model(tmp_path / "m"))
    for _ in range(2):
        assert open_folder(archive).path == tmp_path / "m" / "m"


def test_a_cut_archive_leaves_nothing_behind(tmp_path):
    archive = Path(zipped(write_model(tmp_path / "m")))
    archive.write_bytes(archive.read_bytes()[:-3000])
    with pytest.raises(UserError, match="cannot be unpacked"):
        open_folder(archive)
    assert not (tmp_path / "m").exists()


def damage_json(folder):
    (folder / "experiment.json").write_text("{")


def remove_json(folder):
    (folder / "experiment.json").unlink()


def remove_stage(folder):
    for file in (folder / "stage_00006").iterdir():
        file.unlink()


def truncate(folder):
    file = folder / "stage_00006/model.ckpt-5.data-00000-of-00001"
    file.write_bytes(file.read_bytes()[:1000])


def truncate_index(folder):
    file = folder / "stage_00006/model.ckpt-5.index"
    file.write_bytes(file.read_bytes()[:200])


def too_many_stages(folder):
    (folder / "stage_00006").rename(folder / "stage_00011")


def earlier_stage(folder):
    (folder / "stage_00006").rename(folder / "stage_00000")


def strange_setting(folder):
    flags = json.loads((folder / "experiment.json").read_text())
    (folder / "experiment.json").write_text(json.dumps(flags | {"data_type": "phase"}))


def strange_meta(folder):
    (folder / "meta.json").write_text('{"a note": "no pitch"}')


@pytest.mark.parametrize(
    "harm, complaint",
    [
        (damage_json, "not JSON"),
        (remove_json, "has no experiment.json"),
        (remove_stage, "has no stage with a checkpoint"),
        (truncate, "data"),
        (truncate_index, "index|checkpoint"),
        (too_many_stages, "beyond the 4 sizes"),
        (strange_setting, "data_type phase is not understood"),
        (strange_meta, "does not tell the pitches"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(tmp_path, harm, complaint):
    folder = write_model(tmp_path / "m")
    harm(folder)
    with pytest.raises(UserError, match=complaint) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


# The network's arithmetic.


@pytest.mark.parametrize(
    "images, blocks, grown",
    [
        (0, 1, 0.0),
        (10_346_312, 7, 6.0),
        (11_000_000, 7, 6.0),
        (9_000_000, 7, 5.25),
        (1_200_000, 2, 0.5),
    ],
)
def test_progress(images, blocks, grown):
    assert progress(images, 800_000, 800_000, blocks) == pytest.approx(grown, abs=1e-5)


def test_shares_always_add_up_to_one():
    for grown in np.linspace(0, 6, 50):
        assert sum(share(block, grown) for block in range(1, 8)) == pytest.approx(1)


def test_mel_bands_are_upstreams_not_the_textbooks():
    weights = mel_matrix(1024, 16000)
    assert np.count_nonzero(weights) == 2042
    assert not weights[0].any() and not weights[-1].any()
    assert np.isfinite(inverse_mel_matrix(1024, 16000)).all()


def test_pictures_shorter_than_the_sound_are_refused():
    with pytest.raises(UserError, match="shorter than"):
        Spectrogram(16, 128, 64000, 16000)
