"""NSynth: codes, checkpoints, the loops against torch, blends, a data set, and a training that stops and goes on."""

import json
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from dlwakit.training.history import read
from modelfiles.bounded import read_npz
from modelfiles.errors import UserError
from nsynth import dataset, grid_folder, train
from nsynth.blending import corner_weights, grid_encodings, grid_files, interpolate, zones
from nsynth.engine import kernel_engine, mulaw
from nsynth.engine.config import Config
from nsynth.engine.kernel_engine import KernelEngine
from nsynth.engine.network import Autoencoder, load, save
from nsynth.engine.pack import Packed
from nsynth.engine.torch_engine import TorchEngine
from nsynth.features import features, off_in_features
from nsynth.model import NSynth
from nsynth.sheet import off_the_middle
from support import tiny_trainings
from support.training_program import run_training

TINY = Config(8000, 32, 4, 6, 3, 12, 10, 4, 3, 8)


def network(config=TINY, seed=0):
    torch.manual_seed(seed)
    return Autoencoder(config).eval()


def test_codes_are_magentas():
    codes = np.arange(-128, 128)
    assert np.array_equal(mulaw.encode(mulaw.decode(codes)), codes)
    assert mulaw.encode([-2, -1, 0, 1e-6, 1, 2]).tolist() == [-128, -128, 0, 0, 127, 127]
    assert mulaw.decode([0])[0] == 0


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    model = network()
    save(tmp_path / "mine", model, 7)
    again = load(tmp_path / "mine")
    assert again.config == TINY
    for name, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    save(tmp_path / "mine", model, 9, half=True)
    assert sorted(file.suffix for file in (tmp_path / "mine").glob("model.ckpt-9.*")) == [
        ".data-00000-of-00001",
        ".index",
    ]
    assert not list((tmp_path / "mine").glob("model.ckpt-7.*"))


def test_sizes_that_cannot_be_are_refused(tmp_path):
    save(tmp_path, network(), 1)
    (tmp_path / "nsynth.json").write_text('{"hop": 0}')
    with pytest.raises(UserError, match="hop is 0, not a whole number"):
        load(tmp_path)


def test_a_sample_does_not_see_itself():
    model = network()
    sound, encoding = torch.zeros(1, 64), torch.zeros(1, 4, 2)
    changed = sound.clone()
    changed[0, 40] = 1
    with torch.no_grad():
        before, after = (model.decode(one, encoding) for one in (sound, changed))
    different = (before != after).any(dim=1)[0]
    assert different.nonzero().min() == 41


@pytest.mark.parametrize("sounds, threads", [(1, 1), (3, 2)])
def test_the_loops_predict_what_torch_predicts(sounds, threads, monkeypatch):
    monkeypatch.setattr(kernel_engine, "LARGE", 0 if threads > 1 else 2**22)  # the threads share the rows
    model, random = network(replace(TINY, width=70)), np.random.default_rng(0)
    codes = random.integers(-128, 128, (sounds, 96)).astype(np.int32)
    steps = random.standard_normal((sounds, 3, 4), np.float32)
    ones, seeds = np.ones((sounds, 96), np.float32), np.zeros(sounds, np.uint64)
    with ThreadPoolExecutor(threads) as pool:
        loops = KernelEngine(Packed(model, 8), steps, ones, seeds, threads, pool, codes)
        for begin in range(0, 96, 8):
            loops.compute(begin, begin + 8)
    with torch.no_grad():
        wanted = model.decode(torch.from_numpy(codes / 128).float(), torch.from_numpy(steps).transpose(1, 2))
    assert np.abs(loops.logits - wanted.transpose(1, 2).numpy()).max() < 0.02 * wanted.std()


def test_the_reference_that_goes_sample_by_sample_predicts_what_torch_predicts():
    model, random = network(), np.random.default_rng(0)
    steps = random.standard_normal((1, 2, 4), np.float32)
    engine = TorchEngine(model, steps, np.full((1, 64), 1.0, np.float32), 0)
    engine.compute(0, 63)
    with torch.no_grad():
        found = engine._logits(63, torch.from_numpy(steps).transpose(1, 2)[:, :, 1:])
        sound = torch.from_numpy(engine.codes[:, 3:] / 128).float()
        wanted = model.decode(sound, torch.from_numpy(steps).transpose(1, 2))[:, :, 63]
    assert torch.allclose(found, wanted, atol=1e-5)


