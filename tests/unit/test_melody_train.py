"""Training a Melody RNN: baselines and scores by hand, runs that are stopped and go on, the bundle at the end."""

import csv
import json
import math
import os
import re
import signal
import subprocess

import numpy as np
import pytest
import torch
from ai_duet.engine.bundle import read_bundle
from ai_duet.engine.encodings import ENCODINGS
from ai_duet.engine.events import squash
from ai_duet.evaluate import measure
from ai_duet.model import MelodyRnn, load
from ai_duet.train import parse_arguments
from ai_duet.training import preview
from ai_duet.training.baselines import MarkovChain, RepeatLast
from ai_duet.training.bundles import write_bundle
from ai_duet.training.examples import inputs_of, labels_of
from ai_duet.training.melodies import Dataset, Melody, split
from ai_duet.training.metrics import score_baselines, score_network
from ai_duet.training.recurrent import Network
from ai_duet.training.settings import DEFAULTS, open_run
from ai_duet.training.source import begin_with
from ai_duet.training.trainer import predict
from modelfiles.errors import UserError
from support.melody_files import command, run, tune
from support.tensorflow_environment import tensorflow_python

pytestmark = pytest.mark.slow

SMALL = (
    "--network",
    "lookback_rnn",
    "--layers",
    "8,8",
    "--batch-size",
    "4",
    "--window",
    "64",
    "--threads",
    "1",
)
NOTHING = ("--from", "nothing")


def test_repeat_last_counts_repetitions():
    baseline = RepeatLast([[60, 60, 60, 62]], range(60, 64))
    assert baseline.guess([63, 61]) == 61
    assert baseline.probabilities([61]) == pytest.approx([0.4 / 3, 0.6, 0.4 / 3, 0.4 / 3])


def test_markov_chain_by_hand():
    chain = MarkovChain([[0, 1, 0, 1, 0, 2]], range(3), order=1)
    # Uniform 1/3; seen at all: 0 three times, 1 twice, 2 once; after 0: 1 twice, 2 once.
    unigram = (np.array([3, 2, 1]) + 3 / 3) / (6 + 3)
    assert chain.probabilities([0]) == pytest.approx((np.array([0, 2, 1]) + 2 * unigram) / (3 + 2))
    assert chain.probabilities([]) == pytest.approx(unigram)
    assert chain.guess([0]) == 1


def test_markov_chain_remembers_three_notes_and_no_more():
    chain = MarkovChain([[1, 7, 8, 9, 2], [3, 7, 8, 9, 2], [5, 8, 9, 4]], range(10))
    assert chain.guess([1, 7, 8, 9]) == 2
    assert chain.guess([5, 8, 9]) == 4
    assert chain.probabilities([1, 7, 8, 9]) == pytest.approx(chain.probabilities([3, 7, 8, 9]))
    assert chain.probabilities([0, 0, 0]).sum() == pytest.approx(1)


def test_the_score_of_a_network_by_hand():
    # Columns: nothing new, note off, pitches 60, 61. After the first note: 61 right, nothing new, 60 wrong.
    rows = np.array([[0.5, 0.1, 0.1, 0.3], [0.8, 0.0, 0.1, 0.1], [0.2, 0.2, 0.2, 0.4]])
    score = score_network([rows], [[60, 61, -2, 60]], lowest=60)
    assert score.perplexity == pytest.approx((0.3 * 0.8 * 0.2) ** (-1 / 3))
    assert score.note_perplexity == pytest.approx((0.75 / 3) ** (-1 / 2))
    assert score.note_accuracy == 0.5


def test_what_was_held_impossible_costs_much_but_not_everything():
    rows = np.array([[0.0, 0.0, 1.0, 0.0]])
    assert 1e6 < score_network([rows], [[60, 61]], lowest=60).perplexity < math.inf


def test_the_first_note_is_nobody_s_fault():
    rows = np.array([[0.5, 0.0, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0]])
    assert score_network([rows], [[-2, 60, 61]], lowest=60).note_accuracy == 1


