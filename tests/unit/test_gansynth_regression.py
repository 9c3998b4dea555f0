"""GANSynth trained by regression: its parts, a tiny run that is stopped, killed and goes on, and its model."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
from dlwakit.training import patience
from gansynth import train
from gansynth.generator import Generator
from gansynth.model import load
from gansynth.spectrogram import Spectrogram
from gansynth.training import codes, losses, presets
from gansynth.training.losses import energy_bands, energy_loss, spectral_distance
from gansynth.training.network import Activate, TrainableGenerator
from gansynth.training.notes import Cache, Notes, Picture, timbre_names
from gansynth.training.pictures import Pictures, wrap
from gansynth.training.warm import near_codes

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
RATE, SAMPLES, PITCHES = 8000, 8000, (57, 60, 64)
NETWORK = {"start_height": 2, "start_width": 4, "num_resolutions": 4, "fmap_base": 32, "fmap_max": 8}
NETWORK |= {"latent_vector_size": 5}


@pytest.fixture(autouse=True)
def one_thread_and_unlisted(monkeypatch):
    monkeypatch.setenv("DLWA_RECORDED", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tone(pitch, brightness):
    """A decaying note of four harmonics."""
    times = np.arange(SAMPLES) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    waves = sum(brightness**k * np.sin(2 * np.pi * hertz * (k + 1) * times) for k in range(4))
    return 0.3 * waves * np.exp(-2 * times)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A training set of three timbres at three pitches."""
    folder = tmp_path_factory.mktemp("set")
    meta, rows = {}, []
    for name, brightness in (("dull", 0.1), ("middle", 0.5), ("bright", 0.9)):
        for pitch in PITCHES:
            meta[f"{name}_{pitch}"] = {"instrument_str": name, "pitch": pitch}
            rows.append(np.int16(32767 * tone(pitch, brightness)))
    np.save(folder / "notes.npy", np.stack(rows))
    (folder / "meta.json").write_text(json.dumps(meta))
    (folder / "dataset.json").write_text(json.dumps({"sample_rate": RATE, "audio_length": SAMPLES}))
    return folder


# The network.


def network(seed=0):
    torch.manual_seed(seed)
    made = TrainableGenerator(NETWORK, 3)
    with torch.no_grad():
        for bias in made.biases.values():
            bias.normal_(0, 0.1)
    return made, torch.randn(2, 5), torch.eye(3)[[0, 2]]


def test_it_paints_what_the_player_plays():
    made, points, labels = network()
    played = Generator(made.tensors(), 4, 4, 3.0).pictures(torch.cat([points, labels], dim=1))
    torch.testing.assert_close(made(points, labels).permute(0, 2, 3, 1), played, atol=1e-4, rtol=0)


@pytest.mark.parametrize("window", [(0, 4), (6, 9), (12, 16), (0, 16)])
def test_a_window_is_a_part_of_the_whole(window):
    made, points, labels = network()
    whole = made(points, labels)[:, :, slice(*window)]
    torch.testing.assert_close(made(points, labels, window), whole, atol=1e-5, rtol=0)


def test_the_activation_has_the_gradient_of_its_formula():
    assert torch.autograd.gradcheck(
        Activate.apply, torch.randn(2, 5, 3, 4, dtype=torch.double, requires_grad=True)
    )


def test_it_takes_the_weights_of_another():
    one, points, labels = network()
    other, _, _ = network(seed=1)
    other.take({name: array.copy() for name, array in one.tensors().items()})
    torch.testing.assert_close(one(points, labels), other(points, labels))


# Pictures and losses.


@pytest.fixture(scope="module")
def pictures():
    return Pictures(presets.flags_for("minutes", RATE, SAMPLES))


def test_from_sound_to_picture_and_back(pictures):
    sound = torch.tensor(tone(60, 0.5), dtype=torch.float32)[None]
    power, frequency, _ = pictures.of_audio(sound)
    back = pictures.to_audio(power, frequency)
    assert spectral_distance(back[0], sound[0]) < 3 < spectral_distance(0 * sound[0], sound[0])
    played = Spectrogram(pictures.frames, pictures.bands, SAMPLES, RATE).to_audio(
        torch.stack([power, frequency], dim=-1)
    )
    torch.testing.assert_close(back, played, atol=2e-3, rtol=0)