def test_what_is_decoded_in_pieces_is_what_is_decoded_at_once():
    model = NSynth(network())
    assert model.engine == "int8"
    sound = np.sin(np.arange(1000) / 9).astype(np.float32)
    encoding = model.encode(sound, 16000)
    assert encoding.shape == (16, 4)  # half a thousand samples of 8 kHz, in hops of 32
    whole = model.decode([encoding, encoding], rate=16000, seed=3)
    assert whole.shape == (2, 1024) and not np.array_equal(*whole)
    stream, pieces = model.stream([encoding, encoding], rate=16000, seed=3), []
    while not stream.finished:
        pieces.append(stream.more(0))
    assert len(pieces) > 2
    assert np.abs(np.concatenate(pieces, axis=1) - whole).max() < 1e-6


@pytest.mark.parametrize(
    "call, complaint",
    [
        (lambda model: model.encode([]), "there is no sound"),
        (lambda model: model.encode(np.zeros(600 * 1000), 1000), "a sound of 600 s cannot be encoded"),
        (lambda model: model.encode(np.zeros(10), 3), "3 Hz is no sample rate"),
        (lambda model: model.encode([np.nan]), "not a number"),
        (lambda model: model.decode([]), "0 encodings"),
        (lambda model: model.decode([np.zeros((3, 5))]), "an encoding of 5 numbers a hop"),
        (lambda model: model.decode([np.zeros((3, 4)), np.zeros((2, 4))]), "not of one size"),
        (lambda model: model.decode([np.zeros((3, 4))], -1), "temperature -1"),
    ],
)
def test_what_cannot_be_encoded_or_decoded_is_said_in_a_line(call, complaint):
    with pytest.raises(UserError, match=complaint):
        call(NSynth(network()))


def test_192_khz_is_only_another_rate():
    model = NSynth(network())
    sound = np.sin(2 * np.pi * 440 * np.arange(19200) / 192000)
    assert len(model.encode(sound, 192000)) == 25


def test_between_encodings():
    low, high = np.zeros((2, 3)), np.ones((3, 3))
    assert interpolate([low, high], [0.25, 0.75]).tolist() == [[0.75] * 3] * 3
    assert corner_weights(0.5, 0).tolist() == [0.5, 0.5, 0, 0]
    grid = grid_encodings([np.full((1, 1), value) for value in (0, 1, 10, 11)], 3)
    assert [float(one[0, 0]) for one in grid] == [0, 0.5, 1, 5, 5.5, 6, 10, 10.5, 11]
    with pytest.raises(UserError, match="2 to 9 points at a side, not 12"):
        grid_encodings([low] * 4, 12)


