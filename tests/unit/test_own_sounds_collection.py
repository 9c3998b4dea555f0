"""A collection of one's own sounds: melodies are seen, too, and whose sounds they are goes with them."""

import numpy as np
import pytest
from dlwakit.training import sources
from modelfiles.overview import overview
from modelfiles.sounds import write_sound
from own_sounds.collection import Collection, picture
from own_sounds.melodies import hear
from support.melody_files import abc, midi, tune

RATE = 8000


@pytest.fixture
def melodies(tmp_path):
    """A tune, two voices, a tune that is too short, a file that is none, and what macOS leaves."""
    folder = tmp_path / "meine Lieder"
    folder.mkdir()
    (folder / "a scale.abc").write_text(abc([60, 62, 64, 65, 67, 69, 71, 72] * 8))
    (folder / "two.mid").write_bytes(midi(tune(2), [48] * 64))
    (folder / "short.abc").write_text(abc(tune(3, 8)))
    (folder / "broken.mid").write_bytes(b"MThd nothing")
    (folder / "._two.mid").write_bytes(b"macOS")
    return folder


def test_melodies_have_lengths_faults_and_pictures(melodies, tmp_path):
    sounds = {sound.path.rpartition("/")[2]: sound for sound in Collection(tmp_path / "mine").add(melodies)}
    assert set(sounds) == {"a scale.abc", "two.mid", "short.abc", "broken.mid"}
    assert (sounds["a scale.abc"].seconds, sounds["a scale.abc"].fault) == (16.0, "")
    assert sounds["short.abc"].fault == "too short" and not sounds["short.abc"].used
    assert "not a readable MIDI file" in sounds["broken.mid"].fault and not sounds["broken.mid"].used
    rising = picture(sounds["a scale.abc"])
    assert rising.dtype == np.float32 and len(rising) == 96
    assert (np.diff(rising[:11]) >= 0).all() and rising[0] < -0.7 and rising[11] > 0.7 and rising[13] < -0.5
    both = picture(sounds["two.mid"])
    assert (both[::2] == np.float32(-0.8)).all() and (both[1::2] > both[::2]).all()
    assert not picture(sounds["broken.mid"]).any()
    assert picture(Collection(tmp_path / "mine").sounds[0]).tolist() == rising.tolist()  # kept in the table


def test_a_sound_is_seen_whole_however_it_is_read(tmp_path):
    rising = np.linspace(0, 0.9, 40 * RATE) * np.where(np.arange(40 * RATE) % 2, 1, -1)
    write_sound(tmp_path / "long.wav", rising, RATE)
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing")
    broken, sound = Collection(tmp_path / "mine").add(tmp_path)
    assert sound.seconds == 40 and sound.fault == ""
    np.testing.assert_allclose(picture(sound), overview(rising, 48), atol=0.01)
    assert "cannot be read" in broken.fault and not picture(broken).any()


def test_a_melody_is_heard(melodies):
    samples, rate = hear(melodies / "a scale.abc")
    assert len(samples) / rate == pytest.approx(16, abs=0.2)
    first = np.abs(np.fft.rfft(samples[: rate // 5]))
    assert np.argmax(first) * 5 == pytest.approx(261.6, abs=5)


def test_whose_sounds_they_are_goes_into_the_data_set(tmp_path):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for name in ("bell", "gong"):
        write_sound(sounds / f"{name}.wav", 0.5 * np.sin(np.arange(RATE)), RATE)
    (sounds / "sources.csv").write_text("file,who,licence,source\nbell.wav,Ada,CC0 1.0,a tower\n")
    collection = Collection(tmp_path / "mine")
    collection.add(sounds)
    collection.record(0.5 * np.sin(np.arange(RATE)), RATE)
    folder = collection.link()
    assert sources.read(folder)["000-bell.wav"] == {"who": "Ada", "licence": "CC0 1.0", "source": "a tower"}
    mine = sources.read(collection.folder)
    assert mine["recording-01.wav"]["source"] == "recorded in the patch"
    mine["gong.wav"]["who"] = "Grete"
    sources.write(collection.folder, mine)
    collection.use(0, False)
    assert sources.read(collection.link())["000-gong.wav"]["who"] == "Grete"
    assert set(sources.read(collection.folder)) == {"bell.wav", "gong.wav", "recording-01.wav"}