def test_energies_of_bands_are_compared_over_the_whole_sound():
    sound = torch.randn(2, 8192, generator=torch.Generator().manual_seed(0))
    bands = energy_bands(16000)
    assert energy_loss(sound, sound, bands) == 0
    assert float(energy_loss(0.5 * sound, sound, bands)) == pytest.approx(2 * np.log(2), abs=1e-4)
    assert energy_loss(sound.flip(1), sound, bands) < 0.1  # the order in time does not count
    silence, whisper = (float(energy_loss(part * sound, sound, bands)) for part in (0, 1e-6))
    assert silence == whisper > 10


def test_losses_are_least_at_the_truth_and_point_to_it(pictures):
    power, frequency, _ = pictures.of_audio(torch.tensor(tone(60, 0.5), dtype=torch.float32)[None])
    peak = power.amax(dim=(1, 2), keepdim=True)
    weight = losses.audibility(power, peak)
    for loss, truth in (
        (lambda x: losses.power_loss(x, power, peak), power.maximum(peak - losses.RANGE)),
        (lambda x: losses.frequency_loss(x, frequency, weight), frequency),
    ):
        assert loss(truth).item() == pytest.approx(0, abs=1e-9)
        off = (truth + 0.1).requires_grad_()
        loss(off).backward()
        assert loss(off) > 0 and (off.grad[weight > 0.5] > 0).all()
    assert losses.frequency_loss(frequency + 2, frequency, weight).item() == pytest.approx(0, abs=1e-6)
    sound = torch.tensor(tone(60, 0.5), dtype=torch.float32)[None]
    assert losses.sound_loss(sound, sound).item() == 0 < losses.sound_loss(0.5 * sound, sound).item()


def test_what_is_too_quiet_to_be_heard_does_not_matter():
    wanted = torch.full((1, 2, 2), -40.0)
    assert losses.power_loss(wanted - 5, wanted, torch.tensor(0.0)) == 0
    assert losses.power_loss(wanted + 30, wanted, torch.tensor(0.0)) > 0


def test_turns_are_wrapped():
    assert wrap(torch.tensor([0.0, 1.5, -1.5, 4.25])).tolist() == [0.0, -0.5, 0.5, 0.25]


# Timbres and codes.


@pytest.mark.parametrize(
    "names, pitches, expected",
    [
        (["organ-60"] * 4, [60, 61, 62, 63], ["organ-60"] * 4),
        (["piano_60-1", "piano_61-1"], [60, 61], ["piano-1", "piano-1"]),
        (["x-000-060-100", "x-000-062-100"], [60, 62], ["x-000-100", "x-000-100"]),
        (["rain-1", "rain-2"], [60, 60], ["rain-1_60", "rain-2_60"]),
        (["horn_C4-1", "horn_Eb4-1"], [60, 63], ["horn_-1", "horn_-1"]),
    ],
)
def test_which_notes_are_of_one_timbre(names, pitches, expected):
    meta = [
        (f"{name}_{pitch}", {"instrument_str": name, "pitch": pitch}) for name, pitch in zip(names, pitches)
    ]
    assert timbre_names(meta) == expected


def test_codes_are_spread_alike_in_all_directions():
    start, spread = codes.principal(np.random.default_rng(0).standard_normal((60, 30)) * np.arange(30), 6)
    held = torch.from_numpy(3 * start + 2)
    codes.standardise(held)
    assert held.mean(dim=0).abs().max() < 1e-5
    torch.testing.assert_close(held.T @ held / 60, codes.SPREAD**2 * torch.eye(6), atol=1e-4, rtol=0)
    assert (np.diff(spread) <= 0).all() and spread[0] == 1


def test_few_timbres_have_codes_too():
    start, _ = codes.principal(np.eye(3), 8)
    held = torch.from_numpy(start)
    codes.standardise(held)
    assert torch.isfinite(held).all() and torch.pdist(held).min() > codes.SPREAD


def test_a_point_stands_for_the_timbres_near_it(data, pictures):
    notes = Notes(data)
    start, spread = codes.principal(codes.features(notes, Cache(notes, pictures)), 4)
    blends = codes.Blends(notes, spread)
    blends.follow(start)
    for timbre in range(3):
        timbres, shares = blends.at(start[timbre], 1)
        assert timbres[0] == timbre and shares[0] > 0.9 and shares.sum() == pytest.approx(1)


