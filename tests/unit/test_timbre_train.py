"""From a folder of sounds to an instrument: data set, training, going on, and the model that Pd loads."""

import json
import os
import sys

import numpy as np
import pytest
import soundfile
from dlwakit.training.history import read
from modelfiles.errors import UserError
from support.sounds import hertz, tone
from support.tensorflow_environment import tensorflow_python
from support.timbre_files import write_model
from support.training_program import run_training
from timbre_transfer import dataset, model
from timbre_transfer.training.examples import OVERLAP, load_examples
from timbre_transfer.training.warm import open_source

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """A folder of sounds of different kinds, some of them of no use."""
    folder = tmp_path_factory.mktemp("ddsp") / "my sounds"
    (folder / "deeper").mkdir(parents=True)
    soundfile.write(folder / "a.wav", np.stack([tone(3, 44100, hertz(60), 5)] * 2, 1), 44100)
    soundfile.write(folder / "deeper/Flöte 'b'.flac", tone(2, 16000, hertz(72), 5), 16000)
    pause = np.concatenate(
        [tone(1.5, 48000, hertz(67), 5), np.zeros(6 * 48000), tone(1.5, 48000, hertz(67), 5)]
    )
    soundfile.write(folder / "c.ogg", pause, 48000)
    soundfile.write(folder / "silence.wav", np.zeros(16000), 16000)
    soundfile.write(folder / "click.wav", np.ones(100), 16000)
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    (folder / "._a.wav").write_bytes(b"what macOS leaves behind")
    (folder / "notes.txt").write_text("not a sound")
    return folder


@pytest.fixture(scope="module")
def data(sounds):
    folder = sounds.with_name("data")
    dataset.build_dataset(sounds, folder, seconds=1.0)
    return folder


def test_a_data_set_from_mixed_sounds(sounds, tmp_path, capsys):
    assert dataset.main([str(sounds), "--data", str(tmp_path / "out"), "--seconds", "1"]) == 0
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["files"] == 6  # the copy that macOS left behind is none
    assert set(report["skipped"]) == {"broken.wav", "click.wav", "silence.wav"}
    assert report["skipped"]["silence.wav"] == "it is silent"
    assert "too short" in report["skipped"]["click.wav"]
    assert report["minutes"] * 60 == pytest.approx(3 + 2 + 3 + 1, abs=0.9)  # the pause keeps its edges
    assert report["lowest_pitch_midi"] == pytest.approx(60, abs=0.6)
    assert report["highest_pitch_midi"] == pytest.approx(72, abs=0.6)
    assert report["voiced"] > 0.6
    examples = dict(np.load(tmp_path / "out/examples.npz"))
    assert examples["audio"].shape == (report["examples"], 16000)
    assert all(examples[name].shape == (report["examples"], 250) for name in ("f0_hz", "loudness_db"))
    assert (tmp_path / "out/report.png").read_bytes().startswith(b"\x89PNG")
    assert "next: setup/dlwa train ddsp" in capsys.readouterr().out