def test_the_baselines_are_judged_on_the_held_out_melodies():
    scores = score_baselines([[60, -2, 62, 64]] * 9, [[60, 62, -2, 64], [64, 64]], range(60, 66))
    assert list(scores) == ["third-order Markov chain", "repeat the last note"]
    assert [score.note_accuracy for score in scores.values()] == pytest.approx([2 / 3, 1 / 3])
    assert scores["repeat the last note"].perplexity is None


@pytest.fixture
def data(tmp_path):
    lines = {str(seed): tune(seed, notes=72) for seed in range(20)}
    melodies = [Melody(name, 16, tuple(e for p in line for e in (p, -2))) for name, line in lines.items()]
    split(melodies, "test").save(tmp_path / "data")
    return tmp_path / "data"


def opened(folder, data, **chosen):
    options = parse_arguments(["--run", str(folder), *(["--data", str(data)] if data else [])])
    options.chosen |= chosen
    return open_run(options)


def test_a_run_keeps_its_settings(tmp_path, data):
    begun, dataset = opened(tmp_path / "run", data, seed=3, layers=(8, 4))
    assert dataset == Dataset.load(data)
    assert not (tmp_path / "run").exists()
    with begun:
        pass
    again, _ = opened(tmp_path / "run", None)
    assert again.settings == DEFAULTS | {"seed": 3, "layers": [8, 4], "data": str(data)}
    with pytest.raises(UserError, match="seed 3, not 4"):
        opened(tmp_path / "run", data, seed=4)


def test_a_run_goes_on_with_other_melodies_and_their_best_check_counts(tmp_path, data):
    arguments = ("ai_duet.train", *SMALL, *NOTHING, "--run", tmp_path / "run", "--data")
    assert run(*arguments, data, "--steps", 8).returncode == 0
    before = (tmp_path / "run" / "run.mag").read_bytes()
    random = np.random.default_rng(0)
    harder = [Melody(f"{n}", 16, tuple(random.integers(48, 84, 160).tolist())) for n in range(8)]
    split(harder, "others", pieces={"1", "4"}).save(tmp_path / "others")
    again = run(*arguments, tmp_path / "others", "--steps", 10)
    assert "the data are others than before" in again.stdout, again.stderr
    rows = held_out_perplexities(tmp_path / "run")
    assert rows[10] > rows[8]
    assert (tmp_path / "run" / "run.mag").read_bytes() != before


def test_a_preview_has_the_pitch_and_the_length_of_its_notes():
    sound = preview.sound([-2, 69, -2, -2, -2, -1, -2, -2])
    step = int(preview.STEP_S * preview.RATE)
    assert len(sound) == 8 * step
    assert not sound[:step].any() and not sound[5 * step :].any()
    spectrum = np.abs(np.fft.rfft(sound[step : 5 * step]))
    assert np.argmax(spectrum) * preview.RATE / (4 * step) == pytest.approx(440, abs=2)


def held_out_perplexities(folder):
    with (folder / "history.csv").open(newline="") as file:
        return {int(float(row["step"])): float(row["perplexity"]) for row in csv.DictReader(file)}


def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(tmp_path, data):
    whole = run("ai_duet.train", *SMALL, *NOTHING, "--data", data, "--run", tmp_path / "whole", "--steps", 8)
    assert whole.returncode == 0, whole.stderr
    common = ("--run", tmp_path / "halves", "--check-every", 4)
    run("ai_duet.train", *SMALL, *NOTHING, "--data", data, *common, "--steps", 4)
    second = run("ai_duet.train", *common, "--steps", 8)
    assert "melody goes on from step 4" in second.stdout, second.stderr
    halves = held_out_perplexities(tmp_path / "halves")
    assert list(halves) == [4, 8]
    assert halves[8] < halves[4]
    previews = [path.name for path in (tmp_path / "halves" / "previews").iterdir()]
    assert sorted(previews) == ["000000004_theme_and_answer.wav", "000000008_theme_and_answer.wav"]
    # The bundle is judged as the averaged weights that it was written from.
    bundle = tmp_path / "halves" / "halves.mag"
    judged = run("ai_duet.evaluate", bundle, "--data", data, "--json", tmp_path / "figures.json")
    assert judged.returncode == 0, judged.stderr
    rows = json.loads((tmp_path / "figures.json").read_text())["checkpoints"]["halves"]
    assert rows["perplexity"] == pytest.approx(halves[8], rel=1e-5) and 0 <= rows["accuracy"] <= 1
    assert list(rows["baselines"]) == ["third-order Markov chain", "repeat the last note"]
    assert re.search(rf"(?m)^checkpoint +{halves[8]:.4g} ", judged.stdout)
    assert run("ai_duet.train", "--evaluate", bundle, "--data", data).stdout == judged.stdout


