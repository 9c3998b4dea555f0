"""A prior is trained from day 6's patch in real Pd, at the lowest priority."""

import json

import pytest
from support import rave_files
from support.rave_page import open_page, write_tone
from support.waiting import wait_until

TRAINED = 1200  # seconds that a short training at the lowest priority may take on a very busy machine


@pytest.fixture
def tones(tmp_path, monkeypatch):
    """A folder of sounds; what is trained on them lies in the test's own folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (folder := tmp_path / "tones").mkdir()
    for number in range(3):
        write_tone(folder / f"tone-{number}.wav")
    return folder


@pytest.mark.slow
def test_a_prior_is_trained_from_the_patch(play, tones, tmp_path):
    rave = open_page(play, tmp_path, "rave_prior.pd", "has-prior", "from-prior")
    rave.press("learn", str(tones))
    assert "no model is loaded" in rave.hear("from-prior", "error")[1]
    rave.send("load", str(rave_files.save(rave_files.Codec(rate=44100), tmp_path / "codec.ts")))
    assert rave.label("has-prior") == "this model: has no prior"
    rave.hear("from-prior", "worker", "on", timeout=60)
    rave.press("learn", str(tones))
    assert "played by its own program" in rave.hear("from-prior", "error")[1]
    rave.send("load", "starter_live")
    rave.hear("from-prior", "worker", "on", "name", "starter_live", timeout=60)
    rave.press("learn", str(tones / "nowhere"))
    assert "there is no folder" in rave.hear("from-prior", "error")[1]
    rave.send("learning", 0.03)
    rave.press("learn", str(tones))
    rave.hear("from-prior", "learning")
    rave.press("learn", str(tones))
    assert "a prior is being trained already" in rave.hear("from-prior", "error")[1]
    rave.hear("from-prior", "learned", "load", "starter_live", "--prior", timeout=TRAINED)
    wait_until(lambda: rave.label("has-prior") == "this model: has a prior", "the prior")


@pytest.mark.slow
def test_a_training_of_a_prior_ends_when_it_is_cancelled_and_with_pd(play, tones, tmp_path):
    """It saves what it has learned before."""
    rave = open_page(play, tmp_path, "rave_prior.pd", "from-prior")
    runs = tmp_path / "data/dlwa/runs/prior"
    rave.send("load", "starter_live")
    rave.hear("from-prior", "worker", "on", timeout=60)
    rave.send("learning", 600)
    for number, end in (1, lambda: rave.press("cancel")), (2, rave.pd.close):
        rave.press("learn", str(tones))
        state = runs / f"starter_live-{number}/state.json"
        wait_until(lambda state=state: facts(state).get("step"), "the first steps", TRAINED)
        end()
        wait_until(lambda state=state: facts(state)["state"] == "stopped", "the end", TRAINED)
        assert state.with_name("starter_live.prior.safetensors").is_file()


def facts(file):
    """What a JSON file holds; {} where there is none."""
    return json.loads(file.read_text()) if file.is_file() else {}