def test_each_timbre_has_its_part_of_random_points(data):
    notes = Notes(data)
    notes.table = np.zeros((24, 1), int)
    blends = codes.Blends(notes, np.linspace(1, 0.3, 8))
    held = codes.SPREAD * np.random.default_rng(0).standard_normal((24, 8))
    blends.follow(held)
    points = np.random.default_rng(1).standard_normal((1000, 8))
    parts = np.bincount([blends.at(point, 0)[0][0] for point in points], minlength=24)
    unmoved = np.square((points[:, None] - held) * blends.spread).sum(axis=2).argmin(axis=1)
    assert parts.std() < 0.7 * np.bincount(unmoved, minlength=24).std()
    assert [blends.at(code, 0)[0][0] for code in held] == list(range(24))


def test_a_pitch_that_a_timbre_lacks_is_left_to_the_others(data, pictures):
    notes = Notes(data)
    notes.table[0, 1] = -1
    blends = codes.Blends(notes, np.ones(4, np.float32))
    blends.follow(2 * np.eye(3, 4))
    assert 0 not in blends.at(2 * np.eye(4)[0], 1)[0]
    assert blends.at(2 * np.eye(4)[0], 0)[0][0] == 0


def test_a_blend_lies_between_its_notes(data, pictures):
    cache = Cache(Notes(data), pictures)
    dull, bright = (cache.blend([note], [1.0], (8, 16)).power for note in (1, 7))
    between = cache.blend([1, 7], [0.5, 0.5], (8, 16)).power
    torch.testing.assert_close(between, (dull + bright) / 2)


# Runs.


def command(run, data, *more):
    words = ["--run", run, "--data", data, "--batch-size", "2", "--threads", "1", *more]
    return [sys.executable, "-m", "gansynth.train", *map(str, words)]


def variables():
    path = os.pathsep.join(str(ROOT / name) for name in ("setup", "pyext_py3", "03_gansynth"))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def rows(run):
    lines = (run / "history.csv").read_text().splitlines()
    return [dict(zip(lines[0].split(","), line.split(","))) for line in lines[1:]]


def test_a_run_learns_and_its_model_plays(data, tmp_path, capsys):
    run = tmp_path / "mine"
    assert train.main([*command(run, data)[3:], "--steps", "30"]) == 0
    said = capsys.readouterr().out
    assert "done: 60 images" in said and f"checkpoints add {run / 'mine'}" in said
    model = load(run / "mine")
    assert model.folder.pitches == list(PITCHES) and model.folder.audio_length == SAMPLES
    sound = model.generate(model.random(1, 0), [60])
    assert sound.shape == (1, SAMPLES) and sound.any()
    assert float(rows(run)[-1]["training_db"]) < 30
    assert list((run / "previews").glob("*.wav")) and "<audio" in (run / "report.html").read_text()


@pytest.mark.slow
def test_a_run_that_goes_on_ends_where_one_without_a_stop_does(data, tmp_path):
    words = ["--steps", "12"]
    assert train.main([*command(tmp_path / "whole", data)[3:], *words]) == 0
    stopped = tmp_path / "stopped"
    assert train.main([*command(stopped, data)[3:], "--steps", "5"]) == 0
    assert train.main([*command(stopped, data)[3:], *words]) == 0
    whole, resumed = (torch.load(run / "checkpoints/last.pt") for run in (tmp_path / "whole", stopped))
    assert whole["images"] == resumed["images"] == 24
    torch.testing.assert_close(whole["codes"], resumed["codes"], atol=0.05, rtol=0)


@pytest.mark.slow
def test_a_run_whose_time_is_over_ends_and_has_kept_stages(data, tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "FIRST_STAGE", 1)
    monkeypatch.setattr(patience, "CHECKS", (1, 1, 200))
    run = tmp_path / "short"
    assert train.main([*command(run, data)[3:], "--minutes", "0.1"]) == 0
    assert float(rows(run)[-1]["seconds"]) >= 6
    stages = sorted(path.name for path in (run / "stages").iterdir())
    assert "000004s" in stages
    load(run / "stages" / stages[0] / "short")


@pytest.mark.slow
def test_a_killed_run_goes_on(data, tmp_path):
    run = tmp_path / "killed"
    quick = "from dlwakit.training import patience; patience.CHECKS = (0, 0, 1)\n"
    quick += "from gansynth import train; train.main()"
    words = command(run, data, "--minutes", "1")[3:]
    for _ in range(2):
        before = len(rows(run)) if (run / "history.csv").exists() else 0
        process = subprocess.Popen([sys.executable, "-c", quick, *words], env=variables())
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if (run / "history.csv").exists() and len(rows(run)) >= before + 2:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        load(run / "killed")
    images = [int(float(row["step"])) for row in rows(run)]
    assert len(images) >= 4 and images == sorted(set(images))