def test_ctrl_c_keeps_what_was_learned(tmp_path, data):
    arguments = ("--data", data, "--run", tmp_path / "run", "--check-every", 2)
    program = command("-m", "ai_duet.train", *SMALL, *NOTHING, *arguments, "--steps", 10**6)
    with subprocess.Popen(**program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        said = []
        for line in running.stdout:
            said.append(line)
            if line.startswith("step 4/"):
                os.kill(running.pid, signal.SIGINT)
    assert running.returncode == 130
    assert any("the same command goes on" in line for line in said)
    last = max(held_out_perplexities(tmp_path / "run"))
    assert (tmp_path / "run" / "run.mag").stat().st_size > 10_000
    again = run("ai_duet.train", "--run", tmp_path / "run", "--steps", last)
    assert f"goes on from step {last}" in again.stdout
    assert f"done: {last} steps" in again.stdout


@pytest.mark.parametrize("name", ENCODINGS)
def test_all_labels_that_mean_an_event_count_for_it(name):
    network = Network(name, (8, 8))
    melodies = [[60, -2, 62, -2] * 10, [60, -2, 62, -2] * 9 + [-2, 65, -2, 65]]
    one, other = predict(network, melodies)
    assert one.shape == (39, network.encoding.events)
    assert np.allclose(one.sum(axis=1), 1, atol=1e-6) and np.allclose(other.sum(axis=1), 1, atol=1e-6)
    assert np.allclose(one[:35], other[:35], atol=1e-6) and not np.allclose(one[36:], other[36:])


@pytest.mark.parametrize("name", ENCODINGS)
def test_examples_of_a_whole_melody_are_those_of_the_player(name):
    encoding = ENCODINGS[name]
    events = squash(
        np.random.default_rng(0).choice([-2, -2, -1, 60, 61, 64, 55, 70], 90).tolist(), 48, 84, 0
    )[0]
    np.testing.assert_array_equal(inputs_of(encoding, np.array(events)), encoding.inputs(events))
    labels = [encoding.label_at(events, position) for position in range(len(events))]
    assert labels_of(encoding, np.array(events)).tolist() == labels


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_written_bundle_is_read_back(tmp_path, name):
    network = Network(name, (8, 5))
    write_bundle(tmp_path / "own.mag", network, "a test")
    bundle = read_bundle(tmp_path / "own.mag")
    assert (bundle.configuration, bundle.description) == (name, "a test")
    playing, melody = MelodyRnn.from_bundle(bundle), [60, -2, 64, 67, -1, -2] * 9
    inputs = torch.from_numpy(inputs_of(network.encoding, np.array(melody))).float()
    with torch.no_grad():
        expected = network(inputs[None])[0].softmax(-1)
    np.testing.assert_allclose(playing.probabilities(melody), expected, atol=1e-5)


def chosen(*arguments):
    options = parse_arguments(list(arguments))
    return options.chosen, options.run.name


def test_the_kind_of_network_was_once_called_a_preset():
    expected = {"network": "basic_rnn"}, "my_basic_rnn"
    assert chosen("--network", "basic_rnn") == chosen("--preset", "basic_rnn") == expected
    assert chosen("--config", "basic_rnn") == expected
    assert chosen("--preset", "coffee") == ({"preset": "coffee"}, "my_attention_rnn")


def test_a_training_begins_with_the_starter_of_its_kind(tmp_path):
    layers, weights, said = begin_with(DEFAULTS | {"network": "basic_rnn"})
    assert "starter_basic_rnn" in said
    network = Network("basic_rnn", layers)
    network.take(weights)
    melody, starter = [60, -2, 64, 67, -1, -2] * 9, load("starter_basic_rnn")
    inputs = torch.from_numpy(inputs_of(network.encoding, np.array(melody))).float()
    with torch.no_grad():
        ours = network(inputs[None])[0].softmax(-1)
    np.testing.assert_allclose(starter.probabilities(melody), ours, atol=1e-5)


def test_a_source_of_another_kind_or_size_is_refused(tmp_path):
    with pytest.raises(UserError, match="not a mono_rnn"):
        begin_with(DEFAULTS | {"network": "mono_rnn", "source": "starter_basic_rnn"})
    write_bundle(tmp_path / "own.mag", Network("basic_rnn", (8, 5)), "")
    with pytest.raises(UserError, match=r"not of \[9, 9\]"):
        begin_with(DEFAULTS | {"network": "basic_rnn", "source": str(tmp_path / "own.mag"), "layers": [9, 9]})
    layers, weights, said = begin_with(DEFAULTS | {"network": "basic_rnn", "layers": [9, 9]})
    assert (layers, weights) == ((9, 9), None)
    assert "random weights" in said


def test_a_run_begun_with_magenta_is_one_clear_line(tmp_path, data):
    (tmp_path / "run").mkdir()
    begun = {"model": "melody", "settings": {"preset": "basic_rnn", "data": str(data)}}
    (tmp_path / "run" / "run.json").write_text(json.dumps(begun))
    result = run("ai_duet.train", "--run", tmp_path / "run", "--data", data)
    assert result.returncode == 1
    assert "begun with magenta" in result.stderr
    assert "melody-upstream" in result.stderr


def test_a_killed_run_goes_on_where_it_was_saved(tmp_path, data):
    arguments = ("--data", data, "--run", tmp_path / "run", "--check-every", 2)
    program = command("-m", "ai_duet.train", *SMALL, *NOTHING, *arguments, "--steps", 10**6)
    with subprocess.Popen(**program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        for line in running.stdout:
            if line.startswith("step 4/"):
                running.kill()
    rows = held_out_perplexities(tmp_path / "run")
    last = max(rows)
    again = run("ai_duet.train", "--run", tmp_path / "run", "--steps", last + 4)
    assert re.search(rf"goes on from step ({last}|{last + 2})\b", again.stdout), again.stderr
    after = held_out_perplexities(tmp_path / "run")
    assert {step: after[step] for step in rows} == rows
    assert after[last + 4] < 1.05 * rows[last]


def test_magenta_trains_too(tmp_path, data):
    arguments = ("--data", data, "--run", tmp_path / "run", "--check-every", 2, "--steps", 2, "--threads", 1)
    program = command("-m", "ai_duet.train_upstream", *SMALL[:-2], *arguments)
    program["args"][0] = str(tensorflow_python())
    result = subprocess.run(**program, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    judged = measure(tmp_path / "run" / "run.mag", Dataset.load(data))
    told = held_out_perplexities(tmp_path / "run")[2]
    assert judged.rows["checkpoint"]["perplexity"] == pytest.approx(told, rel=1e-4)


def test_training_without_a_data_set_is_one_clear_line(tmp_path):
    result = run("ai_duet.train", "--data", tmp_path, "--run", tmp_path / "run")
    assert result.returncode == 1
    assert "first: setup/dlwa dataset melody" in result.stderr.strip().splitlines()[-1]


def test_a_hopeless_learning_rate_is_noticed(tmp_path, data):
    arguments = ("--data", data, "--run", tmp_path / "run", "--learning-rate", "1e30")
    result = run("ai_duet.train", *SMALL, *NOTHING, *arguments, "--steps", 20)
    assert result.returncode == 1
    assert "smaller --learning-rate" in result.stderr
