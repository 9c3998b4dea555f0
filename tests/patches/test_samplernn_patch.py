"""The patch that students open, in real Pd: its messages, what arrives in its arrays, and how it goes wrong."""

import math
import sys
from pathlib import Path

import pytest
import soundfile
from support.external import EXTERNAL
from support.sounds import loudness

ROOT = Path(__file__).parents[2]
PATCH = ROOT / "05_samplernn/samplernn.pd"
OUT = "samplernn-out"
RATE = 16000

HOLDER = """#N canvas 0 0 300 200 12;
#X obj 20 20 array define one 100;
#X obj 20 50 array define two 100;
#X obj 20 80 array define before 4000;
#X obj 20 110 array define warmth 10;
#X obj 20 140 array define picture 80;
"""


@pytest.fixture
def samplernn(play, tmp_path):
    """The patch with a patch of arrays beside it, in Pd with the sound on."""
    holder = tmp_path / "holder.pd"
    holder.write_text(HOLDER)
    variables = {
        "DLWA_PYTHON_TORCH": sys.executable,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    pd = play([holder, PATCH], ["-lib", "py"], path=[EXTERNAL], listen=[OUT], environment=variables)
    assert pd.errors() == []
    pd.send("pd", "dsp", 1)
    return pd


@pytest.fixture
def loaded(samplernn):
    samplernn.send("samplernn", "load", "starter_beat")
    samplernn.expect(OUT, "worker", "on", timeout=240)
    return samplernn


def generate(pd, *message, timeout=120):
    pd.send("samplernn", "generate", *message)
    return pd.expect(OUT, "generated", timeout=timeout)


def test_two_sequences_grow_in_their_arrays(loaded):
    loaded.send("samplernn", "view", "one", "picture")
    loaded.send(
        "samplernn", "generate", "--out_sr", RATE, "--dur", 1.5, "--temp", 1.3, "--out", "one",
        "--temp", "Env([1.2,1.4],[1.5],[-2])", "--out", "two", "--random", 3,
    )  # fmt: skip
    loaded.expect(OUT, "generating", 24000, RATE, timeout=60)
    grown = 0
    while grown < 24000:
        last, grown = grown, loaded.expect(OUT, "grown", timeout=60)[1]
        assert last < grown <= 24000
    assert loaded.expect(OUT, "generated", timeout=120)[1:] == ["one", RATE, 24000]
    assert loaded.expect(OUT, "generated")[1:] == ["two", RATE, 24000]
    one, two = loaded.array("one"), loaded.array("two")
    assert len(one) == len(two) == 24000
    assert one != two and max(loudness(one), loudness(two)) > 0.001
    assert any(one[-500:])
    picture = loaded.array("picture")
    assert max(picture) == pytest.approx(max(one), abs=1e-5)
    assert min(picture) == pytest.approx(min(one), abs=1e-5)
    assert loaded.errors() == []
    assert not [line for line in loaded.console if "Warning" in line]


def test_the_same_number_gives_the_same_sound(loaded):
    generate(loaded, "--out", "one", "--dur", 0.5, "--random", 7)
    generate(loaded, "--out", "two", "--dur", 0.5, "--random", 7)
    once, twice = loaded.array("one"), loaded.array("two")
    generate(loaded, "--out", "two", "--dur", 0.5, "--random", 8)
    assert once == twice != loaded.array("two")


def test_a_seed_array_at_another_rate_and_a_drawn_temperature(loaded):
    loaded.set_array("warmth", [0.6, 1.0])
    loaded.set_array("before", [0.5 * math.sin(t / 7) for t in range(22050)])
    said = generate(
        loaded, "--out", "one", "--temp", "warmth", "--dur", 0.4, "--out_sr", 44100, "--seed", "before",
        "--seed_sr", 44100,
    )  # fmt: skip
    assert said[1:] == ["one", 44100, 17640]
    assert len(loaded.array("one")) == 17640
    assert loaded.errors() == []


def test_cancel_keeps_what_is_there(loaded):
    loaded.send("samplernn", "generate", "--out", "one", "--dur", 300)
    loaded.expect(OUT, "grown", timeout=60)
    loaded.send("samplernn", "cancel")
    done = loaded.expect(OUT, "generated", timeout=5)[3]
    assert 0 < done < 300 * RATE
    assert len(loaded.array("one")) == done
    said = generate(loaded, "--out", "two", "--dur", 0.2)
    assert said[3] == 0.2 * RATE


def test_a_load_ends_what_is_being_generated(loaded):
    loaded.send("samplernn", "generate", "--out", "one", "--dur", 300)
    loaded.expect(OUT, "grown", timeout=60)
    loaded.send("samplernn", "load", "starter_voice")
    done = loaded.expect(OUT, "generated", timeout=5)[3]
    assert loaded.expect(OUT, "worker", "on", "name", timeout=60)[3] == "starter_voice"
    assert 0 < done == len(loaded.array("one")) < 300 * RATE
    assert generate(loaded, "--out", "one", "--dur", 0.2)[3] == 0.2 * RATE


def test_settings_hold_until_a_message_says_otherwise(loaded):
    for message in (
        ["seconds", 0.2],
        ["set", "seed", 7],
        ["temperature", 1.2],
        ["rate", 8000],
        ["top_k", 64],
    ):
        loaded.send("samplernn", *message)
    assert generate(loaded, "--out", "one")[1:] == ["one", 8000, 1600]
    loaded.send("samplernn", "rate", "model")
    assert generate(loaded, "--out", "two", "--dur", 0.1, "--random", 7)[1:] == ["two", RATE, 1600]
    loaded.send("samplernn", "seconds", 700)
    assert "out of range, it goes from 0.001 to 600" in str(loaded.expect(OUT, "error")[1])


def test_one_at_a_time(loaded):
    loaded.send("samplernn", "generate", "--out", "one", "--dur", 300)
    loaded.send("samplernn", "generate", "--out", "two", "--dur", 300)
    assert "still generating" in str(loaded.expect(OUT, "error")[1])


IMPOSSIBLE = [
    (["--out", "nowhere"], "no array 'nowhere'"),
    (["--dur", "2"], "at least one --out"),
    (["--out", "one", "--dur", "0"], "duration 0 is out of range"),
    (["--out", "one", "--dur", "700"], "duration 700 is out of range"),
    (["--out", "one", "--dur", "long"], "duration should be a number"),
    (["--out", "one", "--temp", "-1"], "temperature cannot be below 0"),
    (["--out", "one", "--temp", "Env([1,2,3],[1],[0])"], "needs 2 times"),
    (["--out", "one", "--temp", "warm"], "neither a number"),
    (["--out", "one", "--seed", "nothing"], "no array 'nothing'"),
    (["--out", "one", "--out_sr", "5"], "sample rate 5 is out of range"),
    (["--out", "one", "--loud", "5"], "no option --loud"),
]


def test_what_cannot_be_is_told_in_one_line(loaded):
    for message, complaint in IMPOSSIBLE:
        loaded.send("samplernn", "generate", *message)
        assert complaint in str(loaded.expect(OUT, "error")[1])
    assert generate(loaded, "--out", "one", "--dur", 0.1)[3] == 0.1 * RATE


def test_generate_without_a_model(samplernn):
    samplernn.send("samplernn", "generate", "--out", "one")
    assert "load one first" in str(samplernn.expect(OUT, "error")[1])
    samplernn.send("samplernn", "load", "nothing-of-that-name")
    assert "no checkpoint" in str(samplernn.expect(OUT, "error", timeout=60)[1])


def test_a_sound_is_saved_while_another_one_grows(loaded, tmp_path):
    generate(loaded, "--out", "one", "--dur", 0.2)
    loaded.send("samplernn", "generate", "--out", "two", "--dur", 300)
    loaded.expect(OUT, "grown", timeout=60)
    for array in ("one", "two"):
        loaded.send("samplernn", "save", array, str(tmp_path / f"{array}.wav"))
        assert loaded.expect(OUT, "saved")[1] == str(tmp_path / f"{array}.wav")
    assert soundfile.info(tmp_path / "one.wav").frames == 0.2 * RATE
    assert soundfile.info(tmp_path / "two.wav").frames == 300 * RATE
    assert loaded.expect(OUT, "grown")[1] < 300 * RATE
    loaded.send("samplernn", "save", "one", "/nowhere/one.wav")
    assert "cannot be written" in str(loaded.expect(OUT, "error")[1])
    loaded.expect(OUT, "grown")
    loaded.send("samplernn", "cancel")
    assert 0 < loaded.expect(OUT, "generated", timeout=5)[3] < 300 * RATE


@pytest.mark.parametrize("verb", ["save", "write"])
def test_saving(loaded, tmp_path, verb):
    generate(loaded, "--out", "one", "--dur", 0.2)
    loaded.send("samplernn", verb, "one", str(tmp_path / "my sound"))
    path = str(loaded.expect(OUT, "saved")[1])
    assert path == str(tmp_path / "my sound.wav")
    assert Path(path).stat().st_size > 4 * 3200
