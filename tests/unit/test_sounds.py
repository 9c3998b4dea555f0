"""Sounds of a folder, of any kind and rate, in one form; and their overviews."""

import numpy as np
import pytest
import soundfile
from modelfiles.errors import UserError
from modelfiles.overview import overview, overview_of_part
from modelfiles.places import checkpoint_folders, data_folder, state_folder
from modelfiles.resample import WHOLE, ShortResampler, StreamResampler, resample
from modelfiles.sounds import concatenate, find_sounds, normalize, read_beginning, read_sound, write_sound

RATE = 16000


def tone(seconds=0.5, rate=RATE, hz=440.0):
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """Two sounds, one of them deeper, and what is none: hidden files, macOS's companions, broken and other files."""
    folder = tmp_path / "my sounds"
    (folder / "more").mkdir(parents=True)
    (folder / ".cache").mkdir()
    soundfile.write(folder / "b.wav", tone(), RATE)
    soundfile.write(folder / "more/a.FLAC", np.stack([tone(), 0 * tone()], 1), RATE, format="FLAC")
    soundfile.write(folder / ".cache/hidden.wav", tone(), RATE)
    (folder / "._b.wav").write_bytes(b"Mac OS X")
    (folder / "notes.txt").write_text("no sound")
    (folder / "folder.wav").mkdir()
    return folder


def test_sounds_are_found_sorted_and_hidden_files_are_not(folder):
    assert find_sounds(folder) == [folder / "b.wav", folder / "more/a.FLAC"]
    assert find_sounds(folder / "b.wav") == [folder / "b.wav"]


