"""A prior on latents: its mixture, what it makes up, its file, and a training of seconds that is killed and goes on."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from modelfiles.errors import UserError
from rave_rt import evaluate_prior, train_prior
from rave_rt.engine.prior import MARGIN, input_of, read_prior, temperature_of, write_prior
from rave_rt.engine.prior_network import LEAST_STD, Mixture
from rave_rt.engine.torchscript import Model, load_module
from rave_rt.features import frechet, mel_moments
from rave_rt.model import load
from rave_rt.prior_files import find_prior
from rave_rt.training import prior as training
from safetensors.torch import save_file
from scipy import stats
from support import rave_files

RATE, RATIO, LATENTS = 8000, 64, 4  # of rave_files.Codec, here


def mixture(*shape, components=3, latents=2):
    torch.manual_seed(1)
    stds = torch.rand(*shape, components, latents) + 0.1
    return Mixture(torch.randn(*shape, components), 2 * torch.randn(*shape, components, latents), stds)


def test_the_likelihood_of_a_mixture_is_that_of_its_formula():
    given, x = mixture(5), torch.randn(5, 2)
    for index in range(5):
        weights = np.exp(given.logits[index].numpy()) / np.exp(given.logits[index].numpy()).sum()
        parts = [
            weight * stats.multivariate_normal(mean, np.diag(std**2)).pdf(x[index].numpy())
            for weight, mean, std in zip(weights, given.means[index].numpy(), given.stds[index].numpy())
        ]
        assert given.log_likelihood(x)[index] == pytest.approx(np.log(sum(parts)), rel=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_what_is_drawn_has_the_moments_of_the_mixture(temperature):
    one = mixture()
    many = Mixture(*(part.expand(40_000, *part.shape) for part in (one.logits, one.means, one.stds)))
    torch.manual_seed(2)
    drawn = many.draw(temperature).numpy()
    weights = torch.softmax(one.logits / temperature, 0).numpy()[:, None]
    mean = (weights * one.means.numpy()).sum(0)
    variance = (weights * (temperature * one.stds.numpy() ** 2 + one.means.numpy() ** 2)).sum(0) - mean**2
    np.testing.assert_allclose(drawn.mean(0), mean, atol=0.05)
    np.testing.assert_allclose(drawn.var(0), variance, rtol=0.05)


def test_at_no_temperature_it_is_the_mean_of_the_likeliest_and_near_it_almost():
    one = mixture(7)
    likeliest = one.means[torch.arange(7), one.logits.argmax(-1)]
    assert torch.equal(one.draw(0.0), likeliest)
    torch.testing.assert_close(one.draw(1e-8), likeliest, atol=1e-3, rtol=0)


def test_a_raves_own_scale_of_temperatures():
    assert temperature_of(0.0) == pytest.approx(1)
    for temperature in (0.05, 0.5, 1.0, 2.0, 4.0):
        assert temperature_of(input_of(temperature)) == pytest.approx(temperature)
    assert np.isfinite(input_of(0.0)) and temperature_of(input_of(0.0)) < 0.02


def random_prior(**facts):
    return rave_files.random_prior(RATE, **facts)


def test_it_goes_on_from_what_it_was_given():
    prior, latents = random_prior(), np.random.default_rng(0).normal(size=(LATENTS, 20)).astype(np.float32)
    player = prior.player()
    player.follow(latents[:, :12])
    player.follow(latents[:, 12:])
    made = player.play([0.0])
    with torch.inference_mode():
        whole = torch.cat([torch.zeros(1, LATENTS), prior.scaled(latents)])
        expected, _ = prior.network(whole[None])
    last = Mixture(expected.logits[:, -1], expected.means[:, -1], expected.stds[:, -1]).draw(0.0)
    np.testing.assert_allclose(made[:, 0], last[0].numpy() * 0.5 + 0.2, atol=1e-5)
    assert np.abs(made - prior.player().play([0.0])).max() > 1e-3


def test_what_is_made_up_stays_near_the_range_of_the_training():
    prior = random_prior()
    with torch.no_grad():
        prior.network.outputs.weight.mul_(3)  # explodes
    made = prior.player().play([2.0] * 300)
    assert made.max() == pytest.approx(3 + 5 * MARGIN) and made.min() == pytest.approx(-2 - 5 * MARGIN)


def test_what_simple_means_reach_is_by_the_formula():
    random = np.random.default_rng(0)
    train = np.cumsum(random.normal(size=(500, 3)), 0).astype(np.float32)
    held_out = np.cumsum(random.normal(size=(50, 3)), 0).astype(np.float32)
    found = training.baselines(train, held_out)
    floor = LEAST_STD**2 * np.eye(3)

    def expected(sample, points):
        spread = np.cov(sample.T, bias=True) + floor
        return -stats.multivariate_normal(sample.mean(0), spread).logpdf(points)

    assert found["Gaussian"] == pytest.approx(expected(train, held_out).mean(), rel=1e-5)
    steps = expected(np.diff(train, axis=0), np.diff(held_out, axis=0)).sum()
    walk = (expected(train, held_out[0]) + steps) / 50
    assert found["random walk"] == pytest.approx(walk, rel=1e-5) and walk < found["Gaussian"]


# Files.


def test_a_prior_is_the_same_after_it_was_written(tmp_path):
    prior = random_prior()
    write_prior(tmp_path / "a.prior.safetensors", prior)
    again = read_prior(tmp_path / "a.prior.safetensors")
    assert (again.size, again.rate, again.ratio) == (prior.size, RATE, RATIO)
    torch.manual_seed(3)
    first = prior.player().play([1.0] * 20)
    torch.manual_seed(3)
    np.testing.assert_array_equal(again.player().play([1.0] * 20), first)


FACTS = {"latents": 2, "hidden": 8, "layers": 1, "components": 2, "rate": RATE, "ratio": RATIO}


@pytest.mark.parametrize(
    "header, complaint",
    [
        (None, "its header does not say so"),
        ("[", "its header does not say so"),
        ("[]", "its header has not latents"),
        (json.dumps({"latents": 4}), "its header has not latents"),
        (json.dumps({**FACTS, "hidden": 10**9}), "hidden is 1000000000, it can be 1 to 2048"),
        (json.dumps({**FACTS, "layers": True}), "layers is True"),
        (json.dumps({**FACTS, "ratio": 1.5}), "ratio is 1.5"),
        (json.dumps(FACTS), "does not fit its header"),
    ],
)
def test_a_file_that_is_no_prior_is_one_line(tmp_path, header, complaint):
    path = tmp_path / "bad.prior.safetensors"
    save_file({"mean": torch.zeros(4)}, path, None if header is None else {"prior": header})
    with pytest.raises(UserError, match=complaint):
        read_prior(path)


def test_a_damaged_prior_is_one_line(tmp_path):
    path = tmp_path / "bad.prior.safetensors"
    write_prior(path, random_prior())
    whole = path.read_bytes()
    for content in (whole[:-50], whole[:20], b"", b"\xff" * 100):
        path.write_bytes(content)
        with pytest.raises(UserError, match="not a whole safetensors file"):
            read_prior(path)
    with path.open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(UserError, match="65 MB, too many"):
        read_prior(path)
    for statistics, complaint in (
        ({"mean": np.full(LATENTS, np.nan)}, "not a number"),
        ({"spread": np.zeros(LATENTS)}, "no range"),
    ):
        write_prior(path, random_prior(**statistics))
        with pytest.raises(UserError, match=complaint):
            read_prior(path)


def test_a_prior_is_found_beside_its_model_then_by_its_name(tmp_path):
    model, store = tmp_path / "here" / "drums.ts", tmp_path / "store"
    for folder in (model.parent, store):
        folder.mkdir()
        (folder / "drums.prior.safetensors").touch()
    assert find_prior(model, None, [store]) == model.parent / "drums.prior.safetensors"
    (model.parent / "drums.prior.safetensors").unlink()
    assert find_prior(model, None, [store]) == store / "drums.prior.safetensors"
    assert find_prior(model, "none", [store]) is None
    assert find_prior(tmp_path / "other.ts", None, [store]) is None
    assert find_prior(tmp_path / "other.ts", "drums", [store]) == store / "drums.prior.safetensors"
    with pytest.raises(UserError, match="there is no checkpoint 'bells'"):
        find_prior(model, "bells", [store])


# With a model.


@pytest.fixture
def codec(tmp_path):
    """A model's file."""
    return rave_files.save(rave_files.Codec(rate=RATE), tmp_path / "codec.ts")


