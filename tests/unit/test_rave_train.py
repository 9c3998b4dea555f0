"""A small RAVE: its parts, a short training that is stopped and goes on, and what it exports."""

import csv
import json
import types

import numpy as np
import pytest
import soundfile
import torch
from modelfiles.errors import UserError
from rave_rt import dataset, evaluate, train
from rave_rt.training import export, losses, network, pqmf, trainer, warm
from rave_rt.training.layers import CausalConv

pytestmark = pytest.mark.slow

RATE = 22050
SMALL = network.Size(rate=RATE, capacity=4, ratios=(2, 2), latent=3)


def noise(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(0, 0.1, shape), dtype=torch.float32)


@pytest.fixture
def sounds(tmp_path):
    """A folder of decaying tones."""
    folder = tmp_path / "my drums"
    folder.mkdir()
    times = np.arange(RATE) / RATE
    for number in range(5):
        tone = np.exp(-8 * times) * np.sin(2 * np.pi * 110 * (number + 1) * times)
        soundfile.write(folder / f"{number}.wav", tone, RATE)
    return folder


@pytest.fixture
def data(sounds, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data home"))
    monkeypatch.setitem(
        train.PRESETS,
        "minutes",
        {"capacity": 4, "ratios": (2, 2), "dilations": (1,), "latent": 3, "segment": 4096},
    )
    dataset.build_dataset(sounds, tmp_path / "data", RATE, log=lambda line: None)
    return tmp_path / "data"


def history(run, column="held_out"):
    with (run / "history.csv").open() as file:
        return {round(float(row["step"])): float(row[column]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("bands, taps, error", [(4, 16, 1e-5), (16, 16, 1e-6), (16, 6, 2e-5)])
def test_the_filter_bank_gives_the_sound_back_a_little_later(bands, taps, error):
    sound = noise(1, 1, 8192)
    size = network.Size(bands=bands, taps=taps)
    with torch.no_grad():
        made = pqmf.Synthesis(bands, taps)(pqmf.Analysis(bands, taps)(sound))
    lost = made[..., size.delay + 512 :] - sound[..., 512 : -size.delay]
    assert lost.pow(2).mean() < error * sound.pow(2).mean()


def test_a_tone_stays_in_its_band():
    frequency = 5.5 * RATE / 32  # the middle of band 5
    sound = torch.sin(2 * np.pi * frequency * torch.arange(8192) / RATE)[None, None]
    with torch.no_grad():
        power = pqmf.Analysis(16)(sound)[0, :, 40:].pow(2).mean(1)
    assert power[5] > 0.99 * power.sum()


@pytest.mark.parametrize("stride, dilation", [(1, 1), (1, 3), (4, 1)])
def test_a_convolution_hears_nothing_of_the_future(stride, dilation):
    conv = CausalConv(2, 3, 2 * stride + 1, stride, dilation)
    sound = noise(1, 2, 64)
    other = torch.cat([sound[..., :32], noise(1, 2, 32, seed=1)], 2)
    with torch.no_grad():
        same = conv(sound)[..., : 32 // stride] == conv(other)[..., : 32 // stride]
    assert same.all()


def test_the_distance_of_a_sound_to_itself_is_nothing_and_grows_with_what_is_done_to_it():
    sound = noise(2, 1, 8192)
    assert losses.spectral_distance(sound, sound) == 0
    near = losses.spectral_distance(sound, 1.1 * sound)
    assert 0 < near < losses.spectral_distance(sound, 2 * sound)
    assert losses.spectral_distance(sound, torch.zeros_like(sound)) > 1


def test_the_discriminators_loss_rewards_telling_real_from_made():
    real, made = [[torch.full((1, 1, 4), 2.0)]], [[torch.full((1, 1, 4), -2.0)]]
    assert losses.discriminator_loss(real, made) == 0
    assert losses.discriminator_loss(made, real) == 6
    assert losses.decoder_loss([[noise(1, 2, 4), *real[0]]], [[noise(1, 2, 4), *made[0]]]) == (2, 0)


def exported(tmp_path, size=SMALL):
    torch.manual_seed(0)
    path = tmp_path / "small.ts"
    export.export(network.Rave(size), noise(4, 1, 4096), path)
    return path


def silent_noise(path):
    model = torch.jit.load(path)
    assert model.set_noise(False) == 0 and model.get_noise() == (False,)
    return model


@pytest.mark.parametrize("batch", [1, 4])
def test_block_by_block_equals_the_whole(tmp_path, batch):
    path = exported(tmp_path)
    sound = noise(batch, 1, 8192)
    with torch.inference_mode():
        for method in ("forward", "encode"):
            whole = getattr(silent_noise(path), method)(sound)
            model = silent_noise(path)
            parts = torch.cat([getattr(model, method)(block) for block in sound.split(512, 2)], 2)
            assert whole.abs().max() > 0 and (whole - parts).abs().max() < 1e-4 * whole.abs().max()


def test_the_export_follows_nns_convention_and_its_components_are_in_order(tmp_path):
    model = torch.jit.load(exported(tmp_path))
    buffers = dict(model.named_buffers())
    assert model.get_methods() == ["encode", "decode", "forward"]
    assert buffers["encode_params"].tolist() == [1, 1, 3, 64] and model.sr == RATE
    assert buffers["decode_params"].tolist() == [3, 64, 1, 1]
    fidelity = buffers["fidelity"]
    assert (fidelity.diff() >= 0).all() and fidelity[-1] == pytest.approx(1)
    with torch.inference_mode():
        spread = model.encode(noise(4, 1, 4096))[..., 8:].transpose(1, 2).reshape(-1, 3).std(0)
    assert spread[0] >= spread[1] >= spread[2]


def options(data, run, *more):
    """What all trainings here are called with."""
    usual = ["--threads", "1", "--check-every", "10", "--batch-size", "2", "--data", str(data)]
    return ["--run", str(run), *usual, *more]


@pytest.mark.slow
def test_a_training_learns_is_killed_goes_on_and_plays(data, tmp_path, capsys, monkeypatch):
    run = tmp_path / "drums"
    with monkeypatch.context() as patched:
        learn = trainer.Trainer.learn

        def fail_at_25(self, *given):
            if self.step == 25:
                raise RuntimeError("killed")
            return learn(self, *given)

        patched.setattr(trainer.Trainer, "learn", fail_at_25)
        with pytest.raises(RuntimeError, match="killed"):
            train.main(options(data, run, "--steps", "40"))
    assert train.main(options(data, run, "--steps", "40")) == 0
    killed = history(run)
    learned = history(run, "distance")
    assert sorted(killed) == [10, 20, 30, 40] and learned[40] < learned[10]
    assert train.main(options(data, tmp_path / "at once", "--steps", "40")) == 0
    assert history(tmp_path / "at once")[40] == pytest.approx(killed[40], rel=1e-4)
    assert train.main(options(data, run, "--steps", "60", "--seed", "7")) == 1  # a run keeps its settings
    capsys.readouterr()
    judged = [str(run / "drums.ts"), "--data", str(data), "--json", str(tmp_path / "figures.json")]
    assert evaluate.main(judged) == 0
    figures = json.loads((tmp_path / "figures.json").read_text())["checkpoints"]["drums"]
    assert figures["latency_samples"] == network.Size().delay
    assert min(figures["held_out"], figures["train"]) > 0 and figures["baselines"]["silence"]["held_out"] > 1
    said = capsys.readouterr().out
    assert train.main([str(data), "--evaluate", str(run / "drums.ts")]) == 0
    assert capsys.readouterr().out.splitlines()[1] == said.splitlines()[1]


def test_a_training_that_begins_with_a_model_is_ahead_of_one_that_begins_with_noise(data, tmp_path):
    first = tmp_path / "first"
    assert (
        train.main(options(data, first, "--steps", "400", "--check-every", "200", "--from", "nothing")) == 0
    )
    for source in (first, first / "first.ts", "nothing"):
        run = tmp_path / "from" / source.name if source != "nothing" else tmp_path / "from" / source
        assert train.main(options(data, run, "--steps", "40", "--from", str(source))) == 0
    scratch = history(tmp_path / "from" / "nothing")[40]
    assert history(tmp_path / "from" / "first")[40] < 0.9 * scratch
    best = min(history(first).values())
    assert history(tmp_path / "from" / "first")[0] == pytest.approx(
        best, rel=0.02
    )  # as it was, before a step
    assert history(tmp_path / "from" / "first.ts")[40] == history(tmp_path / "from" / "first")[40]


def test_a_network_of_other_ratios_takes_the_layers_next_to_the_sound():
    small = {"capacity": 4, "dilations": (1,), "latent": 3}
    source, own = (network.Rave(network.Size(ratios=ratios, **small)) for ratios in ((4, 4, 2), (4, 2)))
    weights = {name: weight.detach().numpy() for name, weight in source.state_dict().items()}
    warm.take_weights(own, weights, "source")
    for part in ("encoder.layers.4.weight", "decoder.wave.weight"):
        torch.testing.assert_close(own.state_dict()[part], source.state_dict()[part])
    assert warm.fit(own, weights)["decoder.layers.6.wide.weight"] == "decoder.layers.9.wide.weight"
    assert not [name for name in warm.fit(own, weights) if name.startswith("encoder.layers.7")]


def test_a_model_of_another_kind_is_no_beginning(data, tmp_path, capsys):
    other = exported(tmp_path, network.Size(rate=RATE, capacity=6, ratios=(2, 2), latent=3))
    assert train.main(options(data, tmp_path / "run", "--steps", "10", "--from", str(other))) == 1
    assert "none of its weights fits" in capsys.readouterr().err


def small_trainer(data, seed=0):
    size = {"rate": RATE, "capacity": 4, "ratios": (2, 2), "dilations": (1,), "latent": 3}
    settings = {"seed": seed, "learning_rate": 1e-3, "batch_size": 2, "beta": 0.002}
    return trainer.Trainer(size, dataset.read_data(data)[1], 4096, settings)


def test_what_older_trainings_have_kept_of_the_discriminator(data, tmp_path):
    first, second = small_trainer(data), small_trainer(data, seed=1)
    first.learn(1.0, second=True)
    first.save(tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    for names in (state, state["optimisers"]):
        names["critic"] = names.pop("discriminator")
    torch.save(state, tmp_path / "older.pt")
    second.restore(tmp_path / "older.pt")
    second.save(tmp_path / "again.pt")
    again = torch.load(tmp_path / "again.pt", weights_only=True)
    for name, value in torch.load(tmp_path / "state.pt", weights_only=True)["discriminator"].items():
        assert torch.equal(value, again["discriminator"][name])
    assert again["optimisers"]["discriminator"]["state"][0]["step"] == 1


def test_what_is_exported_is_not_louder_than_the_data(data, tmp_path):
    made = small_trainer(data)
    with torch.no_grad():
        made._average.module.decoder.loudness.bias.fill_(4.0)  # as loud as it can be
        made._average.module.decoder.wave.bias.fill_(1.0)
    found = made.judge()
    assert found.gain < 0.5
    made.export(tmp_path / "loud.ts", found.gain)
    real = made._draw("held_out", 0, 16)
    with torch.inference_mode():
        played = torch.jit.load(tmp_path / "loud.ts")(real)
    assert played.square().mean() <= 1.05 * real.square().mean()


def test_a_bad_check_never_becomes_the_model_that_plays():
    rows = types.SimpleNamespace(best=lambda name: {"held_out": 1.0})
    assert trainer.may_play(0.9, rows, False) and not trainer.may_play(1.05, rows, False)
    assert trainer.may_play(1.05, rows, True) and not trainer.may_play(1.2, rows, True)


def test_in_the_second_stage_the_encoder_rests(data, tmp_path):
    run = tmp_path / "run"
    usual = [
        str(data),
        "--run",
        str(run),
        "--threads",
        "1",
        "--batch",
        "2",
        "--first-stage",
        "4",
    ]  # as of old
    encoders = []
    for steps in ("5", "8"):
        assert train.main([*usual, "--check-every", "5", "--steps", steps]) == 0
        state = torch.load(run / "checkpoints" / "state.pt", weights_only=True)["rave"]
        encoders.append({name: value for name, value in state.items() if name.startswith("encoder.")})
        decoder = state["decoder.wave.weight"]
    assert all(torch.equal(encoders[0][name], encoders[1][name]) for name in encoders[0])
    assert not torch.equal(decoder, network.Rave(SMALL).state_dict()["decoder.wave.weight"])


def test_a_share_of_the_time_is_the_discriminators():
    settings = {"first_stage": 0, "preset": "coffee"}
    young, old = types.SimpleNamespace(second=False), types.SimpleNamespace(second=True)
    assert train.stage(settings, 0.3, young) == (False, 0.5)
    assert train.stage(settings, 0.8, young) == (True, pytest.approx(0.5))
    assert train.stage(settings, 0.3, old) == (True, 0.0)  # more minutes: what has begun goes on
    assert train.stage({**settings, "preset": "minutes"}, 1.0, young) == (False, 1.0)


def test_what_cannot_be_trained_is_said_in_one_line(tmp_path, capsys):
    assert train.main(["--data", str(tmp_path)]) == 1
    assert "setup/dlwa train rave: there is no data set" in capsys.readouterr().err
    (tmp_path / "silence").mkdir()
    for number in range(3):
        soundfile.write(tmp_path / "silence" / f"{number}.wav", np.zeros(RATE), RATE)
    with pytest.raises(UserError, match="can be used"):
        dataset.build_dataset(tmp_path / "silence", tmp_path / "out", RATE, log=lambda line: None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no sounds"):
        dataset.build_dataset(tmp_path / "empty", tmp_path / "out", RATE)


def test_a_network_with_random_weights_is_as_far_as_others_with_random_weights(tmp_path):
    path = exported(tmp_path)
    samples = (noise(3 * RATE) * 32768).short().numpy()
    figures = evaluate.measure(path, {"train": samples, "held_out": samples}, RATE).rows
    assert figures["checkpoint"]["seconds"] == pytest.approx(3, abs=0.1)
    random, own = (figures[name]["held_out"] for name in ("untrained", "checkpoint"))
    assert own == pytest.approx(random, rel=0.2)