def test_a_folder_without_sounds_is_refused_in_one_line(tmp_path):
    with pytest.raises(UserError, match=r"there are no sounds in .*looked for \.3gp .*\.wav"):
        find_sounds(tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        find_sounds(tmp_path / "nowhere")


def test_channels_are_mixed_and_the_rate_is_what_was_asked_for(folder):
    samples, rate = read_sound(folder / "more/a.FLAC")
    assert (rate, samples.dtype, samples.shape) == (RATE, np.float32, (RATE // 2,))
    assert samples.max() == pytest.approx(0.25, abs=0.01)
    samples, rate = read_sound(folder / "b.wav", 22050)
    assert (rate, len(samples)) == (22050, 11025)
    assert np.abs(samples - tone(rate=22050))[200:-200].max() < 1e-3


def test_a_sound_that_is_too_long_is_refused(folder):
    with pytest.raises(UserError, match="is longer than"):
        read_sound(folder / "b.wav", longest_s=0.1)


def test_written_sounds_come_back(tmp_path):
    write_sound(tmp_path / "two.wav", [tone(), -tone()], RATE, "FLOAT")
    audio, rate = soundfile.read(tmp_path / "two.wav", dtype="float32")
    assert rate == RATE and np.array_equal(audio, np.stack([tone(), -tone()], 1))
    with pytest.raises(UserError, match="cannot be written"):
        write_sound(tmp_path / "nowhere/one.wav", tone(), RATE)
    with pytest.raises(UserError, match="cannot be written"):
        write_sound(tmp_path / "one.pdf", tone(), RATE)


def test_sounds_end_to_end_with_a_pause_after_each():
    whole = concatenate([np.ones(3), -2 * np.ones(1)], rate=100, pause_s=0.02)
    assert whole.dtype == np.int16 and whole.tolist() == [32767] * 3 + [0, 0, -32767, 0, 0]
    assert len(concatenate([], RATE, 1)) == 0


def test_loudness_is_brought_to_one_peak_and_silence_refused(tmp_path):
    assert np.abs(normalize(0.01 * tone())).max() == pytest.approx(0.9)
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    for silence in (np.zeros(10, np.float32), 1e-4 * noise):  # the noise of a muted recording
        with pytest.raises(UserError, match="it is silent"):
            normalize(silence)
    write_sound(tmp_path / "muted.wav", 1e-4 * noise, RATE)
    with pytest.raises(UserError, match=r"muted\.wav is silent"):
        read_beginning(tmp_path / "muted.wav", 1)


@pytest.mark.parametrize("rate, new_rate", [(16000, 16000), (44100, 16000), (16000, 44100), (8000, 96000)])
@pytest.mark.parametrize("channels", [0, 2])
def test_resampling_keeps_the_time_and_the_tone(rate, new_rate, channels):
    sound = tone(0.5, rate) if not channels else np.stack([tone(0.5, rate)] * channels)
    out = resample(sound, rate, new_rate)
    assert out.dtype == np.float32 and out.shape == (*sound.shape[:-1], -(-rate // 2 * new_rate // rate))
    assert np.abs(out - tone(0.5, new_rate))[..., 200:-200].max() < 2e-3


def test_resampling_in_pieces_is_resampling_at_once():
    stream = StreamResampler(44100, 16000, 1, WHOLE)
    sound = tone(1.0, 44100)[None]
    pieces = [
        stream.process(sound[:, start : start + 441], last=start == 43659) for start in range(0, 44100, 441)
    ]
    out = np.concatenate(pieces, 1)
    assert np.abs(out - resample(sound, 44100, 16000)).max() < 1e-4


@pytest.mark.parametrize("columns", [1, 7, 50, 1000, 1500])
def test_an_overview_drawn_in_parts_is_the_overview(columns):
    random = np.random.default_rng(columns)
    sound = random.uniform(-1, 1, 1000).astype(np.float32)
    drawn = overview(sound, columns)
    assert drawn.shape == (2 * columns,)
    for _ in range(50):
        start, end = sorted(random.choice(1001, 2, replace=False))
        sound[start:end] = random.uniform(-1, 1, end - start)
        first, points = overview_of_part(sound, columns, start, end)
        drawn[2 * first : 2 * first + len(points)] = points
        assert np.array_equal(drawn, overview(sound, columns))


def test_an_overview_of_anything_can_be_drawn():
    assert overview([], 2).tolist() == [0, 0, 0, 0]
    assert overview([np.nan, 5, -3, 0.5], 2).tolist() == [0, 1, -1, 0.5]


def test_where_models_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert state_folder() == tmp_path / ".local/state/dlwa"
    inner = tmp_path / "07_toy/toy/training"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").touch()
    wanted = [tmp_path, tmp_path / "07_toy/checkpoints", data_folder() / "checkpoints"]
    assert [checkpoint_folders(str(folder / "x.py")) for folder in (inner, inner.parent)] == [wanted, wanted]


@pytest.mark.parametrize(
    "rate, new_rate", [(16000, 48000), (16000, 44100), (44100, 16000), (96000, 16000), (RATE, RATE)]
)
def test_the_short_resampler_is_in_step_and_holds_little_back(rate, new_rate):
    sound, whole = tone(0.3, rate, 3000), tone(0.3, new_rate, 3000)
    stream, pieces, into = ShortResampler(rate, new_rate, 2), [], 0
    for piece in np.array_split(np.stack([sound, -sound]), 37, axis=1):
        pieces.append(stream.process(piece))
        into += piece.shape[1]
        out = sum(part.shape[1] for part in pieces)
        assert (
            into - stream.held_back <= out * rate / new_rate < into - stream.held_back + rate / new_rate + 1
        )
    assert stream.held_back * min(rate, new_rate) <= 16.4 * rate
    joined = np.concatenate(pieces, 1)
    np.testing.assert_array_equal(joined[0], -joined[1])
    np.testing.assert_allclose(joined[0, 100:], whole[100 : joined.shape[1]], atol=2e-4)


def test_the_short_resampler_lets_nothing_fold_down():
    hiss = np.random.default_rng(1).normal(0, 0.1, (1, 48000)).astype(np.float32)
    spectrum = np.fft.rfft(hiss)
    spectrum[:, : 10 * 960] = 0  # from 0.6 of the lower rate on
    down = ShortResampler(48000, 16000, 1).process(np.fft.irfft(spectrum).astype(np.float32))
    assert np.abs(down[:, 100:]).max() < 1e-3
