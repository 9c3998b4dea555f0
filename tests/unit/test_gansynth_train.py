"""Training a GANSynth: settings, a tiny run that is stopped and goes on, and the model at its end."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from gansynth import train_adversarial as train
from gansynth.folder import generator_names, open_folder
from gansynth.model import load
from gansynth.presets import PRESETS
from modelfiles.errors import UserError
from support.tensorflow_environment import tensorflow_python

ROOT = Path(__file__).parents[2]
PITCHES, SAMPLES, RATE, LATENT = (60, 62, 64), 500, 8000, 8
TINY = {
    "start_height": 8,
    "start_width": 32,
    "num_resolutions": 2,
    "latent_vector_size": LATENT,
    "fmap_base": 16,
    "fmap_max": 8,
    "stable_stage_num_images": 16,
    "transition_stage_num_images": 16,
    "total_num_images": 64,
}
BATCH = 8


def write_set(folder):
    """A training set of random notes."""
    folder.mkdir()
    notes = np.random.default_rng(0).integers(-9000, 9000, (24, SAMPLES), np.int16)
    np.save(folder / "notes.npy", notes)
    meta = {f"n{i}_{pitch}": {"pitch": pitch} for i, pitch in enumerate(PITCHES * 8)}
    (folder / "meta.json").write_text(json.dumps(meta))
    (folder / "dataset.json").write_text(json.dumps({"sample_rate": RATE, "audio_length": SAMPLES}))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("gansynth") / "data")


@pytest.fixture(autouse=True)
def unlisted(monkeypatch):
    """Runs of tests are not listed among the user's."""
    monkeypatch.setenv("DLWA_RECORDED", "1")


def options(folder, data, changes=(), *words):
    sets = [word for change in changes for word in ("--set", change)]
    return train.parse_arguments(["--run", str(folder), "--data", str(data), *sets, *words])


# Settings.


def test_each_preset_reaches_its_last_size():
    for preset in PRESETS.values():
        train.check_length(preset)


def test_a_training_that_would_end_before_its_largest_size_is_refused(data, tmp_path):
    with pytest.raises(UserError, match="2 sizes need at least 48: 2 x 16 stable"):
        train.check_length(TINY | {"total_num_images": 47})
    with pytest.raises(UserError, match="total_num_images is 10, but"):
        train.open_run(options(tmp_path / "run", data, ["total_num_images=10"]))


@pytest.mark.parametrize(
    "change, complaint", [("nonsense=3", "no setting 'nonsense'"), ("seed=x", "no number")]
)
def test_settings_that_there_are_not(data, tmp_path, change, complaint):
    with pytest.raises(UserError, match=complaint):
        train.open_run(options(tmp_path / "run", data, [change]))


def test_a_run_keeps_its_settings_but_may_last_longer(data, tmp_path):
    with train.open_run(options(tmp_path / "run", data, (), "--preset", "starter")):
        pass
    again = train.open_run(options(tmp_path / "run", data, ["total_num_images=200000"]))
    assert again.settings["preset"] == "starter" and again.goal == 200_000
    with pytest.raises(UserError, match="fmap_max 64, not 32"):
        train.open_run(options(tmp_path / "run", data, ["fmap_max=32"]))


def test_the_options_of_all_models_in_magentas_words(data, tmp_path):
    words = ("--steps", "300", "--batch-size", "4", "--learning-rate", "0.001", "--seed", "5")
    with train.open_run(options(tmp_path / "run", data, (), "--preset", "starter", *words)) as run:
        found = run.settings
    assert (found["total_num_images"], found["batch_size_schedule"], found["seed"]) == (1200, [4], 5)
    assert found["generator_learning_rate"] == found["discriminator_learning_rate"] == 0.001
    assert found["stable_stage_num_images"] == 4000 * 1200 // 100_000  # the stages fit
    longer = train.open_run(options(tmp_path / "run", data, (), "--steps", "600"))
    assert longer.goal == 600 * 4 and longer.settings["stable_stage_num_images"] == 48


