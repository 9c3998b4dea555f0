"""What day 6 reads from a TorchScript file, and what it says of one that breaks nn~'s convention."""

import zipfile

import numpy as np
import pytest
import torch
from modelfiles.errors import UserError
from rave_rt.engine.torchscript import Model, runs_when_loaded
from rave_rt.engine.torchscript import load_module as load
from rave_rt.model import load as load_by_name
from support import rave_files


@pytest.fixture
def read(tmp_path):
    """The Model of a module that was saved and loaded."""
    return lambda module: Model(load(rave_files.save(module, tmp_path / "a model.ts")))


def test_methods_ratios_labels_and_rate(read):
    model = read(rave_files.Codec(prior=True, rate=44100))
    assert list(model.methods) == ["encode", "decode", "forward", "prior"]
    assert model.rate == 44100 and model.largest_ratio == 64
    encode = model.methods["encode"]
    assert (encode.inputs, encode.in_ratio, encode.outputs, encode.out_ratio) == (1, 1, 4, 64)
    assert encode.output_labels[3] == "(signal) Latent dimension 4"
    assert encode.input_labels == ("(signal) model input 0",)
    assert model.attributes == {"loud": ("bool",)}


def test_a_prior_that_is_scripted_but_not_registered_is_none(read):
    assert "prior" not in read(rave_files.Codec(prior=False)).methods


def test_rave_1_without_lists(read):
    model = read(rave_files.Old())
    assert set(model.methods) == {"encode", "decode", "forward"}  # not encode_amortized, which has no params
    assert model.rate == 44100 and model.attributes == {}
    assert model.run("encode", np.ones((1, 64))).shape == (2, 2)


def test_rave_1_with_a_prior_keeps_its_rate_in_the_submodule(read):
    model = read(rave_files.OldWithPrior())
    assert model.rate == 44100
    assert model.run("prior", np.zeros((1, 3))).tolist() == [[1, 1, 1]] * 2


def test_the_rate_is_told_to_a_model_that_has_none_and_to_no_other(read):
    model = read(rave_files.HostRate())
    assert model.rate == 0
    model.set_rate(96000)
    assert model.run("forward", np.zeros((1, 4)))[0, 0] == pytest.approx(0.096)
    gain = read(rave_files.Gain(rate=22050))
    gain.set_rate(96000)
    assert gain.rate == 22050


def test_every_type_of_attribute(read):
    model = read(rave_files.Attributes())
    assert "none" not in model.attributes and model.attributes["mixed"] == ("int", "float")
    sound = np.arange(3, dtype=np.float32)
    for name, values, answer in [
        ("a_bool", [1], [True]),
        ("a_bool", ["false"], [False]),
        ("a_int", [3.0], [3]),
        ("a_float", [2], [2.0]),
        ("a_str", ["hello"], ["hello"]),
        ("a_str", [5.0], ["5"]),
        ("a_tensor", [(sound, 48000)], [[0.0, 1.0, 2.0]]),
        ("a_buffer", [(sound, 22050)], ["3. at 22050"]),
        ("mixed", [4, 0.25], [4, 0.25]),
    ]:
        model.set(name, values)
        assert model.get(name) == answer, name
    assert model.get("fixed") == [7]


@pytest.mark.parametrize(
    "name, values, complaint",
    [
        ("a_int", ["two"], "two is no int"),
        ("a_bool", ["perhaps"], "perhaps is no bool"),
        ("mixed", [1], "takes 2 values"),
        ("never", [1], "refuses"),
        ("fixed", [1], "no set_fixed"),
        ("loudness", [1], "no attribute loudness .*a_bool"),
    ],
)
def test_what_cannot_be_set(read, name, values, complaint):
    with pytest.raises(UserError, match=complaint):
        read(rave_files.Attributes()).set(name, values)


def test_what_cannot_be_got(read):
    with pytest.raises(UserError, match="no get_never"):
        read(rave_files.Attributes()).get("never")


