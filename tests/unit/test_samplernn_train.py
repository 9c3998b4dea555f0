"""From a folder of sounds to a model: data set, training, going on, and scores."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from samplernn import dataset, score, store, train
from samplernn.config import Config, ConfigError
from samplernn.model import SampleRNN

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
    soundfile.write(folder / "quiet.wav", np.zeros(4000), 8000)
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    return folder


@pytest.fixture
def data(sounds, tmp_path):
    dataset.make(sounds, tmp_path / "data", RATE, 0.5, 0.1, say=lambda line: None)
    return tmp_path / "data"


def test_a_data_set_from_mixed_sounds(sounds, tmp_path):
    said = []
    facts = dataset.make(sounds, tmp_path / "data", RATE, 0.5, 0.1, said.append)
    chunks, validation = np.load(tmp_path / "data/train.npy"), np.load(tmp_path / "data/validation.npy")
    assert chunks.dtype == np.int16 and chunks.shape == (facts["chunks"], RATE // 2)
    assert facts["sounds"] == ["a.wav", "b.wav"]
    assert facts["seconds"] == pytest.approx(3.6, abs=0.1)
    assert validation.size / RATE == pytest.approx(0.42, abs=0.01)
    assert np.abs(chunks).max() == pytest.approx(0.9 * 32767, rel=0.01)
    assert any("broken.wav" in line for line in said) and any("quiet.wav is silent" in line for line in said)
    assert np.array_equal(chunks[0, -800:], chunks[1, :800])


def test_silence_is_left_out(tmp_path):
    tone = np.sin(np.arange(4000) / 3)
    soundfile.write(tmp_path / "one.wav", np.concatenate((tone, np.zeros(16000), tone)), RATE)
    assert len(dataset.read_sound(tmp_path / "one.wav", RATE)) < 11000


@pytest.mark.parametrize(
    "arguments, complaint",
    [([], "no sounds in"), (["--chunk", "1", "--overlap", "1"], "cannot overlap")],
)
def test_data_sets_that_cannot_be(tmp_path, arguments, complaint):
    with pytest.raises(SystemExit, match=complaint):
        dataset.main([str(tmp_path), *arguments])


def test_training_learns_stops_and_goes_on(data, tmp_path):
    torch.manual_seed(0)
    said = []
    first = train.train(data, tmp_path / "run", CONFIG, steps=6, batch=4, every=3, say=said.append)
    assert len(said) == 2
    best = train.train(
        data, tmp_path / "run", CONFIG, steps=30, batch=4, rate=0.01, every=12, say=said.append
    )
    assert said[2].startswith("going on at step 6")
    assert best < first < 8.3
    rows = np.genfromtxt(tmp_path / "run/log.csv", delimiter=",", names=True)
    assert list(rows["step"]) == [3, 6, 12, 24, 30]
    assert rows["training_bits"][-1] < rows["training_bits"][0]
    assert (tmp_path / "run/loss.png").stat().st_size > 1000
    preview, rate = soundfile.read(tmp_path / "run/previews/0000030.wav")
    assert (len(preview), rate) == (2 * RATE, RATE)
    model = store.load(tmp_path / "run/model.safetensors")
    scored = train.bits_per_sample(model, np.load(data / "validation.npy"))
    assert scored == pytest.approx(best, abs=1e-4)


def test_the_command_can_be_interrupted_and_says_so(data, tmp_path):
    root = Path(__file__).parents[2]
    config = tmp_path / "small.json"
    config.write_text(json.dumps(CONFIG.to_dict()))
    command = [
        sys.executable,
        "-u",
        "-m",
        "samplernn.train",
        data,
        "--config",
        config,
        "--run",
        tmp_path / "run",
    ]
    command += ["--every", "2", "--batch", "2", "--threads", "1"]
    process = subprocess.Popen(
        list(map(str, command)),
        env=os.environ | {"PYTHONPATH": str(root / "05_samplernn")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("step 2/"):
            process.send_signal(2)
            break
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the same command goes on" in errors and "Traceback" not in errors
    assert (tmp_path / "run/last.pt").exists()


def test_chunks_that_are_too_short(data):
    with pytest.raises(ConfigError, match="too short"):
        next(train.batches(np.zeros((2, 200), np.int16), 2, CONFIG, np.random.default_rng(0)))


def test_states_go_on_within_a_chunk_and_start_anew_with_the_next(data):
    batches = train.batches(np.load(data / "train.npy"), 4, CONFIG, np.random.default_rng(0))
    found = [next(batches) for _ in range(70)]
    steps = (RATE // 2 - CONFIG.seq_len) // CONFIG.seq_len
    assert [anew for _, anew in found[: 2 * steps]] == ([True] + [False] * (steps - 1)) * 2
    for (before, _), (after, anew) in zip(found, found[1:]):
        assert anew or torch.equal(before[:, -16:], after[:, :16])
    assert torch.equal(found[0][0][:, :16], torch.full((4, 16), 128))


def test_scores_of_known_sources():
    random = np.random.default_rng(2)
    noise = random.integers(-32768, 32767, (2, 16384)).astype(np.int16)
    config = Config(**{**CONFIG.to_dict(), "q_type": "linear"})
    baselines = score.baselines(noise, noise, config)
    assert baselines["uniform"] == 8
    assert baselines["unigram"] == pytest.approx(8, abs=0.02)
    tone = np.round(20000 * np.sin(np.arange(2**15) / 9)).astype(np.int16).reshape(2, -1)
    assert score.baselines(tone, tone, config)["linear"] < 3 < score.baselines(tone, tone, config)["unigram"]
    with torch.no_grad():
        model = SampleRNN(config)
        for value in model.parameters():
            value.zero_()
    assert train.bits_per_sample(model, noise) == pytest.approx(8, abs=1e-5)