def test_a_model_makes_up_sound_of_any_length_that_goes_on_from_a_sound(codec):
    write_prior(codec.with_name("codec.prior.safetensors"), random_prior())
    model = load(codec)
    made = model.generate(2, seed=1)
    assert made.shape == (1, 2 * RATE) and np.array_equal(made, model.generate(2, seed=1))
    assert not np.array_equal(made, model.generate(2, seed=2))
    assert model.generate(0.5, rate=16000).shape == (1, 8000)
    assert model.generate(0.001).shape == (1, 8)
    tone = np.sin(np.arange(RATE) / 3).astype(np.float32)
    on = model.generate(0.5, temperature=0, start=tone)
    assert not np.allclose(on, model.generate(0.5, temperature=0))
    latents = model.prior.player()
    latents.follow(model.encode(tone))
    np.testing.assert_allclose(on[0], model.decode(latents.play([0] * 63))[0][: RATE // 2], atol=1e-5)
    for wrong in ({"seconds": 0}, {"seconds": float("nan")}, {"temperature": -1}, {"seconds": 1e9}):
        with pytest.raises(UserError):
            model.generate(**wrong)
    with pytest.raises(UserError, match="no prior"):
        load(codec, prior="none").generate(1)


def test_it_is_the_method_prior_in_place_of_the_models_own(tmp_path):
    module = load_module(rave_files.save(rave_files.Codec(prior=True, rate=RATE), tmp_path / "own.ts"))
    model = Model(module, random_prior())
    method = model.methods["prior"]
    assert (method.inputs, method.in_ratio, method.outputs, method.out_ratio) == (1, RATIO, LATENTS, RATIO)
    cold = np.full((1, 5), input_of(0.0))
    torch.manual_seed(0)
    made = model.run("prior", cold)
    assert made.shape == (LATENTS, 5) and not np.allclose(made, Model(module).run("prior", cold))
    model.follow(np.ones((LATENTS, 3), np.float32))
    assert not np.allclose(made, model.run("prior", cold))


def test_a_prior_of_another_model_is_refused(codec):
    write_prior(codec.with_name("codec.prior.safetensors"), random_prior(latents=3))
    with pytest.raises(UserError, match="makes 3 latents for 64 samples at 8000 Hz, the model takes 4"):
        load(codec)


CHECKPOINTS = Path(__file__).resolve().parents[2] / "06_rave" / "checkpoints"
REGISTERED = [
    entry
    for entry in json.loads((CHECKPOINTS / "registry.json").read_text())
    if entry["file"].endswith(".prior.safetensors")
]


@pytest.mark.parametrize("entry", REGISTERED, ids=lambda entry: entry["name"])
def test_the_prior_of_a_starter_makes_up_sound_that_is_neither_silent_nor_noise(entry):
    content = (CHECKPOINTS / entry["file"]).read_bytes()
    assert len(content) == entry["bytes"] < 1_000_000
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    model = load(CHECKPOINTS / entry["file"].replace(".prior.safetensors", ".ts"))
    made = model.generate(6, seed=0)
    noise = np.random.default_rng(0).normal(size=(8, 562))
    chance = mel_moments(model.decode(noise)[0], model.rate)
    again = mel_moments(model.decode(noise[:, ::-1])[0], model.rate)
    assert 0.01 < np.sqrt(np.mean(made**2)) < 0.5
    assert frechet(mel_moments(made[0], model.rate), chance) > 10 * frechet(again, chance)


# Training.


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    """A folder of tones that come and go."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data home"))
    monkeypatch.setitem(training.PRESETS, "minutes", {"hidden": 16, "components": 4})
    folder = tmp_path / "tones"
    folder.mkdir()
    times = np.arange(2 * RATE) / RATE
    for number in range(6):
        tone = np.sin(2 * np.pi * (300 + 40 * number) * times) * np.sin(2 * np.pi * 3 * times) ** 2
        soundfile.write(folder / f"{number}.wav", 0.5 * tone, RATE)
    return folder


def options(codec, sounds, run, *more):
    words = ["--data", str(sounds), "--run", str(run), "--threads", "1", "--check-every", "20"]
    return [str(codec), *words, "--batch-size", "4", *more]


def history(run):
    with (run / "history.csv").open() as file:
        return {round(float(row["step"])): float(row["held_out"]) for row in csv.DictReader(file)}


@pytest.mark.slow
def test_a_training_learns_is_killed_goes_on_and_plays(codec, sounds, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        learn = training.PriorTrainer.learn

        def fail_at_50(self, progress):
            if self.step == 50:
                raise RuntimeError("killed")
            return learn(self, progress)

        patched.setattr(training.PriorTrainer, "learn", fail_at_50)
        with pytest.raises(RuntimeError, match="killed"):
            train_prior.main(options(codec, sounds, run, "--steps", "120"))
    assert train_prior.main(options(codec, sounds, run, "--steps", "120")) == 0
    assert train_prior.main(options(codec, sounds, tmp_path / "at once", "--steps", "120")) == 0
    learned = history(run)
    assert sorted(learned) == [20, 40, 60, 80, 100, 120]
    assert history(tmp_path / "at once")[120] == pytest.approx(learned[120], rel=1e-4)
    file = run / "codec.prior.safetensors"
    page = (run / "report.html").read_text()
    assert (
        "random walk" in json.dumps(json.loads((run / "run.json").read_text())["plots"]) and "audio" in page
    )
    assert train_prior.main(options(codec, sounds, run, "--steps", "130", "--seed", "7")) == 1
    capsys.readouterr()
    words = [
        str(codec),
        "--prior",
        str(file),
        "--data",
        str(sounds),
        "--json",
        str(tmp_path / "figures.json"),
    ]
    assert evaluate_prior.main(words) == 0
    ((_, rows),) = json.loads((tmp_path / "figures.json").read_text())["checkpoints"].items()
    others = rows["baselines"]
    assert rows["nats"] == pytest.approx(min(learned.values()), rel=1e-3)
    assert rows["nats"] < min(others["Gaussian"]["nats"], others["random walk"]["nats"])
    assert rows["frechet"] < others["noise"]["frechet"]
    assert load(codec, prior=file).generate(1).shape == (1, RATE)


@pytest.mark.slow
def test_what_cannot_be_trained_is_said_in_one_line(codec, sounds, tmp_path, capsys):
    run = tmp_path / "run"
    gain = rave_files.save(rave_files.Gain(RATE), tmp_path / "gain.ts")
    assert train_prior.main(options(gain, sounds, run)) == 1
    assert "gain.ts has not both" in capsys.readouterr().err
    assert train_prior.main(options("nowhere", sounds, run)) == 1
    assert "there is no checkpoint 'nowhere'" in capsys.readouterr().err
    assert train_prior.main(options(codec, sounds, run, "--no-program")) == 1
    assert "would be played by its own program" in capsys.readouterr().err
    assert train_prior.main(options(codec, tmp_path / "no folder", run)) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert train_prior.main(options(codec, sounds, run, "--steps", "2")) == 0
    rave_files.save(rave_files.Codec(rate=16000), codec)
    assert train_prior.main(options(codec, sounds, run, "--steps", "4")) == 1
    assert "began with model_sha256" in capsys.readouterr().err


def test_sounds_that_are_alike_are_nearer_than_others():
    random = np.random.default_rng(0)
    noise, more = (mel_moments(0.1 * random.normal(size=2 * RATE), RATE) for _ in range(2))
    tone = mel_moments(0.1 * np.sin(np.arange(2 * RATE) / 3), RATE)
    assert frechet(noise, noise) == pytest.approx(0, abs=1e-3)
    assert frechet(noise, more) < 0.1 * frechet(noise, tone)
