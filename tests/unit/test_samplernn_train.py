"""From a folder of sounds to a model: data set, training, going on, and scores."""

import json
import sys

import numpy as np
import pytest
import soundfile
import torch
from dlwakit.training.history import read
from modelfiles.errors import UserError
from samplernn import dataset, evaluate, sheet, train
from samplernn.engine import store
from samplernn.engine.config import Config
from samplernn.engine.network import SampleRNN
from samplernn.model import Generator
from support.training_program import run_training

pytestmark = pytest.mark.slow

TEMPERATURES = [f"temperature {number}" for number in ("0.7", "0.85", "1", "1.1")]
RATE = 8000
CONFIG = Config(frame_sizes=(4, 16), dim=24, num_rnn_layers=1, emb_size=8, seq_len=128, sample_rate=RATE)


@pytest.fixture
def sounds(tmp_path):
    """A folder of sounds of different rates and channels, one of them silent, one of them no sound."""
    folder = tmp_path / "my sounds"
    (folder / "deeper").mkdir(parents=True)
    for name, rate, pitch in (("a.wav", 16000, 300), ("deeper/b.wav", 8000, 500)):
        tone = 0.4 * np.sin(2 * np.pi * pitch * np.arange(2 * rate) / rate)
        soundfile.write(folder / name, np.stack([tone, tone], 1) if rate == 16000 else tone, rate)
    muted = 1e-4 * np.random.default_rng(0).standard_normal(4000)
    soundfile.write(folder / "quiet.wav", muted, 8000)
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    return folder


@pytest.fixture
def data(sounds, tmp_path):
    dataset.build_dataset(sounds, tmp_path / "data", RATE, 0.5, 0.1, log=lambda line: None)
    return tmp_path / "data"