@pytest.fixture
def data(tmp_path):
    """A data set of short tones."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    times = np.arange(8000) / 8000
    for pitch in (220, 330, 440):
        soundfile.write(folder / f"{pitch}.wav", 0.2 * np.sin(2 * np.pi * pitch * times), 8000)
    soundfile.write(folder / "quiet.wav", np.zeros(8000), 8000)
    assert dataset.main([str(folder), "--data", str(tmp_path / "data"), "--seconds", "0.5"]) == 0
    return tmp_path / "data"


def test_a_data_set_of_pieces(data, capsys):
    found = dataset.read_set(data)
    assert found.audio.shape == (6, 4000) and found.rate == 8000
    assert np.abs(found.audio).max(axis=1) == pytest.approx(0.9 * 32767, rel=0.01)
    assert len(found.learned) == 5 and len(found.held_out) == 1
    with pytest.raises(UserError, match="there is no"):
        dataset.read_set(data / "nothing")


@pytest.mark.slow
def test_a_training_that_is_stopped_goes_on_to_the_same_model(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("DLWA_RECORDED", "1")  # not listed among the user's runs

    def run(name, *words, **when):
        words = ("--data", data, "--run", tmp_path / name, "--from", "nothing", "--check-every", 2, *words)
        return run_training(sys.executable, "03_gansynth", "nsynth.train", *words, **when)

    status, said, _ = run("whole", "--steps", 8, "--batch-size", 1)
    assert status == 0 and "done: 8 steps" in said
    assert run("broken", "--steps", 8, "--batch-size", 1, stop_at=4)[0] == 130
    status, said, _ = run("broken", "--steps", 8)
    assert status == 0 and "goes on from step" in said
    whole, broken = (load(tmp_path / name / name).state_dict() for name in ("whole", "broken"))
    assert all((value - broken[name]).abs().max() < 1e-3 for name, value in whole.items())
    rows = read(tmp_path / "broken/history.csv")
    assert rows[-1]["bits"] < rows[0]["bits"] <= 8.5
    assert list((tmp_path / "broken/previews").glob("*.wav"))
    assert json.loads((tmp_path / "broken/run.json").read_text())["fixed"]["width"] == 32
    notes = read_npz(tmp_path / "broken/broken/notes.npz")  # what the patch begins with
    assert len(notes) == 6 and list(notes)[:2] == ["220", "440"]
    assert all(note.shape == (16, 16) and note.dtype == np.float16 for note in notes.values())
    words = ("--data", data, "--run", tmp_path / "other", "--preset", "night", "--from", tmp_path / "whole")
    assert train.main(list(map(str, words))) == 1
    assert "whole has another size: its" in capsys.readouterr().err


def write_original(folder, pitches=(48, 60), side=2, length=5):
    """A grid as the original course made it: 16-bit samples of its place, pitch and time."""
    folder.mkdir()
    sounds = np.arange(side * side * len(pitches) * length).astype("<i2")
    (folder / "grid.bin").write_bytes(sounds.tobytes())
    facts = {"resolution": side, "length": length, "pitches": list(pitches), "sampleRate": 16000}
    (folder / "settings.json").write_text(json.dumps({"nsynth": facts}))
    return sounds.reshape(side, side, len(pitches), length)


def test_a_grid_of_the_original_course_is_read(tmp_path):
    original = write_original(tmp_path / "course")
    sounds, rate, pitches = grid_folder.read(tmp_path / "course")
    assert rate == 16000 and pitches == [48, 60]
    assert np.array_equal(np.rint(sounds[0] * 32768), original[1, 0, 0])  # below left, pitch 48
    assert np.array_equal(np.rint(sounds[4] * 32768), original[1, 0, 1])
    assert np.array_equal(np.rint(sounds[7] * 32768), original[0, 1, 1])
    (tmp_path / "course/grid.bin").write_bytes(b"1234")
    with pytest.raises(UserError, match=r"grid\.bin has 4 bytes, its settings ask for 80"):
        grid_folder.read(tmp_path / "course")


def test_a_grid_of_two_pitches_is_written_and_read(tmp_path):
    sounds = np.random.default_rng(0).uniform(-0.9, 0.9, (8, 20)).astype(np.float32)
    names = grid_files(2, [48, 60])
    assert names["point0"] == "p048_x0.00_y0.00.wav" and names["point7"] == "p060_x1.00_y1.00.wav"
    assert grid_files(2)["point0"] == "x0.00_y0.00.wav"
    grid_folder.write(sounds, 8000, [48, 60], {key: tmp_path / name for key, name in names.items()})
    found, rate, pitches = grid_folder.read(tmp_path)
    assert np.abs(found - sounds).max() < 1e-4 and rate == 8000 and pitches == [48, 60]
    (tmp_path / "grid.json").write_text(json.dumps({"pitches": [300], "files": []}))
    with pytest.raises(UserError, match="names a pitch that is no MIDI pitch"):
        grid_folder.read(tmp_path)


def test_each_key_plays_the_nearest_pitch():
    assert zones([60]) == [(0, 127, 0, 60)]
    assert zones([72, 48]) == [(0, 60, 1, 48), (61, 127, 0, 72)]
    low, high = np.zeros((2, 3)), np.ones((4, 3))
    found = grid_encodings([low] * 4 + [high] * 4, 2)
    assert [one.shape for one in found] == [(4, 3)] * 8 and found[0][0, 0] == 0 and found[4][0, 0] == 1


def test_a_sound_half_way_is_nearer_to_the_middle_than_a_mix():
    def vowel(formant):
        partials = np.arange(1, 18)[:, None] * 220
        loud = np.exp(-(((partials - formant) / 300) ** 2))
        return (loud * np.sin(2 * np.pi * partials * np.arange(12000) / 8000)).sum(0)

    dark, bright, half_way = map(vowel, (700, 2300, 1400))
    off = [off_the_middle(dark, bright, sound, 8000) for sound in (half_way, dark + bright, dark)]
    assert off[0] < 0.3 < off[1] < off[2] == pytest.approx(1, abs=0.01)


def test_the_features_of_a_note_and_how_far_they_are_from_half_way():
    def note(partials, attack):
        seconds = np.arange(16000) / 8000
        rise = np.clip(seconds / attack, 0, 1) * np.clip((2 - seconds) / 0.1, 0, 1)
        return rise * sum(np.sin(2 * np.pi * 250 * number * seconds) for number in range(1, partials + 1))

    plucked, slow = features(note(3, 0.01), 8000), features(note(9, 0.5), 8000)
    assert plucked[0] == pytest.approx(500, abs=25) and slow[0] == pytest.approx(1250, abs=50)
    assert plucked[1] < slow[1] and plucked[4] < slow[4]
    assert slow[4] == pytest.approx(np.log10(0.4), abs=0.03)
    assert plucked[5] == pytest.approx(0.98, abs=0.03) and plucked[5] < slow[5]
    scale = np.std([plucked, slow], axis=0)
    between = features(note(6, 0.07), 8000)
    assert off_in_features(plucked, slow, (plucked + slow) / 2, scale) == 0
    assert off_in_features(plucked, slow, slow, scale) == pytest.approx(1)
    assert off_in_features(plucked, slow, between, scale) < 0.7
    silence = features(np.zeros(8000), 8000)
    assert np.isfinite(silence).all() and np.isfinite(off_in_features(silence, silence, plucked, 0 * scale))


def test_the_archive_of_the_official_checkpoint_is_read_as_it_is(tmp_path):
    save(tmp_path / "wavenet-ckpt", network(), 200000)
    with tarfile.open(tmp_path / "down.tar", "w") as archive:
        archive.add(tmp_path / "wavenet-ckpt", "wavenet-ckpt")
        archive.add(tmp_path / "wavenet-ckpt", "../outside")
    assert load(tmp_path / "down.tar").config.layers == TINY.layers
    assert sorted(path.name for path in (tmp_path / "down").iterdir())[0] == "checkpoint"
    (tmp_path / "broken.tar").write_bytes(b"no archive")
    with pytest.raises(UserError, match="cannot be unpacked"):
        load(tmp_path / "broken.tar")


def test_folders_that_are_no_grid(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        grid_folder.read(tmp_path / "nothing")
    soundfile.write(tmp_path / "one.wav", np.zeros(10), 8000)
    with pytest.raises(UserError, match="is no grid: it has 1 sounds"):
        grid_folder.read(tmp_path)
    (tmp_path / "grid.json").write_text(json.dumps({"files": ["../a.wav"] * 4}))
    with pytest.raises(UserError, match="is missing"):
        grid_folder.read(tmp_path)


@pytest.mark.slow
def test_a_training_that_cannot_write_its_model_leaves_none_that_is_half(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    tiny = tiny_trainings.nsynth()
    words = tiny.prepare(tmp_path)
    monkeypatch.setattr("nsynth.engine.store.write_checkpoint", fail)
    command = [*words, "--steps", "1", "--run", str(tmp_path / "mine")]
    assert train.main(command) == 1 and not (tmp_path / "mine/mine").exists()
    monkeypatch.undo()
    assert train.main(command) == 0 and load(tmp_path / "mine/mine").config.layers == 4