def test_a_run_keeps_its_settings(data, tmp_path, capsys):
    run = tmp_path / "kept"
    assert train.main([*command(run, data)[3:], "--steps", "2"]) == 0
    assert train.main([*command(run, data)[3:], "--steps", "4", "--seed", "3"]) == 1
    assert "began with seed 0, not 3" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_begins_with_a_model_of_other_pitches_and_length(data, tmp_path):
    assert train.main([*command(tmp_path / "base", data)[3:], "--steps", "60"]) == 0
    longer = tmp_path / "longer"
    longer.mkdir()
    audio = np.load(data / "notes.npy")
    np.save(longer / "notes.npy", np.concatenate([audio, audio], axis=1)[2::3])
    meta = {f"{name}_{66}": {"instrument_str": name, "pitch": 66} for name in ("a", "b", "c")}
    (longer / "meta.json").write_text(json.dumps(meta))
    (longer / "dataset.json").write_text(json.dumps({"sample_rate": RATE, "audio_length": 2 * SAMPLES}))
    warm, cold = tmp_path / "warm", tmp_path / "cold"
    assert train.main([*command(warm, longer)[3:], "--from", str(tmp_path / "base"), "--steps", "5"]) == 0
    assert train.main([*command(cold, longer)[3:], "--steps", "5"]) == 0
    assert float(rows(warm)[-1]["power"]) < 0.8 * float(rows(cold)[-1]["power"])
    shutil.rmtree(tmp_path / "base")  # needed at the beginning alone
    assert train.main([*command(warm, longer)[3:], "--steps", "6"]) == 0
    assert load(warm / "warm").folder.audio_length == 2 * SAMPLES


class Painted(dict):
    """Pictures by the number of a note, as a Cache has them; of what a network paints, not of recordings."""

    def __init__(self, pictures):
        self.pictures = pictures


def test_what_a_network_paints_is_found_at_its_point(data, pictures):
    notes, network = Notes(data), TrainableGenerator(presets.flags_for("minutes", RATE, SAMPLES), 3)
    cache, points = Painted(pictures), torch.randn(3, network.latent)
    for point, row in zip(points, notes.table):
        power, _ = pictures.of_network(network(point[None], torch.eye(3)[1:2]).detach())
        cache[row[1]] = Picture(power[0], None, None, 0, 0, 0)
    codes, _ = near_codes(network, notes, cache, 0, points.numpy())
    np.testing.assert_array_equal(codes, points)


def test_a_model_of_another_rate_is_no_beginning(data, tmp_path, capsys):
    assert train.main([*command(tmp_path / "base", data)[3:], "--steps", "1"]) == 0
    other = tmp_path / "other"
    shutil.copytree(data, other)
    (other / "dataset.json").write_text(json.dumps({"sample_rate": 16000, "audio_length": SAMPLES}))
    words = ["--from", str(tmp_path / "base"), "--steps", "1"]
    assert train.main([*command(tmp_path / "run", other)[3:], *words]) == 1
    assert "base is a model of 8000 Hz, the training set has 16000 Hz" in capsys.readouterr().err


@pytest.mark.parametrize(
    "pitches, starter", [(PITCHES, "starter_instruments"), (PITCHES[:1], "starter_textures")]
)
def test_a_run_begins_with_the_starter_that_fits(data, tmp_path, capsys, pitches, starter):
    fitting = tmp_path / "fitting"
    shutil.copytree(data, fitting)
    (fitting / "dataset.json").write_text(json.dumps({"sample_rate": 16000, "audio_length": SAMPLES}))
    meta = json.loads((data / "meta.json").read_text())
    kept = [place for place, note in enumerate(meta.values()) if note["pitch"] in pitches]
    np.save(fitting / "notes.npy", np.load(data / "notes.npy")[kept])
    names = list(meta)
    (fitting / "meta.json").write_text(json.dumps({names[place]: meta[names[place]] for place in kept}))
    assert train.main([*command(tmp_path / "run", fitting)[3:], "--steps", "1"]) == 0
    assert f"with the weights of {starter}" in capsys.readouterr().out
    words = ["--from", "nothing", "--steps", "1"]
    assert train.main([*command(tmp_path / "other", fitting)[3:], *words]) == 0
    assert "with random weights" in capsys.readouterr().out