def test_an_unknown_method_is_forward(read):
    assert read(rave_files.Codec()).method("sing").name == "forward"


@pytest.mark.parametrize(
    "module, complaint",
    [
        (rave_files.NoMethods(), "not made for nn~"),
        (rave_files.Empty(), "names a method sing"),
        (rave_files.WrongParams(), "forward_params is .* four whole numbers"),
    ],
)
def test_models_that_break_the_convention(read, module, complaint):
    with pytest.raises(UserError, match=complaint):
        read(module)


@pytest.mark.parametrize("fault, complaint", [("raise", "has had enough"), ("shape", "it promises")])
def test_models_that_fail(read, fault, complaint):
    with pytest.raises(UserError, match=complaint):
        read(rave_files.Faulty(fault)).run("forward", np.zeros((1, 64)))


def test_files_that_are_none(tmp_path):
    good = rave_files.save(rave_files.Gain(), tmp_path / "gain.ts").read_bytes()
    for content in (b"", b"not a model", good[: len(good) // 2], good[:-30], b"PK\3\4" + bytes(100)):
        path = tmp_path / "bad.ts"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"bad\.ts is not a TorchScript file"):
            load(path)
    torch.save({"weights": torch.zeros(2)}, tmp_path / "pickle.ts")
    with pytest.raises(UserError, match="not a TorchScript file"):
        load(tmp_path / "pickle.ts")


# From Python, on whole sounds.

SOUND = np.random.default_rng(0).normal(0, 0.1, 4800).astype(np.float32)


def test_each_call_begins_with_the_model_as_it_is_in_the_file(tmp_path):
    model = load_by_name(rave_files.save(rave_files.Codec(), tmp_path / "codec.ts"))
    latents = model.encode(SOUND)
    assert latents.shape == (4, 75)
    np.testing.assert_allclose(model.encode(SOUND), latents, atol=1e-6)
    np.testing.assert_allclose(model.decode(latents), model.forward(SOUND), atol=1e-6)


def test_sound_comes_back_at_the_rate_it_had(tmp_path):
    model = load_by_name(rave_files.save(rave_files.Codec(rate=48000), tmp_path / "codec.ts"))
    assert model.forward(SOUND, rate=24000).shape == (1, 4800)
    assert model.encode(SOUND, rate=24000).shape == (4, 150)
    assert model.decode(np.zeros((4, 75), np.float32), rate=24000).shape == (1, 2400)


def test_attributes_hold_for_all_calls_that_follow(tmp_path):
    model = load_by_name(rave_files.save(rave_files.Codec(), tmp_path / "codec.ts"))
    plain = model.forward(SOUND)
    model.set("loud", True)
    np.testing.assert_allclose(model.forward(SOUND), 4 * plain, rtol=1e-4, atol=1e-6)
    with pytest.raises(UserError, match="has no attribute quiet"):
        model.set("quiet", True)


def test_a_name_is_looked_for_and_another_engine_refused(tmp_path):
    rave_files.save(rave_files.Gain(), tmp_path / "gain.ts")
    model = load_by_name("gain", folders=[tmp_path])
    assert set(model.methods) == {"forward"} and model.attributes == {}
    with pytest.raises(UserError, match="has no method encode, only forward"):
        model.encode(SOUND)
    with pytest.raises(UserError, match="no checkpoint 'loss'"):
        load_by_name("loss", folders=[tmp_path])
    with pytest.raises(UserError, match="one engine"):
        load_by_name("gain", "upstream")


def test_a_program_that_would_fill_the_memory_is_not_unpacked(tmp_path):
    path = tmp_path / "large.ts"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large/code/__torch__.py", b"#" * (1 << 24))
    with pytest.raises(UserError, match="unpack"):
        runs_when_loaded(path)


def test_a_file_that_is_no_archive_counts_as_a_program_that_runs(tmp_path):
    path = tmp_path / "broken.ts"
    path.write_bytes(b"PK\x03\x04 and no more")
    assert runs_when_loaded(path)