def test_without_a_training_set_it_says_so(tmp_path, capsys):
    assert train.main(["--run", str(tmp_path / "run"), "--data", str(tmp_path / "nowhere")]) == 1
    assert "there is no" in capsys.readouterr().err


# A run. Magenta alone can train, so it takes the environment that has it.


def command(folder, data):
    changes = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    program = [tensorflow_python(), "-m", "gansynth.train_adversarial", "--run", folder, "--data", data]
    return [*map(str, program), "--preset", "starter", "--check-every", "16", *changes]


def variables():
    paths = ("setup", "pyext_py3", "03_gansynth")
    path = os.pathsep.join(str(ROOT / name) for name in paths)
    return dict(os.environ, PYTHONPATH=path, DLWA_RECORDED="1", CUDA_VISIBLE_DEVICES="")


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """(folder, what was there when it was stopped, output): stopped after its first check, then to the end."""
    folder = tmp_path_factory.mktemp("runs") / "my_notes"
    with folder.with_suffix(".txt").open("w") as output:
        first = subprocess.Popen(command(folder, data), env=variables(), stdout=output, stderr=output)
        deadline = time.monotonic() + 300
        while first.poll() is None and not (folder / "history.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        first.send_signal(signal.SIGTERM)
        status = first.wait(120)
    stopped = {
        "status": status,
        "images": int(open_folder(folder / "checkpoints").checkpoint["global_step"]),
        "rows": history(folder),
    }
    second = subprocess.run(command(folder, data), env=variables(), capture_output=True, text=True)
    assert second.returncode == 0, second.stdout[-2000:] + second.stderr[-2000:]
    return folder, stopped, second.stdout


def history(folder):
    with (folder / "history.csv").open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.tensorflow
def test_a_training_that_is_stopped_goes_on_where_it_was(trained):
    folder, stopped, said = trained
    assert stopped["status"] == 130 and BATCH <= stopped["images"] < TINY["total_num_images"]
    assert f"goes on from image {stopped['images']} " in said
    rows = history(folder)
    assert rows[: len(stopped["rows"])] == stopped["rows"]
    images = [row["step"] for row in rows]
    assert images == sorted(set(images)) and images[-1] == TINY["total_num_images"]
    assert {16, 32, 48, 64} <= set(images)
    assert rows[-1]["stage"] == 2


@pytest.mark.tensorflow
def test_the_report_has_curves_and_sounds(trained):
    folder, _, _ = trained
    report = (folder / "report.html").read_text()
    for words in ("Compare by ear", "pitch: how badly", "losses of the two networks", "<audio", "24"):
        assert words in report
    assert len(list((folder / "previews").glob("*.wav"))) >= 4


@pytest.mark.tensorflow
def test_the_model_at_the_end_has_the_official_layout_and_plays(trained):
    folder, _, said = trained
    made = folder / "my_notes"
    assert f"checkpoints add {made}" in said
    assert {path.name for path in made.iterdir()} == {"experiment.json", "meta.json", "stage_00002"}
    flags = json.loads((made / "experiment.json").read_text())
    assert not set(flags) & {"train_root_dir", "train_data_path"}
    model = load(made)
    assert model.folder.pitches == list(PITCHES) and model.folder.latent_size == LATENT
    assert set(model.folder.checkpoint) == {*generator_names(2), "global_step"}
    audio = model.generate(model.random(2, 0), [60, 64])
    assert audio.shape == (2, SAMPLES) and np.isfinite(audio).all() and audio.any()
    wanted = load(folder / "checkpoints").generate(model.random(2, 0), [60, 64])
    np.testing.assert_allclose(audio, wanted, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.tensorflow
def test_its_components_can_be_computed(trained):
    made = trained[0] / "my_notes"
    path = os.pathsep.join(
        str(ROOT / name) for name in ("setup", "pyext_py3", "03_gansynth", "04_ganspacesynth")
    )
    done = subprocess.run(
        [sys.executable, "-m", "ganspacesynth.train", made, "--samples", "50", "--components", "4"],
        env=dict(os.environ, PYTHONPATH=path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "conv0.npz: 4 components" in done.stdout and (made / "conv0.npz").exists()