def test_examples_share_sound_with_three_at_most(data):
    """What is held out is only held out where nothing else shares its sound."""
    audio = np.load(data / "examples.npz")["audio"]
    quarter = -(-250 // 4) * 64
    assert np.array_equal(audio[0, quarter:], audio[1, :-quarter])
    assert np.array_equal(audio[0, 3 * quarter :], audio[OVERLAP, : -3 * quarter])
    assert (OVERLAP + 1) * quarter >= audio.shape[1]


def test_a_long_take_and_a_name_that_is_no_text(tmp_path, capfd):
    """Long sounds are listened to in pieces; names come from other machines."""
    take = np.tile(tone(1, 8000, hertz(60), 3), 11 * 60)
    soundfile.write(tmp_path / "take.wav", take, 8000)
    soundfile.write(tmp_path / "other.wav", take[:8000], 8000)
    os.rename(tmp_path / "other.wav", tmp_path / os.fsdecode(b"other \xfc.wav"))
    assert dataset.main([str(tmp_path), "--data", str(tmp_path / "out"), "--seconds", "8"]) == 0
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["minutes"] == pytest.approx(11, abs=0.1)
    assert "rename it" in report["skipped"]["other ?.wav"]
    assert "other ?.wav" in capfd.readouterr().out


@pytest.mark.parametrize("names, complaint", [([], "there are no sounds"), (["broken.wav"], "no sound in")])
def test_data_sets_that_cannot_be(tmp_path, names, complaint, capsys):
    for name in names:
        (tmp_path / name).write_bytes(b"RIFF nothing")
    assert dataset.main([str(tmp_path), "--data", str(tmp_path / "out")]) == 1
    assert f"setup/dlwa dataset ddsp: {complaint}" in capsys.readouterr().err


def test_trainings_that_cannot_be(data, tmp_path):
    with pytest.raises(UserError, match="make it with setup/dlwa dataset ddsp"):
        load_examples(tmp_path)
    few = {name: values[:5] for name, values in np.load(data / "examples.npz").items()}
    np.savez(tmp_path / "examples.npz", **few)
    with pytest.raises(UserError, match="5 examples, training takes 12"):
        load_examples(tmp_path)


def test_whole_sounds_are_held_out_where_there_are_several(data, tmp_path):
    columns = dict(np.load(data / "examples.npz"))
    count = len(columns["audio"])
    np.savez(tmp_path / "examples.npz", **{**columns, "sound": np.zeros(count, int)})
    assert len(set(columns["sound"])) > 1 and not load_examples(tmp_path).whole
    columns["sound"] = np.arange(count) // 2
    np.savez(tmp_path / "examples.npz", **columns)
    several = load_examples(tmp_path)
    assert several.whole
    learned, held_out = (
        {row.tobytes() for row in rows["audio"]} for rows in (several.learned, several.held_out)
    )
    for sound in range(count // 2):
        rows = {row.tobytes() for row in columns["audio"][2 * sound : 2 * sound + 2]}
        assert rows <= learned or rows <= held_out
    assert 1 <= len(held_out) <= count / 4


def run(*arguments, module="timbre_transfer.train", python=sys.executable, stop_at=None):
    return run_training(python, "02_ddsp", module, *arguments, stop_at=stop_at)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_training_is_stopped_goes_on_and_its_model_plays(data, tmp_path):
    folder, source = tmp_path / "my tone", write_model(tmp_path / "source")
    begun = ("--data", data, "--run", folder, "--from", source, "--batch-size", 4, "--steps", 12)
    status, said, error = run(*begun)
    assert status == 0 and "12 steps from" in said and "done: 12 steps" in said, error
    half = model.load(folder / "my tone")
    assert half.harmonics == model.load(source).harmonics
    status, said, error = run("--run", folder, "--steps", 60)
    assert status == 0 and "goes on from step 12" in said, error
    rows = read(folder / "history.csv")
    assert rows[-1]["step"] == 60 and rows[-1]["held_out"] < rows[0]["held_out"]
    preview, rate = soundfile.read(folder / "previews/000000060_preview.wav")
    assert (len(preview), rate) == (2 * 16000, 16000)
    assert np.abs(preview[16000:]).max() <= np.abs(preview[:16000]).max() + 1e-3
    assert "spectral loss" in (folder / "report.html").read_text()
    player = model.load(folder / "my tone")
    assert player.statistics.mean_pitch == pytest.approx(65, abs=5)
    curves = np.full(250, 261.6), np.full(250, -20.0)
    sound, before = player.generate(*curves, seed=0), half.generate(*curves, seed=0)
    assert sound.shape == (16000,) and np.isfinite(sound).all()
    assert np.abs(sound - before).max() > 0.1 * np.abs(before).max()
    status, _, error = run("--data", data, "--run", folder, "--preset", "coffee")
    assert status == 1 and "began with preset minutes, not coffee" in error


def test_the_first_step_of_a_warm_start_plays_the_source(data, tmp_path):
    source, folder = write_model(tmp_path / "source"), tmp_path / "run"
    status, _, error = run(
        "--data", data, "--run", folder, "--from", source, "--steps", 1, "--learning-rate", 1e-9
    )
    assert status == 0, error
    curves = np.full(250, 261.6), np.full(250, -20.0)
    expected = model.load(source).generate(*curves, seed=0)
    found = model.load(folder / "run").generate(*curves, seed=0)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    assert open_source(str(folder))[0] == open_source(str(source))[0]  # a run folder is a source, too


def test_a_training_begins_with_the_cello_by_itself(data, tmp_path):
    status, said, error = run("--data", data, "--run", tmp_path / "mine", "--steps", 1)
    assert status == 0 and "1 steps from starter_cello" in said, error
    first = read(tmp_path / "mine/history.csv")[0]
    assert first["step"] == 0  # the cello itself: what plays is never worse than it


def test_sources_that_cannot_be(data, tmp_path):
    status, _, error = run("--data", data, "--run", tmp_path / "run", "--from", "nobody")
    assert status == 1 and "there is no checkpoint 'nobody'" in error


def test_the_ddsp_packages_own_training_stops_goes_on_and_plays(data, tmp_path):
    folder, upstream = tmp_path / "theirs", {"module": "timbre_transfer.train_upstream"}
    upstream["python"] = tensorflow_python()
    begun = ("--data", data, "--run", folder, "--preset", "tiny", "--steps", 6, "--check-every", 3)
    status, said, error = run(*begun, stop_at=3, **upstream)
    assert status == 130 and "the same command goes on" in said, error
    status, said, error = run("--run", folder, "--steps", 6, "--check-every", 3, **upstream)
    assert status == 0 and "goes on from step" in said and "done: 6 steps" in said, error
    assert [row["step"] for row in read(folder / "history.csv") if row["step"] % 3 == 0] == [3, 6]
    sound = model.load(folder / "theirs").generate(np.full(250, 261.6), np.full(250, -20.0), seed=0)
    assert np.abs(sound).max() > 0