def test_a_data_set_from_mixed_sounds(sounds, tmp_path):
    said = []
    facts = dataset.build_dataset(sounds, tmp_path / "data", RATE, 0.5, 0.1, said.append)
    chunks, validation = np.load(tmp_path / "data/train.npy"), np.load(tmp_path / "data/validation.npy")
    assert chunks.dtype == np.int16 and chunks.shape == (facts["chunks"], RATE // 2)
    assert (facts["sounds"], facts["held_out_sounds"]) == (["a.wav"], ["deeper/b.wav"])
    assert facts["seconds"] == pytest.approx(2, abs=0.1)
    assert validation.shape == (4, RATE // 2)
    assert np.abs(chunks).max() == pytest.approx(0.9 * 32767, rel=0.01)
    assert any("broken.wav" in line for line in said) and any(
        "quiet.wav: it is silent" in line for line in said
    )
    assert np.array_equal(chunks[0, -800:], chunks[1, :800])


def test_silence_is_left_out():
    tone = np.sin(np.arange(4000) / 3)
    assert len(dataset.without_silence(np.concatenate((tone, np.zeros(16000), tone)), RATE)) < 11000
    pause = 10 ** (-40 / 20) * np.resize(tone, 16000)
    lengths = [
        len(dataset.without_silence(np.concatenate((tone, pause, tone)), RATE, quiet)) for quiet in (50, 30)
    ]
    assert lengths[0] > 23700 and lengths[1] < 11000


def test_soft_parts_become_almost_as_loud_as_the_rest():
    tone = np.sin(np.arange(RATE) / 3)
    evened = dataset.evened(np.concatenate((tone, tone / 10)).astype(np.float32), RATE)
    loud, soft = (np.sqrt(np.mean(part[RATE // 4 : -RATE // 4] ** 2)) for part in np.split(evened, 2))
    assert np.abs(evened).max() == pytest.approx(1, abs=0.01)
    assert 20 * np.log10(loud / soft) == pytest.approx(4, abs=0.5)
    assert not dataset.evened(np.zeros(100, np.float32), RATE).any()


def test_a_stroke_ends_where_it_has_died_away():
    times = np.arange(2 * RATE) / RATE
    stroke = dataset.without_silence(np.exp(-10 * times) * np.sin(2000 * times), RATE)
    assert len(stroke) / RATE == pytest.approx(np.log(10 ** (30 / 20)) / 10, abs=0.1)


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ([], "no sounds in"),
        (["--chunk", "1", "--overlap", "1"], "cannot overlap"),
        (["--quiet", "0"], "--quiet 0"),
    ],
)
def test_data_sets_that_cannot_be(tmp_path, arguments, complaint, capsys):
    assert dataset.main([str(tmp_path), "--data", str(tmp_path / "data"), *arguments]) == 1
    assert complaint in capsys.readouterr().err.splitlines()[0]


def small(tmp_path):
    """CONFIG as a file."""
    file = tmp_path / "small.config.json"
    file.write_text(json.dumps(CONFIG.to_dict()))
    return file


def run(*arguments, stop_at=None):
    return run_training(sys.executable, "05_samplernn", "samplernn.train", *arguments, stop_at=stop_at)


@pytest.mark.slow
def test_a_training_that_was_stopped_learns_what_an_unbroken_one_learns(data, tmp_path):
    arguments = ("--data", data, "--preset", small(tmp_path), "--batch-size", 3, "--learning-rate", 0.003)
    arguments += ("--check-every", 10)
    status, said, _ = run(*arguments, "--run", tmp_path / "whole", "--steps", 60)
    assert status == 0 and "done: 60 steps" in said
    stopped, said, _ = run(*arguments, "--run", tmp_path / "broken", "--steps", 60, stop_at=20)
    assert stopped == 130 and "the same command goes on" in said
    status, said, _ = run("--run", tmp_path / "broken", "--steps", 60, "--check-every", 10)
    assert status == 0 and "goes on from step" in said
    whole, broken = (store.load(tmp_path / name / f"{name}.safetensors") for name in ("whole", "broken"))
    for name, value in whole.state_dict().items():
        # Rounding differs where weights lie at other addresses; a lost optimiser state moves them by 0.003 a step.
        assert (value - broken.state_dict()[name]).abs().max() < 1e-3, name
    rows = read(tmp_path / "broken/history.csv")
    assert [row["step"] for row in rows if row["step"] % 10 == 0] == [10, 20, 30, 40, 50, 60]
    assert rows[-1]["training_bits"] < min(8, rows[0]["training_bits"])
    best = evaluate.bits_per_sample(broken, np.load(data / "validation.npy"))
    assert any(best == pytest.approx(row["bits"], abs=1e-4) for row in rows)
    preview, rate = soundfile.read(tmp_path / "broken/previews/000000060_preview.wav")
    assert (len(preview), rate) == (2 * RATE, RATE)
    assert "bits per sample" in (tmp_path / "broken/report.html").read_text()
    file = tmp_path / "figures.json"
    best_model = tmp_path / "broken/broken"  # the suffix may be left out
    assert evaluate.main([str(word) for word in (best_model, "--data", data, "--json", file)]) == 0
    figures = json.loads(file.read_text())["checkpoints"]["broken"]
    assert figures["bits_per_sample"] == pytest.approx(best)
    others = figures["baselines"]
    assert list(others) == ["uniform", "unigram", "linear", "data", *TEMPERATURES]
    assert figures["linear_predictor_bits"] == others["linear"]["bits_per_sample"]
    assert figures["level_db"] == {name.split()[1]: others[name]["level_db"] for name in TEMPERATURES}
    sound = Generator(broken).generate(0.1, temperature=[1.0])
    assert sound.shape == (1, RATE // 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ((), "first: setup/dlwa dataset samplernn FOLDER"),
        (
            ("--preset", "lapdog"),
            "there is no preset 'lapdog': take minutes, coffee, night, laptop, course, prism",
        ),
    ],
)
def test_trainings_that_cannot_be(data, tmp_path, arguments, complaint):
    status, _, complained = run(
        "--data", data if arguments else tmp_path, "--run", tmp_path / "run", *arguments
    )
    assert status == 1
    assert complaint in complained and len(complained.splitlines()) == 1


def test_chunks_that_are_too_short():
    with pytest.raises(UserError, match="too short"):
        train.Batches(np.zeros((2, 200), np.int16), 2, CONFIG, 0)


def test_states_go_on_within_a_chunk_and_start_anew_with_the_next(data):
    batches = train.Batches(np.load(data / "train.npy"), 4, CONFIG, 0)
    found = [batches[step] for step in range(70)]
    steps = RATE // 2 // CONFIG.seq_len - 1
    assert [anew for _, anew in found[: 2 * steps]] == ([True] + [False] * (steps - 1)) * 2
    for (before, _), (after, anew) in zip(found, found[1:]):
        assert anew or torch.equal(before[:, -16:], after[:, :16])
    assert torch.equal(found[0][0][:, :16], torch.full((4, 16), 128))
    assert torch.equal(batches[5][0], found[5][0])
    assert not torch.equal(batches[5 + steps][0], found[5][0])


def test_a_training_that_begins_with_a_model_is_ahead_of_one_that_begins_with_noise(data, tmp_path):
    arguments = ("--data", data, "--preset", small(tmp_path), "--check-every", 20, "--learning-rate", 0.003)
    assert run(*arguments, "--run", tmp_path / "first", "--steps", 60, "--from", "nothing")[0] == 0
    found = {}
    for name, source in (("run", tmp_path / "first"), ("noise", "nothing")):
        assert run(*arguments, "--run", tmp_path / name, "--steps", 20, "--from", source)[0] == 0
        found[name] = read(tmp_path / name / "history.csv")[-1]["training_bits"]
    assert found["run"] < found["noise"] - 0.5
    status, _, complained = run(*arguments[:2], "--run", tmp_path / "other", "--from", tmp_path / "first")
    assert status == 1 and "is a network of another size: its frame_sizes is (4, 16)" in complained


def test_a_silent_or_a_loud_model_is_not_the_best():
    quiet, good = {"bits": 2.0, "level_db": -40.0}, {"bits": 3.0, "level_db": 2.0}
    assert train.is_best(3.5, 1.0, [quiet]) and not train.is_best(3.5, 1.0, [quiet, good])
    assert train.is_best(2.9, -11.0, [quiet, good]) and not train.is_best(1.0, 20.0, [quiet, good])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_half_precision_on_a_graphics_card(data):
    trainer = train.Trainer(CONFIG, 0.01, 0, "cuda")
    batches = train.Batches(np.load(data / "train.npy"), 4, CONFIG, 0)
    bits = [trainer.train_step(*batches[step], step / 50) for step in range(50)]
    assert np.mean(bits[-10:]) < np.mean(bits[:10])
    assert train.preview(trainer.network(), 0).shape == (2 * RATE,)


def test_the_sounds_of_the_data_come_from_all_of_it():
    chunks = np.repeat(np.arange(200, dtype=np.int16), 3).reshape(200, 3)
    found = [round(sound[0] * 32768) for sound in sheet.of_data(chunks)]
    assert len(found) == 64 and (found[0], found[-1]) == (0, 199)
    assert set(np.diff(found)) == {3, 4}
    assert len(sheet.of_data(chunks[:5])) == 5


def test_scores_of_known_sources():
    random = np.random.default_rng(2)
    noise = random.integers(-32768, 32767, (2, 16384)).astype(np.int16)
    config = Config(**{**CONFIG.to_dict(), "q_type": "linear"})
    baselines = evaluate.baselines(noise, noise, config)
    assert baselines["uniform"] == 8
    assert baselines["unigram"] == pytest.approx(8, abs=0.02)
    tone = np.round(20000 * np.sin(np.arange(2**15) / 9)).astype(np.int16).reshape(2, -1)
    assert (
        evaluate.baselines(tone, tone, config)["linear"]
        < 3
        < evaluate.baselines(tone, tone, config)["unigram"]
    )
    with torch.no_grad():
        model = SampleRNN(config)
        for value in model.parameters():
            value.zero_()
    assert evaluate.bits_per_sample(model, noise) == pytest.approx(8, abs=1e-5)
